package middleware_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/middleware"
	"github.com/weir-go/weir/weirtest"
)

// service takes some calls at a time, and throttles those above.
type service struct {
	capacity int
	takes    time.Duration // from nine tenths of this to eleven

	mu        sync.Mutex
	rng       *rand.Rand
	now, top  int
	ok, wrong int
}

func (s *service) call() error {
	s.mu.Lock()
	s.top = max(s.top, s.now+1)
	takes := s.takes*9/10 + time.Duration(s.rng.Int64N(int64(s.takes/5)))
	if s.now == s.capacity {
		s.wrong++
		s.mu.Unlock()
		time.Sleep(takes / 20)
		return coded("ThrottlingException")
	}
	s.now++
	s.ok++
	s.mu.Unlock()
	time.Sleep(takes)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now--
	return nil
}

// With a service that takes c calls at a time, the limit comes to move between half of c and c+2, for
// one is added to c, and perhaps another before the first error is back. Few calls are throttled, and
// most of what the service can do is done.
func TestAdaptiveConverges(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	for _, capacity := range []int{1, 2, 5, 10, 31, 100} {
		synctest.Test(t, func(t *testing.T) {
			const most = 64
			s := &service{capacity: capacity, takes: 100 * time.Millisecond, rng: rand.New(rand.NewPCG(seed, 0))}
			limit, fell := most, 0
			var mu sync.Mutex
			fn := weir.SQS(weir.EachMessage(func(context.Context, *weir.Message) error { return s.call() }), weir.ReportAll(),
				weir.Concurrency(most), middleware.Adaptive(middleware.Limits{Most: most, OnChange: func(_ context.Context, c middleware.LimitChange) {
					mu.Lock()
					defer mu.Unlock()
					if limit = c.To; c.To < c.From {
						fell++
						assert.Equal(t, middleware.Throttled(c.Err), true)
					}
				}}))
			batch := func(records int) {
				event := make([]any, records)
				weirtest.Run(t.Context(), fn, weirtest.SQS(event...))
			}
			batch(600) // finds out
			s.top, s.ok, s.wrong, fell = 0, 0, 0, 0
			begin := time.Now()
			for range 10 {
				batch(400)
			}
			if capacity >= most {
				assert.Equal(t, []int{limit, s.wrong, fell}, []int{most, 0, 0})
				return
			}
			if s.top > capacity+1 || limit > capacity+2 || limit < max(1, capacity/2) {
				t.Errorf("capacity %d: a limit of %d, up to %d calls at a time", capacity, limit, s.top)
			}
			if s.wrong > 2*fell {
				t.Errorf("capacity %d: %d calls were throttled for %d times that the limit fell", capacity, s.wrong, fell)
			}
			possible := float64(capacity) * float64(time.Since(begin)/s.takes)
			t.Logf("capacity %d: %d calls were throttled of 4,000, %.0f%% of what is possible", capacity, s.wrong, 100*float64(s.ok)/possible)
			if share := float64(s.ok) / possible; share < 0.6 && capacity > 1 || share < 0.45 {
				t.Errorf("capacity %d: %.2f of what is possible", capacity, share)
			}
		})
	}
}

// Of a burst the first error counts: 16 calls that are throttled together halve the limit once.
func TestAdaptiveBurst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var changes []string
		var mu sync.Mutex
		calls := 0
		fn := weir.SQS(weir.EachMessage(func(context.Context, *weir.Message) error {
			time.Sleep(time.Second)
			mu.Lock()
			defer mu.Unlock()
			if calls++; calls <= 16 {
				return coded("SlowDown")
			}
			return nil
		}), weir.ReportAll(), weir.Concurrency(16), middleware.Adaptive(middleware.Limits{Most: 16, OnChange: func(_ context.Context, c middleware.LimitChange) {
			mu.Lock()
			defer mu.Unlock()
			changes = append(changes, fmt.Sprint(c.From, ">", c.To))
		}}))
		weirtest.Run(t.Context(), fn, weirtest.SQS(make([]any, 16+8+9+10)...))
		assert.Equal(t, changes, []string{"16>8", "8>9", "9>10", "10>11"})
	})
}

// What was found out is kept for the next batch, and grows old.
func TestAdaptiveForgets(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		limit := 1
		fail := false
		fn := weir.SQS(weir.EachMessage(func(context.Context, *weir.Message) error {
			if fail {
				return coded("SlowDown")
			}
			return errStock // says nothing
		}), weir.ReportAll(), middleware.Adaptive(middleware.Limits{Most: 100, Start: 1, OnChange: func(_ context.Context, c middleware.LimitChange) {
			assert.Equal(t, c.From, limit)
			limit = c.To
		}}))
		once := func(want int) {
			t.Helper()
			weirtest.Run(t.Context(), fn, weirtest.SQS(1))
			assert.Equal(t, limit, want)
		}
		time.Sleep(time.Hour)
		once(1) // none was handled before
		time.Sleep(time.Minute - 1)
		once(1)
		time.Sleep(time.Minute)
		once(51)
		time.Sleep(2 * time.Minute)
		once(88) // 76, 88
		fail = true
		once(44)
		fail = false
		once(44)
		time.Sleep(24 * 365 * time.Hour)
		once(100)
	})
}

// A call that takes too long halves the limit, whatever its outcome.
func TestAdaptiveSlow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var changes []middleware.LimitChange
		takes := time.Second
		fn := weir.SQS(weir.EachMessage(func(context.Context, *weir.Message) error {
			time.Sleep(takes)
			return nil
		}), middleware.Adaptive(middleware.Limits{Most: 8, Slow: time.Second, OnChange: func(_ context.Context, c middleware.LimitChange) { changes = append(changes, c) }}))
		weirtest.Run(t.Context(), fn, weirtest.SQS(1))
		takes++
		weirtest.Run(t.Context(), fn, weirtest.SQS(1, 2))
		assert.Equal(t, changes, []middleware.LimitChange{{From: 8, To: 4, Slow: true}, {From: 4, To: 2, Slow: true}})
	})
}

// A predicate of one's own.
func TestAdaptiveThrottled(t *testing.T) {
	t.Parallel()
	var to []int
	fn := weir.SQS(weir.EachMessage(func(_ context.Context, m *weir.Message) error {
		if string(m.Payload) == "1" {
			return errStock
		}
		return coded("SlowDown")
	}), weir.ReportAll(), middleware.Adaptive(middleware.Limits{Most: 8, Throttled: func(err error) bool { return errors.Is(err, errStock) },
		OnChange: func(_ context.Context, c middleware.LimitChange) { to = append(to, c.To) }}))
	r := weirtest.Run(t.Context(), fn, weirtest.SQS(1, 2, 1))
	assert.Equal(t, to, []int{4, 2})
	assert.Equal(t, errors.Is(r.Records[1].Err, coded("SlowDown")), true)
}

// Lanes stay in order, and share the turns there are: who waits longest is next.
func TestAdaptiveLanes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const lanes, each, limit = 16, 30, 3
		var values []any
		for i := range each {
			for lane := range lanes {
				values = append(values, weirtest.Record{OrderingKey: fmt.Sprint("lane", lane), Value: i})
			}
		}
		var mu sync.Mutex
		done, running, out := map[string]int{}, map[string]bool{}, 0
		came, longest := map[string]time.Time{}, time.Duration(0)
		fn := weir.Kinesis(weir.EachMessage(func(ctx context.Context, m *weir.Message) error {
			mu.Lock()
			if running[m.OrderingKey] || fmt.Sprint(done[m.OrderingKey]) != string(m.Payload) {
				t.Errorf("%s: %s, while %d are done", m.OrderingKey, m.Payload, done[m.OrderingKey])
			}
			running[m.OrderingKey] = true
			longest = max(longest, time.Since(came[m.ID]))
			if out++; out > limit {
				t.Errorf("%d at a time", out)
			}
			mu.Unlock()
			time.Sleep(time.Second)
			mu.Lock()
			defer mu.Unlock()
			out--
			running[m.OrderingKey] = false
			done[m.OrderingKey]++
			return nil
		}), weir.Concurrency(lanes), weir.Use(func(next weir.Handler) weir.Handler {
			return func(ctx context.Context, m *weir.Message) error {
				mu.Lock()
				came[m.ID] = time.Now()
				mu.Unlock()
				return next(ctx, m)
			}
		}), middleware.Adaptive(middleware.Limits{Most: limit}))
		r := weirtest.Run(t.Context(), fn, weirtest.Kinesis(values...))
		assert.NoError(t, r.Err)
		assert.Equal(t, len(r.Retried()), 0)
		if longest > 5*time.Second { // 13 wait, 3 a second
			t.Errorf("a record has waited for %v", longest)
		}
	})
}

// A record whose turn does not come is not run, comes back, and is not to blame.
func TestAdaptiveWaitsNoLonger(t *testing.T) {
	t.Parallel()
	for _, opt := range []weir.SQSOption{weir.DeadlineReserve(time.Second), weir.RecordTimeout(5 * time.Second)} {
		synctest.Test(t, func(t *testing.T) {
			var runs []string
			var blamed []error
			fn := weir.SQS(weir.EachMessage(func(ctx context.Context, m *weir.Message) error {
				runs = append(runs, string(m.Payload))
				<-ctx.Done()
				time.Sleep(time.Millisecond) // the other's context ends first
				return nil
			}), weir.ReportAll(), weir.Concurrency(2), opt, middleware.Adaptive(middleware.Limits{Most: 2, Start: 1}),
				weir.OnFailure(func(_ context.Context, _ *weir.Message, err error) error {
					blamed = append(blamed, err)
					return err
				}))
			ctx, cancel := context.WithTimeout(t.Context(), 6*time.Second)
			defer cancel()
			r := weirtest.Run(ctx, fn, weirtest.SQS(1, 2))
			assert.Equal(t, len(runs), 1)
			assert.Equal(t, len(r.Retried()), 1)
			assert.Equal(t, len(blamed), 1)
			var u *weir.UnavailableError
			assert.Equal(t, errors.As(blamed[0], &u), true)
			assert.Error(t, blamed[0], "not run, its turn did not come")
		})
	}
}

// A record that waits is not run after an Abort, and is not to blame. The next batch begins anew.
func TestAdaptiveAborted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var runs []string
		var notRun atomic.Int64
		fn := weir.SQS(weir.EachMessage(func(ctx context.Context, m *weir.Message) error {
			runs = append(runs, string(m.Payload))
			time.Sleep(time.Second)
			if len(runs) == 2 {
				return fmt.Errorf("ship: %w", weir.Abort(errDown))
			}
			return weir.Unavailable(weir.Abort(errDown)) // is no Abort
		}), weir.ReportAll(), weir.Concurrency(8), middleware.Adaptive(middleware.Limits{Most: 1}),
			weir.OnFailure(func(_ context.Context, _ *weir.Message, err error) error {
				if u := (*weir.UnavailableError)(nil); errors.Is(err, weir.ErrAborted) && errors.As(err, &u) {
					notRun.Add(1)
				}
				return err
			}))
		r := weirtest.Run(t.Context(), fn, weirtest.SQS(make([]any, 10)...))
		assert.Equal(t, len(runs), 2)
		assert.Equal(t, len(r.Retried()), 10)
		assert.Equal(t, notRun.Load() > 0, true)
		r = weirtest.Run(t.Context(), fn, weirtest.SQS(1, 2, 3))
		assert.Equal(t, len(runs), 5)
		assert.Equal(t, len(r.Retried()), 3)
	})
}

// The same Adaptive twice around a handler, and a limit of one: no record waits for itself, nor for what
// hands on a copy of it. Another record of the same ID, in another batch, waits.
func TestAdaptiveTwice(t *testing.T) {
	t.Parallel()
	copies := weir.Use(func(next weir.Handler) weir.Handler {
		return func(ctx context.Context, m *weir.Message) error {
			own := m.With([]byte("loaded"))
			return next(weir.WithMessage(ctx, &own), &own)
		}
	})
	for name, between := range map[string]weir.FlowOption{"": weir.FlowOptions(), "copies": weir.FlowOptions(copies, copies)} {
		synctest.Test(t, func(t *testing.T) {
			a := middleware.Adaptive(middleware.Limits{Most: 1})
			var runs, now, most atomic.Int64
			fn := weir.SQS(weir.EachMessage(func(context.Context, *weir.Message) error {
				runs.Add(1)
				most.Store(max(most.Load(), now.Add(1)))
				time.Sleep(time.Second)
				now.Add(-1)
				return nil
			}), weir.FlowOptions(copies, a, between, a))
			var all sync.WaitGroup
			for range 2 {
				all.Go(func() {
					r := weirtest.Run(t.Context(), fn, weirtest.SQS(1, 2, 3))
					assert.NoError(t, r.Err)
					assert.Equal(t, len(r.Retried()), 0, name)
				})
			}
			all.Wait()
			assert.Equal(t, runs.Load(), 6)
			assert.Equal(t, most.Load(), 1, name)
		})
	}
}

func TestAdaptiveRefused(t *testing.T) {
	t.Parallel()
	for want, l := range map[string]middleware.Limits{
		"Most is 0": {}, "Most is -1": {Most: -1}, "Start is 3": {Most: 2, Start: 3}, "Start is -1": {Most: 2, Start: -1},
		"Slow is -1ns": {Most: 2, Slow: -1}, "Forget is -1ns": {Most: 2, Forget: -1},
	} {
		fn := weir.SQS(weir.EachMessage(func(context.Context, *weir.Message) error { return nil }), middleware.Adaptive(l))
		assert.Error(t, fn.Err(), "middleware: Adaptive", want)
		assert.Equal(t, strings.Count(fn.Err().Error(), "\n"), 0)
	}
}
