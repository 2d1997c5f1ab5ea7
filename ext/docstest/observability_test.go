package docstest_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"go.opentelemetry.io/otel"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/ext/otelweir"
	"github.com/weir-go/weir/metrics"
	"github.com/weir-go/weir/middleware"
	"github.com/weir-go/weir/weirtest"
)

// handler writes what does not change from run to run.
func handler() *slog.Logger {
	return slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey || a.Key == "source" || a.Key == "requestId" {
			return slog.Attr{}
		}
		return a
	}}))
}

// A line for each batch that had trouble, and lines of the handler that say which record they are about.
func Example_logs() {
	logger := handler()
	// snippet:begin logs
	handle := func(ctx context.Context, o Order) error {
		middleware.Logger(ctx).Info("shipping", "order", o.ID)
		return ship(ctx, o)
	}
	fn := weir.SQS(weir.Each(handle), weir.Logger(logger), middleware.Log(logger))
	// snippet:end
	weirtest.Run(context.Background(), fn, weirtest.SQS(
		weirtest.Record{ID: "m1", Value: Order{"a", 1}},
		weirtest.Record{ID: "m2", Value: Order{"b", -1}}))
	// Output:
	// level=INFO msg=shipping id=m1 attempt=1 order=a
	// shipped a
	// level=INFO msg=shipping id=m2 attempt=1 order=b
	// level=WARN msg="records not done" records=2 failed=1 skipped=0 error="weir: 1 of 2 records failed (arn:aws:sqs:eu-west-1:123456789012:queue)\n  1 x negative amount [m2]"
}

// reporter is an observer: it has the methods of those interfaces that it cares for.
//
// snippet:begin observer
type reporter struct{ capture func(error) }

func (r reporter) RecordFailed(ctx context.Context, m *weir.Message, err error) error {
	r.capture(fmt.Errorf("record %s: %w", m.ID, err))
	return nil
}

func (r reporter) BatchEnded(ctx context.Context, s weir.Summary) {
	fmt.Printf("%d of %d done\n", s.Succeeded+s.Dropped, s.Records)
}

// snippet:end

func Example_observer() {
	capture := func(err error) { fmt.Println("captured:", err) }
	fn := weir.SQS(weir.Each(ship), weir.Observe(reporter{capture}))
	weirtest.Run(context.Background(), fn, weirtest.SQS(Order{"a", 1}, weirtest.Record{ID: "m2", Value: Order{"b", -1}}))
	// Output:
	// shipped a
	// captured: record m2: negative amount
	// 1 of 2 done
}

// Metrics are one line a batch, which CloudWatch takes out of the log.
func Example_metrics() {
	var out strings.Builder
	// snippet:begin metrics
	fn := weir.SQS(weir.Each(ship),
		middleware.Measure(metrics.Namespace("Shop"), metrics.Dimension("Service", "orders"), metrics.Output(&out)))
	// snippet:end
	weirtest.Run(context.Background(), fn, weirtest.SQS(Order{"a", 1}, Order{"b", -1}))
	for _, name := range []string{`"Records":2`, `"Processed":1`, `"Failed":1`} {
		fmt.Println(name, strings.Contains(out.String(), name))
	}
	// Output:
	// shipped a
	// "Records":2 true
	// "Processed":1 true
	// "Failed":1 true
}

func Example_traces() {
	spans := tracetest.NewSpanRecorder()
	otel.SetTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans)))
	// snippet:begin traces
	fn := weir.SQS(weir.Each(ship), otelweir.Trace(nil), otelweir.RecordSpans())
	// snippet:end
	weirtest.Run(context.Background(), fn, weirtest.SQS(Order{"a", 1}).From("arn:aws:sqs:eu-west-1:111122223333:orders"))
	for _, s := range spans.Ended() {
		fmt.Println("span:", s.Name())
	}
	// Output:
	// shipped a
	// span: handle orders
	// span: process orders
}
