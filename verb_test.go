package weir_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/assert"
)

type verbFunc func(context.Context, *weir.Work) error

func (f verbFunc) Process(ctx context.Context, w *weir.Work) error { return f(ctx, w) }

// Whoever calls a verb that cannot be, without asking its Check, is told the same.
func TestVerbsUncheckedSayWhatIsWrong(t *testing.T) {
	t.Parallel()
	for want, v := range map[string]weir.Verb{
		"nil batch":    weir.Batch[string](nil),
		"nil of batch": weir.Batch(func(context.Context, *weir.BatchOf[string]) error { return nil }, weir.Decode[string](nil)),
	} {
		res := invoke(t, t.Context(), weir.SQS(verbFunc(v.Process)), sqsEvent(standardARN, named("a", "b")...))
		assert.Equal(t, res.states(), "a failed, b failed", want)
		if err := res.records[1].Err; !strings.Contains(err.Error(), "nil function") {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// Whatever a verb of a user's does, what it has not decided is retried.
func TestVerbsThatMisbehave(t *testing.T) {
	t.Parallel()
	first := func(ctx context.Context, w *weir.Work) {
		w.Each(ctx, func(_ context.Context, m *weir.Message) error {
			if m.ID != "a" {
				return weir.Abort(errors.New("enough"))
			}
			return nil
		})
	}
	for name, c := range map[string]struct {
		f     verbFunc
		want  string
		cause error
	}{
		"does nothing":     {func(context.Context, *weir.Work) error { return nil }, "a skipped, b skipped, c skipped", weir.ErrUndecided},
		"returns an error": {func(context.Context, *weir.Work) error { return errPoison }, "a failed, b failed, c failed", errPoison},
		"panics":           {func(context.Context, *weir.Work) error { panic(errPoison) }, "a failed, b failed, c failed", errPoison},
		"exits":            {func(context.Context, *weir.Work) error { runtime.Goexit(); return nil }, "a failed, b failed, c failed", weir.ErrGoexit},
		"drops":            {func(context.Context, *weir.Work) error { return weir.Drop(errPoison) }, "a dropped, b dropped, c dropped", nil},
		"stops half-way":   {func(ctx context.Context, w *weir.Work) error { first(ctx, w); return nil }, "a succeeded, b failed, c skipped", weir.ErrAborted},
		"fails half-way":   {func(ctx context.Context, w *weir.Work) error { first(ctx, w); return errPoison }, "a succeeded, b failed, c failed", errPoison},
		"decides twice": {func(ctx context.Context, w *weir.Work) error {
			w.Decide(ctx, func(i int, m *weir.Message) error { return nil })
			w.Decide(ctx, func(i int, m *weir.Message) error { return errPoison })
			return errPoison
		}, "a succeeded, b succeeded, c succeeded", nil},
		"panics in Decide": {func(ctx context.Context, w *weir.Work) error {
			w.Decide(ctx, func(i int, m *weir.Message) error {
				if i == 1 {
					panic("x")
				}
				return nil
			})
			return nil
		}, "a succeeded, b failed, c succeeded", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := weir.Kinesis(c.f, weir.ReportAll())
			res := invoke(t, t.Context(), l, kinesisEvent(named("a", "b", "c")...))
			assert.NoError(t, res.err)
			assert.Equal(t, res.states(), c.want)
			if err := res.records[2].Err; c.cause != nil && !errors.Is(err, c.cause) {
				t.Fatal(err)
			}
		})
	}
}

func TestVerbThatIsLate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		defer time.Sleep(time.Hour)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		l := weir.Kinesis(verbFunc(func(ctx context.Context, w *weir.Work) error {
			w.Decide(ctx, func(i int, m *weir.Message) error {
				if i == 1 {
					time.Sleep(30 * time.Minute)
				}
				return nil
			})
			return nil
		}))
		res := invoke(t, ctx, l, kinesisEvent(named("a", "b", "c")...))
		assert.Equal(t, res.states(), "a succeeded, b skipped, c skipped")
		assert.NoError(t, ctx.Err())
	})
}

func TestSourcesThatMisbehave(t *testing.T) {
	t.Parallel()
	done := weir.EachMessage(func(context.Context, *weir.Message) error { return nil })
	l := weir.From(weir.Source{Name: "mine", Decode: func([]byte) ([]weir.Message, error) { panic("ouch") }}, done)
	_, err := l.Invoke(t.Context(), nil)
	assert.Error(t, err, "decode mine event", "ouch")
	l = weir.From(weir.Source{Name: "mine", Decode: func([]byte) ([]weir.Message, error) { runtime.Goexit(); return nil, nil }}, done)
	_, err = l.Invoke(t.Context(), nil)
	if !errors.Is(err, weir.ErrGoexit) {
		t.Fatal(err)
	}
	l = weir.From(weir.Source{Name: "mine", Decode: func([]byte) ([]weir.Message, error) {
		msgs := make([]weir.Message, 2)
		msgs[0].ID = "a"
		msgs[1].SetUndecodable(nil)
		return msgs, nil
	}}, done)
	_, err = l.Invoke(t.Context(), nil)
	if !errors.Is(err, weir.ErrNoIdentifier) || !errors.Is(err, weir.ErrUndecodable) {
		t.Fatal(err)
	}
	_, err = new(weir.Lambda).Invoke(t.Context(), nil)
	assert.Error(t, err, "not made by")
}

func TestLogOfAPanicHasItsStack(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	l := weir.SQS(weir.Each(func(context.Context, string) error { panic("boom") }), weir.Logger(slog.New(slog.NewTextHandler(&log, nil))))
	invoke(t, t.Context(), l, sqsEvent(standardARN, named("a")...))
	assert.Contains(t, log.String(), "TestLogOfAPanicHasItsStack", "panic: boom")
}

// One Lambda, many invocations at a time: each sees its own records, failures and groups.
func TestConcurrentInvocations(t *testing.T) {
	t.Parallel()
	l := weir.SQS(weir.Each(func(ctx context.Context, body string) error {
		m, _ := weir.FromContext(ctx)
		if body != m.ID {
			return errors.New("another invocation's record")
		}
		if strings.HasSuffix(body, "3") {
			return errPoison
		}
		return nil
	}), weir.SkipGroup(), weir.Concurrency(3))
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			var recs []rec
			for k := range 10 {
				id := fmt.Sprint(i, "-", k)
				recs = append(recs, rec{id, fmt.Sprint("g", k%5), id})
			}
			res := invoke(t, t.Context(), l, sqsEvent(fifoARN, recs...))
			want := []string{fmt.Sprint(i, "-", 3), fmt.Sprint(i, "-", 8)}
			if fmt.Sprint(res.failed) != fmt.Sprint(want) {
				t.Errorf("got %v, want %v", res.failed, want)
			}
		})
	}
	wg.Wait()
}

// The runtime reuses its buffer for the next event; what a handler kept must not change.
func TestKeptValuesOutliveTheEvent(t *testing.T) {
	t.Parallel()
	var kept []*weir.Message
	var texts []string
	var bytes [][]byte
	type item struct {
		ID string `dynamodbav:"id"`
	}
	var items []item
	for _, c := range []struct {
		l     *weir.Lambda
		event []byte
	}{
		{weir.SQS(weir.EachMessage(func(_ context.Context, m *weir.Message) error {
			kept, texts = append(kept, m), append(texts, m.Attribute("SentTimestamp"))
			return nil
		})), sqsEvent(fifoARN, rec{"a", "g", "body\n"})},
		{weir.SQS(weir.Each(func(_ context.Context, s string) error { texts = append(texts, s); return nil })), sqsEvent(fifoARN, rec{"a", "g", "body"})},
		{weir.Kinesis(weir.Each(func(_ context.Context, b []byte) error { bytes = append(bytes, b); return nil })), kinesisEvent(rec{"a", "g", "body"})},
		{weir.DynamoDB(weir.Each(func(_ context.Context, c weir.Change[item]) error { items = append(items, c.Keys, *c.New); return nil })), dynamoDBEvent(rec{"a", "g", "body"})},
	} {
		invoke(t, t.Context(), c.l, c.event)
		clear(c.event)
	}
	assert.Equal(t, []string{kept[0].ID, kept[0].SourceARN, kept[0].OrderingKey, string(kept[0].Payload)},
		[]string{"a", fifoARN, "g", "body\n"})
	assert.Equal(t, texts, []string{"1760000000123", "body"})
	assert.Equal(t, kept[0].Raw()+kept[0].Attribute("SentTimestamp"), "") // rather nothing than another event's
	assert.Equal(t, string(bytes[0]), "body")
	assert.Equal(t, items, []item{{"g"}, {"g"}})
}

// A handler may invoke another Lambda with its own context.
func TestNestedInvocations(t *testing.T) {
	t.Parallel()
	inner := weir.SQS(weir.Each(func(context.Context, string) error { return nil }))
	outer := weir.SQS(weir.Each(func(ctx context.Context, s string) error {
		_, err := inner.Invoke(ctx, sqsEvent(standardARN, named("x")...))
		return err
	}), weir.Concurrency(4))
	res := invoke(t, t.Context(), outer, sqsEvent(standardARN, named("a", "b")...))
	assert.Equal(t, res.states(), "a succeeded, b succeeded")
}

type extra struct {
	//lint:ignore U1000 requestID looks for it
	val string
}

// strange is a context that reflection cannot look through.
type strange struct {
	context.Context
	*extra
}

func TestStrangeContext(t *testing.T) {
	t.Parallel()
	l := weir.SQS(weir.Each(func(ctx context.Context, _ string) error {
		m, _ := weir.FromContext(ctx)
		assert.Equal(t, m.RequestID(), "")
		return errPoison
	}), weir.ReportAll())
	res := invoke(t, strange{t.Context(), nil}, l, sqsEvent(standardARN, named("a")...))
	assert.Equal(t, res.failed, []string{"a"})
}
