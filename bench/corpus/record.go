package corpus

import (
	"encoding/base64"
	"fmt"
)

func (g *generator) sqs(i int) string {
	body, sent := text(g.order(i)), epoch*1000+int64(i)
	return fmt.Sprintf(`{"messageId":"%s","receiptHandle":"AQEB%s","body":%s,"attributes":{"ApproximateReceiveCount":"1",`+
		`"AWSTraceHeader":"Root=1-%s-%s;Parent=%s;Sampled=0","SentTimestamp":"%d","SenderId":"AROAEXAMPLE%s:producer","ApproximateFirstReceiveTimestamp":"%d"},`+
		`"messageAttributes":{"tenant":{"stringValue":"tenant-%d","stringListValues":[],"binaryListValues":[],"dataType":"String"},`+
		`"attempt":{"stringValue":"%d","stringListValues":[],"binaryListValues":[],"dataType":"Number"}},`+
		`"md5OfBody":"%s","md5OfMessageAttributes":"%s","eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:eu-west-1:123456789012:orders-queue","awsRegion":"eu-west-1"}`,
		g.uuid(), g.base64(192), body, g.hex(8), g.hex(24), g.hex(16), sent, g.digits(10), sent+12, g.r.IntN(50), 1+g.r.IntN(3), g.hex(32), g.hex(32))
}

func (g *generator) kinesis(i int) string {
	data := base64.StdEncoding.EncodeToString([]byte(g.order(i)))
	sequence := fmt.Sprintf("496%s%018d", g.digits(35), i)
	return fmt.Sprintf(`{"kinesis":{"kinesisSchemaVersion":"1.0","partitionKey":"cust-%06d","sequenceNumber":"%s","data":"%s","approximateArrivalTimestamp":%d.%03d},`+
		`"eventSource":"aws:kinesis","eventVersion":"1.0","eventID":"shardId-000000000006:%s","eventName":"aws:kinesis:record",`+
		`"invokeIdentityArn":"arn:aws:iam::123456789012:role/lambda-kinesis-role","awsRegion":"eu-west-1","eventSourceARN":"arn:aws:kinesis:eu-west-1:123456789012:stream/orders"}`,
		g.r.IntN(1000), sequence, data, epoch+i/100, g.r.IntN(1000), sequence)
}

func (g *generator) dynamodb(i int) string {
	key := fmt.Sprintf("CUST#%06d", g.r.IntN(1000))
	was, is := g.image(i, 1, key), g.image(i, 2, key)
	return fmt.Sprintf(`{"eventID":"%s","eventName":"MODIFY","eventVersion":"1.1","eventSource":"aws:dynamodb","awsRegion":"eu-west-1",`+
		`"dynamodb":{"ApproximateCreationDateTime":%d,"Keys":{"sk":{"S":"ORDER#%08d"},"pk":{"S":"%s"}},"NewImage":%s,"OldImage":%s,`+
		`"SequenceNumber":"%s%023d","SizeBytes":%d,"StreamViewType":"NEW_AND_OLD_IMAGES"},`+
		`"eventSourceARN":"arn:aws:dynamodb:eu-west-1:123456789012:table/orders/stream/2026-01-01T00:00:00.000"}`,
		g.hex(32), epoch+i/100, i, key, is, was, g.digits(2), int64(i)+4421584500000, 400+g.r.IntN(200))
}

func (g *generator) image(i, version int, key string) string {
	return fmt.Sprintf(`{"pk":{"S":"%s"},"sk":{"S":"ORDER#%08d"},"status":{"S":"%s"},"amountCents":{"N":"%d"},"discount":{"N":"0.%03d"},`+
		`"priority":{"BOOL":%t},"poison":{"BOOL":%t},"tags":{"SS":["gift","%s"]},`+
		`"address":{"M":{"city":{"S":"Lisbon"},"zip":{"S":"%s"},"geo":{"L":[{"N":"38.%s"},{"N":"-9.%s"}]}}},`+
		`"thumb":{"B":"%s"},"deletedAt":{"NULL":true},"version":{"N":"%d"}}`,
		key, i, g.pick(statuses), g.r.IntN(1000000), g.r.IntN(1000), g.r.IntN(4) == 0, poison(i), g.pick(tags[1:5]),
		g.digits(7), g.digits(4), g.digits(4), g.base64(24), version)
}
