package weir_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/assert"
)

// The same messages each time: a Source of one's own without a decoder's allocations.
func handing(msgs []weir.Message) weir.Source {
	return weir.Source{Name: "mine", Decode: func([]byte) ([]weir.Message, error) { return msgs, nil }}
}

// What an invocation allocates does not depend on the number of its records. Not parallel, as
// AllocsPerRun must be alone.
func TestAllocationsPerInvocation(t *testing.T) {
	for _, c := range []struct {
		name string
		keys int
		opts []weir.FlowOption
		in   time.Duration // the Lambda deadline, 0 for none
		most float64
	}{
		{"sequential", 0, nil, 0, 10},
		{"concurrent", 0, []weir.FlowOption{weir.Concurrency(8)}, 0, 10},
		{"lanes", 100, []weir.FlowOption{weir.Concurrency(8)}, 0, 11}, // the links
		{"deadline", 0, nil, time.Hour, 14},                           // two timers
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx := t.Context()
			if c.in > 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, c.in)
				defer cancel()
			}
			for _, n := range []int{1, 1000, 10000} {
				l := weir.From(handing(keyed(n, c.keys)), weir.EachMessage(func(context.Context, *weir.Message) error { return nil }), c.opts...)
				got := testing.AllocsPerRun(20, func() {
					if _, err := l.Invoke(ctx, nil); err != nil {
						t.Fatal(err)
					}
				})
				if got > c.most {
					t.Errorf("%d records: %v allocations, want at most %v", n, got, c.most)
				}
			}
		})
	}
}

// A context that a handler kept stays that of its record and its invocation.
func TestKeptContexts(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string][]weir.SQSOption{
		"sequential": nil,
		"concurrent": {weir.Concurrency(4)},
		"observed":   {weir.Observe(new(diary))},
		"timeout":    {weir.RecordTimeout(time.Hour)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var mu sync.Mutex
			kept := map[string]context.Context{}
			l := weir.SQS(weir.Each(func(ctx context.Context, body string) error {
				mu.Lock()
				defer mu.Unlock()
				kept[body] = ctx
				return nil
			}), opts...)
			type key struct{}
			for round := range 3 {
				var recs []rec
				for i := range 20 {
					id := fmt.Sprint(round, "-", i)
					recs = append(recs, rec{id: id, body: id})
				}
				invoke(t, context.WithValue(t.Context(), key{}, round), l, sqsEvent(standardARN, recs...))
			}
			assert.Equal(t, len(kept), 60)
			for id, ctx := range kept {
				m, ok := weir.FromContext(ctx)
				assert.Equal(t, ok, true)
				assert.Equal(t, m.ID, id)
				assert.Equal(t, id[:1], fmt.Sprint(ctx.Value(key{})))
				assert.Equal(t, ctx.Err(), context.Canceled)
				<-ctx.Done()
			}
		})
	}
}

// A verb that calls Each again, with another context, does not change the contexts of before.
func TestKeptContextsOfSeveralRounds(t *testing.T) {
	t.Parallel()
	type key struct{}
	kept := map[string]context.Context{}
	l := weir.Kinesis(verbFunc(func(ctx context.Context, w *weir.Work) error {
		for i, stop := range []string{"b", "d", ""} {
			ctx, cancel := context.WithCancel(context.WithValue(ctx, key{}, i))
			w.Each(ctx, func(ctx context.Context, m *weir.Message) error {
				kept[m.ID] = ctx
				if m.ID == stop {
					cancel()
				}
				return nil
			})
			cancel()
		}
		return nil
	}))
	res := invoke(t, t.Context(), l, kinesisEvent(named("a", "b", "c", "d", "e")...))
	assert.Equal(t, res.states(), "a succeeded, b succeeded, c succeeded, d succeeded, e succeeded")
	for id, round := range map[string]int{"a": 0, "b": 0, "c": 1, "d": 1, "e": 2} {
		m, _ := weir.FromContext(kept[id])
		assert.Equal(t, m.ID, id)
		assert.Equal(t, kept[id].Value(key{}), any(round))
	}
}

// A handler that ends the invocation's context itself is the last to run.
func TestNoRecordStartsOnceTheContextEnded(t *testing.T) {
	t.Parallel()
	for range 100 {
		ctx, cancel := context.WithCancel(t.Context())
		l := weir.Kinesis(weir.Each(func(_ context.Context, body string) error {
			if body == "b" {
				cancel()
			}
			return nil
		}))
		res := invoke(t, ctx, l, kinesisEvent(named("a", "b", "c")...))
		assert.Equal(t, res.states(), "a succeeded, b succeeded, c skipped")
	}
}

// Whatever its handlers do, a batch ends with every record's outcome and each record run once.
func TestWorkersThatDie(t *testing.T) {
	t.Parallel()
	const n = 500
	for _, workers := range []int{1, 8} {
		for _, keys := range []int{0, 7} {
			var ran [n]atomic.Int32
			msgs := keyed(n, keys)
			l := weir.From(handing(msgs), weir.EachMessage(func(_ context.Context, m *weir.Message) error {
				var i int
				_, _ = fmt.Sscan(m.ID, &i)
				ran[i].Add(1)
				switch i % 5 {
				case 1:
					runtime.Goexit()
				case 2:
					panic(i)
				case 3:
					return errPoison
				}
				return nil
			}), weir.Concurrency(workers))
			res := invoke(t, t.Context(), l, nil)
			assert.NoError(t, res.err)
			assert.Equal(t, len(res.failed), 3*n/5)
			for i, r := range res.records {
				assert.Equal(t, ran[i].Load(), int32(1))
				want := []error{nil, weir.ErrGoexit, nil, errPoison, nil}[i%5]
				if i%5 == 2 {
					_, ok := errors.AsType[*weir.PanicError](r.Err)
					assert.Equal(t, ok, true)
				} else if !errors.Is(r.Err, want) || want == nil && r.State != "succeeded" {
					t.Fatalf("record %d: %s, %v", i, r.State, r.Err)
				}
			}
		}
	}
}

// lambdaContext is of the shape of aws-lambda-go's: a value context that holds a request id.
type lambdaContext struct {
	context.Context
	val *struct{ AwsRequestID string }
}

// A handler may invoke another Lambda with its own context, whose records find the request id.
func TestRequestIDThroughAHandlersContext(t *testing.T) {
	t.Parallel()
	var ids []string
	inner := weir.SQS(weir.EachMessage(func(_ context.Context, m *weir.Message) error {
		ids = append(ids, m.RequestID())
		return nil
	}))
	outer := weir.SQS(weir.EachMessage(func(ctx context.Context, m *weir.Message) error {
		ids = append(ids, m.RequestID())
		_, err := inner.Invoke(ctx, sqsEvent(standardARN, named("x")...))
		return err
	}))
	ctx := lambdaContext{t.Context(), &struct{ AwsRequestID string }{"r-1"}}
	invoke(t, ctx, outer, sqsEvent(standardARN, named("a")...))
	assert.Equal(t, ids, []string{"r-1", "r-1"})
}

// The answer when nothing failed is shared, so there is no room to append to it.
func TestSharedResponseCannotGrow(t *testing.T) {
	t.Parallel()
	l := weir.SQS(weir.Each(func(context.Context, string) error { return nil }))
	for range 2 {
		out, err := l.Invoke(t.Context(), sqsEvent(standardARN, named("a")...))
		assert.NoError(t, err)
		assert.Equal(t, string(out), `{"batchItemFailures":[]}`)
		_ = append(out, "garbage"...)
		assert.Equal(t, cap(out), len(out))
	}
}
