package once_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/middleware/once"
	"github.com/weir-go/weir/state"
	"github.com/weir-go/weir/state/mem"
	"github.com/weir-go/weir/weirtest"
)

// TestDuplicates: a record that was done does not run again, whoever delivers it, and costs little.
func TestDuplicates(t *testing.T) {
	t.Parallel()
	store := &spy{Store: mem.New()}
	var c counter
	lambda := func() *weir.Lambda { // of another process
		return weir.SQS(weir.Each(func(_ context.Context, o order) error { c.ran(o.ID); return nil }),
			once.Use(once.New("ship", store), once.Pointer("/id")))
	}
	l := lambda()
	one := weirtest.SQS(order{ID: "a"})
	invoke(t, l, one).Want(t, ok)
	store.want(t, 1, 2) // claim, read the version, complete
	invoke(t, l, one).Want(t, ok)
	store.want(t, 1, 1) // a claim that is refused, and why
	invoke(t, lambda(), one).Want(t, ok)
	store.want(t, 1, 1)
	three := weirtest.SQS(order{ID: "a"}, order{ID: "b"}, order{ID: "c"}, order{ID: "b"})
	invoke(t, l, three).Want(t, ok, ok, ok, ok)
	store.want(t, 3, 4) // all of them ahead, and two claims
	invoke(t, l, three).Want(t, ok, ok, ok, ok)
	store.want(t, 1, 0)
	c.want(t, map[string]int{"a": 1, "b": 1, "c": 1})
}

// TestVersions: a store that tells which version it wrote need not be asked. If it does not, or tells a
// wrong one, it is, and nothing else changes.
func TestVersions(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change         func([]uint64) []uint64
		loads, commits int
	}{
		"right":    {func(v []uint64) []uint64 { return v }, 0, 2},
		"none":     {func([]uint64) []uint64 { return nil }, 1, 2},
		"zero":     {func([]uint64) []uint64 { return []uint64{0} }, 1, 2},
		"too many": {func(v []uint64) []uint64 { return append(v, 1) }, 1, 2},
		"wrong":    {func(v []uint64) []uint64 { return []uint64{v[0] + 1} }, 1, 3},
	} {
		for _, fail := range []error{nil, errBoom} { // the key is completed, or given up
			t.Run(fmt.Sprint(name, ", ", fail), func(t *testing.T) {
				t.Parallel()
				store := &telling{&spy{Store: mem.New()}, c.change}
				runs, want := 0, fail
				do := once.Do(once.New("ship", store), order.key, func(context.Context, order) error { runs++; return want })
				assert.Equal(t, do(t.Context(), order{ID: "a"}), fail)
				store.want(t, c.loads, c.commits)
				want = nil
				assert.NoError(t, do(t.Context(), order{ID: "a"}))
				assert.NoError(t, do(t.Context(), order{ID: "a"}))
				if fail != nil {
					runs--
				}
				assert.Equal(t, runs, 1)
			})
		}
	}
}

// TestWindows: a large batch is read ahead by 100 records, as far as it comes.
func TestWindows(t *testing.T) {
	t.Parallel()
	store := &spy{Store: mem.New()}
	var orders []any
	for i := range 250 {
		orders = append(orders, order{ID: fmt.Sprint(i % 240)})
	}
	var c counter
	bad := "120"
	l := weir.SQS(weir.Each(func(_ context.Context, o order) error {
		if c.ran(o.ID); o.ID == bad {
			return errBoom
		}
		return nil
	}), once.Use(once.New("ship", store), once.Pointer("/id")), weir.StopOnFailure())
	invoke(t, l, weirtest.SQS(orders...))
	assert.Equal(t, []int{store.asked[0], store.asked[101]}, []int{100, 100})
	store.want(t, 2+121, 2*121)
	bad = ""
	invoke(t, l, weirtest.SQS(orders...))
	assert.Equal(t, store.asked[0], 100)
	store.want(t, 3+120, 2*120)
	invoke(t, l, weirtest.SQS(orders...)).WantDone(t)
	assert.Equal(t, store.asked, []int{100, 100, 40})
	store.want(t, 3, 0)
	assert.Equal(t, len(c.runs), 240)
	assert.Equal(t, c.runs["120"], 2)
}

// TestNames: functions of different names share no keys, and a Store serves one of them.
func TestNames(t *testing.T) {
	t.Parallel()
	in := mem.New()
	var c counter
	for _, name := range []string{"ship", "bill", "ship"} {
		f := once.Do(once.New(name, in), order.key, func(context.Context, order) error { c.ran(name); return nil })
		assert.NoError(t, f(t.Context(), order{ID: "1"}))
	}
	c.want(t, map[string]int{"ship": 1, "bill": 1})
	s := once.New("both", in)
	first := once.Do(s, order.key, func(context.Context, order) error { return nil })
	assert.NoError(t, s.Err())
	second := once.Do(s, order.key, func(context.Context, order) error { return nil })
	assert.Error(t, s.Err(), `"both"`, "second function") // before a record comes
	l := weir.SQS(weir.Each(func(context.Context, order) error { return nil }), once.Use(s, once.MessageID()))
	assert.Error(t, l.Err(), `"both"`, "second function")
	assert.NoError(t, first(t.Context(), order{ID: "1"}))
	assert.Error(t, second(t.Context(), order{ID: "1"}), `"both"`, "second function")
}

// TestOutcomes: what the function says completes the key or gives it up.
func TestOutcomes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err   error
		panic any
		runs  int // of two deliveries
		want  []weirtest.State
	}{
		"nil":                  {runs: 1, want: []weirtest.State{ok, ok}},
		"error":                {err: errBoom, runs: 2, want: []weirtest.State{failed, failed}},
		"drop":                 {err: weir.Drop(errBoom), runs: 1, want: []weirtest.State{dropped, dropped}},
		"drop within":          {err: errors.Join(weir.Drop(errBoom), weir.Drop(nil)), runs: 1, want: []weirtest.State{dropped, dropped}},
		"drop beside an error": {err: errors.Join(weir.Drop(errBoom), errBoom), runs: 2, want: []weirtest.State{failed, failed}},
		"drop within a retry":  {err: weir.RetryAfter(time.Second, weir.Drop(errBoom)), runs: 2, want: []weirtest.State{failed, failed}},
		"retry after":          {err: weir.RetryAfter(time.Second, errBoom), runs: 2, want: []weirtest.State{failed, failed}},
		"permanent":            {err: weir.Permanent(errBoom), runs: 2, want: []weirtest.State{failed, failed}},
		"unavailable":          {err: weir.Unavailable(errBoom), runs: 2, want: []weirtest.State{failed, failed}},
		"abort":                {err: weir.Abort(errBoom), runs: 2, want: []weirtest.State{failed, failed}},
		"undecodable":          {err: weir.Undecodable(errBoom), runs: 2, want: []weirtest.State{failed, failed}},
		"panic":                {panic: errBoom, runs: 2, want: []weirtest.State{failed, failed}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			runs := 0
			l := weir.SQS(weir.Each(func(context.Context, order) error {
				if runs++; c.panic != nil {
					panic(c.panic)
				}
				return c.err
			}), once.Use(once.New("f", mem.New()), once.MessageID()))
			for i, want := range c.want {
				r := invoke(t, l, weirtest.SQS(order{ID: "a"}))
				assert.Equal(t, r.Records[0].State, want)
				if c.err != nil || c.panic != nil {
					assert.Error(t, r.Records[0].Err, "boom")
				}
				if p, isPanic := errors.AsType[*weir.PanicError](r.Records[0].Err); isPanic != (c.panic != nil) {
					t.Fatalf("%v", r.Records[0].Err)
				} else if isPanic {
					assert.Contains(t, string(p.Stack), "once_test.go") // where it was, not where we passed it on
				}
				if i > 0 && want == dropped && !errors.Is(r.Records[0].Err, once.ErrDropped) {
					t.Fatalf("%v", r.Records[0].Err)
				}
			}
			assert.Equal(t, runs, c.runs)
		})
	}
}

// TestGoexit: a handler that ends its goroutine gives its key up.
func TestGoexit(t *testing.T) {
	t.Parallel()
	runs := 0
	l := weir.SQS(weir.Each(func(context.Context, order) error {
		if runs++; runs == 1 {
			exit()
		}
		return nil
	}), once.Use(once.New("f", mem.New()), once.MessageID()))
	r := invoke(t, l, weirtest.SQS(order{ID: "a"}))
	assert.Equal(t, states(r), []weirtest.State{failed})
	assert.Equal(t, errors.Is(r.Records[0].Err, weir.ErrGoexit), true)
	invoke(t, l, weirtest.SQS(order{ID: "a"})).Want(t, ok)
	assert.Equal(t, runs, 2)
}

// TestLateDeadLetter: a record whose dead letter could not be sent is dropped again, not done.
func TestLateDeadLetter(t *testing.T) {
	t.Parallel()
	sink := &deadLetters{fail: true}
	l := weir.SQS(weir.Each(func(context.Context, order) error { return weir.Drop(errBoom) }),
		once.Use(once.New("f", mem.New()), once.MessageID()), weir.Observe(sink))
	invoke(t, l, weirtest.SQS(order{ID: "a"})).Want(t, failed)
	sink.fail = false
	invoke(t, l, weirtest.SQS(order{ID: "a"})).Want(t, dropped)
	assert.Equal(t, len(sink.got), 1)
	assert.Contains(t, sink.got[0], "boom")
}

type deadLetters struct {
	fail bool
	got  []string
}

func (d *deadLetters) RecordDropped(_ context.Context, _ *weir.Message, err error) error {
	if d.fail {
		return errors.New("the sink is down")
	}
	d.got = append(d.got, err.Error())
	return nil
}

// TestValidate: 2.10, 4.
func TestValidate(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]once.Key{"payload": once.Payload(), "pointer": once.Pointer("/amount")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var c counter
			l := weir.SQS(weir.Each(func(_ context.Context, o order) error { c.ran(o.ID); return nil }),
				once.Use(once.New("f", mem.New(), once.Validate(content), once.Cache(1)), once.Pointer("/id")))
			r := invoke(t, l, weirtest.SQS(order{"a", 1}, order{"a", 1}, order{"a", 2}))
			assert.Equal(t, states(r), []weirtest.State{ok, ok, failed})
			if err := r.Records[2].Err; !errors.Is(err, once.ErrPayload) {
				t.Fatal(err)
			}
			r = invoke(t, l, weirtest.SQS(order{"a", 2}))
			assert.Equal(t, states(r), []weirtest.State{failed})
			c.want(t, map[string]int{"a": 1})
		})
	}
	f := once.Do(once.New("f", mem.New(), once.Validate(once.Payload())), order.key, func(context.Context, order) error { return nil })
	assert.Error(t, f(t.Context(), order{ID: "a"}), "inside a handler")
}

// TestNoKey: 2.10, 5 and 6, and 2.12, row 13: records without a key never share one.
func TestNoKey(t *testing.T) {
	t.Parallel()
	payloads := []any{`{}`, `{"id":null}`, `{"id":""}`, `{"id":[]}`, `{"id":[null,null]}`, `{"id":{"a":null,"b":""}}`, `{"id":[[],{}]}`, `{"id":["t",null]}`, `{"id":{"t":"t","b":""}}`}
	for _, keyless := range []bool{false, true} {
		runs := 0
		var opts []once.Option
		want := failed
		if keyless {
			opts, want = []once.Option{once.RunWithoutKey()}, ok
		}
		store := &spy{Store: mem.New()}
		l := weir.SQS(weir.EachMessage(func(context.Context, *weir.Message) error { runs++; return nil }),
			once.Use(once.New("f", store, opts...), once.Pointer("/id")), weir.ReportAll())
		for range 2 {
			r := invoke(t, l, weirtest.SQS(payloads...))
			for _, o := range r.Records {
				assert.Equal(t, o.State, want)
				assert.Equal(t, errors.Is(o.Err, once.ErrNoKey), !keyless)
			}
		}
		assert.Equal(t, store.commits, 0)
		if keyless != (runs == 2*len(payloads)) {
			t.Errorf("%d runs", runs)
		}
	}
	for _, opts := range [][]once.Option{nil, {once.RunWithoutKey()}} {
		runs := 0
		f := once.Do(once.New("f", mem.New(), opts...), order.key, func(context.Context, order) error { runs++; return nil })
		for range 2 {
			if err := f(t.Context(), order{}); errors.Is(err, once.ErrNoKey) != (opts == nil) {
				t.Error(err)
			}
		}
		assert.Equal(t, runs, 2*len(opts))
	}
}

// TestSettings: what makes no sense is refused.
func TestSettings(t *testing.T) {
	t.Parallel()
	in := mem.New()
	loose := &spy{Store: in, caps: func(c state.Caps) state.Caps { c.Atomic = state.None; return c }}
	for want, s := range map[string]*once.Store{
		`New("f"): the state.Store is nil: give one`: once.New("f", nil),
		"not atomic":                     once.New("f", loose),
		"the name is missing":            once.New("", in),
		"more than 190":                  once.New(string(make([]byte, 191)), in),
		"Keep(-1s)":                      once.New("f", in, once.Keep(-time.Second)),
		"Lease(0s)":                      once.New("f", in, once.Lease(0)),
		"Cache(0)":                       once.New("f", in, once.Cache(0)),
		"option 0 is nil":                once.New("f", in, nil),
		"a JSON pointer begins":          once.New("f", in, once.Validate(once.Pointer("id"))),
		"give MessageID, Pointer, or Ke": once.New("f", in, once.Validate(once.Key{})),
		"the Store is nil":               nil,
	} {
		assert.Error(t, s.Err(), want)
		l := weir.SQS(weir.Each(func(context.Context, order) error { t.Error("it ran"); return nil }), once.Use(s, once.MessageID()))
		assert.Error(t, l.Err(), want)
		assert.Error(t, once.Do(s, order.key, func(context.Context, order) error { return nil })(t.Context(), order{ID: "a"}), want)
		l = weir.SQS(weir.Each(func(context.Context, order) error { t.Error("it ran"); return nil }), weir.Use(once.Middleware(s, once.MessageID())))
		assert.Error(t, invoke(t, l, weirtest.SQS(order{ID: "a"})).Err, want)
	}
	for want, k := range map[string]once.Key{
		"a JSON pointer begins":          once.Pointer("id"),
		"~ stands for itself":            once.Pointer("/a~2"),
		"KeyFunc(nil)":                   once.KeyFunc(nil),
		"give MessageID, Pointer, or Ke": {},
	} {
		l := weir.SQS(weir.Each(func(context.Context, order) error { return nil }), once.Use(once.New("f", in), k))
		assert.Error(t, l.Err(), want)
	}
	s := once.New("f", in)
	f := once.Do(s, order.key, (func(context.Context, order) error)(nil))
	assert.Error(t, f(t.Context(), order{ID: "a"}), "once: Do: the function is nil")
	assert.Error(t, s.Err(), "once: Do: the function is nil")
	g := once.Result(once.New("f", in), nil, func(context.Context, order) (int, error) { return 0, nil })
	_, err := g(t.Context(), order{ID: "a"})
	assert.Error(t, err, "once: Result: the key function is nil")
}
