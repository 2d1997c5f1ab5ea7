package weir_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/assert"
)

// family decodes itself, and its children keep a pointer to what was decoded into.
type family struct {
	Name     string
	Children []child
	self     *family
}

type child struct {
	Name   string
	parent *family
}

func (f *family) UnmarshalJSON(b []byte) error {
	type plain family
	if err := json.Unmarshal(b, (*plain)(f)); err != nil {
		return err
	}
	f.self = f
	for i := range f.Children {
		f.Children[i].parent = f
	}
	return nil
}

// An UnmarshalJSON may keep its receiver, which is the record's own then.
func TestReceiversAreNotShared(t *testing.T) {
	t.Parallel()
	bodies := []rec{{"1", "", `{"Name":"a","Children":[{"Name":"a1"}]}`}, {"2", "", `{"Name":"b","Children":[{"Name":"b1"}]}`}}
	nested := []rec{{"1", "", `{"F":` + bodies[0].body + `}`}, {"2", "", `{"F":` + bodies[1].body + `}`}}
	var mu sync.Mutex
	seen := map[*family]string{}
	look := func(f *family) {
		mu.Lock()
		defer mu.Unlock()
		p := f.Children[0].parent
		if other, known := seen[p]; known || p.Name != f.Name {
			t.Errorf("the parent of %q is that of %q, called %q", f.Name, other, p.Name)
		}
		seen[p] = f.Name
	}
	for range 20 {
		invoke(t, t.Context(), weir.SQS(weir.Each(func(_ context.Context, f family) error { look(&f); return nil }), weir.Concurrency(2)), sqsEvent(standardARN, bodies...))
		invoke(t, t.Context(), weir.SQS(weir.Each(func(_ context.Context, v struct{ F family }) error { look(&v.F); return nil })), sqsEvent(standardARN, nested...))
	}
	assert.Equal(t, len(seen), 80)
}

// A batch is garbage once Invoke has returned, though the runtime keeps stopped timers for a while.
func TestBatchesAreLetGo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		var first weak.Pointer[weir.Message]
		l := weir.SQS(weir.EachMessage(func(_ context.Context, m *weir.Message) error {
			first = weak.Make(m)
			return nil
		}))
		invoke(t, ctx, l, sqsEvent(standardARN, rec{"1", "", "x"}))
		synctest.Wait()
		if runtime.GC(); first.Value() != nil {
			t.Error("something still holds the batch")
		}
	})
}

// What a source remembers of an event is not what the next one has written over it.
func TestReusedBuffer(t *testing.T) {
	t.Parallel()
	l := weir.SQS(weir.EachMessage(func(context.Context, *weir.Message) error { return nil }))
	buffer := make([]byte, 1000)
	for _, region := range []string{"eu-west-1", "eu-west-1-and-more"} {
		record := `{"messageId":"a","awsRegion":"` + region + `","body":"x","eventSource":"aws:sqs"}`
		if _, err := l.Invoke(t.Context(), buffer[:copy(buffer, raw(record, record, record))]); err != nil {
			t.Error(region, err)
		}
	}
}

// A source of the user's may hand out parts of the event.
func TestPayloadsWithinTheEvent(t *testing.T) {
	t.Parallel()
	type order struct{ ID string }
	var kept []order
	var raw [][]byte
	l := weir.From(weir.Source{Name: "mine", Decode: func(event []byte) ([]weir.Message, error) {
		return []weir.Message{{ID: "1", Payload: event[:11]}, {ID: "2", Payload: event[11:]}}, nil
	}}, weir.EachMessage(func(ctx context.Context, m *weir.Message) error {
		raw = append(raw, m.Payload)
		return nil
	}))
	each := weir.From(weir.Source{Name: "mine", Decode: func(event []byte) ([]weir.Message, error) {
		return []weir.Message{{ID: "1", Payload: event[:11]}, {ID: "2", Payload: event[11:]}}, nil
	}}, weir.Each(func(_ context.Context, o order) error { kept = append(kept, o); return nil }))
	for _, l := range []*weir.Lambda{l, each} {
		event := []byte(`{"ID":"ab"}{"ID":"cd"}`)
		invoke(t, t.Context(), l, event)
		clear(event)
	}
	assert.Equal(t, kept, []order{{"ab"}, {"cd"}})
	assert.Equal(t, string(raw[0])+string(raw[1]), `{"ID":"ab"}{"ID":"cd"}`)
}

// An event that ends anywhere is refused with an error.
func TestTruncatedEvents(t *testing.T) {
	t.Parallel()
	nothing := weir.EachMessage(func(context.Context, *weir.Message) error { return nil })
	for name, c := range map[string]struct {
		l     *weir.Lambda
		event []byte
	}{
		"SQS":      {weir.SQS(nothing), sqsEvent(fifoARN, rec{"a", "g", "x\n"}, rec{"b", "g", "y"})},
		"Kinesis":  {weir.Kinesis(nothing), kinesisEvent(rec{"a", "g", "x"}, rec{"b", "g", "y"})},
		"DynamoDB": {weir.DynamoDB(nothing), dynamoDBEvent(rec{"a", "g", "x"}, rec{"b", "g", "y"})},
		"Kafka":    {weir.Kafka(nothing), oneKafka(`,"key":"azE=","value":"","headers":[{"a":[1,-2]},{"b":null}],"keySchemaMetadata":{"schemaId":"7"},"x":[{}]`)},
		"unknown":  {weir.SQS(nothing), []byte(`{"Records":[{"x":{"a":{"b":[1,2]}},"x":{"a":1}},{"x":{"a":{"b":[1,2]}},"x":{"a":1}}]}`)},
	} {
		for end := range len(c.event) {
			if _, err := c.l.Invoke(t.Context(), c.event[:end]); err == nil {
				t.Errorf("%s: %s is taken", name, c.event[:end])
			}
		}
	}
}

// Line ends in base64 are no JSON, though a base64 decoder skips them.
func TestLineEndsInBase64(t *testing.T) {
	t.Parallel()
	for _, data := range []string{"QUJD\n", "QUJD\r\n", "QU\nJD", "QUJDQUI=\n", "QUJDQUI=\n\n\n\n", "\n"} {
		event := []byte(`{"Records":[{"kinesis":{"sequenceNumber":"1","data":"` + data + `"},"eventSource":"aws:kinesis"}]}`)
		l := weir.Kinesis(weir.EachMessage(func(context.Context, *weir.Message) error { return nil }))
		if _, err := l.Invoke(t.Context(), event); err == nil {
			t.Errorf("%q is taken", data)
		}
		k := weir.Kafka(weir.EachMessage(func(context.Context, *weir.Message) error { return nil }))
		for _, field := range []string{"key", "value"} {
			if _, err := k.Invoke(t.Context(), oneKafka(`,"`+field+`":"`+data+`"`)); err == nil {
				t.Errorf("%q is taken", data)
			}
		}
	}
}

// Who writes to a response spoils no other.
func TestResponsesAreNotSpoilt(t *testing.T) { // not parallel: all answers share it
	l := weir.SQS(weir.EachMessage(func(context.Context, *weir.Message) error { return nil }))
	event := sqsEvent(standardARN, named("a")...)
	first, err := l.Invoke(t.Context(), event)
	assert.NoError(t, err)
	first[2] = '#'
	second, err := l.Invoke(t.Context(), event)
	first[2] = 'b'
	assert.NoError(t, err)
	assert.Equal(t, string(second), `{"batchItemFailures":[]}`)
}

// listener hears of every outcome.
type listener struct{ failed []error }

func (l *listener) RecordFailed(_ context.Context, _ *weir.Message, err error) error {
	l.failed = append(l.failed, err)
	return nil
}
func (l *listener) RecordSucceeded(context.Context, *weir.Message) error { return nil }

// A record that succeeds while the answer is being made is skipped, with a reason.
func TestLateSuccessIsNoFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for late := range 6 {
			o := &listener{}
			l := weir.SQS(weir.EachMessage(func(_ context.Context, m *weir.Message) error {
				if m.ID != "a" {
					time.Sleep(time.Duration(94+late) * time.Millisecond) // answered at 95
				}
				return nil
			}), weir.Observe(o), weir.DeadlineReserve(10*time.Millisecond), weir.Concurrency(5))
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			res := invoke(t, ctx, l, sqsEvent(standardARN, named("a", "b", "c", "d")...))
			for _, r := range res.records {
				if (r.Err == nil) != (r.State == "succeeded") {
					t.Errorf("%s %s: %v", r.ID, r.State, r.Err)
				}
			}
			time.Sleep(time.Second)
			for _, err := range o.failed {
				if err == nil {
					t.Error("a failure without an error")
				}
			}
			cancel()
		}
	})
}

func TestDeadlineThatHasPassed(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	l := weir.SQS(weir.EachMessage(func(context.Context, *weir.Message) error { return nil }))
	res := invoke(t, ctx, l, sqsEvent(standardARN, named("a")...))
	if !errors.Is(res.err, weir.ErrDeadlineNear) {
		t.Error(res.err)
	}
}

func TestNilBatchOption(t *testing.T) {
	t.Parallel()
	l := weir.SQS(weir.Batch(func(context.Context, *weir.BatchOf[string]) error { return nil }, nil))
	assert.Contains(t, l.Err().Error(), "option 0 is nil")
}

// Lambdas share what they have learnt of a source's events and what is left of their chunks, in
// any number of invocations at once; what each has kept stays its own.
func TestManyInvocationsAtOnce(t *testing.T) {
	t.Parallel()
	type order struct {
		ID   string
		Tags []string
	}
	type item struct {
		ID   string `dynamodbav:"id"`
		Body string `dynamodbav:"body"`
	}
	var wg sync.WaitGroup
	for worker := range 6 {
		wg.Go(func() {
			for round := range 60 {
				id := fmt.Sprint(worker, "-", round)
				var kept []string
				keep := func(ctx context.Context, id string, tags []string) {
					m, _ := weir.FromContext(ctx)
					kept = append(append(kept, id, m.ID, m.OrderingKey, m.SourceARN, m.Raw()), tags...)
				}
				body := `{"ID":"` + id + `","Tags":["t` + id + `"]}`
				each := weir.Each(func(ctx context.Context, o order) error { keep(ctx, o.ID, o.Tags); return nil })
				var l *weir.Lambda
				var event []byte
				switch round % 4 {
				case 3:
					l = weir.Kafka(weir.Each(func(ctx context.Context, p weir.Pair[*string, order]) error {
						m, _ := weir.FromContext(ctx)
						h := m.Kafka.Headers
						keep(ctx, p.Value.ID, append(p.Value.Tags, m.Shard, m.Kafka.Topic, h[0].Name, string(h[0].Value), m.Kafka.ValueSchema.SchemaID))
						return nil
					}))
					one := `[{"offset":1,"value":"` + base64.StdEncoding.EncodeToString([]byte(body)) + `","headers":[{"h` + id + `":[45,49]}],"valueSchemaMetadata":{"schemaId":"s` + id + `"}}]`
					event = kafkaRaw(`"t`+id+`-0":`+one, `"t`+id+`-1":`+one)
				case 0:
					l, event = weir.SQS(each), sqsEvent(fifoARN, rec{"a" + id, "g" + id, body}, rec{"b" + id, "g" + id, body})
				case 1:
					l, event = weir.Kinesis(each), kinesisEvent(rec{"a" + id, "g" + id, body}, rec{"b" + id, "g" + id, body})
				default:
					l = weir.DynamoDB(weir.Each(func(ctx context.Context, c weir.Change[item]) error {
						keep(ctx, c.New.ID, []string{c.New.Body})
						return nil
					}))
					event = dynamoDBEvent(rec{"a" + id, "g" + id, body}, rec{"b" + id, "g" + id, body})
				}
				if _, err := l.Invoke(t.Context(), event); err != nil {
					t.Error(err)
				}
				before := strings.Join(kept, " ") // a copy
				for i := range event {
					event[i] = '#'
				}
				if _, err := l.Invoke(t.Context(), event); err == nil {
					t.Error("garbage is taken")
				}
				if after := strings.Join(kept, " "); after != before || strings.Count(after, id) < 8 {
					t.Errorf("%s: kept %s, now %s", id, before, after)
				}
			}
		})
	}
	wg.Wait()
}
