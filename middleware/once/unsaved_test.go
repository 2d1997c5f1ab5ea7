package once_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/middleware/once"
	"github.com/weir-go/weir/state"
	"github.com/weir-go/weir/state/mem"
)

// outage is a store that is down from its second commit on, until it is mended.
func outage(in state.Store) (s *spy, mend func()) {
	down := true
	s = &spy{Store: in, before: func(op string, n int, _ []state.Write) error {
		if down && op == "commit" && n >= 2 {
			return errDown
		}
		return nil
	}}
	return s, func() { down = false }
}

// process runs the record of an order in a worker, and returns what becomes of it.
func process(t *testing.T, s *once.Store, f func(order) error) func(payload string) (weir.Outcome, error) {
	r := weir.NewRunner("worker", weir.Each(once.Do(s, order.key, func(_ context.Context, o order) error { return f(o) })))
	return func(payload string) (weir.Outcome, error) {
		return r.Run(t.Context(), []weir.Message{{ID: "a", Payload: []byte(payload)}}).Of(0)
	}
}

// A function that succeeded while the store was down is not called again by the process that knows: the store is
// told, as soon as it listens, and then everybody knows.
func TestUnsaved(t *testing.T) {
	t.Parallel()
	for _, drop := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			in := mem.New()
			s, mend := outage(in)
			runs := 0
			f := func(order) error {
				if runs++; drop {
					return weir.Drop(errBoom)
				}
				return nil
			}
			this := process(t, once.New("f", s, once.Validate(once.Payload())), f)
			other := process(t, once.New("f", in), f)
			for range 2 {
				o, err := this(`{"id":"k"}`)
				assert.Equal(t, o, weir.Failed)
				assert.Equal(t, errors.Is(err, once.ErrNotStored), true)
			}
			_, err := other(`{"id":"k"}`)
			assert.Equal(t, errors.Is(err, once.ErrInProgress), true)
			mend()
			_, err = this(`{"id":"k","amount":2}`)
			assert.Equal(t, errors.Is(err, once.ErrPayload), true)
			want := map[bool]weir.Outcome{false: weir.Succeeded, true: weir.Dropped}[drop]
			for _, process := range []func(string) (weir.Outcome, error){this, other, this} {
				o, err := process(`{"id":"k"}`)
				assert.Equal(t, o, want)
				if drop {
					assert.Error(t, err, "once: dropped before: boom")
				}
			}
			assert.Equal(t, runs, 1)
		})
	}
}

// Whoever took the key over meanwhile counts.
func TestUnsavedIsFenced(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		in := mem.New()
		s, mend := outage(in)
		var ran []string
		run := func(who string) func(order) error {
			return func(order) error { ran = append(ran, who); return nil }
		}
		this, other := process(t, once.New("f", s), run("this")), process(t, once.New("f", in), run("other"))
		_, err := this(`{"id":"k"}`)
		assert.Equal(t, errors.Is(err, once.ErrNotStored), true)
		time.Sleep(once.DefaultLease + time.Second)
		for _, process := range []func(string) (weir.Outcome, error){other, this} {
			mend()
			o, _ := process(`{"id":"k"}`)
			assert.Equal(t, o, weir.Succeeded)
		}
		assert.Equal(t, ran, []string{"this", "other"})
	})
}

// Nor is it remembered for longer than Keep says.
func TestUnsavedIsNotForEver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, mend := outage(mem.New())
		runs := 0
		this := process(t, once.New("f", s, once.Keep(time.Hour)), func(order) error { runs++; return nil })
		_, err := this(`{"id":"k"}`)
		assert.Equal(t, errors.Is(err, once.ErrNotStored), true)
		mend()
		time.Sleep(2 * time.Hour)
		_, err = this(`{"id":"k"}`)
		assert.NoError(t, err)
		assert.Equal(t, runs, 2)
	})
}

// A result is kept too. What is too much to remember runs again, after its lease.
func TestUnsavedResults(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, mend := outage(&large{mem.New()})
		runs := 0
		f := once.Result(once.New("f", s), order.key, func(_ context.Context, o order) (string, error) {
			runs++
			return strings.Repeat("x", o.Amount), nil
		})
		call := func(id string, n int) (string, error) { return f(t.Context(), order{id, n}) }
		_, err := call("small", 10)
		assert.Equal(t, errors.Is(err, once.ErrNotStored), true)
		mend()
		got, err := call("small", 11)
		assert.NoError(t, err)
		assert.Equal(t, got, strings.Repeat("x", 10))
		assert.Equal(t, runs, 1)
	})
	synctest.Test(t, func(t *testing.T) {
		in := mem.New()
		down := true
		s := &spy{Store: in, before: func(op string, _ int, w []state.Write) error {
			if down && op == "commit" && len(w[0].Data) > 1000 {
				return errDown
			}
			return nil
		}}
		runs := map[string]int{}
		f := once.Result(once.New("f", &large{s}), order.key, func(_ context.Context, o order) (string, error) {
			runs[o.ID]++
			return strings.Repeat("x", o.Amount), nil
		})
		all := func() (ok int) {
			for i := range 5 {
				if _, err := f(t.Context(), order{fmt.Sprint(i), 300_000}); err == nil {
					ok++
				}
			}
			return ok
		}
		assert.Equal(t, all(), 0)
		down = false
		assert.Equal(t, all(), 3) // that fit into a megabyte
		time.Sleep(once.DefaultLease + time.Second)
		assert.Equal(t, all(), 5)
		assert.Equal(t, runs, map[string]int{"0": 1, "1": 1, "2": 1, "3": 2, "4": 2})
	})
}

// large is a store with rows of any size.
type large struct{ state.Store }

func (l *large) Caps() state.Caps {
	c := l.Store.Caps()
	c.MaxRow, c.MaxBytes = 0, 0
	return c
}
