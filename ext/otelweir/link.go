package otelweir

import (
	"bytes"
	"context"
	"encoding/json"
	"iter"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/envelope"
)

// links gathers the links of a batch.
type links struct {
	max       int
	all       []trace.Link
	seen      map[linked]bool
	leftOut   int
	malformed int
}

type linked struct {
	trace.TraceID
	trace.SpanID
}

func (l *links) add(f found, id string) {
	l.malformed += f.malformed
	if !f.IsValid() {
		return
	}
	key := linked{f.TraceID(), f.SpanID()}
	switch {
	case l.seen[key]:
	case len(l.all) == l.max:
		l.leftOut++
		l.note(key)
	default:
		l.all = append(l.all, link(f, id))
		l.note(key)
	}
}

func (l *links) note(key linked) {
	if l.seen == nil {
		l.seen = map[linked]bool{}
	}
	l.seen[key] = true
}

// attributes say what of the records is not a link.
func (l *links) attributes() (attrs []attribute.KeyValue) {
	if l.leftOut > 0 {
		attrs = append(attrs, attribute.Int("weir.links.left_out", l.leftOut))
	}
	if l.malformed > 0 {
		attrs = append(attrs, attribute.Int("weir.links.malformed", l.malformed))
	}
	return attrs
}

// gather finds the links of records.
func (o *observer) gather(ctx context.Context, l *links, msgs iter.Seq[*weir.Message]) {
	for m := range msgs {
		l.add(o.traceOf(ctx, m), m.ID)
	}
}

func link(f found, id string) trace.Link {
	return trace.Link{SpanContext: f.SpanContext, Attributes: []attribute.KeyValue{semconv.MessagingMessageID(id)}}
}

// found is a record's trace, which is not valid if there is none, and how many headers were
// malformed on the way to it.
type found struct {
	trace.SpanContext
	malformed int
}

// try takes a header into account and reports whether it was the one.
func (f *found) try(header string, parse func() (trace.SpanContext, bool)) bool {
	if header == "" {
		return false
	}
	sc, ok := parse()
	if !ok {
		f.malformed++
		return false
	}
	f.SpanContext = sc
	return sc.IsValid()
}

func (f *found) w3c(parent, state string) bool {
	return f.try(parent, func() (trace.SpanContext, bool) { return parseW3C(parent, state) })
}

func (f *found) xray(header string) bool {
	return f.try(header, func() (trace.SpanContext, bool) { return parseXRay(header) })
}

const (
	traceparent = "traceparent"
	tracestate  = "tracestate"
	traceHeader = "AWSTraceHeader"
)

// traceOf finds a record's trace, in the order that the package says.
func (o *observer) traceOf(ctx context.Context, m *weir.Message) (f found) {
	if o.carrier != nil {
		own, ok := o.ask(ctx, m)
		if !ok {
			f.malformed++
		}
		if f.w3c(own[traceparent], own[tracestate]) || f.xray(own[traceHeader]) {
			return f
		}
	}
	if m.Kafka != nil {
		parent, _ := m.Kafka.Headers.Get(traceparent)
		state, _ := m.Kafka.Headers.Get(tracestate)
		f.w3c(string(parent), string(state))
		return f
	}
	if !isSQS(m) {
		return f
	}
	attrs := envelope.MessageAttributes(ctx, m)
	if f.w3c(textOf(attrs[traceparent]), textOf(attrs[tracestate])) {
		return f
	}
	if parent, state, ok := notification(m.Payload); ok && f.w3c(parent, state) {
		return f
	}
	f.xray(m.TraceHeader())
	return f
}

// ask calls the user's function.
func (o *observer) ask(ctx context.Context, m *weir.Message) (own map[string]string, ok bool) {
	defer func() { _ = recover() }() // it has nothing to say then
	return o.carrier(ctx, m), true
}

func isSQS(m *weir.Message) bool {
	d := destinationOf(m)
	return d.system == "aws_sqs" || d.system == "" // one of the user's own
}

func textOf(a weir.MessageAttribute) string {
	if a.String == "" {
		return string(a.Binary)
	}
	return a.String
}

// notification looks for a trace in a payload that may be a notification of SNS which nobody has
// opened yet.
func notification(payload []byte) (parent, state string, ok bool) {
	if !bytes.Contains(payload, []byte(`"`+traceparent+`"`)) || !bytes.Contains(payload, []byte("TopicArn")) {
		return "", "", false
	}
	var n struct {
		TopicArn, Message string
		MessageAttributes map[string]struct{ Value string }
	}
	if json.Unmarshal(payload, &n) != nil || n.TopicArn == "" {
		return "", "", false
	}
	return n.MessageAttributes[traceparent].Value, n.MessageAttributes[tracestate].Value, true
}

// maxHeader bounds what is parsed: a tracestate has up to 512 bytes, and often more.
const maxHeader = 8192

// parseW3C parses a traceparent, and a tracestate if that is well-formed too.
func parseW3C(parent, state string) (trace.SpanContext, bool) {
	if len(parent) > maxHeader {
		return trace.SpanContext{}, false
	}
	if len(state) > maxHeader {
		state = ""
	}
	carrier := propagation.MapCarrier{traceparent: parent, tracestate: state}
	ctx := propagation.TraceContext{}.Extract(context.Background(), carrier)
	sc := trace.SpanContextFromContext(ctx)
	return sc, sc.IsValid()
}
