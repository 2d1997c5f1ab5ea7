package otelweir

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"sync/atomic"
	"unicode/utf8"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/arn"
)

// maxEvents bounds the events of records that were dropped.
const maxEvents = 32

// maxText bounds an error's text, in bytes.
const maxText = 300

type observer struct {
	provider trace.TracerProvider
	maxLinks int
	carrier  func(context.Context, *weir.Message) map[string]string
	at       *destination
	lambda   bool
}

// batch is one batch's span and what belongs to it.
type batch struct {
	o      *observer
	outer  *batch // of another Trace
	tracer trace.Tracer
	span   trace.Span
	at     destination
	events atomic.Int32
	ended  atomic.Bool

	// late are the records if their text was not there yet when the batch began: they get their
	// links at its end, which a sampler does not see.
	late iter.Seq[*weir.Message]
}

type batchKey struct{}

func batchOf(ctx context.Context) *batch {
	b, _ := ctx.Value(batchKey{}).(*batch)
	return b
}

// open is the observer's span in ctx that has not ended, or nil.
func (o *observer) open(ctx context.Context) *batch {
	b := batchOf(ctx)
	for b != nil && (b.o != o || b.ended.Load()) {
		b = b.outer
	}
	return b
}

// BatchContext implements weir.BatchContextObserver.
func (o *observer) BatchContext(ctx context.Context, msgs iter.Seq[*weir.Message]) context.Context {
	if o.lambda {
		ctx = lambdaParent(ctx)
	}
	at := where{}
	n, request := 0, ""
	var late iter.Seq[*weir.Message]
	for m := range msgs {
		if n++; n == 1 {
			if request = m.RequestID(); m.Kafka == nil && m.Raw() == "" {
				late = msgs
			}
		}
		at.see(m)
	}
	links := links{max: o.maxLinks}
	if late == nil {
		o.gather(ctx, &links, msgs)
	}
	b := &batch{o: o, outer: batchOf(ctx), tracer: o.tracer(), at: at.destination(), late: late}
	if o.at != nil {
		b.at = *o.at
	}
	attrs := append(make([]attribute.KeyValue, 0, 10), semconv.MessagingOperationName("process"), semconv.MessagingOperationTypeProcess,
		semconv.MessagingBatchMessageCount(n))
	attrs = append(attrs, b.at.attributes()...)
	if request != "" {
		attrs = append(attrs, semconv.FaaSInvocationID(request))
	}
	attrs = append(attrs, links.attributes()...)
	ctx, b.span = b.tracer.Start(ctx, b.at.named("process"), trace.WithSpanKind(trace.SpanKindConsumer), trace.WithLinks(links.all...), trace.WithAttributes(attrs...))
	return context.WithValue(ctx, batchKey{}, b)
}

// RecordDropped implements weir.RecordDroppedObserver.
func (o *observer) RecordDropped(ctx context.Context, m *weir.Message, err error) error {
	if b := o.open(ctx); b != nil && b.span.IsRecording() && b.events.Add(1) <= maxEvents {
		attrs := append(make([]attribute.KeyValue, 0, 3), semconv.MessagingMessageID(m.ID), semconv.ExceptionMessage(text(err)))
		if m.Part != "" {
			attrs = append(attrs, attribute.String("weir.part", m.Part))
		}
		b.span.AddEvent("weir.record.dropped", trace.WithAttributes(attrs...))
	}
	return nil
}

// BatchEnded implements weir.BatchEndedObserver.
func (o *observer) BatchEnded(ctx context.Context, s weir.Summary) {
	b := o.open(ctx)
	if b == nil {
		return
	}
	b.ended.Store(true)
	defer b.span.End()
	if !b.span.IsRecording() {
		return
	}
	if b.late != nil {
		links := links{max: o.maxLinks}
		o.gather(ctx, &links, b.late)
		for _, l := range links.all {
			b.span.AddLink(l)
		}
		b.span.SetAttributes(links.attributes()...)
	}
	b.span.SetAttributes(attribute.Int("weir.records.succeeded", s.Succeeded), attribute.Int("weir.records.dropped", s.Dropped),
		attribute.Int("weir.records.failed", s.Failed), attribute.Int("weir.records.skipped", s.Skipped))
	if s.Err != nil {
		b.span.SetAttributes(semconv.ErrorTypeKey.String("record_failures"))
		b.span.SetStatus(codes.Error, fmt.Sprintf("%d of %d records are not done", s.Failed+s.Skipped, s.Records))
		b.span.RecordError(s.Err)
	}
}

// destination is where records come from, as far as it is known.
type destination struct{ system, name string }

func (d destination) attributes() (attrs []attribute.KeyValue) {
	if d.system != "" {
		attrs = append(attrs, semconv.MessagingSystemKey.String(d.system))
	}
	if d.name != "" {
		attrs = append(attrs, semconv.MessagingDestinationName(d.name))
	}
	return attrs
}

func (d destination) named(operation string) string {
	if d.name == "" {
		return operation
	}
	return operation + " " + d.name
}

// where finds the destination of a batch's records, which in Kafka may be several topics.
type where struct {
	arn   string
	first destination
	some  bool
	mixed bool
}

func (w *where) see(m *weir.Message) {
	if w.some && m.Kafka == nil && m.SourceARN == w.arn {
		return
	}
	d := destinationOf(m)
	if !w.some {
		w.first, w.some, w.arn = d, true, m.SourceARN
	} else if d != w.first {
		w.mixed = true
	}
}

func (w *where) destination() destination {
	if w.mixed {
		return destination{system: w.first.system}
	}
	return w.first
}

func destinationOf(m *weir.Message) destination {
	if m.Kafka != nil {
		return destination{"kafka", m.Kafka.Topic}
	}
	service, name := arn.Split(m.SourceARN)
	return destination{systems[service], name}
}

var systems = map[string]string{"sqs": "aws_sqs", "kinesis": "aws_kinesis", "dynamodb": "aws_dynamodb_streams", "kafka": "kafka"}

// text is an error's, with a bounded length.
func text(err error) (s string) {
	defer func() {
		if recover() != nil { // of the error's own method
			s = "an error that has no text"
		}
	}()
	s = strings.ToValidUTF8(err.Error(), "?")
	if len(s) <= maxText {
		return s
	}
	n := maxText
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "..."
}
