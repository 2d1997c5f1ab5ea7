// node peer.mjs PEER FOLDER SOURCE-SIZE SECONDS: measures one peer on one payload, bytes in,
// bytes out, and prints the line of JSON that sample.go describes.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BatchProcessor, BatchProcessorSync, EventType, processPartialResponse, processPartialResponseSync } from '@aws-lambda-powertools/batch';
import { unmarshallDynamoDB } from '@aws-lambda-powertools/commons/utils/unmarshallDynamoDB';
import { handleDynamoDB, handleKinesis, handleSQS } from './handle.mjs';

const [peer, folder, payload, seconds] = process.argv.slice(2);
const event = readFileSync(join(folder, `${payload}.json`));
const [type, handle] = {
  sqs: [EventType.SQS, handleSQS],
  kinesis: [EventType.KinesisDataStreams, handleKinesis],
  dynamodb: [EventType.DynamoDBStreams, handleDynamoDB(unmarshallDynamoDB)],
}[payload.split('-')[0]];
const context = { awsRequestId: '8476a536-e9f4-11e8-9739-2dfe598c3fcd', getRemainingTimeInMillis: () => 900_000 };
const decode = (bytes) => JSON.parse(bytes.toString('utf8'));
const encode = (value) => Buffer.from(JSON.stringify(value));

const sync = new BatchProcessorSync(type);
const parallel = new BatchProcessor(type);
const handleAsync = async (record) => handle(record);
const invoke = {
  'ts-sync': (bytes) => encode(processPartialResponseSync(decode(bytes), handle, sync, { context })),
  'ts-async': async (bytes) => encode(await processPartialResponse(decode(bytes), handleAsync, parallel, { context })),
}[peer];

const repeat = async (duration) => {
  const end = performance.now() + duration * 1000;
  let runs = 0;
  for (; runs < 3 || performance.now() < end; runs++) {
    const pending = invoke(event);
    if (pending instanceof Promise) await pending;
  }
  return runs;
};

const begin = performance.now();
const response = decode(await invoke(event));
const firstCallMs = performance.now() - begin;
const ids = response.batchItemFailures.map((failure) => failure.itemIdentifier).sort();
await repeat(Math.max(Number(seconds) / 3, 0.3)); // V8 needs longer to get warm
const before = process.cpuUsage();
const runs = await repeat(Number(seconds));
const { user, system } = process.cpuUsage(before);
const status = readFileSync('/proc/self/status', 'utf8');
console.log(JSON.stringify({
  peer,
  payload,
  records: decode(event).Records.length,
  bytes: event.length,
  failed: ids.length,
  failing: createHash('sha256').update(ids.join('\n')).digest('hex').slice(0, 16),
  runs,
  cpuPerInvokeUs: (user + system) / runs,
  firstCallMs,
  peakMB: Number(/VmHWM:\s+(\d+)/.exec(status)[1]) / 1024,
}));
