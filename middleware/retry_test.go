package middleware

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/weirtest"
)

var errNo = errors.New("no")

// failing makes a handler that fails the first n times for each record.
func failing(n int, err error) (h func(context.Context, string) error, calls *atomic.Int64) {
	calls = new(atomic.Int64)
	var mu sync.Mutex
	seen := map[string]int{}
	return func(_ context.Context, s string) error {
		calls.Add(1)
		mu.Lock()
		defer mu.Unlock()
		if seen[s]++; seen[s] <= n {
			return err
		}
		return nil
	}, calls
}

// within runs a batch whose Lambda has a minute.
func within(t *testing.T, fn *weir.Lambda, values ...any) *weirtest.Result {
	t.Helper()
	assert.NoError(t, fn.Err())
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	return weirtest.Run(ctx, fn, weirtest.SQS(values...))
}

func TestRetry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, calls := failing(2, errNo)
		var pauses []time.Duration
		fn := weir.SQS(weir.Each(h), Retry(Retries{OnRetry: func(ctx context.Context, m *weir.Message, attempt int, err error, pause time.Duration) {
			assert.Equal(t, err, errNo)
			assert.Equal(t, attempt, len(pauses)+1)
			pauses = append(pauses, pause)
		}}))
		begin := time.Now()
		within(t, fn, "a").Want(t, weirtest.Succeeded)
		assert.Equal(t, calls.Load(), 3)
		assert.Equal(t, len(pauses), 2)
		if pauses[0] > DefaultRetryBase || pauses[1] > 2*DefaultRetryBase {
			t.Errorf("pauses of %v", pauses)
		}
		assert.Equal(t, time.Since(begin), pauses[0]+pauses[1])

		h, calls = failing(3, errNo)
		r := within(t, weir.SQS(weir.Each(h), Retry(Retries{})), "a", "b")
		r.Want(t, weirtest.Failed, weirtest.Failed)
		assert.Equal(t, calls.Load(), 6)
		var e *RetryError
		if err := r.Records[1].Err; !errors.As(err, &e) || e.Attempts != 3 || !errors.Is(err, errNo) {
			t.Errorf("%v", err)
		}
		assert.Error(t, r.Records[1].Err, "after 3 attempts: no")
	})
}

// What is not worth a retry is not tried again, and its error is as it was.
func TestRetryNever(t *testing.T) {
	t.Parallel()
	both := func(err error) error { return errors.Join(errNo, fmt.Errorf("and %w", err)) }
	always := Retries{If: func(error) bool { return true }, Panics: true}
	for _, tt := range []struct {
		err     error
		retries Retries
		calls   int64
		state   weirtest.State
	}{
		{weir.Drop(errNo), always, 1, weirtest.Dropped},
		{weir.Drop(weir.RetryAfter(1, errNo)), always, 1, weirtest.Dropped},
		{weir.Permanent(errNo), always, 1, weirtest.Failed},
		{both(weir.Permanent(errNo)), always, 1, weirtest.Failed},
		{weir.Abort(errNo), always, 1, weirtest.Failed},
		{both(weir.Abort(errNo)), always, 1, weirtest.Failed},
		{weir.Undecodable(errNo), always, 1, weirtest.Failed},
		{weir.Unavailable(errNo), Retries{}, 1, weirtest.Failed},
		{weir.Unavailable(errNo), always, 3, weirtest.Failed},
		{both(weir.Drop(errNo)), Retries{}, 3, weirtest.Failed},
		{weir.RetryAfter(1, weir.Permanent(errNo)), Retries{}, 3, weirtest.Failed}, // the outermost counts
		{weir.RetryAfter(DefaultRetryMax, errNo), Retries{}, 3, weirtest.Failed},
		{weir.RetryAfter(DefaultRetryMax+1, errNo), Retries{}, 1, weirtest.Failed},
		{weir.RetryAfter(math.MaxInt64, errNo), Retries{}, 1, weirtest.Failed},
		{weir.RetryAfter(math.MinInt64, errNo), Retries{}, 3, weirtest.Failed},
		{context.DeadlineExceeded, Retries{}, 3, weirtest.Failed}, // somebody else's context
		{errNo, Retries{If: func(err error) bool { return err != errNo }}, 1, weirtest.Failed},
		{errNo, Retries{Attempts: 1}, 1, weirtest.Failed},
	} {
		synctest.Test(t, func(t *testing.T) {
			h, calls := failing(99, tt.err)
			r := within(t, weir.SQS(weir.Each(h), Retry(tt.retries)), "a")
			r.Want(t, tt.state)
			if calls.Load() != tt.calls {
				t.Errorf("%v: %d calls, want %d", tt.err, calls.Load(), tt.calls)
			}
			if !errors.Is(r.Records[0].Err, errNo) && tt.err != context.DeadlineExceeded {
				t.Errorf("%v became %v", tt.err, r.Records[0].Err)
			}
		})
	}
}

func TestRetryPanics(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		boom := func(context.Context, string) error {
			calls++
			panic("boom")
		}
		r := within(t, weir.SQS(weir.Each(boom), Retry(Retries{})), "a")
		assert.Equal(t, calls, 1)
		assert.Error(t, r.Records[0].Err, "panic: boom")

		calls = 0
		r = within(t, weir.SQS(weir.Each(boom), Retry(Retries{Panics: true})), "a")
		assert.Equal(t, calls, 1, "Transient says no to panics")
		assert.Error(t, r.Records[0].Err, "panic: boom")

		calls = 0
		r = within(t, weir.SQS(weir.Each(boom), Retry(Retries{Panics: true, If: func(error) bool { return true }})), "a")
		assert.Equal(t, calls, 3)
		var p *weir.PanicError
		if !errors.As(r.Records[0].Err, &p) || len(p.Stack) == 0 {
			t.Errorf("%v", r.Records[0].Err)
		}

		r = within(t, weir.SQS(weir.Each(func(context.Context, string) error { return errNo }),
			Retry(Retries{If: func(error) bool { panic("of the predicate") }})), "a")
		assert.Error(t, r.Records[0].Err, "of the predicate")
	})
}

// A pause that does not fit before the reserve, or the record's own timeout, is not begun.
func TestRetryKnowsTheDeadline(t *testing.T) {
	t.Parallel()
	for _, option := range []weir.FlowOption{weir.DeadlineReserve(time.Second), weir.RecordTimeout(9 * time.Second)} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			h, calls := failing(99, weir.RetryAfter(4*time.Second, errNo))
			begin := time.Now()
			r := weirtest.Run(ctx, weir.SQS(weir.Each(h), option, Retry(Retries{Attempts: 99, Max: time.Minute, BatchBudget: time.Hour})), weirtest.SQS("a"))
			assert.Equal(t, calls.Load(), 3)
			assert.Equal(t, time.Since(begin), 8*time.Second)
			assert.Equal(t, r.Records[0].State, weirtest.Failed)
			assert.Error(t, r.Records[0].Err, "after 3 attempts: retry after 4s: no")
			if errors.Is(r.Records[0].Err, weir.ErrDeadlineNear) || errors.Is(r.Records[0].Err, weir.ErrRecordTimeout) {
				t.Errorf("%v", r.Records[0].Err)
			}
		})
	}
}

// A handler that ends with its context is not called again.
func TestRetryAfterTheDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		r := within(t, weir.SQS(weir.Each(func(ctx context.Context, s string) error {
			calls++
			<-ctx.Done()
			return errNo
		}), Retry(Retries{OnRetry: func(context.Context, *weir.Message, int, error, time.Duration) { t.Error("a retry was announced") }})), "a", "b")
		assert.Equal(t, calls, 1)
		r.Want(t, weirtest.Failed, weirtest.Skipped)
	})
}

// A thousand records and a dead database: they do not wait for it one after another.
func TestF08_RetryBudget(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 16} {
		synctest.Test(t, func(t *testing.T) {
			const each = 10 * time.Millisecond
			var calls atomic.Int64
			dead := func(context.Context, string) error {
				calls.Add(1)
				time.Sleep(each)
				return errNo
			}
			begin := time.Now()
			r := within(t, weir.SQS(weir.Each(dead), weir.Concurrency(n), weir.ReportAll(), Retry(Retries{Attempts: 5})), records(1000)...)
			assert.Equal(t, len(r.Retried()), 1000)
			took := time.Since(begin)
			if most := 1000*each/time.Duration(n) + DefaultRetryBudget + DefaultRetryMax; took > most {
				t.Errorf("Concurrency(%d) took %v, at most %v", n, took, most)
			}
			if calls.Load() == 1000 {
				t.Error("nothing was tried again")
			}
		})
	}
}

// Retries that help cost nothing, however many there are.
func TestRetryBudgetIsForWhatWasInVain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, calls := failing(1, errNo)
		r := within(t, weir.SQS(weir.Each(h), Retry(Retries{BatchBudget: DefaultRetryBase})), records(1000)...)
		r.WantDone(t)
		assert.Equal(t, calls.Load(), 2000)
	})
}

func TestRetryRecordBudget(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		calls := map[string]int{}
		slow := func(_ context.Context, s string) error {
			calls[s]++
			time.Sleep(time.Second)
			return errNo
		}
		within(t, weir.SQS(weir.Each(slow), Retry(Retries{
			Attempts: 99, Base: 1, Max: 1, RecordBudget: 3 * time.Second, BatchBudget: 4*time.Second + time.Millisecond,
		})), "a", "b", "c")
		assert.Equal(t, fmt.Sprint(calls), "map[a:4 b:3 c:1]")
	})
}

func TestRetryRefuses(t *testing.T) {
	t.Parallel()
	h, _ := failing(0, nil)
	for _, tt := range []struct {
		r    Retries
		want string
	}{
		{Retries{Attempts: -1}, "Attempts is -1"},
		{Retries{Base: -1}, "Base is -1ns"},
		{Retries{Max: -1}, "Max is -1ns"},
		{Retries{Base: 2, Max: 1}, "Max is 1ns, less than Base"},
		{Retries{BatchBudget: -1}, "BatchBudget is -1ns"},
		{Retries{RecordBudget: -1}, "RecordBudget is -1ns"},
	} {
		assert.Error(t, weir.SQS(weir.Each(h), Retry(tt.r)).Err(), "middleware: Retry: ", tt.want)
	}
	batch := weir.Batch(func(context.Context, *weir.BatchOf[string]) error { return nil })
	assert.Error(t, weir.SQS(batch, Retry(Retries{})).Err(), "Retry", "Batch")
}

// No record of a batch is the worse for another's retries, and no count is shared between batches.
func TestRetryConcurrently(t *testing.T) {
	t.Parallel()
	h, _ := failing(1, errNo)
	var all sync.WaitGroup
	for i := range 16 {
		fn := weir.SQS(weir.Each(func(ctx context.Context, s string) error { return h(ctx, fmt.Sprint(i, s)) }),
			weir.Concurrency(8), Retry(Retries{Base: 1, Max: 1}))
		all.Go(func() { weirtest.Run(t.Context(), fn, weirtest.SQS(records(100)...)).WantDone(t) })
	}
	all.Wait()
}

func records(n int) (values []any) {
	for i := range n {
		values = append(values, fmt.Sprint(i))
	}
	return values
}

// A record that succeeds costs no allocation.
func TestRetryCostsNothing(t *testing.T) {
	b := &retries{Retries: Retries{}.withDefaults(), next: func(context.Context, *weir.Message) error { return nil }}
	m := &weir.Message{}
	ctx := t.Context()
	assert.Equal(t, testing.AllocsPerRun(1000, func() { _ = b.handle(ctx, m) }), 0)
}

func BenchmarkRetry(b *testing.B) {
	ok := func(context.Context, string) error { return nil }
	event := weirtest.SQS(records(1000)...).JSON()
	for _, tt := range []struct {
		name string
		opts []weir.SQSOption
	}{
		{"without", nil},
		{"with", []weir.SQSOption{Retry(Retries{})}},
	} {
		b.Run(tt.name+"/n=1000", func(b *testing.B) {
			fn := weir.SQS(weir.Each(ok), tt.opts...)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := fn.Invoke(b.Context(), event); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
