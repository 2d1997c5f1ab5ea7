// The reference function in node with Powertools for AWS Lambda (TypeScript).
import { BatchProcessorSync, EventType, processPartialResponseSync } from '@aws-lambda-powertools/batch';
import { handleSQS } from './handle.mjs';
import { loop } from './runtime.mjs';

const processor = new BatchProcessorSync(EventType.SQS);
await loop((event, context) => processPartialResponseSync(event, handleSQS, processor, { context }));
