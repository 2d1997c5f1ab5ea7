// Reads batches of records as JSON from stdin, and writes what aws-kinesis-agg makes of them:
// its own aggregates of the records, and the records in the aggregate that came along.
const agg = require('aws-kinesis-agg');
const batches = JSON.parse(require('fs').readFileSync(0, 'utf8'));

function aggregate(records) {
  const theirs = [];
  const keep = (full) => { if (full) theirs.push(Buffer.from(full.data).toString('base64')); };
  const aggregator = new agg.RecordAggregator();
  for (const r of records) {
    const record = {
      partitionKey: r.partitionKey,
      explicitHashKey: r.explicitHashKey || undefined,
      data: Buffer.from(r.data, 'base64'),
    };
    if (!aggregator.checkIfUserRecordFits(record)) keep(aggregator.build());
    aggregator.addUserRecord(record);
  }
  keep(aggregator.build());
  return theirs;
}

function split(data) {
  let out;
  const record = { partitionKey: 'x', sequenceNumber: '1', data, kinesisSchemaVersion: '1.0', approximateArrivalTimestamp: 1 };
  agg.deaggregateSync(record, true, (err, records) => {
    if (err) throw err;
    out = records.map((r) => ({ partitionKey: r.partitionKey, explicitHashKey: '', data: Buffer.from(r.data, 'base64').toString('base64') }));
  });
  return out;
}

process.stdout.write(JSON.stringify(batches.map((b) => ({ theirs: aggregate(b.records), split: split(b.ours) }))));
