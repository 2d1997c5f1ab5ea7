package otelweir_test

import (
	"context"
	"fmt"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/ext/otelweir"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/weirtest"
)

func BenchmarkTrace(b *testing.B) {
	each := weir.Each(func(context.Context, string) error { return nil })
	sampled := sdktrace.NewTracerProvider() // nobody is told of its spans
	never := sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.NeverSample()))
	traced := func(tp trace.TracerProvider, opts ...weir.FlowOption) *weir.Lambda {
		l := []weir.SQSOption{otelweir.Trace(tp)}
		for _, o := range opts {
			l = append(l, o)
		}
		return weir.SQS(each, l...)
	}
	for _, n := range []int{10, 1000} {
		var records []weirtest.Record
		for i := range n {
			records = append(records, weirtest.Record{Value: `{"id":"0123456789"}`, Attributes: map[string]string{"AWSTraceHeader": xray(i)}})
		}
		event := weirtest.SQS(records).JSON()
		for _, bb := range []struct {
			name string
			l    *weir.Lambda
		}{
			{"untraced", weir.SQS(each)},
			{"noop", traced(noop.NewTracerProvider())},
			{"unsampled", traced(never)},
			{"sampled", traced(sampled)},
			{"unsampled-records", traced(never, otelweir.RecordSpans())},
			{"sampled-records", traced(sampled, otelweir.RecordSpans())},
		} {
			b.Run(fmt.Sprintf("%s/n=%d", bb.name, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					_, err := bb.l.Invoke(context.Background(), event)
					assert.NoError(b, err)
				}
			})
		}
	}
}
