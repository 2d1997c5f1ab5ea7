package pipeline_test

import (
	"context"
	"fmt"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/monoid"
	"github.com/weir-go/weir/pipeline"
	"github.com/weir-go/weir/state/mem"
	"github.com/weir-go/weir/weirtest"
)

type Flight struct {
	Origin   string
	Departed time.Time
	Delay    int
}

// Departures per airport and day. The event is delivered twice and counted once.
func ExamplePipeline() {
	store := mem.New()
	departures := &pipeline.Pipeline[Flight, int64]{
		Name:      "departures",
		Key:       func(f Flight) string { return f.Origin },
		Value:     func(Flight) int64 { return 1 },
		Aggregate: monoid.Count(),
		Window:    pipeline.Daily(0),
		Time:      func(f Flight) time.Time { return f.Departed },
		StoreIn:   store,
	}
	lambda := weir.Kinesis(departures) // or SQS, or DynamoDB: a pipeline is a verb

	day := time.Date(2001, 3, 4, 0, 0, 0, 0, time.UTC)
	event := weirtest.Kinesis(
		Flight{"ORD", day.Add(5 * time.Hour), 12},
		Flight{"JFK", day.Add(6 * time.Hour), 0},
		Flight{"ORD", day.Add(7 * time.Hour), 3},
	)
	ctx := context.Background()
	for range 2 {
		if r := weirtest.Run(ctx, lambda, event); r.Err != nil {
			fmt.Println(r.Err)
		}
	}
	r, err := departures.Range(ctx, "ORD", day, day.Add(24*time.Hour))
	fmt.Println(r.Value, r.Present, err)
	// Output: 2 true <nil>
}
