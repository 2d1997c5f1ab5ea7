// The handlers of the peers in node: what package model is to those in Go.
const check = (o) => {
  if (o.poison) throw new Error(`order ${o.orderId ?? o.sk} rejected`);
};

export const handleSQS = (record) => check(JSON.parse(record.body));
export const handleKinesis = (record) => check(JSON.parse(Buffer.from(record.kinesis.data, 'base64').toString('utf8')));
export const handleDynamoDB = (unmarshall) => (record) => check(unmarshall(record.dynamodb.NewImage));
