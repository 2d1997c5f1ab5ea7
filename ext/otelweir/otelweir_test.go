package otelweir_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/envelope"
	"github.com/weir-go/weir/ext/otelweir"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/monoid"
	"github.com/weir-go/weir/pipeline"
	"github.com/weir-go/weir/state/mem"
	"github.com/weir-go/weir/weirtest"
)

// recorder is a provider and the spans that have ended.
func recorder(opts ...sdktrace.TracerProviderOption) (*tracetest.SpanRecorder, *sdktrace.TracerProvider) {
	r := tracetest.NewSpanRecorder()
	return r, sdktrace.NewTracerProvider(append(opts, sdktrace.WithSpanProcessor(r))...)
}

func named(t testing.TB, r *tracetest.SpanRecorder, name string) sdktrace.ReadOnlySpan {
	t.Helper()
	for _, s := range r.Ended() {
		if s.Name() == name {
			return s
		}
	}
	t.Fatalf("no span %q among %d", name, len(r.Ended()))
	return nil
}

func attributes(s sdktrace.ReadOnlySpan) map[string]string {
	all := map[string]string{}
	for _, a := range s.Attributes() {
		all[string(a.Key)] = a.Value.String()
	}
	return all
}

func invoke(t testing.TB, l *weir.Lambda, e weirtest.Event) string {
	t.Helper()
	assert.NoError(t, l.Err())
	return string(weirtest.Run(t.Context(), l, e).Response)
}

var (
	parent = func(n int) string { return fmt.Sprintf("00-4bf92f3577b34da6a3ce929d0e0e%04x-00f067aa0ba902b7-01", n) }
	xray   = func(n int) string {
		return fmt.Sprintf("Root=1-5759e988-bd862e3fe1be46a99427%04x;Parent=53995c3f42cd8ad8;Sampled=1;Lineage=a87bd80c:0|68fd508a:5", n)
	}
	text = func(s string) map[string]weir.MessageAttribute {
		return map[string]weir.MessageAttribute{"traceparent": {DataType: "String", String: s}}
	}
)

func TestBatchSpan(t *testing.T) {
	t.Parallel()
	r, tp := recorder()
	l := weir.SQS(weir.Each(func(ctx context.Context, s string) error {
		_, span := tp.Tracer("test").Start(ctx, "own "+s)
		defer span.End()
		switch s {
		case "bad":
			return errors.New("out of stock")
		case "old":
			return weir.Drop(errors.New("too old"))
		}
		return nil
	}), otelweir.Trace(tp))
	invoke(t, l, weirtest.SQS("good", "bad", "old"))

	s := named(t, r, "process queue")
	assert.Equal(t, s.SpanKind(), trace.SpanKindConsumer)
	assert.Equal(t, s.InstrumentationScope().Name, otelweir.ScopeName)
	got := attributes(s)
	for name, want := range map[string]string{
		"messaging.system": "aws_sqs", "messaging.destination.name": "queue", "messaging.operation.name": "process", "messaging.operation.type": "process",
		"messaging.batch.message_count": "3", "weir.records.succeeded": "1", "weir.records.failed": "1", "weir.records.dropped": "1", "weir.records.skipped": "0",
		"error.type": "record_failures", "weir.links.left_out": "", "weir.links.malformed": "",
	} {
		assert.Equal(t, got[name], want, name)
	}
	assert.Equal(t, s.Status(), sdktrace.Status{Code: codes.Error, Description: "1 of 3 records are not done"})
	var events []string
	for _, e := range s.Events() {
		events = append(events, e.Name)
	}
	assert.Equal(t, events, []string{"weir.record.dropped", "exception"})
	for _, name := range []string{"own good", "own bad", "own old"} { // handlers' spans are children
		own := named(t, r, name)
		assert.Equal(t, own.Parent().SpanID(), s.SpanContext().SpanID(), name)
		assert.Equal(t, own.SpanContext().TraceID(), s.SpanContext().TraceID(), name)
	}
}

func TestDestinations(t *testing.T) {
	t.Parallel()
	verb := weir.EachMessage(func(context.Context, *weir.Message) error { return nil })
	for _, tt := range []struct {
		l            func(weir.Option) *weir.Lambda
		e            weirtest.Event
		system, name string
	}{
		{func(o weir.Option) *weir.Lambda { return weir.SQS(verb, o) }, weirtest.FIFO("a"), "aws_sqs", "queue.fifo"},
		{func(o weir.Option) *weir.Lambda { return weir.Kinesis(verb, o) }, weirtest.Kinesis("a").From("arn:aws-cn:kinesis:cn-north-1:111122223333:stream/clicks"), "aws_kinesis", "clicks"},
		{func(o weir.Option) *weir.Lambda { return weir.DynamoDB(verb, o) },
			weirtest.DynamoDB(weirtest.Table{Key: "id"}, weirtest.Inserted(map[string]string{"id": "a"})).From("arn:aws:dynamodb:eu-west-1:1:table/orders/stream/2026"), "aws_dynamodb_streams", "orders"},
		{func(o weir.Option) *weir.Lambda { return weir.Kafka(verb, o) }, weirtest.Kafka(weirtest.In("orders-0", "a"), weirtest.In("orders-1", "b")), "kafka", "orders"},
		{func(o weir.Option) *weir.Lambda { return weir.Kafka(verb, o) }, weirtest.Kafka(weirtest.In("orders-0", "a"), weirtest.In("users-1", "b")), "kafka", ""},
	} {
		r, tp := recorder()
		invoke(t, tt.l(otelweir.Trace(tp)), tt.e)
		assert.Equal(t, len(r.Ended()), 1)
		s := r.Ended()[0]
		assert.Equal(t, attributes(s)["messaging.system"], tt.system)
		assert.Equal(t, attributes(s)["messaging.destination.name"], tt.name)
		assert.Equal(t, s.Name(), strings.TrimSuffix("process "+tt.name, " "))
		assert.Equal(t, s.Status().Code, codes.Unset)
	}
	r, tp := recorder()
	own := weir.From(weir.Source{Name: "Amazon MQ", Decode: func([]byte) ([]weir.Message, error) { return []weir.Message{{ID: "1"}}, nil }}, verb,
		otelweir.Trace(tp, otelweir.Destination("activemq", "orders")))
	_, err := own.Invoke(t.Context(), []byte("{}"))
	assert.NoError(t, err)
	assert.Equal(t, attributes(named(t, r, "process orders"))["messaging.system"], "activemq")
}

// linked runs records and returns the traces that their batch has links to.
func linked(t *testing.T, l func(...weir.Option) *weir.Lambda, e weirtest.Event, opts ...otelweir.Option) (traces []string, s sdktrace.ReadOnlySpan) {
	t.Helper()
	r, tp := recorder()
	invoke(t, l(otelweir.Trace(tp, opts...)), e)
	for _, s = range r.Ended() {
		if s.SpanKind() == trace.SpanKindConsumer {
			break
		}
	}
	for _, l := range s.Links() {
		assert.Equal(t, l.SpanContext.IsRemote(), true)
		traces = append(traces, l.SpanContext.TraceID().String()[28:])
	}
	return traces, s
}

func TestLinks(t *testing.T) {
	t.Parallel()
	verb := weir.EachMessage(func(context.Context, *weir.Message) error { return nil })
	sqs := func(o ...weir.Option) *weir.Lambda { return weir.SQS(verb, o[0]) }
	kafka := func(o ...weir.Option) *weir.Lambda { return weir.Kafka(verb, o[0]) }
	kinesis := func(o ...weir.Option) *weir.Lambda { return weir.Kinesis(verb, o[0]) }
	header := func(s string) map[string]string { return map[string]string{"AWSTraceHeader": s} }

	traces, s := linked(t, sqs, weirtest.SQS(
		weirtest.Record{ID: "x", Value: "x", Attributes: header(xray(1))},
		weirtest.Record{Value: "both", Attributes: header(xray(2)), MessageAttributes: text(parent(3))}, // the producer's wins
		weirtest.Record{Value: "none"},
		weirtest.Record{Value: "again", Attributes: header(xray(1))},
		weirtest.Record{Value: "no parent", Attributes: header("Root=1-5759e988-bd862e3fe1be46a994270009;Sampled=1")},
		weirtest.Record{Value: "malformed", Attributes: header("Root=2-x")},
		weirtest.Record{Value: "malformed, then well formed", Attributes: header(xray(4)), MessageAttributes: text("00-zz")},
		weirtest.Record{Value: `{"Type":"Notification","MessageId":"m","TopicArn":"arn:aws:sns:eu-west-1:1:t","Message":"hi","MessageAttributes":{"traceparent":{"Type":"String","Value":"` + parent(5) + `"}}}`},
	))
	assert.Equal(t, traces, []string{"0001", "0003", "0004", "0005"})
	assert.Equal(t, attributes(s)["weir.links.malformed"], "2")
	assert.Equal(t, s.Links()[0].Attributes, []attribute.KeyValue{attribute.String("messaging.message.id", "x")})
	assert.Equal(t, s.Links()[0].SpanContext.IsSampled(), true)
	assert.Equal(t, s.Parent().IsValid(), false) // a record's trace is never a parent

	traces, _ = linked(t, kafka, weirtest.Kafka(weirtest.Record{Value: "a", Headers: weir.KafkaHeaders{
		{Name: "traceparent", Value: []byte(parent(1))}, {Name: "traceparent", Value: []byte(parent(2))}, {Name: "tracestate", Value: []byte("a=b")}}}))
	assert.Equal(t, traces, []string{"0002"})

	payload := otelweir.Carrier(func(_ context.Context, m *weir.Message) map[string]string {
		switch string(m.Payload) {
		case "panic":
			panic("no")
		case "xray":
			return map[string]string{"AWSTraceHeader": xray(8)}
		}
		return map[string]string{"traceparent": string(m.Payload)}
	})
	traces, s = linked(t, kinesis, weirtest.Kinesis(parent(7), "panic", "xray", "no trace"), payload)
	assert.Equal(t, traces, []string{"0007", "0008"})
	assert.Equal(t, attributes(s)["weir.links.malformed"], "2")
	traces, _ = linked(t, sqs, weirtest.SQS(weirtest.Record{Value: parent(7), MessageAttributes: text(parent(3))}), payload)
	assert.Equal(t, traces, []string{"0007"})
}

func TestLinksAreBounded(t *testing.T) {
	t.Parallel()
	verb := weir.EachMessage(func(context.Context, *weir.Message) error { return nil })
	kafka := func(o ...weir.Option) *weir.Lambda { return weir.Kafka(verb, o[0]) }
	var records []weirtest.Record
	for n := range 1000 {
		records = append(records, weirtest.Record{Value: "a", Headers: weir.KafkaHeaders{{Name: "traceparent", Value: []byte(parent(n % 500))}}})
	}
	for max, opts := range map[int][]otelweir.Option{128: nil, 0: {otelweir.MaxLinks(0)}, 3: {otelweir.MaxLinks(3)}} {
		traces, s := linked(t, kafka, weirtest.Kafka(records), opts...)
		assert.Equal(t, len(traces), max)
		assert.Equal(t, attributes(s)["weir.links.left_out"], strconv.Itoa(500-max))
		assert.Equal(t, s.DroppedLinks(), 0)
	}
}

func TestRecordSpans(t *testing.T) {
	t.Parallel()
	r, tp := recorder()
	l := weir.SQS(weir.EachMessage(func(ctx context.Context, m *weir.Message) error {
		_, span := tp.Tracer("test").Start(ctx, "own "+m.ID)
		span.End()
		switch m.ID {
		case "failed":
			return errors.New("out of stock")
		case "dropped":
			return fmt.Errorf("about: %w", weir.Drop(errors.New("too old")))
		case "later":
			return weir.RetryAfter(90e9, errors.New("busy"))
		case "panicked":
			panic("no")
		case "rude":
			return rude{}
		case "joined":
			return errors.Join(weir.Drop(errors.New("a")), weir.Abort(errors.New("b")))
		}
		return nil
	}), otelweir.Trace(tp), otelweir.RecordSpans())
	var records []weirtest.Record
	for _, id := range []string{"good", "failed", "dropped", "later", "panicked", "rude", "joined"} {
		records = append(records, weirtest.Record{ID: id, Value: "12345", MessageAttributes: text(parent(1)), Attempt: 3})
	}
	invoke(t, l, weirtest.SQS(records))
	batch := named(t, r, "process queue")
	got := map[string]string{}
	for _, s := range r.Ended() {
		if s.Name() != "handle queue" {
			continue
		}
		a := attributes(s)
		id := a["messaging.message.id"]
		assert.Equal(t, s.Parent().SpanID(), batch.SpanContext().SpanID(), id)
		assert.Equal(t, s.SpanKind(), trace.SpanKindInternal)
		assert.Equal(t, a["messaging.message.body.size"]+a["weir.attempt"]+a["messaging.system"], "53aws_sqs")
		assert.Equal(t, len(s.Links()), 1)
		assert.Equal(t, named(t, r, "own "+id).Parent().SpanID(), s.SpanContext().SpanID(), id)
		for _, e := range s.Events() {
			got[id] += e.Name + " "
			for _, a := range e.Attributes {
				if a.Key == "exception.type" {
					got[id] += a.Value.AsString() + " "
				}
			}
		}
		got[id] += a["error.type"] + " " + s.Status().Code.String()
	}
	assert.Equal(t, got, map[string]string{
		"good":     " Unset",
		"failed":   "exception *errors.errorString failed Error",
		"dropped":  "weir.record.dropped  Unset",
		"later":    "weir.record.retry_after retry_after Error",
		"panicked": "panic Error",
		"rude":     "exception otelweir_test.rude failed Error",
		"joined":   "exception *errors.joinError aborted Error",
	})
}

// A partition is known by its number beside its topic, and a tombstone says that it is one.
func TestRecordSpansOfKafka(t *testing.T) {
	t.Parallel()
	r, tp := recorder()
	handle := func(context.Context, *weir.Message) error { return nil }
	l := weir.Kafka(weir.EachMessage(handle), otelweir.Trace(tp), otelweir.RecordSpans())
	out, err := l.Invoke(t.Context(), []byte(`{"eventSource":"aws:kafka","eventSourceArn":"arn:aws:kafka:eu-west-1:1:cluster/c/1","records":{"orders-7":[
		{"topic":"orders","partition":7,"offset":4294967297,"value":"YQ=="},{"topic":"orders","partition":7,"offset":4294967298}]}}`))
	assert.NoError(t, err)
	assert.Equal(t, string(out), `{"batchItemFailures":[]}`)
	var got []string
	for _, s := range r.Ended() {
		if a := attributes(s); s.Name() == "handle orders" {
			got = append(got, a["messaging.destination.partition.id"]+" "+a["messaging.kafka.offset"]+" "+a["messaging.kafka.message.tombstone"])
		}
	}
	assert.Equal(t, got, []string{"7 4294967297 ", "7 4294967298 true"})
}

// rude is an error whose methods panic.
type rude struct{}

func (rude) Error() string { panic("rude") }

// Records in envelopes have the trace that the envelope says, and verbs of a batch get its span.
func TestUnwrapBatchAndRunner(t *testing.T) {
	t.Parallel()
	body := `{"Type":"Notification","MessageId":"m","TopicArn":"arn:aws:sns:eu-west-1:1:t","Message":"hi","MessageAttributes":{"traceparent":{"Type":"String","Value":"` + parent(5) + `"}}}`
	own := func(ctx context.Context, tp trace.TracerProvider) {
		_, span := tp.Tracer("test").Start(ctx, "own")
		span.End()
	}
	r, tp := recorder()
	each := weir.Each(func(ctx context.Context, s string) error { own(ctx, tp); return nil })
	invoke(t, weir.SQS(envelope.SNS(each), otelweir.Trace(tp), otelweir.RecordSpans()), weirtest.SQS(body))
	record := named(t, r, "handle queue")
	assert.Equal(t, record.Links()[0].SpanContext.TraceID().String()[28:], "0005")
	assert.Equal(t, named(t, r, "process queue").Links()[0].SpanContext.TraceID().String()[28:], "0005")
	assert.Equal(t, named(t, r, "own").Parent().SpanID(), record.SpanContext().SpanID())

	r, tp = recorder()
	batch := weir.Batch(func(ctx context.Context, _ *weir.BatchOf[string]) error { own(ctx, tp); return errors.New("no") })
	invoke(t, weir.SQS(envelope.SNS(batch), otelweir.Trace(tp)), weirtest.SQS(body))
	assert.Equal(t, named(t, r, "own").Parent().SpanID(), named(t, r, "process queue").SpanContext().SpanID())
	assert.Equal(t, named(t, r, "process queue").Status().Code, codes.Error)
	assert.Error(t, weir.SQS(batch, otelweir.RecordSpans()).Err(), "otelweir.RecordSpans: does not apply to Batch")

	r, tp = recorder()
	runner := weir.NewRunner("worker", each, otelweir.Trace(tp, otelweir.Destination("kafka", "orders")), otelweir.RecordSpans())
	assert.Equal(t, runner.Run(t.Context(), []weir.Message{{ID: "1"}, {ID: "2"}}).AllDone(), true)
	assert.Equal(t, len(r.Ended()), 5)
	named(t, r, "process orders")
}

// Pipelines and windows have spans too.
func TestPipelineAndWindow(t *testing.T) {
	t.Parallel()
	type flight struct{ Origin string }
	r, tp := recorder()
	invoke(t, weir.Kinesis(&pipeline.Pipeline[flight, int64]{
		Name: "departures", Key: func(f flight) string { return f.Origin }, Value: func(flight) int64 { return 1 },
		Aggregate: monoid.Count(), StoreIn: mem.New(),
	}, otelweir.Trace(tp)), weirtest.Kinesis(flight{"ORD"}, flight{"JFK"}, "not JSON"))
	s := named(t, r, "process stream")
	assert.Equal(t, attributes(s)["weir.records.succeeded"]+attributes(s)["weir.records.failed"], "21")

	r, tp = recorder()
	fold := weir.Fold(func(ctx context.Context, sum map[string]int, f flight) (map[string]int, error) {
		_, span := tp.Tracer("test").Start(ctx, "own")
		span.End()
		return map[string]int{f.Origin: 1}, nil
	}, nil)
	invoke(t, weir.KinesisWindow(fold, otelweir.Trace(tp)), weirtest.Kinesis(flight{"ORD"}, flight{"JFK"}).InWindow(weir.WindowInfo{}, nil))
	s = named(t, r, "process stream")
	assert.Equal(t, attributes(s)["weir.records.succeeded"], "2")
	assert.Equal(t, named(t, r, "own").Parent().SpanID(), s.SpanContext().SpanID())
}

// Two of them are one inside the other, and both end.
func TestTwice(t *testing.T) {
	t.Parallel()
	drop := weir.Each(func(context.Context, string) error { return weir.Drop(errors.New("no")) })
	r, tp := recorder()
	same := otelweir.Trace(tp)
	for name, opts := range map[string][]weir.SQSOption{"two": {otelweir.Trace(tp), otelweir.Trace(tp)}, "one twice": {same, same}} {
		before := len(r.Ended())
		invoke(t, weir.SQS(drop, opts...), weirtest.SQS("a"))
		assert.Equal(t, len(r.Started())-before, 2, name)
		assert.Equal(t, len(r.Ended())-before, 2, name)
	}
}

// Without Trace there is nothing to put a record's span into, and a span that is not sampled costs
// no attributes.
func TestNothingToDo(t *testing.T) {
	t.Parallel()
	r, tp := recorder(sdktrace.WithSampler(sdktrace.NeverSample()))
	each := weir.Each(func(context.Context, string) error { return errors.New("no") })
	invoke(t, weir.SQS(each, otelweir.RecordSpans()), weirtest.SQS("a"))
	invoke(t, weir.SQS(each, otelweir.Trace(tp), otelweir.RecordSpans()), weirtest.SQS("a"))
	assert.Equal(t, len(r.Ended()), 0)
	invoke(t, weir.SQS(each, otelweir.Trace(nil)), weirtest.SQS("a")) // the global provider does nothing by default
}

func TestWhatCannotBe(t *testing.T) {
	t.Parallel()
	each := weir.Each(func(context.Context, string) error { return nil })
	for want, o := range map[string]otelweir.Option{
		"MaxLinks(-1): it takes 0 or more":     otelweir.MaxLinks(-1),
		"the function given to Carrier is nil": otelweir.Carrier(nil),
		"takes a system and a name":            otelweir.Destination("", "a"),
		"option 0 is nil":                      nil,
	} {
		assert.Error(t, weir.SQS(each, otelweir.Trace(nil, o)).Err(), want)
	}
}

// Lambda's own segment is the parent on request, and only where there is no other.
func TestLambdaParent(t *testing.T) {
	t.Parallel()
	each := weir.Each(func(context.Context, string) error { return nil })
	r, tp := recorder()
	l := weir.SQS(each, otelweir.Trace(tp, otelweir.LambdaParent()))
	run := func(ctx context.Context) sdktrace.ReadOnlySpan {
		t.Helper()
		_, err := l.Invoke(ctx, weirtest.SQS("a").JSON())
		assert.NoError(t, err)
		return r.Ended()[len(r.Ended())-1]
	}
	lambda := func(header string) context.Context {
		//lint:ignore SA1029 aws-lambda-go's key is a string
		return context.WithValue(t.Context(), "x-amzn-trace-id", header)
	}
	s := run(lambda(xray(1)))
	assert.Equal(t, s.Parent().SpanID().String(), "53995c3f42cd8ad8")
	assert.Equal(t, s.SpanContext().TraceID().String(), "5759e988bd862e3fe1be46a994270001")
	assert.Equal(t, run(lambda("Root=1")).Parent().IsValid(), false)
	assert.Equal(t, run(t.Context()).Parent().IsValid(), false)
	ctx, outer := tp.Tracer("test").Start(lambda(xray(1)), "outer")
	assert.Equal(t, run(ctx).Parent().SpanID(), outer.SpanContext().SpanID())

	n := len(r.Ended())
	_, err := l.Invoke(lambda(strings.Replace(xray(1), "Sampled=1", "Sampled=0", 1)), weirtest.SQS("a").JSON())
	assert.NoError(t, err)
	assert.Equal(t, len(r.Ended()), n) // not sampled, as its parent
}

// Baggage is nobody's to send in a record.
func TestNoBaggage(t *testing.T) {
	t.Parallel()
	_, tp := recorder()
	n := -1
	l := weir.Kafka(weir.Each(func(ctx context.Context, _ string) error { n = baggage.FromContext(ctx).Len(); return nil }),
		otelweir.Trace(tp), otelweir.RecordSpans())
	invoke(t, l, weirtest.Kafka(weirtest.Record{Value: "a", Headers: weir.KafkaHeaders{
		{Name: "traceparent", Value: []byte(parent(1))}, {Name: "baggage", Value: []byte("admin=true")}}}))
	assert.Equal(t, n, 0)
}

// Invocations at the same time have spans of their own.
func TestConcurrentInvocations(t *testing.T) {
	t.Parallel()
	r, tp := recorder()
	l := weir.SQS(weir.Each(func(_ context.Context, s string) error {
		if s == "drop" {
			return weir.Drop(errors.New("no"))
		}
		return nil
	}), otelweir.Trace(tp), otelweir.RecordSpans(), weir.Concurrency(3))
	var wait sync.WaitGroup
	for n := range 16 {
		wait.Go(func() {
			values := []any{"a"}
			for range n {
				values = append(values, "drop")
			}
			weirtest.Run(t.Context(), l, weirtest.SQS(values...))
		})
	}
	wait.Wait()
	batches := map[string]int{} // by trace, and so many records in each
	var counts []int
	for _, s := range r.Ended() {
		batches[s.SpanContext().TraceID().String()]++
		if s.SpanKind() == trace.SpanKindConsumer {
			a := attributes(s)
			n, _ := strconv.Atoi(a["messaging.batch.message_count"])
			counts = append(counts, n)
			assert.Equal(t, a["weir.records.dropped"], strconv.Itoa(n-1))
			assert.Equal(t, len(s.Events()), n-1)
		}
	}
	slices.Sort(counts)
	assert.Equal(t, counts, []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16})
	for _, s := range r.Ended() {
		if s.SpanKind() == trace.SpanKindConsumer {
			assert.Equal(t, strconv.Itoa(batches[s.SpanContext().TraceID().String()]-1), attributes(s)["messaging.batch.message_count"])
		}
	}
}
