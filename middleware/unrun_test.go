package middleware_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/middleware"
	"github.com/weir-go/weir/middleware/once"
	"github.com/weir-go/weir/state/mem"
	"github.com/weir-go/weir/weirtest"
)

// Records that an Adaptive inside did not run say nothing to a Breaker: neither those that an Abort left over
// nor those that ran out of time before their turn came.
func TestBreakerLeavesOutUnrun(t *testing.T) {
	t.Parallel()
	for name, first := range map[string]error{"abort": weir.Abort(errStock), "timeout": nil} {
		synctest.Test(t, func(t *testing.T) {
			opened, runs := 0, 0
			fn := weir.SQS(weir.EachMessage(func(context.Context, *weir.Message) error {
				time.Sleep(900 * time.Millisecond)
				runs++
				if runs == 1 {
					return first
				}
				return nil
			}), weir.Concurrency(8), weir.ReportAll(), weir.RecordTimeout(time.Second),
				middleware.Breaker(middleware.Circuit{After: 3, CoolDown: time.Minute, OnChange: func(context.Context, middleware.BreakerChange) { opened++ }}),
				middleware.Adaptive(middleware.Limits{Most: 1}))
			r := weirtest.Run(t.Context(), fn, weirtest.SQS(make([]any, 8)...))
			assert.Equal(t, len(r.Retried()) >= 6, true, name)
			assert.Equal(t, opened, 0, name)
			assert.Equal(t, states(weirtest.Run(t.Context(), fn, weirtest.SQS(1))), "s", name)
		})
	}
}

// Whoever sets the time that a record ran out of, it counts as with RecordTimeout.
func TestBreakerCountsTimeouts(t *testing.T) {
	t.Parallel()
	for name, outside := range map[string]weir.FlowOption{
		"RecordTimeout": weir.RecordTimeout(time.Second),
		"once.Lease":    once.Use(once.New("x", mem.New(), once.Lease(time.Second)), once.MessageID()),
		"middleware": weir.Use(func(next weir.Handler) weir.Handler {
			return func(ctx context.Context, m *weir.Message) error {
				ctx, cancel := context.WithTimeout(ctx, time.Second)
				defer cancel()
				return next(ctx, m)
			}
		}),
	} {
		synctest.Test(t, func(t *testing.T) {
			runs := 0
			fn := weir.SQS(weir.EachMessage(func(ctx context.Context, _ *weir.Message) error {
				runs++
				<-ctx.Done()
				return fmt.Errorf("call: %w", ctx.Err())
			}), weir.ReportAll(), outside, middleware.Breaker(middleware.Circuit{After: 3}))
			r := weirtest.Run(t.Context(), fn, weirtest.SQS(make([]any, 8)...))
			assert.NoError(t, r.Err)
			assert.Equal(t, runs, 3, name)
		})
	}
}

// The time of the batch is nobody's failure, by whatever it ends.
func TestBreakerLeavesOutTheDeadline(t *testing.T) {
	t.Parallel()
	for name, option := range map[string]weir.FlowOption{"reserve": weir.DeadlineReserve(time.Second), "none": weir.DeadlineReserve(0)} {
		synctest.Test(t, func(t *testing.T) {
			opened := 0
			fn := weir.SQS(weir.EachMessage(func(ctx context.Context, _ *weir.Message) error {
				<-ctx.Done()
				return ctx.Err()
			}), weir.Concurrency(8), weir.ReportAll(), option,
				middleware.Breaker(middleware.Circuit{After: 3, OnChange: func(context.Context, middleware.BreakerChange) { opened++ }}))
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			weirtest.Run(ctx, fn, weirtest.SQS(make([]any, 8)...))
			assert.Equal(t, opened, 0, name)
		})
	}
}

// A panic does not count, also where Retry makes an error of it.
func TestBreakerLeavesOutCaughtPanics(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		runs := 0
		fn := weir.SQS(weir.EachMessage(func(context.Context, *weir.Message) error {
			runs++
			panic("ouch")
		}), weir.ReportAll(), middleware.Breaker(middleware.Circuit{After: 2}), middleware.Retry(middleware.Retries{Panics: true}))
		assert.Equal(t, states(weirtest.Run(t.Context(), fn, weirtest.SQS(1, 2, 3, 4))), "ffff")
		assert.Equal(t, runs, 4)
	})
}

// Records without an ID are not taken for each other: each waits for a turn of its own. One that comes by the
// same Adaptive twice does not wait for itself, though a middleware in between hands on a copy.
func TestAdaptiveWithoutIDs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		out, most := 0, 0
		limit := middleware.Adaptive(middleware.Limits{Most: 2})
		fn := weir.From(weir.Source{Name: "X", Decode: func([]byte) ([]weir.Message, error) { return make([]weir.Message, 8), nil }},
			weir.EachMessage(func(context.Context, *weir.Message) error {
				mu.Lock()
				out++
				most = max(most, out)
				mu.Unlock()
				time.Sleep(time.Second)
				mu.Lock()
				defer mu.Unlock()
				out--
				return nil
			}), weir.Concurrency(8), limit, weir.Use(func(next weir.Handler) weir.Handler {
				return func(ctx context.Context, m *weir.Message) error {
					own := m.With(nil)
					return next(weir.WithMessage(ctx, &own), &own)
				}
			}), limit)
		_, err := fn.Invoke(t.Context(), []byte("{}"))
		assert.NoError(t, err)
		assert.Equal(t, most, 2)
	})
}

// A handler that is left behind does not keep its turn from the records of later invocations, and gives back
// nothing when it returns after all.
func TestAdaptiveWithoutTheLate(t *testing.T) {
	t.Parallel()
	for name, option := range map[string]weir.FlowOption{"deadline": weir.FlowOptions(), "timeout": weir.RecordTimeout(time.Second)} {
		synctest.Test(t, func(t *testing.T) {
			var mu sync.Mutex
			hang := make(chan struct{})
			out, most := 0, 0
			fn := weir.SQS(weir.EachMessage(func(_ context.Context, m *weir.Message) error {
				if string(m.Payload) == "hang" {
					<-hang
					return nil
				}
				mu.Lock()
				out++
				most = max(most, out)
				mu.Unlock()
				time.Sleep(100 * time.Millisecond)
				mu.Lock()
				defer mu.Unlock()
				out--
				return nil
			}), weir.Concurrency(4), weir.ReportAll(), option, middleware.Adaptive(middleware.Limits{Most: 2}))
			run := func(text string) string {
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				return states(weirtest.Run(ctx, fn, weirtest.SQS(words(text)...)))
			}
			assert.Equal(t, run("hang hang"), "kk", name)
			assert.Equal(t, run("a b c d e f"), "ssssss", name)
			close(hang)
			synctest.Wait()
			assert.Equal(t, run("a b c d e f"), "ssssss", name)
			assert.Equal(t, most, 2, name)
		})
	}
}

// An error whose methods panic drops its record as any other, whoever looks into it.
func TestRudeErrorsDrop(t *testing.T) {
	t.Parallel()
	for name, option := range map[string]weir.FlowOption{
		"Retry": middleware.Retry(middleware.Retries{}), "Breaker": middleware.Breaker(middleware.Circuit{}),
		"Adaptive": middleware.Adaptive(middleware.Limits{Most: 1}), "once": once.Use(once.New("x", mem.New()), once.MessageID()),
	} {
		fn := weir.SQS(weir.EachMessage(func(context.Context, *weir.Message) error { return weir.Drop(rude{}) }), option)
		assert.Equal(t, weirtest.Run(t.Context(), fn, weirtest.SQS(1)).Records[0].State, weirtest.Dropped, name)
	}
}
