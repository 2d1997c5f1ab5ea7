// Package otelweir traces batches with OpenTelemetry. It needs OpenTelemetry's API alone: the SDK, the
// exporter and the sampler are the program's.
//
//	weir.SQS(weir.Each(ship), otelweir.Trace(nil), otelweir.RecordSpans())
//
// Each batch has a span of kind CONSUMER, "process orders" for a queue called orders, of which
// spans that handlers start are children. It has links to the traces of its records, since one
// span cannot continue several traces. With RecordSpans, each record has a span inside that one.
//
// # Where a record's trace is found
//
// The first of these that a record has is its trace:
//
//  1. what the function given to Carrier returns;
//  2. W3C Trace Context (traceparent and tracestate) in a Kafka record's headers, in an SQS
//     message's attributes, or in the attributes of a notification of SNS that is the message's body;
//  3. the X-Ray header of an SQS message, AWSTraceHeader.
//
// The producer sets the first two, while services on the way may set the third. Records of Kinesis
// and DynamoDB carry no trace of their own: give Carrier a function that finds it in the payload. A
// header that is malformed is passed over and counted.
//
// Anybody who may send a record may write such headers. They become links, never a parent, and
// baggage is not read.
//
// # Attributes
//
// Names are those of the semantic conventions for messaging and FaaS, version 1.43: of a batch
//
//	messaging.system               aws_sqs, aws_kinesis, aws_dynamodb_streams or kafka
//	messaging.operation.name       process
//	messaging.operation.type       process
//	messaging.destination.name     of the queue, stream, table, or topic if there is one
//	messaging.batch.message_count  records
//	faas.invocation_id             the request id
//	weir.links.left_out            links beyond MaxLinks, if there were any
//	weir.links.malformed           malformed headers, if there were any
//	weir.records.succeeded, .dropped, .failed, .skipped
//	error.type                     record_failures, if a record failed or was skipped
//
// and of a record
//
//	messaging.operation.name       handle
//	messaging.operation.type       process
//	messaging.message.id           the identifier
//	messaging.message.body.size    bytes of the payload, of spans that are sampled
//	messaging.destination.partition.id, messaging.kafka.offset, messaging.kafka.message.tombstone
//	weir.part                      see weir.Message.Part
//	weir.attempt                   of SQS
//	error.type                     undecodable, retry_after, permanent, unavailable, failed, aborted, or panic
//
// A batch with failures has the status Error, and their causes as an exception event. Records that
// were dropped are events, of which the first 32 are kept.
package otelweir

import (
	"context"
	"errors"
	"fmt"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/trace"

	"github.com/weir-go/weir"
)

// ScopeName is the name of the tracer.
const ScopeName = "github.com/weir-go/weir/ext/otelweir"

// DefaultMaxLinks is what OpenTelemetry's SDK keeps by default.
const DefaultMaxLinks = 128

// Option applies to Trace.
type Option func(*observer) error

// MaxLinks bounds the links of a batch's span. Traces that several records share are one link. The
// SDK keeps 128 unless its span limits say more.
func MaxLinks(n int) Option {
	return func(o *observer) error {
		if n < 0 {
			return fmt.Errorf("MaxLinks(%d): it takes 0 or more", n)
		}
		o.maxLinks = n
		return nil
	}
}

// Carrier finds the trace of records that carry it elsewhere, such as in a payload: f returns what
// it finds of traceparent, tracestate, and AWSTraceHeader, or nil. It is called once for each
// record before the first is handled, and by RecordSpans, so it should be quick. A panic of f counts
// as a malformed header.
func Carrier(f func(ctx context.Context, m *weir.Message) map[string]string) Option {
	return func(o *observer) error {
		if f == nil {
			return errors.New("the function given to Carrier is nil")
		}
		o.carrier = f
		return nil
	}
}

// Destination sets messaging.system and messaging.destination.name, for sources whose records do
// not say by their ARN, such as those of weir.From.
func Destination(system, name string) Option {
	return func(o *observer) error {
		if system == "" || name == "" {
			return errors.New("Destination takes a system and a name")
		}
		o.at = &destination{system, name}
		return nil
	}
}

// LambdaParent makes the span a child of the segment that Lambda says in the invocation's context,
// where no other span is there already. With Lambda's active tracing, the batch's span then stands
// in the function's own X-Ray trace. A segment that is not sampled is a parent that is not sampled,
// which the SDK's default sampler follows.
func LambdaParent() Option {
	return func(o *observer) error {
		o.lambda = true
		return nil
	}
}

// Trace makes an option that traces each batch. A nil provider is otel's global one at the time of
// the batch. The span ends before the answer is returned: a program that exports in the background
// has to flush within the invocation (ForceFlush), since Lambda freezes it afterwards.
//
// A batch whose observers could not be told before the Lambda deadline has a span that is not ended.
func Trace(provider trace.TracerProvider, opts ...Option) weir.Option {
	o := &observer{provider: provider, maxLinks: DefaultMaxLinks}
	for i, option := range opts {
		if option == nil {
			return weir.Refuse(fmt.Errorf("otelweir: Trace: option %d is nil", i))
		}
		if err := option(o); err != nil {
			return weir.Refuse(fmt.Errorf("otelweir: Trace: %w", err))
		}
	}
	return weir.Observe(o)
}

func (o *observer) tracer() trace.Tracer {
	provider := o.provider
	if provider == nil {
		provider = otel.GetTracerProvider()
	}
	return provider.Tracer(ScopeName)
}
