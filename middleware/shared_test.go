package middleware_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/middleware"
	"github.com/weir-go/weir/middleware/deadletter"
	"github.com/weir-go/weir/weirtest"
)

// Sixteen invocations at a time share a breaker and a limit: whatever comes of each record, it is
// reported or done, and in the end, when nothing fails any more, all is done.
func TestSharedByInvocations(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		rng, well, out := rand.New(rand.NewPCG(seed, 0)), false, 0
		fn := weir.SQS(weir.EachMessage(func(context.Context, *weir.Message) error {
			mu.Lock()
			n := rng.IntN(4)
			ok := well
			if out++; out > 16 {
				t.Errorf("%d at a time", out)
			}
			mu.Unlock()
			defer func() {
				mu.Lock()
				defer mu.Unlock()
				out--
			}()
			time.Sleep(time.Duration(n) * 10 * time.Millisecond)
			switch {
			case ok || n == 0:
				return nil
			case n == 1:
				panic("ouch")
			case n == 2:
				return coded("SlowDown")
			}
			return errDown
		}), weir.Concurrency(4), weir.ReportAll(), middleware.Breaker(middleware.Circuit{After: 4, CoolDown: time.Second, MaxCoolDown: 4 * time.Second}),
			middleware.Adaptive(middleware.Limits{Most: 16}))
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() {
				for range 20 {
					r := weirtest.Run(t.Context(), fn, weirtest.SQS(make([]any, 10)...))
					assert.NoError(t, r.Err)
					done := 0
					for _, o := range r.Records {
						if o.State == weirtest.Succeeded {
							done++
						}
					}
					assert.Equal(t, done+len(r.Retried()), 10)
					time.Sleep(100 * time.Millisecond)
				}
			})
		}
		all.Wait()
		well = true
		time.Sleep(4 * time.Second)
		weirtest.Run(t.Context(), fn, weirtest.SQS(1)) // closes it
		r := weirtest.Run(t.Context(), fn, weirtest.SQS(make([]any, 100)...))
		assert.Equal(t, len(r.Retried()), 0)
	})
}

// Behind Retry a breaker counts attempts at what is unavailable, and what it refuses is not tried again;
// otherwise it counts a record once. A turn is given back during the pause.
func TestBehindRetry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		calls, err := map[string]int{}, fmt.Errorf("call: %w", context.DeadlineExceeded)
		fn := weir.SQS(weir.EachMessage(func(_ context.Context, m *weir.Message) error {
			calls[string(m.Payload)]++
			return err
		}), weir.ReportAll(), middleware.Retry(middleware.Retries{Attempts: 3}), middleware.Breaker(middleware.Circuit{After: 4}))
		r := weirtest.Run(t.Context(), fn, weirtest.SQS(1, 2, 3))
		assert.Equal(t, calls, map[string]int{"1": 3, "2": 1})
		assert.Equal(t, states(r), "ffo") // 2 was run, and fails by that

		calls, err = map[string]int{}, errStock
		r = weirtest.Run(t.Context(), fn, weirtest.SQS(1, 2, 3, 4, 5))
		assert.Equal(t, calls, map[string]int{"1": 3, "2": 3, "3": 3, "4": 1})
		assert.Equal(t, states(r), "ffffo")

		var mu sync.Mutex
		var order []string
		fn = weir.SQS(weir.EachMessage(func(_ context.Context, m *weir.Message) error {
			mu.Lock()
			order = append(order, string(m.Payload))
			first := len(order) == 1
			mu.Unlock()
			time.Sleep(time.Millisecond)
			if first {
				return weir.RetryAfter(time.Second, errStock)
			}
			return nil
		}), weir.Concurrency(2), middleware.Retry(middleware.Retries{}), middleware.Adaptive(middleware.Limits{Most: 1}))
		r = weirtest.Run(t.Context(), fn, weirtest.SQS(1, 1, 1, 1, 2))
		assert.NoError(t, r.Err)
		assert.Equal(t, len(r.Retried()), 0)
		assert.Equal(t, order[len(order)-1] == "1" && order[len(order)-2] == "2", true) // the retry came last
	})
}

// What is told of changes and retries has no say in what becomes of a record: it may panic, and what
// succeeded is not run again, what failed not tried less often. Nothing is locked meanwhile.
func TestCallbackPanics(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		calls, told := 0, 0
		panics := func() { told++; panic("metrics") }
		fn := weir.SQS(weir.EachMessage(func(context.Context, *weir.Message) error {
			if calls++; calls%2 == 1 {
				return coded("SlowDown")
			}
			return nil
		}), weir.ReportAll(),
			middleware.Breaker(middleware.Circuit{After: 1, CoolDown: time.Second, OnChange: func(context.Context, middleware.BreakerChange) { panics() }}),
			middleware.Adaptive(middleware.Limits{Most: 2, OnChange: func(context.Context, middleware.LimitChange) { panics() }}))
		for range 3 {
			assert.Equal(t, states(weirtest.Run(t.Context(), fn, weirtest.SQS(1, 2))), "fo")
			time.Sleep(time.Second)
			assert.Equal(t, states(weirtest.Run(t.Context(), fn, weirtest.SQS(1))), "s")
		}
		assert.Equal(t, calls, 6)
		assert.Equal(t, told, 3*(3+2)) // open, half-open and closed; lower and higher

		calls, told = 0, 0
		fn = weir.SQS(weir.EachMessage(func(context.Context, *weir.Message) error {
			if calls++; calls < 3 {
				return errStock
			}
			return nil
		}), middleware.Retry(middleware.Retries{OnRetry: func(context.Context, *weir.Message, int, error, time.Duration) { panics() }}))
		assert.Equal(t, states(weirtest.Run(t.Context(), fn, weirtest.SQS(1))), "s")
		assert.Equal(t, calls, 3)
		assert.Equal(t, told, 2)
	})
}

// An attempt that a breaker or a limit did not let run does not stand for those that were run: policies
// are asked about these, and give the record up.
func TestRetryNotRun(t *testing.T) {
	t.Parallel()
	timeout := fmt.Errorf("call: %w", context.DeadlineExceeded)
	synctest.Test(t, func(t *testing.T) {
		letters := ""
		sink := deadletter.Func(func(_ context.Context, l *deadletter.Letter) error { letters += l.Error + "\n"; return nil })
		runs := 0
		fn := weir.SQS(weir.EachMessage(func(context.Context, *weir.Message) error { runs++; return timeout }), weir.ReportAll(),
			middleware.Retry(middleware.Retries{}), middleware.Breaker(middleware.Circuit{CoolDown: time.Second}),
			deadletter.To(sink, deadletter.MaxReceives(4)))
		e := weirtest.SQS("a")
		for i, want := range []struct {
			runs   int
			states string
		}{{3, "f"}, {5, "f"}, {6, "f"}, {7, "d"}} {
			r := weirtest.Run(t.Context(), fn, e)
			assert.Equal(t, runs, want.runs, fmt.Sprint("delivery ", i+1))
			assert.Equal(t, states(r), want.states, fmt.Sprint("delivery ", i+1))
			if ids := r.Retried(); len(ids) > 0 {
				e = e.Again(ids...)
			}
			time.Sleep(time.Second)
		}
		assert.Equal(t, letters, timeout.Error()+"\n")
	})
	synctest.Test(t, func(t *testing.T) { // a turn that does not come in time
		begin := time.Now()
		fn := weir.SQS(weir.EachMessage(func(ctx context.Context, m *weir.Message) error {
			if string(m.Payload) == "slow" && time.Since(begin) > 0 {
				time.Sleep(time.Minute)
				return nil
			}
			time.Sleep(time.Second)
			return errStock
		}), weir.Concurrency(2), weir.ReportAll(), weir.RecordTimeout(10*time.Second),
			middleware.Retry(middleware.Retries{Base: time.Second}), middleware.Adaptive(middleware.Limits{Most: 1}))
		r := weirtest.Run(t.Context(), fn, weirtest.SQS("a", "slow"))
		assert.Equal(t, errors.Is(r.Records[0].Err, errStock), true, fmt.Sprint(r.Records[0].Err))
	})
	for _, attempts := range []int{2, 5} { // nothing was run: the refusal is all there is to say
		synctest.Test(t, func(t *testing.T) {
			calls := 0
			refused := weir.Unavailable(&middleware.OpenError{Class: "x", Failures: 5, Err: errStock})
			fn := weir.SQS(weir.EachMessage(func(context.Context, *weir.Message) error {
				if calls++; calls == 4 {
					return errStock
				}
				return refused
			}), middleware.Retry(middleware.Retries{Attempts: attempts, If: func(error) bool { return true }}))
			r := weirtest.Run(t.Context(), fn, weirtest.SQS("a"))
			assert.Equal(t, calls, attempts)
			assert.Equal(t, r.Records[0].Err, map[int]error{2: refused, 5: errStock}[attempts])
		})
	}
}
