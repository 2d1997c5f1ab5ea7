package sqsvisibility_test

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/ext/sqsvisibility"
	"github.com/weir-go/weir/middleware/visibility"
)

type Order struct{ ID string }

func ship(context.Context, Order) error { return nil }

func ExampleNew() {
	client := sqs.New(sqs.Options{Region: "eu-west-1"}) // as a rule sqs.NewFromConfig(cfg)
	fn := weir.SQS(weir.Each(ship),
		visibility.BackOff(sqsvisibility.New(client), visibility.Exponential(2*time.Second, 15*time.Minute)))
	if err := fn.Err(); err != nil {
		panic(err)
	}
	// lambda.Start(fn)

	// Output:
}

// An endpoint of one's own, or a partition whose URLs weir does not know.
func ExampleLookup() {
	client := sqs.New(sqs.Options{Region: "us-iso-east-1"})
	changes := sqsvisibility.New(client, sqsvisibility.QueueURL(sqsvisibility.Lookup(client)))
	fn := weir.SQS(weir.Each(ship), visibility.BackOff(changes, visibility.Exponential(2*time.Second, 15*time.Minute)))
	if err := fn.Err(); err != nil {
		panic(err)
	}
	// Output:
}
