// Sends ten messages as the extended clients do, one of them large, or prints one that it receives,
// by what others wrote: sns-sqs-big-payload.
const aws = require('aws-sdk');
const { SqsProducer, SqsConsumer } = require('sns-sqs-big-payload');
const [how, queueUrl, s3Bucket, sqsEndpoint, s3Endpoint] = process.argv.slice(2);
const of = (endpoint, accessKeyId, secretAccessKey) => ({
	endpoint, accessKeyId, secretAccessKey, region: 'us-east-1', s3ForcePathStyle: true,
});
const options = {
	queueUrl, s3Bucket, region: 'us-east-1', extendedLibraryCompatibility: true, largePayloadThoughS3: true,
	getPayloadFromS3: true, waitTimeSeconds: 1, parsePayload: JSON.parse,
	sqs: new aws.SQS(of(sqsEndpoint, 'local', 'local')), s3: new aws.S3(of(s3Endpoint, 'AK', 'SK')),
};
if (how === 'send') {
	const producer = SqsProducer.create(options);
	(async () => {
		for (let n = 1; n < 10; n++) await producer.sendJSON({ n, text: '' });
		await producer.sendJSON({ n: 10, text: 'ü'.repeat(200000) });
	})().catch((err) => { console.error(err); process.exit(1); });
} else {
	const consumer = SqsConsumer.create({
		...options,
		handleMessage: async ({ payload }) => {
			console.log(payload.n, payload.text.length);
			process.exit(0);
		},
	});
	for (const event of ['error', 'processing-error', 's3-payload-error', 's3-extended-payload-error']) {
		consumer.on(event, (err) => { console.error(err); process.exit(1); });
	}
	consumer.start();
}
