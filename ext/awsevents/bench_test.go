package awsevents_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/ext/awsevents"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/weirtest"
)

// A handler of aws-lambda-go decodes the whole event by encoding/json, and has no partial response
// by then.
func BenchmarkEach(b *testing.B) {
	type order struct {
		ID    string `json:"id" dynamodbav:"id"`
		Total int    `json:"total" dynamodbav:"total"`
		Note  string `json:"note" dynamodbav:"note"`
	}
	orders := func(n int) (values []any, changes []weirtest.Change) {
		for i := range n {
			o := order{fmt.Sprint("order-", i), i, "left at the door, as ever"}
			values, changes = append(values, o), append(changes, weirtest.Inserted(o))
		}
		return values, changes
	}
	for _, n := range []int{10, 1000} {
		values, changes := orders(n)
		compare[events.SQSEvent](b, "sqs", n, weirtest.SQS(values...), weir.SQS(awsevents.EachSQS(nothing[events.SQSMessage])))
		compare[events.KinesisEvent](b, "kinesis", n, weirtest.Kinesis(values...), weir.Kinesis(awsevents.EachKinesis(nothing[events.KinesisEventRecord])))
		compare[events.DynamoDBEvent](b, "dynamodb", n, weirtest.DynamoDB(weirtest.Table{Key: "id"}, changes...),
			weir.DynamoDB(awsevents.EachDynamoDB(nothing[events.DynamoDBEventRecord])))
		compare[events.KafkaEvent](b, "kafka", n, weirtest.Kafka(values...), weir.Kafka(awsevents.EachKafka(nothing[events.KafkaRecord])))
	}
}

func compare[E any](b *testing.B, source string, n int, e weirtest.Event, l *weir.Lambda) {
	event := e.JSON()
	for name, run := range map[string]func() error{
		"events-json": func() error { return json.Unmarshal(event, new(E)) },
		"weir":        func() error { _, err := l.Invoke(context.Background(), event); return err },
	} {
		b.Run(fmt.Sprintf("%s/%s/n=%d", source, name, n), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(event)))
			for b.Loop() {
				assert.NoError(b, run())
			}
		})
	}
}
