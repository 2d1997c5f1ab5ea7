package main

import (
	"context"
	"strings"

	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/weir-go/weir"
)

// traces has the spans of producers and functions.
type traces struct {
	*sdktrace.TracerProvider
	kept *tracetest.InMemoryExporter
}

func newTraces() traces {
	kept := tracetest.NewInMemoryExporter()
	return traces{sdktrace.NewTracerProvider(sdktrace.WithSyncer(kept)), kept}
}

// checkout begins a trace, as a producer does, and returns the attributes that carry it.
func (t traces) checkout(ctx context.Context) map[string]weir.MessageAttribute {
	ctx, span := t.Tracer("shop").Start(ctx, "checkout")
	defer span.End()
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	attributes := map[string]weir.MessageAttribute{}
	for name, value := range carrier {
		attributes[name] = weir.MessageAttribute{DataType: "String", String: value}
	}
	return attributes
}

// tally counts the functions' spans and their links, and the checkouts that no batch is linked to.
func (t traces) tally() (batches, records, links, unlinked int) {
	linked := map[trace.TraceID]bool{}
	begun := map[trace.TraceID]bool{}
	for _, s := range t.kept.GetSpans() {
		switch {
		case s.Name == "checkout":
			begun[s.SpanContext.TraceID()] = true
		case strings.HasPrefix(s.Name, "process "):
			batches++
			links += len(s.Links)
			for _, l := range s.Links {
				linked[l.SpanContext.TraceID()] = true
			}
		default:
			records++
		}
	}
	for id := range begun {
		unlinked += count(!linked[id])
	}
	return batches, records, links, unlinked
}
