package otelweir

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/errtree"
)

// RecordSpans gives each record a span of its own inside the batch's, "handle orders", with a link
// to the record's trace. As a middleware it stands where it is given: behind middleware.Retry there is a span
// for each attempt. It needs Trace, and without it does nothing; Batch and pipelines, which handle
// a batch as a whole, refuse it.
//
// The status is Error if the handler returned an error or panicked, but for weir.Drop: that is an
// event, weir.record.dropped. A record that asks to be retried later has the event
// weir.record.retry_after. What OnFailure or OnUndecodable make of an error shows in the batch's span.
func RecordSpans() weir.FlowOption {
	return weir.Named("otelweir.RecordSpans", weir.Use(func(next weir.Handler) weir.Handler {
		return func(ctx context.Context, m *weir.Message) error {
			b := batchOf(ctx)
			if b == nil {
				return next(ctx, m)
			}
			ctx, span := b.start(ctx, m)
			returned := false
			defer func() {
				if !returned {
					span.SetAttributes(semconv.ErrorTypeKey.String("panic"))
					span.SetStatus(codes.Error, "the handler panicked")
				}
				span.End()
			}()
			err := next(ctx, m)
			returned = true
			if err != nil && span.IsRecording() {
				conclude(span, err)
			}
			return err
		}
	}))
}

// start begins a record's span.
func (b *batch) start(ctx context.Context, m *weir.Message) (context.Context, trace.Span) {
	var of []trace.Link
	if b.span.IsRecording() { // else a record's is hardly sampled, and its headers cost to look at
		if f := b.o.traceOf(ctx, m); f.IsValid() {
			of = []trace.Link{link(f, m.ID)}
		}
	}
	at := b.at
	if at.name == "" && m.Kafka != nil { // the batch is of several topics
		at = destinationOf(m)
	}
	ctx, span := b.tracer.Start(ctx, at.named("handle"), trace.WithLinks(of...))
	if !span.IsRecording() {
		return ctx, span
	}
	attrs := append(make([]attribute.KeyValue, 0, 11), semconv.MessagingOperationName("handle"), semconv.MessagingOperationTypeProcess,
		semconv.MessagingMessageID(m.ID), semconv.MessagingMessageBodySize(len(m.Payload)))
	attrs = append(attrs, at.attributes()...)
	if k := m.Kafka; k != nil { // whose shard is told with its topic
		attrs = append(attrs, semconv.MessagingDestinationPartitionID(strconv.Itoa(int(k.Partition))), semconv.MessagingKafkaOffsetKey.Int64(k.Offset))
		if m.Tombstone() {
			attrs = append(attrs, semconv.MessagingKafkaMessageTombstone(true))
		}
	} else if m.Shard != "" {
		attrs = append(attrs, semconv.MessagingDestinationPartitionID(m.Shard))
	}
	if m.Part != "" {
		attrs = append(attrs, attribute.String("weir.part", m.Part))
	}
	if m.Attempt > 0 {
		attrs = append(attrs, attribute.Int("weir.attempt", m.Attempt))
	}
	span.SetAttributes(attrs...)
	return ctx, span
}

// conclude says on a record's span what became of it.
func conclude(span trace.Span, err error) {
	defer func() { _ = recover() }() // of the error's own methods: the record must not fail by its span
	kind := kindOf(err)
	why := trace.WithAttributes(semconv.ExceptionMessage(text(err)))
	if kind == dropped {
		span.AddEvent("weir.record.dropped", why)
		return
	}
	if later := (*weir.RetryAfterError)(nil); kind == retryAfter && errors.As(err, &later) {
		span.AddEvent("weir.record.retry_after", why, trace.WithAttributes(attribute.Float64("weir.delay", later.Delay.Seconds())))
	} else {
		span.AddEvent("exception", why, trace.WithAttributes(semconv.ExceptionType(fmt.Sprintf("%T", err))))
	}
	span.SetAttributes(semconv.ErrorTypeKey.String(kinds[kind]))
	span.SetStatus(codes.Error, text(err))
}

// What an error of a handler is, by rank: of joined errors the highest counts.
const (
	dropped = iota
	undecodable
	retryAfter
	permanent
	unavailable
	failed
	aborted
)

// kinds are the values of error.type.
var kinds = [...]string{"dropped", "undecodable", "retry_after", "permanent", "unavailable", "failed", "aborted"}

func kindOf(err error) int {
	return errtree.Most(err, failed, func(err error) (int, bool) {
		switch err.(type) {
		case *weir.DropError:
			return dropped, true
		case *weir.UndecodableError:
			return undecodable, true
		case *weir.RetryAfterError:
			return retryAfter, true
		case *weir.PermanentError:
			return permanent, true
		case *weir.UnavailableError:
			return unavailable, true
		case *weir.AbortError:
			return aborted, true
		}
		return 0, false
	})
}
