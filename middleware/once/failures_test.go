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
	"github.com/weir-go/weir/state"
	"github.com/weir-go/weir/state/mem"
	"github.com/weir-go/weir/weirtest"
)

var errDown = errors.New("the store is down")

// TestStoreDown is about a store that fails, at any call, for good or for a while, having done what it
// was asked or not.
func TestStoreDown(t *testing.T) {
	t.Parallel()
	from := func(op string, first, last int) func(string, int, []state.Write) error {
		return func(o string, n int, _ []state.Write) error {
			if o == op && n >= first && n <= last {
				return errDown
			}
			return nil
		}
	}
	const ever = 1000
	for name, c := range map[string]struct {
		before, after func(string, int, []state.Write) error
		fails         bool // the function
		opts          []once.Option
		want          error
		runs          int // of the first delivery
		again         error
		then          int // runs of one after the lease
	}{
		"down before the claim":                 {before: from("commit", 1, ever), want: errDown, then: 1},
		"one claim fails":                       {before: from("commit", 1, 1), runs: 1},
		"a claim's answer is lost":              {after: from("commit", 1, 1), runs: 1},
		"reads fail, so the claim is not known": {before: from("load", 1, ever), after: from("commit", 1, 1), want: errDown, again: once.ErrInProgress, then: 1},
		"one completion fails":                  {before: from("commit", 2, 2), runs: 1},
		"a completion's answer is lost":         {after: from("commit", 2, 2), runs: 1},
		"down after the function":               {before: from("commit", 2, ever), runs: 1, want: once.ErrNotStored, again: once.ErrInProgress, then: 1},
		"down after it, but trusted":            {before: from("commit", 2, ever), opts: []once.Option{once.SucceedUnstored()}, runs: 1, again: once.ErrInProgress, then: 1},
		"one read fails":                        {before: from("load", 1, 1), runs: 1},
		"reads fail after the function":         {before: from("load", 1, ever), runs: 1, want: once.ErrNotStored, again: once.ErrInProgress, then: 1},
		"completions' answers are lost":         {after: from("commit", 2, ever), runs: 1},
		"a release fails":                       {before: from("commit", 2, ever), fails: true, runs: 1, want: errBoom, again: once.ErrInProgress, then: 1},
		"one release fails":                     {before: from("commit", 2, 2), fails: true, runs: 1, want: errBoom, then: 1},
		"a release's answer is lost":            {after: from("commit", 2, ever), fails: true, runs: 1, want: errBoom, then: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				in := mem.New()
				runs, fails := 0, c.fails
				process := func(s state.Store) error {
					l := weir.SQS(weir.Each(func(context.Context, order) error {
						if runs++; fails {
							return errBoom
						}
						return nil
					}), once.Use(once.New("f", s, c.opts...), once.MessageID()))
					r := invoke(t, l, weirtest.SQS(order{ID: "a"}))
					return r.Records[0].Err
				}
				begin := time.Now()
				err := process(&spy{Store: in, before: c.before, after: c.after})
				if !errors.Is(err, c.want) || c.want == nil && err != nil {
					t.Fatalf("%v, want %v", err, c.want)
				}
				if _, other := errors.AsType[*weir.UnavailableError](err); other != (c.want == errDown || c.want == once.ErrNotStored) {
					t.Errorf("%v: is it the record's fault?", err)
				}
				assert.Equal(t, runs, c.runs)
				if took := time.Since(begin); took >= 10*time.Second {
					t.Errorf("it took %v", took)
				}
				fails = false
				if err := process(in); !errors.Is(err, c.again) || c.again == nil && err != nil {
					t.Errorf("again: %v, want %v", err, c.again)
				}
				if c.again != nil {
					assert.Equal(t, runs, c.runs)
				}
				time.Sleep(30 * time.Second)
				assert.NoError(t, process(in))
				assert.Equal(t, runs, c.runs+c.then)
			})
		})
	}
}

// TestOutage: once the store has failed a record, the next ones try it once, until it answers.
func TestOutage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		down := true
		store := &spy{Store: mem.New(), before: func(string, int, []state.Write) error {
			if down {
				return errDown
			}
			return nil
		}}
		do := once.Do(once.New("f", store), order.key, func(context.Context, order) error { return nil })
		for _, c := range []struct {
			id             string
			down           bool
			loads, commits int
		}{{"a", true, 2, 1}, {"b", true, 0, 1}, {"c", true, 0, 1}, {"b", false, 1, 2}, {"d", true, 2, 1}} {
			down = c.down
			if err := do(t.Context(), order{ID: c.id}); errors.Is(err, errDown) != c.down {
				t.Error(err)
			}
			store.want(t, c.loads, c.commits)
		}
	})
}

// TestRefused: what the store will never take says so, and is nobody's fault.
func TestRefused(t *testing.T) {
	t.Parallel()
	store := &spy{Store: mem.New(), before: func(op string, _ int, _ []state.Write) error {
		if op == "commit" {
			return state.ErrRefused
		}
		return nil
	}}
	err := once.Do(once.New("f", store), order.key, func(context.Context, order) error { t.Error("it ran"); return nil })(t.Context(), order{ID: "a"})
	if _, other := errors.AsType[*weir.UnavailableError](err); !errors.Is(err, state.ErrRefused) || !other {
		t.Error(err)
	}
	assert.Equal(t, store.commits, 1)
}

// TestReadAheadFails: then every record finds out by itself.
func TestReadAheadFails(t *testing.T) {
	t.Parallel()
	in := mem.New()
	store := &spy{Store: in, before: func(op string, n int, _ []state.Write) error {
		if op == "load" && n == 1 {
			return errDown
		}
		return nil
	}}
	var c counter
	event := weirtest.SQS(order{ID: "a"}, order{ID: "b"})
	for _, s := range []state.Store{in, store} {
		l := weir.SQS(weir.Each(func(_ context.Context, o order) error { c.ran(o.ID); return nil }), once.Use(once.New("f", s), once.Pointer("/id")))
		invoke(t, l, event).Want(t, ok, ok)
	}
	c.want(t, map[string]int{"a": 1, "b": 1})
}

// TestAtTheDeadline: a function that used up its time is completed all the same, in what is left of
// the reserve.
func TestAtTheDeadline(t *testing.T) {
	t.Parallel()
	for _, opts := range [][]weir.SQSOption{nil, {weir.DeadlineReserve(0)}, {weir.RecordTimeout(time.Second)}} {
		synctest.Test(t, func(t *testing.T) {
			in, runs := mem.New(), 0
			l := weir.SQS(weir.Each(func(ctx context.Context, _ order) error {
				if runs++; len(opts) > 0 && ctx.Err() == nil {
					time.Sleep(5 * time.Second)
				} else {
					<-ctx.Done()
				}
				return nil
			}), append([]weir.SQSOption{once.Use(once.New("f", in), once.MessageID())}, opts...)...)
			invoke(t, l, weirtest.SQS(order{ID: "a"})).Want(t, ok)
			invoke(t, l, weirtest.SQS(order{ID: "a"})).Want(t, ok)
			assert.Equal(t, runs, 1)
		})
	}
}

// TestSlowStore: a function does not begin when its time, or its lease, was used up by the claim.
func TestSlowStore(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		takes time.Duration
		opts  []once.Option
	}{
		"the context": {10 * time.Second, nil},
		"the lease":   {3 * time.Second, []once.Option{once.Lease(2 * time.Second)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				in, runs := mem.New(), 0
				slow := &spy{Store: in, after: func(_ string, n int, _ []state.Write) error {
					if n == 1 {
						time.Sleep(c.takes)
					}
					return nil
				}}
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
				defer cancel()
				f := func(context.Context, order) error { runs++; return nil }
				err := once.Do(once.New("f", slow, c.opts...), order.key, f)(ctx, order{ID: "a"})
				if _, other := errors.AsType[*weir.UnavailableError](err); !other || !errors.Is(err, context.DeadlineExceeded) {
					t.Error(err)
				}
				assert.Equal(t, runs, 0)
				assert.NoError(t, once.Do(once.New("f", in), order.key, f)(t.Context(), order{ID: "a"})) // it was given up
				assert.Equal(t, runs, 1)
			})
		})
	}
}

// TestDamage: a row that cannot be read fails its record, and does not run it.
func TestDamage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		in := mem.New()
		damage := &spy{Store: in, before: func(_ string, _ int, w []state.Write) error {
			for i := range w {
				w[i].Data = []byte("7")
			}
			return nil
		}}
		runs := 0
		do := func(s state.Store) error {
			return once.Do(once.New("f", s), order.key, func(context.Context, order) error { runs++; return nil })(t.Context(), order{ID: "a"})
		}
		_ = do(damage)
		runs = 0
		assert.Error(t, do(in), "format 55")
		assert.Equal(t, runs, 0)
	})
}
