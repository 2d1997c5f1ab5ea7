package once_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/middleware/once"
	"github.com/weir-go/weir/state/mem"
	"github.com/weir-go/weir/weirtest"
)

// TestInProgress: 2.10, 1 and 2. A key that is worked on elsewhere is retried after its lease, in one
// line for all records, and runs once the lease has ended with the invocation's deadline.
func TestInProgress(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		in := mem.New()
		var c counter
		var stuck atomic.Bool
		stuck.Store(true)
		lambda := func() *weir.Lambda {
			return weir.SQS(weir.Each(func(ctx context.Context, o order) error {
				c.ran(o.ID)
				if stuck.Load() {
					time.Sleep(time.Hour) // killed, as far as others can see
				}
				return nil
			}), once.Use(once.New("f", in), once.Pointer("/id")), weir.Concurrency(3))
		}
		event := weirtest.SQS(order{ID: "a"}, order{ID: "b"}, order{ID: "c"})
		begin := time.Now()
		r := invoke(t, lambda(), event)
		assert.Equal(t, states(r), []weirtest.State{weirtest.Skipped, weirtest.Skipped, weirtest.Skipped})
		stuck.Store(false)
		r = invoke(t, lambda(), event)
		assert.Equal(t, states(r), []weirtest.State{failed, failed, failed})
		assert.Error(t, r.Err, "3 x once: the key is being worked on")
		for _, o := range r.Records {
			after, _ := errors.AsType[*weir.RetryAfterError](o.Err)
			if !errors.Is(o.Err, once.ErrInProgress) || after == nil || after.Delay < time.Second || after.Delay > 2*time.Second {
				t.Fatalf("%v, %+v", o.Err, after)
			}
		}
		time.Sleep(time.Until(begin.Add(11*time.Second - time.Millisecond))) // the deadline, and a second
		assert.Equal(t, states(invoke(t, lambda(), event)), []weirtest.State{failed, failed, failed})
		time.Sleep(time.Millisecond)
		invoke(t, lambda(), event).Want(t, ok, ok, ok)
		c.want(t, map[string]int{"a": 2, "b": 2, "c": 2})
		time.Sleep(2 * time.Hour) // those that were stuck
	})
}

// TestLeases: how long a claim holds.
func TestLeases(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		opts     []once.Option
		deadline time.Duration
		want     time.Duration
	}{
		"deadline":    {nil, time.Minute, time.Minute + time.Second},
		"none":        {nil, 0, once.DefaultLease},
		"set":         {[]once.Option{once.Lease(5 * time.Second)}, time.Minute, 5 * time.Second},
		"set, longer": {[]once.Option{once.Lease(time.Hour)}, time.Minute, time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				in, runs := mem.New(), 0
				ctx, cancel := context.WithCancel(t.Context())
				if c.deadline > 0 {
					ctx, cancel = context.WithTimeout(t.Context(), c.deadline)
				}
				defer cancel()
				other := once.Do(once.New("f", in), order.key, func(context.Context, order) error { runs++; return nil })
				var ended time.Duration
				_ = once.Do(once.New("f", in, c.opts...), order.key, func(ctx context.Context, o order) error {
					begin := time.Now()
					if end, ok := ctx.Deadline(); ok {
						ended = time.Until(end)
					}
					time.Sleep(c.want - time.Millisecond)
					if err := other(context.WithoutCancel(ctx), o); !errors.Is(err, once.ErrInProgress) {
						t.Errorf("%v before the end: %v", time.Millisecond, err)
					}
					time.Sleep(time.Until(begin.Add(c.want)))
					assert.NoError(t, other(context.WithoutCancel(ctx), o))
					return nil
				})(ctx, order{ID: "a"})
				assert.Equal(t, runs, 1)
				most := c.want
				if c.deadline > 0 {
					most = min(most, c.deadline)
				}
				assert.Equal(t, ended, most)
			})
		})
	}
}

// TestFencing: 2.10, 3. A late first attempt neither overwrites nor deletes what the second did.
func TestFencing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		first, second error
		during        bool // the second still runs when the first is done
		want          error
		runs          int // a third delivery's
	}{
		"both succeed":                      {want: once.ErrLeaseLost},
		"the first fails":                   {first: errBoom, want: errBoom},
		"the first fails during the second": {first: errBoom, during: true, want: errBoom},
		"the first succeeds during it":      {during: true, want: once.ErrLeaseLost},
		"the second fails":                  {second: errBoom},
		"both fail":                         {first: errBoom, second: errBoom, want: errBoom, runs: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				in := mem.New()
				attempt := func(f func() error) error {
					return once.Do(once.New("f", in, once.Lease(time.Minute)), order.key, func(context.Context, order) error { return f() })(t.Context(), order{ID: "a"})
				}
				result := make(chan error, 1)
				go func() {
					result <- attempt(func() error { time.Sleep(2 * time.Minute); return c.first })
				}()
				time.Sleep(time.Minute + time.Second)
				second := attempt(func() error {
					if c.during {
						time.Sleep(59*time.Second + 500*time.Millisecond) // the first is done half a second before
					}
					return c.second
				})
				assert.Equal(t, errors.Is(second, c.second), true)
				if got := <-result; !errors.Is(got, c.want) {
					t.Errorf("the first attempt: %v, want %v", got, c.want)
				}
				runs := 0
				third := attempt(func() error { runs++; return nil })
				assert.NoError(t, third)
				assert.Equal(t, runs, c.runs)
			})
		})
	}
}

// TestKeep: 2.10, 7 for what is stored: a completed key runs again when it is kept no longer, whether
// the store has deleted it or not.
func TestKeep(t *testing.T) {
	t.Parallel()
	for _, expire := range []bool{false, true} {
		for _, cache := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				in, runs := mem.New(), 0
				opts := []once.Option{once.Keep(time.Hour)}
				if cache {
					opts = append(opts, once.Cache(10))
				}
				f := once.Do(once.New("f", in, opts...), order.key, func(context.Context, order) error { runs++; return nil })
				do := func() {
					if expire {
						in.Expire(time.Now())
					}
					assert.NoError(t, f(t.Context(), order{ID: "a"}))
				}
				do()
				time.Sleep(time.Hour - time.Millisecond)
				do()
				assert.Equal(t, runs, 1)
				time.Sleep(2 * time.Second) // stores count seconds
				do()
				assert.Equal(t, runs, 2)
			})
		}
	}
}
