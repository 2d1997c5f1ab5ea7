package middleware_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/middleware"
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

// Behind Retry a breaker counts attempts, and what it refuses is not tried again; a turn is given back
// during the pause.
func TestBehindRetry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		calls := map[string]int{}
		fn := weir.SQS(weir.EachMessage(func(_ context.Context, m *weir.Message) error {
			calls[string(m.Payload)]++
			return errStock
		}), weir.ReportAll(), middleware.Retry(middleware.Retries{Attempts: 3}), middleware.Breaker(middleware.Circuit{After: 4}))
		r := weirtest.Run(t.Context(), fn, weirtest.SQS(1, 2, 3))
		assert.Equal(t, calls, map[string]int{"1": 3, "2": 1})
		assert.Equal(t, states(r), "foo")

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

// What OnChange is told may be asked back, and what it does wrong is its record's error: nothing is
// locked meanwhile.
func TestOnChange(t *testing.T) {
	t.Parallel()
	for _, opt := range []weir.FlowOption{
		middleware.Breaker(middleware.Circuit{After: 1, CoolDown: time.Hour, OnChange: func(context.Context, middleware.BreakerChange) { panic("ouch") }}),
		middleware.Adaptive(middleware.Limits{Most: 2, OnChange: func(context.Context, middleware.LimitChange) { panic("ouch") }}),
	} {
		fn := weir.SQS(weir.EachMessage(func(context.Context, *weir.Message) error { return coded("SlowDown") }), weir.ReportAll(), opt)
		for range 3 {
			r := weirtest.Run(t.Context(), fn, weirtest.SQS(1, 2))
			assert.NoError(t, r.Err)
			assert.Equal(t, len(r.Retried()), 2)
		}
	}
}
