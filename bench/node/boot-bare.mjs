// The reference function in node without a library.
import { handleSQS } from './handle.mjs';
import { loop } from './runtime.mjs';

await loop((event) => {
  const batchItemFailures = [];
  for (const record of event.Records) {
    try {
      handleSQS(record);
    } catch {
      batchItemFailures.push({ itemIdentifier: record.messageId });
    }
  }
  return { batchItemFailures };
});
