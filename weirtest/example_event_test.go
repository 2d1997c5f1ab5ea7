package weirtest_test

import (
	"context"
	"fmt"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/weirtest"
)

func ExampleEvent_IDs() {
	fmt.Println(weirtest.SQS("a", "b").IDs())
	fmt.Println(weirtest.Kinesis("a").IDs())
	// Output:
	// [6f1f1a4c-93d5-4b6e-8c5e-000000000001 6f1f1a4c-93d5-4b6e-8c5e-000000000002]
	// [49650000000000000000000000000000000000000000000000000001]
}

func ExampleEvent_Len() {
	fmt.Println(weirtest.SQS("a", "b").Len())
	// Output:
	// 2
}

func ExampleEvent_JSON() {
	fmt.Println(string(weirtest.Kinesis("hello").JSON()))
	// Output:
	// {"Records":[{"kinesis":{"kinesisSchemaVersion":"1.0","partitionKey":"key-1","sequenceNumber":"49650000000000000000000000000000000000000000000000000001","data":"aGVsbG8=","approximateArrivalTimestamp":1767323045.000},"eventSource":"aws:kinesis","eventVersion":"1.0","eventID":"shardId-000000000000:49650000000000000000000000000000000000000000000000000001","eventName":"aws:kinesis:record","invokeIdentityArn":"arn:aws:iam::123456789012:role/function","awsRegion":"eu-west-1","eventSourceARN":"arn:aws:kinesis:eu-west-1:123456789012:stream/stream"}]}
}

func ExampleEvent_From() {
	event := weirtest.SQS("a").From("arn:aws:sqs:us-east-1:111122223333:orders.fifo")
	show(event, `"eventSourceARN"`, `}`)
	// Output:
	// "eventSourceARN":"arn:aws:sqs:us-east-1:111122223333:orders.fifo","awsRegion":"us-east-1"
}

func ExampleEvent_At() {
	event := weirtest.Kinesis("a").At(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC))
	show(event, `"approximateArrivalTimestamp"`, `}`)
	// Output:
	// "approximateArrivalTimestamp":1893456000.000
}

func ExampleEvent_After() {
	first := weirtest.SQS("a", "b")
	second := weirtest.SQS("c").After(first)
	fmt.Println(second.IDs())
	// Output:
	// [6f1f1a4c-93d5-4b6e-8c5e-000000000003]
}

// What is retried of a queue comes back alone; of a stream, all that follows comes with it.
func ExampleEvent_Again() {
	ctx, orders := context.Background(), []any{Order{ID: 1, Total: 20}, Order{ID: 2}, Order{ID: 3, Total: 5}}

	queue := weirtest.SQS(orders...)
	res := weirtest.Run(ctx, weir.SQS(weir.Each(ship)), queue)
	again := queue.Again(res.Retried()...)
	fmt.Println(again.Len())
	show(again, `"ApproximateReceiveCount"`, `,`)

	stream := weirtest.Kinesis(orders...)
	res = weirtest.Run(ctx, weir.Kinesis(weir.Each(ship)), stream)
	fmt.Println(stream.Again(res.Retried()...).Len())
	// Output:
	// 1
	// "ApproximateReceiveCount":"2"
	// 2
}

type Sum struct{ Total int }

func ExampleEvent_InWindow() {
	total := weir.KinesisWindow(weir.Fold(
		func(_ context.Context, s Sum, o Order) (Sum, error) { return Sum{s.Total + o.Total}, nil },
		func(_ context.Context, w weir.WindowInfo, s Sum) error {
			fmt.Println("from", w.Start.Format(time.TimeOnly), "to", w.End.Format(time.TimeOnly), "sold for", s.Total)
			return nil
		},
	))

	ctx, window := context.Background(), weir.WindowInfo{}
	first := weirtest.Kinesis(Order{ID: 1, Total: 20}, Order{ID: 2, Total: 5})
	res := weirtest.Run(ctx, total, first.InWindow(window, nil))
	fmt.Println(string(res.State))

	window.Final = true
	weirtest.Run(ctx, total, weirtest.Kinesis(Order{ID: 3, Total: 3}).After(first).InWindow(window, res.State)).WantDone(t)
	// Output:
	// {"Total":25}
	// from 03:04:00 to 03:05:00 sold for 28
}
