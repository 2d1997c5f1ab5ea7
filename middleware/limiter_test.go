package middleware

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/assert"
)

type throttle struct{}

func (throttle) Error() string     { return "throttled" }
func (throttle) ErrorCode() string { return "SlowDown" }

// Whatever handlers do, and whenever contexts end, every turn comes back, all who wait get one or
// leave, and no more are out than the limit says. A deadlock would end the bubble with a panic.
func TestLimiterNeverLocksUp(t *testing.T) {
	t.Parallel()
	base := rand.Uint64()
	for i := range uint64(20) {
		seed := base + i
		synctest.Test(t, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 0))
			var dice sync.Mutex
			roll := func(n int) int {
				dice.Lock()
				defer dice.Unlock()
				return rng.IntN(n)
			}
			most := 1 + roll(8)
			l := &limited{limiter: newLimiter(Limits{Most: most, Start: 1 + roll(most), Throttled: Throttled, Forget: time.Second})}
			var now sync.Map // what is at work
			var out int
			var mu sync.Mutex
			l.next = func(ctx context.Context, m *weir.Message) error {
				mu.Lock()
				out++
				if out > most {
					t.Errorf("seed %d: %d are out of %d", seed, out, most)
				}
				mu.Unlock()
				defer func() {
					mu.Lock()
					defer mu.Unlock()
					out--
				}()
				if _, twice := now.LoadOrStore(m, true); twice {
					t.Errorf("seed %d: a record is run twice at a time", seed)
				}
				defer now.Delete(m)
				time.Sleep(time.Duration(roll(5)) * 100 * time.Millisecond)
				switch roll(8) {
				case 0:
					return throttle{}
				case 1:
					panic("ouch")
				case 2:
					runtime.Goexit()
				case 3:
					return errNo
				}
				return nil
			}
			var all sync.WaitGroup
			for g := range 20 {
				all.Add(1)
				go func() {
					defer all.Done()
					for n := range 20 {
						var one sync.WaitGroup
						one.Add(1)
						go func() {
							defer one.Done()
							defer func() { _ = recover() }()
							ctx, cancel := context.WithTimeout(t.Context(), time.Duration(roll(10))*100*time.Millisecond)
							defer cancel()
							m := &weir.Message{ID: fmt.Sprint(g, "-", n)}
							_ = l.handle(ctx, m)
						}()
						one.Wait()
						time.Sleep(time.Duration(roll(3)) * 700 * time.Millisecond)
					}
				}()
			}
			all.Wait()
			l.mu.Lock()
			defer l.mu.Unlock()
			assert.Equal(t, l.out, 0)
			assert.Equal(t, l.first == nil && l.last == nil, true)
			assert.Equal(t, len(l.free), len(l.holders))
			for _, h := range l.holders {
				assert.Equal(t, h.m == nil, true)
			}
			if len(l.holders) > most || l.limit < 1 || l.limit > most {
				t.Errorf("seed %d: %d places for a limit of %d, up to %d", seed, len(l.holders), l.limit, most)
			}
		})
	}
}

// A turn that comes just when the context ends is passed on.
func TestLimiterPassesOn(t *testing.T) {
	t.Parallel()
	for range 200 {
		l := newLimiter(Limits{Most: 1, Start: 1, Throttled: Throttled, Forget: time.Hour})
		one, err := l.limitTake(t.Context(), "1")
		assert.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() {
			if t, err := l.limitTake(ctx, "2"); err == nil {
				l.back(ctx, t, nil, false, false)
			}
		})
		all.Go(cancel)
		all.Go(func() { l.back(ctx, one, nil, false, false) })
		all.Go(func() {
			three, err := l.limitTake(t.Context(), "3")
			if err != nil {
				t.Error(err)
			}
			l.back(t.Context(), three, nil, false, false)
		})
		all.Wait()
		assert.Equal(t, l.out, 0)
	}
}

func (l *limiter) limitTake(ctx context.Context, id string) (turn, error) {
	t, held, err := l.take(ctx, &weir.Message{ID: id})
	if held {
		panic("held")
	}
	return t, err
}

// BenchmarkHandle is what one record costs when all is well, without what is around it.
func BenchmarkHandle(b *testing.B) {
	next := func(context.Context, *weir.Message) error { return nil }
	m := &weir.Message{ID: "m"}
	l := &limited{limiter: newLimiter(Limits{Most: 8, Start: 8, Throttled: Throttled, Forget: time.Minute}), next: next}
	closed := &breaker{c: Circuit{After: 5, CoolDown: time.Second, Class: FailureClass}}
	for name, h := range map[string]weir.Handler{
		"nothing":  next,
		"adaptive": l.handle,
		"breaker":  func(ctx context.Context, m *weir.Message) error { return closed.handle(ctx, m, next) },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			ctx := b.Context()
			for b.Loop() {
				_ = h(ctx, m)
			}
		})
	}
}

// TestNoAllocations holds what the benchmark shows.
func TestNoAllocations(t *testing.T) {
	next := func(context.Context, *weir.Message) error { return nil }
	m := &weir.Message{ID: "m"}
	l := &limited{limiter: newLimiter(Limits{Most: 8, Start: 8, Throttled: Throttled, Forget: time.Minute}), next: next}
	closed := &breaker{c: Circuit{After: 5, Class: FailureClass}}
	_ = l.handle(t.Context(), m) // makes its places
	n := testing.AllocsPerRun(100, func() {
		_ = l.handle(t.Context(), m)
		_ = closed.handle(t.Context(), m, next)
	})
	assert.Equal(t, n, 0)
}
