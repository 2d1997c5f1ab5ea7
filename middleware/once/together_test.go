package once_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/middleware/once"
	"github.com/weir-go/weir/state/mem"
	"github.com/weir-go/weir/weirtest"
)

// TestTogether: duplicates in one batch, at the same time, collapse to one run, and share its outcome.
func TestTogether(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err   error
		panic bool
		first weirtest.State
		want  error // the others' too
	}{
		"success": {nil, false, ok, nil},
		"error":   {errBoom, false, failed, errBoom},
		"drop":    {weir.Drop(errBoom), false, dropped, errBoom},
		"panic":   {nil, true, failed, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				store := &spy{Store: mem.New()}
				runs := 0
				l := weir.SQS(weir.Each(func(context.Context, order) error {
					runs++
					time.Sleep(time.Second)
					if c.panic {
						panic("oh")
					}
					return c.err
				}), once.Use(once.New("f", store), once.Pointer("/id")), weir.Concurrency(8), weir.ReportAll())
				event := make([]any, 8)
				for i := range event {
					event[i] = order{ID: "a"}
				}
				r := invoke(t, l, weirtest.SQS(event...))
				assert.Equal(t, runs, 1)
				assert.Equal(t, store.commits, 2)
				for _, o := range r.Records {
					assert.Equal(t, o.State, c.first)
					if c.want != nil && !errors.Is(o.Err, c.want) {
						t.Error(o.Err)
					}
				}
			})
		})
	}
}

// TestTogetherAcrossBatches: so do invocations that share a process.
func TestTogetherAcrossBatches(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		in, runs := mem.New(), 0
		f := once.Result(once.New("f", in), order.key, func(context.Context, order) (int, error) {
			runs++
			time.Sleep(time.Second)
			return 42, nil
		})
		results := make(chan int, 16)
		for range 16 {
			go func() {
				n, err := f(t.Context(), order{ID: "a"})
				assert.NoError(t, err)
				results <- n
			}()
		}
		for range 16 {
			assert.Equal(t, <-results, 42)
		}
		assert.Equal(t, runs, 1)
	})
}

// TestWaiting: who waits for another attempt waits no longer than the lease, nor than its own context.
func TestWaiting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		in, runs := mem.New(), 0
		f := once.Do(once.New("f", in, once.Lease(time.Minute)), order.key, func(context.Context, order) error {
			if runs++; runs == 1 {
				time.Sleep(time.Hour)
			}
			return nil
		})
		late := make(chan error, 1)
		go func() { late <- f(t.Context(), order{ID: "a"}) }()
		synctest.Wait()
		begin := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if err := f(ctx, order{ID: "a"}); !errors.Is(err, once.ErrInProgress) || time.Since(begin) != 10*time.Second {
			t.Errorf("%v after %v", err, time.Since(begin))
		}
		assert.NoError(t, f(t.Context(), order{ID: "a"}))
		assert.Equal(t, time.Since(begin), time.Minute)
		assert.Equal(t, errors.Is(<-late, once.ErrLeaseLost), true)
		assert.Equal(t, runs, 2)
	})
}

// TestWithin: a function that asks for its own key is told so in the end, and nothing hangs.
func TestWithin(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var f func(context.Context, order) error
		f = once.Do(once.New("f", mem.New(), once.Lease(time.Minute)), order.key, func(ctx context.Context, o order) error { return f(ctx, o) })
		if err := f(t.Context(), order{ID: "a"}); !errors.Is(err, once.ErrInProgress) && !errors.Is(err, context.DeadlineExceeded) { // they come at one moment
			t.Error(err)
		}
	})
}

// TestParts: of a record that carries several, those that are done do not run again with it.
func TestParts(t *testing.T) {
	t.Parallel()
	var c counter
	fail := true
	l := weir.SQS(weir.Unwrap(weir.Each(func(_ context.Context, s string) error {
		if c.ran(s); s == "b" && fail {
			return errBoom
		}
		return nil
	}), func(_ context.Context, m *weir.Message) (inside []weir.Message, err error) {
		for i, s := range []string{"a", "b", "c"} {
			inside = append(inside, m.WithPart(i, []byte(s)))
		}
		return inside, nil
	}), once.Use(once.New("f", mem.New()), once.MessageID()))
	invoke(t, l, weirtest.SQS("x")).Want(t, failed)
	fail = false
	invoke(t, l, weirtest.SQS("x")).Want(t, ok)
	c.want(t, map[string]int{"a": 1, "b": 2, "c": 1})
}

// TestOtherPayload: the key is that of the record as it is handed on, also where others were read
// ahead.
func TestOtherPayload(t *testing.T) {
	t.Parallel()
	for name, outer := range map[string]weir.Middleware{
		"handed on": func(next weir.Handler) weir.Handler {
			return func(ctx context.Context, m *weir.Message) error {
				other := m.With([]byte(`{"id":"fetched"}`))
				return next(weir.WithMessage(ctx, &other), &other)
			}
		},
		"in place": func(next weir.Handler) weir.Handler {
			return func(ctx context.Context, m *weir.Message) error {
				m.Payload = []byte(`{"id":"fetched"}`)
				return next(ctx, m)
			}
		},
	} {
		var c counter
		l := weir.SQS(weir.Each(func(_ context.Context, o order) error { c.ran(o.ID); return nil }),
			weir.Use(outer), once.Use(once.New("f", mem.New()), once.Pointer("/id")))
		invoke(t, l, weirtest.SQS(order{ID: "1"}, order{ID: "2"}, order{ID: "3"})).Want(t, ok, ok, ok)
		t.Log(name)
		c.want(t, map[string]int{"fetched": 1})
	}
}
