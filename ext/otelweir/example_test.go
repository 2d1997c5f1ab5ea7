package otelweir_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/ext/otelweir"
	"github.com/weir-go/weir/weirtest"
)

// In a program, the provider has an exporter, and is otel's global one: otelweir.Trace(nil).
func ExampleTrace() {
	spans := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))

	fn := weir.SQS(weir.Each(func(ctx context.Context, s string) error {
		_, span := provider.Tracer("shop").Start(ctx, "ship "+s) // a child of the batch's span
		defer span.End()
		if s == "bad" {
			return errors.New("out of stock")
		}
		return nil
	}), otelweir.Trace(provider))

	weirtest.Run(context.Background(), fn, weirtest.SQS("a", weirtest.Record{Value: "bad", Attributes: map[string]string{
		"AWSTraceHeader": "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1",
	}}))
	for _, s := range spans.Ended() {
		fmt.Printf("%s: %q\n", s.Name(), s.Status().Description)
		for _, link := range s.Links() {
			fmt.Println("  link to", link.SpanContext.TraceID())
		}
	}
	// Output:
	// ship a: ""
	// ship bad: ""
	// process queue: "1 of 2 records are not done"
	//   link to 5759e988bd862e3fe1be46a994272793
}

func ExampleRecordSpans() {
	spans := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))

	fn := weir.Kafka(weir.Each(func(_ context.Context, s string) error {
		if s == "old" {
			return weir.Drop(errors.New("too old"))
		}
		return nil
	}), otelweir.Trace(provider), otelweir.RecordSpans())

	weirtest.Run(context.Background(), fn, weirtest.Kafka(weirtest.In("orders-0", "a", "old")))
	for _, s := range spans.Ended() {
		fmt.Print(s.Name())
		for _, e := range s.Events() {
			fmt.Print(" ", e.Name)
		}
		fmt.Println()
	}
	// Output:
	// handle orders
	// handle orders weir.record.dropped
	// process orders weir.record.dropped
}

// Records of Kinesis have no headers: their producer puts the trace into the payload.
func ExampleCarrier() {
	spans := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))

	inside := otelweir.Carrier(func(_ context.Context, m *weir.Message) map[string]string {
		var p struct{ Trace map[string]string }
		_ = json.Unmarshal(m.Payload, &p)
		return p.Trace
	})
	fn := weir.Kinesis(weir.Each(func(context.Context, json.RawMessage) error { return nil }), otelweir.Trace(provider, inside))

	weirtest.Run(context.Background(), fn, weirtest.Kinesis(`{"trace":{"traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}}`))
	fmt.Println(spans.Ended()[0].Links()[0].SpanContext.TraceID())
	// Output:
	// 4bf92f3577b34da6a3ce929d0e0e4736
}

// X-Ray through OpenTelemetry: Lambda says its segment in the invocation's context, and the batch's
// span becomes its child, with the same trace ID. Nothing else of X-Ray is needed: no propagator,
// since otelweir reads the records' headers itself, and no ID generator, since X-Ray has taken the
// random trace IDs of W3C since 2023. A CloudWatch agent before 1.300030.0 or an ADOT collector before
// 0.34.0 does not: for those, give the provider an sdktrace.IDGenerator whose trace IDs begin with
// the seconds since 1970, in hex.
func ExampleLambdaParent() {
	spans := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))
	fn := weir.SQS(weir.Each(func(context.Context, string) error { return nil }), otelweir.Trace(provider, otelweir.LambdaParent()))

	// What aws-lambda-go does with the header Lambda-Runtime-Trace-Id, with active tracing.
	//lint:ignore SA1029 its key is a string
	ctx := context.WithValue(context.Background(), "x-amzn-trace-id",
		"Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1")
	_, _ = fn.Invoke(ctx, weirtest.SQS("a").JSON())
	s := spans.Ended()[0]
	fmt.Println(s.Name(), s.SpanContext().TraceID(), "below", s.Parent().SpanID())
	// Output:
	// process queue 5759e988bd862e3fe1be46a994272793 below 53995c3f42cd8ad8
}

// Lambda freezes the process once it has its answer, so what is exported in the background must be
// flushed before: by an observer that is listed behind Trace.
func ExampleTrace_flush() {
	provider := sdktrace.NewTracerProvider() // with sdktrace.WithBatcher(exporter)
	fn := weir.SQS(weir.Each(func(context.Context, string) error { return nil }),
		otelweir.Trace(provider), weir.Observe(flush{provider}))

	weirtest.Run(context.Background(), fn, weirtest.SQS("a"))
	// Output:
	// flushed: <nil>
}

type flush struct{ provider *sdktrace.TracerProvider }

// BatchEnded has until the context's deadline, which is before Lambda's.
func (f flush) BatchEnded(ctx context.Context, _ weir.Summary) {
	fmt.Println("flushed:", f.provider.ForceFlush(ctx))
}
