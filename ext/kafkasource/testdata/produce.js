// BROKERS and TOPIC are from the environment. What was taken back begins with "aborted".
const { Kafka, CompressionTypes, logLevel } = require("kafkajs");
const { BROKERS, TOPIC } = process.env;

async function main() {
	const kafka = new Kafka({ brokers: BROKERS.split(","), logLevel: logLevel.ERROR });
	const send = (producer, value, more) =>
		producer.send({ topic: TOPIC, acks: -1, messages: [{ partition: 0, value, ...more }] });
	const plain = kafka.producer({ idempotent: true });
	const producer = kafka.producer({ transactionalId: "js", idempotent: true, maxInFlightRequests: 1 });
	await plain.connect();
	await producer.connect();

	await send(plain, "first", { key: "k", headers: { trace: ["a", "b"], bytes: Buffer.from([0, 255]) }, timestamp: "1760000000123" });
	await plain.send({ topic: TOPIC, compression: CompressionTypes.GZIP, messages: [{ partition: 0, value: "x".repeat(10000) }, { partition: 0, key: "gone", value: null }] });
	for (const [value, end] of [["aborted 1", "abort"], ["committed 1", "commit"], ["aborted 2", "abort"]]) {
		const transaction = await producer.transaction();
		await send(transaction, value);
		await send(plain, "beside " + value); // not of the transaction, amidst it
		await send(transaction, value + ", more");
		await transaction[end]();
	}
	await send(plain, "last");
	await producer.disconnect();
	await plain.disconnect();
}

main().catch((err) => {
	console.error(err);
	process.exit(1);
});
