package awsevents_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-lambda-go/events"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/ext/awsevents"
	"github.com/weir-go/weir/weirtest"
)

// ship is a function that a handler had for each record all along.
func ship(_ context.Context, m events.SQSMessage) error {
	if m.Body == "bad" {
		return errors.New("out of stock")
	}
	fmt.Println("shipped", m.Body)
	return nil
}

// A handler before: a loop, and a batch that is retried as a whole, with what was done already.
//
//	func handle(ctx context.Context, e events.SQSEvent) error {
//		for _, m := range e.Records {
//			if err := ship(ctx, m); err != nil {
//				return err
//			}
//		}
//		return nil
//	}
//
//	lambda.Start(handle)
//
// And after, with the same function for a record:
//
//	lambda.Start(weir.SQS(awsevents.EachSQS(ship)))
func ExampleEachSQS() {
	fn := weir.SQS(awsevents.EachSQS(ship))

	res := weirtest.Run(context.Background(), fn, weirtest.SQS("a", weirtest.Record{ID: "m2", Value: "bad"}, "c"))
	fmt.Println(string(res.Response))
	// Output:
	// shipped a
	// shipped c
	// {"batchItemFailures":[{"itemIdentifier":"m2"}]}
}

func ExampleEachKinesis() {
	fn := weir.Kinesis(awsevents.EachKinesis(func(_ context.Context, r events.KinesisEventRecord) error {
		fmt.Println(r.Kinesis.PartitionKey, string(r.Kinesis.Data))
		return nil
	}))
	weirtest.Run(context.Background(), fn, weirtest.Kinesis(weirtest.In("user-1", "clicked")))
	// Output:
	// user-1 clicked
}

func ExampleEachDynamoDB() {
	type item struct {
		ID    string `dynamodbav:"id"`
		Total int    `dynamodbav:"total"`
	}
	fn := weir.DynamoDB(awsevents.EachDynamoDB(func(_ context.Context, r events.DynamoDBEventRecord) error {
		fmt.Println(r.EventName, r.Change.NewImage["total"].Number())
		return nil
	}))
	weirtest.Run(context.Background(), fn, weirtest.DynamoDB(weirtest.Table{Key: "id"}, weirtest.Inserted(item{"a", 7})))
	// Output:
	// INSERT 7
}

func ExampleEachKafka() {
	fn := weir.Kafka(awsevents.EachKafka(func(_ context.Context, r events.KafkaRecord) error {
		fmt.Println(r.Topic, r.Partition, r.Value) // base64, as aws-lambda-go has it
		return nil
	}))
	weirtest.Run(context.Background(), fn, weirtest.Kafka(weirtest.In("orders-3", "hello")))
	// Output:
	// orders 3 aGVsbG8=
}

func ExampleBatchSQS() {
	fn := weir.SQS(awsevents.BatchSQS(func(ctx context.Context, b *weir.BatchOf[events.SQSMessage]) error {
		for item := range b.All() {
			if err := ship(ctx, item.Value); err != nil {
				b.Fail(item, err)
			}
		}
		return nil
	}))
	res := weirtest.Run(context.Background(), fn, weirtest.SQS("a", weirtest.Record{ID: "m2", Value: "bad"}))
	fmt.Println(string(res.Response))
	// Output:
	// shipped a
	// {"batchItemFailures":[{"itemIdentifier":"m2"}]}
}

// The types go wherever weir decodes, such as into a middleware's or a pipeline's hands.
func ExampleSQS() {
	decode := weir.DecodeMessage(awsevents.SQS)
	fn := weir.SQS(weir.Each(ship, decode))
	weirtest.Run(context.Background(), fn, weirtest.SQS("a"))
	// Output:
	// shipped a
}
