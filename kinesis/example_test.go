package kinesis_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/weir-go/weir/kinesis"
	"github.com/weir-go/weir/metrics"
	"github.com/weir-go/weir/monoid"
	"github.com/weir-go/weir/pipeline"
	"github.com/weir-go/weir/state/mem"
	"github.com/weir-go/weir/weirtest"
)

// What cannot be decoded goes to a callback, and the rest is counted.
func ExampleNewHandler() {
	clicks := &pipeline.Pipeline[Event, int64]{
		Name:      "clicks",
		Key:       func(e Event) string { return e.User },
		Value:     func(e Event) int64 { return e.N },
		Aggregate: monoid.Sum[int64](),
		StoreIn:   mem.New(),
	}
	rec := new(metrics.InMemory)
	handler, err := kinesis.NewHandler(clicks, kinesis.JSONDecoder[Event](),
		kinesis.WithMetrics(rec),
		kinesis.WithDecodeErrorCallback(func(raw []byte, sequenceNumber, partitionKey string, err error) {
			fmt.Printf("%s: %v\n", raw, err)
		}),
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	// lambda.Start(handler)
	r := weirtest.Run(context.Background(), handler, weirtest.Kinesis(Event{"ann", 1}, "oops", Event{"ann", 2}))
	sum, err := clicks.Get(context.Background(), "ann")
	fmt.Printf("%s %d %v\n", r.Response, sum.Value, err)
	fmt.Println(rec.Snapshot().Events)
	// Output:
	// oops: invalid character 'o' looking for beginning of value
	// {"batchItemFailures":[]} 3 <nil>
	// map[clicks:2 clicks:dead_letter:1]
}

// A decoder of one's own is a function.
func ExampleDecoder() {
	var decode kinesis.Decoder[Event] = func(data []byte) (e Event, err error) {
		if len(data) == 0 {
			return e, errors.New("no data")
		}
		return Event{User: string(data), N: 1}, nil
	}
	e, err := decode([]byte("ann"))
	fmt.Println(e, err)
	// Output: {ann 1} <nil>
}
