package once_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/internal/errtree"
	"github.com/weir-go/weir/middleware/once"
	"github.com/weir-go/weir/state"
	"github.com/weir-go/weir/state/mem"
	"github.com/weir-go/weir/weirtest"
)

// TestMistakes: no policy gives up a record for a mistake in the settings.
func TestMistakes(t *testing.T) {
	t.Parallel()
	nothing := func(context.Context, order) error { t.Error("it ran"); return nil }
	taken := once.New("f", mem.New())
	_ = once.Do(taken, order.key, nothing)
	do := func(s *once.Store, key func(order) string, f func(context.Context, order) error) *weir.Lambda {
		return weir.SQS(weir.Each(once.Do(s, key, f)))
	}
	use := func(s *once.Store, k once.Key) *weir.Lambda {
		return weir.SQS(weir.Each(nothing), weir.Use(once.Middleware(s, k)))
	}
	result := once.Result(taken, order.key, func(context.Context, order) (int, error) { return 0, nothing(context.Background(), order{}) })
	validated := once.Do(once.New("v", mem.New(), once.Validate(once.Payload())), order.key, nothing)
	for name, l := range map[string]*weir.Lambda{
		"Do with a nil Store":           do(nil, order.key, nothing),
		"Do without a state.Store":      do(once.New("f", nil), order.key, nothing),
		"Do with a Store that is taken": do(taken, order.key, nothing),
		"Do without a key":              do(once.New("f", mem.New()), nil, nothing),
		"Do without a function":         do(once.New("f", mem.New()), order.key, nil),
		"Result with a taken Store":     weir.SQS(weir.Each(func(ctx context.Context, o order) error { _, err := result(ctx, o); return err })),
		"Validate without a record":     weir.SQS(weir.Each(func(_ context.Context, o order) error { return validated(context.Background(), o) })),
		"Middleware with a nil Store":   use(nil, once.MessageID()),
		"Middleware with a taken one":   use(taken, once.MessageID()),
		"Middleware without a key":      use(once.New("f", mem.New()), once.Key{}),
		"Middleware with a bad key":     use(once.New("f", mem.New()), once.Pointer("id")),
	} {
		r := invoke(t, l, weirtest.SQS(order{ID: "a"}))
		if err := r.Records[0].Err; err == nil || errtree.Says(err) < errtree.Blameless {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestWaitersAreInnocent: a record that waited for another one's run, and did not run itself, is not
// given up for that one's error, unless it would have the same.
func TestWaitersAreInnocent(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err   error
		panic bool
		says  int
	}{
		"error":       {errBoom, false, errtree.Blameless},
		"panic":       {nil, true, errtree.Blameless},
		"retry after": {weir.RetryAfter(time.Minute, errBoom), false, errtree.Blameless},
		"unavailable": {weir.Unavailable(errBoom), false, errtree.Unavailable},
		"permanent":   {weir.Permanent(errBoom), false, errtree.Permanent},
		"undecodable": {weir.Undecodable(errBoom), false, errtree.Undecodable},
		"drop":        {weir.Drop(errBoom), false, errtree.Dropped},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ran := ""
				l := weir.SQS(weir.EachMessage(func(_ context.Context, m *weir.Message) error {
					ran = m.ID
					time.Sleep(time.Second)
					if c.panic {
						panic("oh")
					}
					return c.err
				}), once.Use(once.New("f", mem.New()), once.Payload()), weir.Concurrency(2), weir.ReportAll())
				r := invoke(t, l, weirtest.SQS("a", "a"))
				did, other := split(r, ran)
				waited := other.Err
				if c.err != nil {
					assert.Equal(t, did.Err, c.err)
					assert.Equal(t, errors.Is(waited, errBoom), true)
				}
				assert.Equal(t, errtree.Says(waited), c.says)
				assert.Equal(t, errtree.Delay(waited), errtree.Delay(c.err))
			})
		})
	}
}

// split returns the record of two that ran, and the other one.
func split(r *weirtest.Result, ran string) (did, waited weirtest.Outcome) {
	if r.Records[0].ID == ran {
		return r.Records[0], r.Records[1]
	}
	return r.Records[1], r.Records[0]
}

// TestWaitersOfOtherContent: what another record's content led to says nothing of a record of other
// content that waited for it.
func TestWaitersOfOtherContent(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err  error
		want error // of the one that waits; nil for one that is retried
	}{
		"done":        {nil, once.ErrPayload},
		"drop":        {weir.Drop(errBoom), once.ErrPayload},
		"permanent":   {weir.Permanent(errBoom), nil},
		"undecodable": {weir.Undecodable(errBoom), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ran := ""
				l := weir.SQS(weir.EachMessage(func(_ context.Context, m *weir.Message) error {
					ran = m.ID
					time.Sleep(time.Second)
					return c.err
				}), once.Use(once.New("f", mem.New(), once.Validate(once.Payload())), once.Pointer("/id")),
					weir.Concurrency(2), weir.ReportAll(), weir.OnUndecodable(weir.DropUndecodable))
				r := invoke(t, l, weirtest.SQS(order{"a", 1}, order{"a", 2}))
				_, waited := split(r, ran)
				assert.Equal(t, waited.State, failed)
				if c.want != nil && !errors.Is(waited.Err, c.want) || c.want == nil && errtree.Says(waited.Err) != errtree.Blameless {
					t.Error(waited.Err)
				}
			})
		})
	}
}

// TestWaitingBehindOtherContent: who waits for a record that ErrPayload fails is done if it has
// the content that the key was completed with.
func TestWaitingBehindOtherContent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		in, runs := mem.New(), 0
		lambda := func(s state.Store) *weir.Lambda {
			return weir.SQS(weir.Each(func(context.Context, order) error { runs++; return nil }),
				once.Use(once.New("f", s, once.Validate(once.Payload())), once.Pointer("/id")))
		}
		invoke(t, lambda(in), weirtest.SQS(order{"a", 1})).Want(t, ok)
		l := lambda(&spy{Store: in, before: func(op string, _ int, _ []state.Write) error {
			time.Sleep(time.Second)
			return nil
		}})
		other := make(chan error, 1)
		go func() { other <- invoke(t, l, weirtest.SQS(order{"a", 2})).Records[0].Err }()
		synctest.Wait()
		invoke(t, l, weirtest.SQS(order{"a", 1})).Want(t, ok)
		if err := <-other; !errors.Is(err, once.ErrPayload) {
			t.Error(err)
		}
		assert.Equal(t, runs, 1)
	})
}

// hostile is an error whose methods panic.
type hostile struct{}

func (hostile) Error() string { panic("Error panics") }
func (hostile) Unwrap() error { panic("Unwrap panics") }

// TestHostileErrors: an error whose methods panic gives its key up, as any other.
func TestHostileErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		runs int // of 3
	}{
		{hostile{}, 3},
		{errors.Join(weir.Drop(nil), hostile{}), 3},
		{weir.Drop(hostile{}), 1},
		{errors.Join(weir.Drop(hostile{})), 1},
		{weir.Permanent(hostile{}), 3},
	} {
		runs := 0
		f := once.Do(once.New("f", mem.New()), order.key, func(context.Context, order) error { runs++; return c.err })
		for range 3 {
			if err := f(t.Context(), order{ID: "a"}); err == nil {
				t.Error("no error")
			}
		}
		if runs != c.runs {
			t.Errorf("%#v: %d runs", c.err, runs)
		}
	}
}

// TestRefusedResult: a result that the store refuses is not kept, and its key is completed all the
// same.
func TestRefusedResult(t *testing.T) {
	t.Parallel()
	runs := 0
	small := &spy{Store: mem.New(), before: func(op string, _ int, w []state.Write) error {
		if op == "commit" && len(w[0].Data) > 100 {
			return fmt.Errorf("too large: %w", state.ErrRefused)
		}
		return nil
	}}
	f := once.Result(once.New("f", small), order.key, func(context.Context, order) (string, error) {
		runs++
		return fmt.Sprintf("%0200d", 1), nil
	})
	got, err := f(t.Context(), order{ID: "a"})
	assert.NoError(t, err)
	assert.Equal(t, len(got), 200)
	_, err = f(t.Context(), order{ID: "a"})
	assert.Equal(t, errors.Is(err, once.ErrNoResult), true)
	assert.Equal(t, runs, 1)
	drop := once.Do(once.New("g", small), order.key, func(context.Context, order) error {
		runs++
		return weir.Drop(fmt.Errorf("%0200d", 1))
	})
	for range 2 {
		assert.Equal(t, errtree.Says(drop(t.Context(), order{ID: "a"})), errtree.Dropped)
	}
	assert.Equal(t, runs, 2)
}

// patient is a store that takes its time, and heeds contexts.
type patient struct {
	state.Store
	takes time.Duration
}

func (p patient) wait(ctx context.Context) error {
	select {
	case <-time.After(p.takes):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (p patient) Load(ctx context.Context, scope string, keys []state.Key, consistent bool) ([]state.Row, error) {
	if err := p.wait(ctx); err != nil {
		return nil, err
	}
	return p.Store.Load(ctx, scope, keys, consistent)
}

func (p patient) Commit(ctx context.Context, scope string, w []state.Write) error {
	if err := p.wait(ctx); err != nil {
		return err
	}
	return p.Store.Commit(ctx, scope, w)
}

// TestJustBeforeTheEnd: a function that returns late is completed whenever it does so, also just before the
// time at which there is a last attempt only.
func TestJustBeforeTheEnd(t *testing.T) {
	t.Parallel()
	for _, at := range []time.Duration{9300, 9389, 9390, 9395, 9399, 9400, 9401, 9410} {
		synctest.Test(t, func(t *testing.T) {
			in, runs := mem.New(), 0
			l := weir.SQS(weir.Each(func(context.Context, order) error {
				runs++
				time.Sleep(at*time.Millisecond - 20*time.Millisecond) // whatever its context says
				return nil
			}), once.Use(once.New("f", patient{in, 10 * time.Millisecond}), once.MessageID()), weir.DeadlineReserve(time.Second))
			invoke(t, l, weirtest.SQS(order{ID: "a"}))
			time.Sleep(time.Minute)
			invoke(t, l, weirtest.SQS(order{ID: "a"})).Want(t, ok)
			if runs != 1 {
				t.Errorf("%v: %d runs", at*time.Millisecond, runs)
			}
		})
	}
}
