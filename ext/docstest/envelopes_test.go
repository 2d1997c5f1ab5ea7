package docstest_test

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/envelope"
	"github.com/weir-go/weir/weirtest"
)

// A topic in front of the queue, and a bucket in front of the topic.
func Example_envelopes() {
	// snippet:begin s3
	created := func(ctx context.Context, o envelope.S3Record) error {
		fmt.Println("created", o.Bucket, o.Key)
		return nil
	}
	fn := weir.SQS(envelope.SNS(envelope.S3(weir.Each(created))))
	// snippet:end
	notification := `{"Records":[
		{"eventVersion":"2.1","eventSource":"aws:s3","awsRegion":"eu-west-1","eventTime":"2026-01-02T03:04:05.678Z","eventName":"ObjectCreated:Put",
		 "s3":{"bucket":{"name":"uploads","arn":"arn:aws:s3:::uploads"},"object":{"key":"a+b.txt","size":3}}}]}`
	sns, err := json.Marshal(map[string]string{
		"Type": "Notification", "MessageId": "n1", "TopicArn": "arn:aws:sns:eu-west-1:111122223333:uploads", "Message": notification,
	})
	if err != nil {
		fmt.Println(err)
	}
	show(fn, weirtest.SQS(string(sns)))
	// Output:
	// created uploads a b.txt
	// 1 succeeded
}

// An envelope of one's own: several orders in one message.
func Example_ownEnvelope() {
	// snippet:begin own
	open := func(ctx context.Context, m *weir.Message) ([]weir.Message, error) {
		var inside []json.RawMessage
		if err := json.Unmarshal(m.Payload, &inside); err != nil {
			return nil, weir.Undecodable(err)
		}
		var parts []weir.Message
		for i, p := range inside {
			parts = append(parts, m.WithPart(i, p))
		}
		return parts, nil
	}
	fn := weir.SQS(weir.Unwrap(weir.Each(ship), open))
	// snippet:end
	show(fn, weirtest.SQS(`[{"ID":"a","Cents":1},{"ID":"b","Cents":-1}]`, `[{"ID":"c","Cents":3}]`))
	// Output:
	// shipped a
	// shipped c
	// 1 failed: 1 of 2 records in it: part 1: negative amount
	// 2 succeeded
}
