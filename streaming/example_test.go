package streaming_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/metrics"
	"github.com/weir-go/weir/monoid"
	"github.com/weir-go/weir/pipeline"
	"github.com/weir-go/weir/state/mem"
	"github.com/weir-go/weir/streaming"
	"github.com/weir-go/weir/streaming/memlog"
)

// flights is a log with three departures, which ends.
func flights() *memlog.Log {
	log := memlog.New("flights", 2)
	log.Append(0, []byte(`{"from":"ORD"}`), []byte(`{"from":"JFK"}`))
	log.Append(1, []byte(`{"from":"ORD"}`))
	log.End()
	return log
}

type flight struct {
	From string `json:"from"`
}

// A worker of a pipeline, until SIGTERM.
func Example() {
	departures := &pipeline.Pipeline[flight, int64]{
		Name:      "departures",
		Key:       func(f flight) string { return f.From },
		Value:     func(flight) int64 { return 1 },
		Aggregate: monoid.Count(),
		StoreIn:   mem.New(),
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	source := flights().Group().Member() // in earnest a source of Kafka or SQS
	if err := streaming.Run(ctx, departures, source); err != nil {
		fmt.Println(err)
	}
	ord, _ := departures.Get(context.Background(), "ORD")
	fmt.Println("ORD:", ord.Value)
	// Output: ORD: 2
}

// The handler of a Lambda, moved to a container unchanged.
func ExampleRun() {
	verb := weir.Each(func(_ context.Context, f flight) error {
		fmt.Println("departed from", f.From)
		return nil
	})
	err := streaming.Run(context.Background(), verb, flights().Group().Member())
	fmt.Println(err)
	// Output:
	// departed from ORD
	// departed from JFK
	// departed from ORD
	// <nil>
}

func ExampleDeadLetter() {
	log := memlog.New("orders", 1)
	log.Append(0, []byte(`{"from":"ORD"}`), []byte(`from ORD`), []byte(`{"from":""}`))
	log.End()
	verb := weir.Each(func(_ context.Context, f flight) error {
		if f.From == "" {
			return errors.New("no airport")
		}
		return nil
	})
	err := streaming.Run(context.Background(), verb, log.Group().Member(),
		streaming.Attempts(3), streaming.Backoff(time.Millisecond, time.Second),
		streaming.DeadLetter(func(_ context.Context, m *weir.Message, err error) error {
			fmt.Printf("%s, attempt %d: %v\n", m.ID, m.Attempt, err)
			return nil // once it is put aside
		}))
	fmt.Println(err)
	// Output:
	// orders-0@1, attempt 1: undecodable: invalid character 'r' in literal false (expecting 'a')
	// orders-0@2, attempt 3: no airport
	// <nil>
}

func ExampleNewWorker() {
	w := streaming.NewWorker(weir.Each(func(context.Context, flight) error { return nil }), flights().Group().Member(),
		streaming.Name("flights"))
	fmt.Println(w.Status().State)
	err := w.Run(context.Background())
	s := w.Status()
	fmt.Println(s.State, s.Succeeded, err)
	// Output:
	// starting
	// stopped 3 <nil>
}

// What a Lambda would be told, and what only a worker has.
func ExampleHandling() {
	totals := new(metrics.InMemory)
	err := streaming.Run(context.Background(), weir.Each(func(context.Context, flight) error { return nil }), flights().Group().Member(),
		streaming.Handling(weir.OnUndecodable(weir.DropUndecodable)),
		streaming.Name("departures-worker"), streaming.Metrics(totals),
		streaming.Logger(slog.New(slog.DiscardHandler)),
		streaming.Concurrency(4), streaming.BatchRecords(500), streaming.Linger(10*time.Millisecond), streaming.Turn(2*time.Second),
		streaming.InFlight(16<<20), streaming.Drain(20*time.Second))
	fmt.Println(totals.Snapshot().Events, err)
	// Output: map[departures-worker:3] <nil>
}

// Beside is for what must live as long as the worker; health.At is made of it.
func ExampleBeside() {
	err := streaming.Run(context.Background(), weir.Each(func(context.Context, flight) error { return nil }), flights().Group().Member(),
		streaming.Beside(func(w *streaming.Worker) (stop func(), err error) {
			fmt.Println("before:", w.Status().Reason)
			return func() { fmt.Println("after:", w.Status().Reason) }, nil
		}))
	fmt.Println(err)
	// Output:
	// before: starting
	// after: stopped
	// <nil>
}
