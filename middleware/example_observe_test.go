package middleware_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/metrics"
	"github.com/weir-go/weir/middleware"
	"github.com/weir-go/weir/weirtest"
)

func ExampleLogger() {
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey || a.Key == "source" {
			return slog.Attr{}
		}
		return a
	}}))
	fn := weir.SQS(weir.Each(func(ctx context.Context, order string) error {
		middleware.Logger(ctx).Info("shipped", "order", order)
		return nil
	}), middleware.Log(logger))

	weirtest.Run(context.Background(), fn, weirtest.SQS(weirtest.Record{ID: "m1", Value: "a", Attempt: 2}))
	// Output:
	// level=INFO msg=shipped id=m1 attempt=2 order=a
}

// On Lambda the output is os.Stdout, which is the default.
func ExampleMeasure() {
	var out bytes.Buffer
	fn := weir.SQS(weir.Each(func(_ context.Context, order string) error {
		if order == "bad" {
			return errors.New("out of stock")
		}
		return nil
	}), middleware.Measure(metrics.Output(&out), metrics.Namespace("Shop"), metrics.Dimension("Service", "orders")))

	weirtest.Run(context.Background(), fn, weirtest.SQS("a", "bad", "c"))
	var line struct {
		Source, Service            string
		Records, Processed, Failed int
	}
	_ = json.Unmarshal(out.Bytes(), &line)
	fmt.Printf("%+v\n", line)
	// Output:
	// {Source:queue Service:orders Records:3 Processed:2 Failed:1}
}

// Counters of Prometheus, or of anybody else.
func ExampleMeasureWith() {
	counters := map[string]int{}
	var mu sync.Mutex // invocations may run at the same time
	fn := weir.SQS(weir.Each(func(context.Context, string) error { return nil }),
		middleware.MeasureWith(func(_ context.Context, m middleware.Measurement) {
			mu.Lock()
			defer mu.Unlock()
			counters["processed_total{source="+m.SourceName()+"}"] += m.Succeeded
		}))

	weirtest.Run(context.Background(), fn, weirtest.SQS("a", "b"))
	fmt.Println(counters)
	// Output:
	// map[processed_total{source=queue}:2]
}

// tracker is a client such as Sentry's: a hub of its own for each record, a fingerprint, and a flush.
type tracker struct{ out *bytes.Buffer }

func (t tracker) capture(err error, stack []byte, fingerprint string, tags map[string]string) {
	fmt.Fprintf(t.out, "%s: %v, id=%s attempt=%s, stack: %t\n", fingerprint, err, tags["id"], tags["attempt"], len(stack) > 0)
}

func (t tracker) flush(context.Context) {}

// capture reports failures to a tracker.
//
// A record that fails comes back, and fails again: reported each time, a poison record is noise
// until its queue gives it up. So a record is reported at its first attempt, where the source
// counts them, and when it is dropped. Streams do not count: there the fingerprint, which groups by cause and not by
// record, and the tracker's own rate limit have to do. Errors that are everybody's, such as a
// database that does not answer, are one event a batch: see weir.UnavailableError.
type capture struct{ to tracker }

func (c capture) RecordFailed(_ context.Context, m *weir.Message, err error) error {
	if m.Attempt <= 1 {
		c.report(m, err, "failed")
	}
	return nil
}

func (c capture) RecordDropped(_ context.Context, m *weir.Message, err error) error {
	c.report(m, err, "dropped")
	return nil // an error would retry the record
}

func (c capture) report(m *weir.Message, err error, what string) {
	var panicked *weir.PanicError
	var stack []byte
	if errors.As(err, &panicked) {
		stack = panicked.Stack
	}
	// What varies with the record must not be in the fingerprint.
	c.to.capture(err, stack, what+"/"+fmt.Sprintf("%T", err), map[string]string{"id": m.ID, "attempt": fmt.Sprint(m.Attempt), "requestId": m.RequestID()})
}

// BatchEnded flushes while there is time: afterwards Lambda freezes the process.
func (c capture) BatchEnded(ctx context.Context, _ weir.Summary) { c.to.flush(ctx) }

// Errors go to a tracker such as Sentry, with the stack of a panic.
func Example_errorTracking() {
	var out bytes.Buffer
	fn := weir.SQS(weir.Each(func(_ context.Context, order string) error {
		switch order {
		case "poison":
			panic("no such article")
		case "old":
			return weir.Drop(errors.New("too old"))
		}
		return nil
	}), weir.Observe(capture{tracker{&out}}))

	weirtest.Run(context.Background(), fn, weirtest.SQS(
		weirtest.Record{ID: "m1", Value: "poison", Attempt: 1},
		weirtest.Record{ID: "m2", Value: "poison", Attempt: 2}, // was reported already
		weirtest.Record{ID: "m3", Value: "old", Attempt: 3},
		"good"))
	fmt.Print(out.String())
	// Output:
	// failed/*weir.PanicError: panic: no such article, id=m1 attempt=1, stack: true
	// dropped/*weir.DropError: dropped: too old, id=m3 attempt=3, stack: false
}
