package oncetest

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/middleware/once"
	"github.com/weir-go/weir/state"
	"github.com/weir-go/weir/weirtest"
)

type order struct {
	ID string `json:"id"`
}

func (o order) key() string { return o.ID }

var errBoom, errBegin = errors.New("boom"), errors.New("not begun")

func process(name string, s state.Store, f func(context.Context, order) error, opts ...once.Option) *weir.Lambda {
	return weir.SQS(weir.Each(f), once.Use(once.New(name, s, opts...), once.Pointer("/id")))
}

func invoke(t *testing.T, l *weir.Lambda, orders ...any) *weirtest.Result {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
	defer cancel()
	return weirtest.Run(ctx, l, weirtest.SQS(orders...))
}

// TestRace: of 16 invocations in 16 processes that get one record at the same time, one runs it. The
// others find it in progress, and done when they come again.
func TestRace(t *testing.T) {
	all(t, func(t *testing.T, name string, open func() state.Store) {
		const processes = 16
		var runs, answers atomic.Int64
		var others sync.WaitGroup
		others.Add(processes - 1)
		f := func(context.Context, order) error {
			if runs.Add(1) == 1 {
				others.Wait() // the one that runs is the last to answer
			}
			return nil
		}
		lambdas := make([]*weir.Lambda, processes)
		for i := range lambdas {
			lambdas[i] = process(name, open(), f)
		}
		var wg sync.WaitGroup
		for _, l := range lambdas {
			wg.Go(func() {
				r := invoke(t, l, order{"a"})
				if r.Records[0].State == weirtest.Succeeded {
					answers.Add(1)
					return
				}
				if err := r.Records[0].Err; !errors.Is(err, once.ErrInProgress) {
					t.Error(err)
				}
				others.Done()
			})
		}
		wg.Wait()
		if runs.Load() != 1 || answers.Load() != 1 {
			t.Fatalf("%d runs, and %d answered that it is done", runs.Load(), answers.Load())
		}
		for _, l := range lambdas {
			invoke(t, l, order{"a"}).Want(t, weirtest.Succeeded)
		}
		if runs.Load() != 1 {
			t.Errorf("%d runs", runs.Load())
		}
	})
}

// TestStates: failure gives a key up, success completes it with its result, and a batch finds what is
// known of all its records.
func TestStates(t *testing.T) {
	all(t, func(t *testing.T, name string, open func() state.Store) {
		runs, fail := 0, true
		f := func(context.Context, order) error {
			if runs++; fail {
				return errBoom
			}
			return nil
		}
		invoke(t, process(name, open(), f), order{"a"}, order{"b"}).Want(t, weirtest.Failed, weirtest.Failed)
		fail = false
		l := process(name, open(), f)
		invoke(t, l, order{"a"}).Want(t, weirtest.Succeeded)
		invoke(t, l, order{"a"}, order{"b"}, order{"a"}, order{"b"}).Want(t, weirtest.Succeeded, weirtest.Succeeded, weirtest.Succeeded, weirtest.Succeeded)
		invoke(t, process(name, open(), f), order{"a"}, order{"b"}).Want(t, weirtest.Succeeded, weirtest.Succeeded)
		if runs != 4 {
			t.Errorf("%d runs, want 4", runs)
		}
		for range 2 {
			got, err := once.Result(once.New(name+"2", open()), order.key, func(context.Context, order) (int, error) { runs++; return runs, nil })(t.Context(), order{"a"})
			if err != nil || got != 5 {
				t.Errorf("%d, %v, want 5", got, err)
			}
		}
	})
}

// TestFencing: an attempt whose lease has ended can be taken over, and then neither completes the key
// nor gives it up.
func TestFencing(t *testing.T) {
	all(t, func(t *testing.T, name string, open func() state.Store) {
		second := func(o order, fail error) (err error) {
			do := once.Do(once.New(name, open()), order.key, func(context.Context, order) error { return fail })
			for err = once.ErrInProgress; errors.Is(err, once.ErrInProgress); { // until the lease has ended
				err = do(t.Context(), o)
			}
			return err
		}
		for _, c := range []struct {
			id                  string
			first, second, want error
			runs                int
		}{
			{"both succeed", nil, nil, once.ErrLeaseLost, 0},
			{"the first fails", errBoom, nil, errBoom, 0},
			{"the second fails", nil, errBoom, nil, 0},
			{"both fail", errBoom, errBoom, errBoom, 1},
		} {
			first := once.Do(once.New(name, open(), once.Lease(200*time.Millisecond)), order.key, func(_ context.Context, o order) error {
				if err := second(o, c.second); !errors.Is(err, c.second) {
					t.Errorf("%s: the second attempt: %v", c.id, err)
				}
				return c.first
			})
			err := errBegin
			for tries := 0; tries < 10 && (err == errBegin || errors.Is(err, context.DeadlineExceeded)); tries++ { // the claim was slower than the lease
				err = first(t.Context(), order{c.id})
			}
			if !errors.Is(err, c.want) {
				t.Errorf("%s: the first attempt: %v, want %v", c.id, err, c.want)
			}
			runs := 0
			third := once.Do(once.New(name, open()), order.key, func(context.Context, order) error { runs++; return nil })
			if err := third(t.Context(), order{c.id}); err != nil || runs != c.runs {
				t.Errorf("%s: %d runs of a third attempt, %v, want %d", c.id, runs, err, c.runs)
			}
		}
	})
}
