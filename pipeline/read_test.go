package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/monoid"
	"github.com/weir-go/weir/pipeline"
	"github.com/weir-go/weir/state"
	"github.com/weir-go/weir/state/mem"
	"github.com/weir-go/weir/weirtest"
)

// hourly has the maximum per customer and hour, at a clock that stands at noon of March 1st, 2026.
func hourly(t *testing.T, store state.Store, values ...any) *pipeline.Pipeline[order, int64] {
	t.Helper()
	p := amounts(store)
	p.Aggregate, p.Window = monoid.Max[int64](), pipeline.Hourly(0)
	p.Time = func(o order) time.Time { return o.At }
	p.Now = func() time.Time { return noon }
	if len(values) > 0 {
		if n := deliver(t, weir.Kinesis(p), weirtest.Kinesis(values...)); n != 1 {
			t.Fatalf("%d invocations", n)
		}
	}
	return p
}

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func at(h int, m int) time.Time {
	return noon.Add(time.Duration(h)*time.Hour + time.Duration(m)*time.Minute)
}

// Readers of [a b] and of [b a] at the same time each get their own.
func TestF31_OrderOfReads(t *testing.T) {
	t.Parallel()
	p := amounts(mem.New())
	deliver(t, weir.Kinesis(p), weirtest.Kinesis(orders(3)...))
	var wg sync.WaitGroup
	for i := range 32 {
		keys, want := []string{"c0", "c1", "nobody"}, [3]int64{1, 2, 0}
		if i%2 == 0 {
			keys, want = []string{"c1", "nobody", "c0"}, [3]int64{2, 0, 1}
		}
		wg.Go(func() {
			for range 50 {
				all, err := p.GetMany(t.Context(), keys)
				if err != nil || [3]int64{all[0].Value, all[1].Value, all[2].Value} != want {
					t.Errorf("%v: %+v, %v", keys, all, err)
				}
			}
		})
	}
	wg.Wait()
	all, err := p.GetMany(t.Context(), []string{"c0", "c0", "c1", "c0"})
	if err != nil || all[0] != all[1] || all[1] != all[3] || all[2].Value != 2 {
		t.Errorf("a key asked for twice: %+v, %v", all, err)
	}
}

// A reader whose context has ended fails alone.
func TestF32_CancelledReader(t *testing.T) {
	t.Parallel()
	p := amounts(mem.New())
	deliver(t, weir.Kinesis(p), weirtest.Kinesis(orders(3)...))
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if i%2 == 0 {
				cancel()
			}
			r, err := p.Get(ctx, "c1")
			if (i%2 == 0) != (err != nil) || err == nil && r.Value != 2 {
				t.Errorf("reader %d: %+v, %v", i, r, err)
			}
		})
	}
	wg.Wait()
}

// Windows without a value do not take part: a maximum over negatives is negative.
func TestF33_MissingWindows(t *testing.T) {
	t.Parallel()
	p := hourly(t, mem.New(), order{Customer: "a", Amount: -7, At: at(-5, 0)}, order{Customer: "a", Amount: -9, At: at(-2, 0)})
	r, err := p.Range(t.Context(), "a", at(-10, 0), at(0, 0))
	if err != nil || r.Value != -7 || !r.Present || r.Windows != 2 {
		t.Errorf("%+v, %v", r, err)
	}
	none, err := p.Range(t.Context(), "b", at(-10, 0), at(0, 0))
	if err != nil || none.Present || none.Windows != 0 || none.Value != monoid.Max[int64]().Identity() {
		t.Errorf("nothing: %+v, %v", none, err)
	}
}

// The last three hours cover at least three hours, and say which.
func TestF34_RecentCoversWhatWasAsked(t *testing.T) {
	t.Parallel()
	p := hourly(t, mem.New(), order{Customer: "a", Amount: 5, At: at(-3, 30)}, order{Customer: "a", Amount: 3, At: at(0, 1)})
	p.Now = nil
	q := p.Clone()
	q.Now = func() time.Time { return at(0, 1) }
	r, err := q.Recent(t.Context(), "a", 3*time.Hour)
	if err != nil || r.Value != 5 || !r.From.Equal(at(-3, 0)) || !r.To.Equal(at(1, 0)) {
		t.Errorf("%+v, %v", r, err)
	}
	if q.Now = (func() time.Time { return at(0, 0) }); r.To.Sub(r.From) < 3*time.Hour {
		t.Error("less than was asked for")
	}
	if r, err = q.Range(t.Context(), "a", at(-3, 15), at(-3, 16)); err != nil || r.Value != 5 || !r.From.Equal(at(-3, 0)) || !r.To.Equal(at(-2, 0)) {
		t.Errorf("a part of a window: %+v, %v", r, err)
	}
}

// lagging answers reads that need not be consistent from before the last commit.
type lagging struct {
	*mem.Store
	behind *mem.Store
}

func (l *lagging) Load(ctx context.Context, name string, keys []state.Key, consistent bool) ([]state.Row, error) {
	if consistent {
		return l.Store.Load(ctx, name, keys, consistent)
	}
	return l.behind.Load(ctx, name, keys, consistent)
}

// A consistent read sees what was just merged, and merging itself always reads so.
func TestF35_ConsistentReads(t *testing.T) {
	t.Parallel()
	for _, pipe := range []func(state.Store) *pipeline.Pipeline[order, int64]{amounts, generic} {
		s := struct{ state.Store }{&lagging{mem.New(), mem.New()}} // without Lister and Ranger
		p := pipe(s)
		for range 3 {
			deliver(t, weir.Kinesis(p), weirtest.Kinesis(orders(3)...))
		}
		r, err := p.Get(t.Context(), "c1", pipeline.Consistent())
		if err != nil || r.Value != 2 {
			t.Errorf("consistent: %+v, %v", r, err)
		}
		if r, err = p.Get(t.Context(), "c1"); err != nil || r.Present {
			t.Errorf("the test shows nothing: %+v, %v", r, err)
		}
	}
}

// A process that knows nothing yet adds to what the store has.
func TestF36_NewProcess(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, pipe func(state.Store) *pipeline.Pipeline[order, int64]) {
		s := mem.New()
		for i := range 5 {
			p := pipe(s)
			deliver(t, weir.Kinesis(p), weirtest.Kinesis(orders(3)...).From(fmt.Sprint("arn:aws:kinesis:eu-west-1:1:stream/", i)))
			want(t, "total", total(t, p), 6*int64(i+1))
		}
	})
}

func TestWindowsAndKeys(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]state.Store{"range": mem.New(), "one by one": struct{ state.Store }{mem.New()}} {
		p := hourly(t, s, order{Customer: "a", Amount: 1, At: at(-5, 0)}, order{Customer: "a", Amount: 2, At: at(-2, 59)}, order{Customer: "b", Amount: 3, At: at(-2, 0)})
		var got []string
		for r, err := range p.Windows(t.Context(), "a", at(-100, 0), at(100, 0)) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, fmt.Sprint(r.From.Hour(), r.To.Hour(), r.Value, r.Present))
		}
		if text := fmt.Sprint(got); text != "[7 8 1 true 10 11 2 true]" {
			t.Errorf("%s: %s", name, text)
		}
	}
	p := hourly(t, mem.New(), order{Customer: "a", Amount: 1, At: at(-5, 0)}, order{Customer: "a", Amount: 2, At: at(-2, 0)}, order{Customer: "b", Amount: 3, At: at(-2, 0)})
	keys := map[string]int{}
	for k, err := range p.AllKeys(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		keys[k]++
	}
	if fmt.Sprint(keys) != "map[a:1 b:1]" {
		t.Errorf("%v", keys)
	}
	q := hourly(t, struct{ state.Store }{mem.New()})
	for _, err := range q.AllKeys(t.Context()) {
		if !errors.Is(err, pipeline.ErrCannotList) {
			t.Error(err)
		}
	}
	if _, err := amounts(mem.New()).Range(t.Context(), "a", at(0, 0), at(1, 0)); !errors.Is(err, pipeline.ErrNoWindows) {
		t.Error(err)
	}
	if r, err := q.Get(t.Context(), "a"); err != nil || r.Present || !r.From.Equal(noon) || !r.To.Equal(at(1, 0)) {
		t.Errorf("of a pipeline without data: %+v, %v", r, err)
	}
}

// A window is kept for its retention after its end, whatever the store deletes when.
func TestRetention(t *testing.T) {
	t.Parallel()
	s := mem.New()
	p := hourly(t, s)
	p.Window = pipeline.Hourly(2 * time.Hour)
	event := weirtest.Kinesis(order{Customer: "a", Amount: 4, At: at(-2, 0)}, order{Customer: "a", Amount: 9, At: at(-3, 0)})
	r := weirtest.Run(t.Context(), weir.Kinesis(p), event)
	if r.Err != nil || r.Records[0].State != weirtest.Succeeded || r.Records[1].State != weirtest.Dropped || !errors.Is(r.Records[1].Err, pipeline.ErrWindowExpired) {
		t.Errorf("%+v, %v", r.Records, r.Err)
	}
	later := func(h, m int) pipeline.Reading[int64] {
		q := p.Clone()
		q.Now = func() time.Time { return at(h, m) }
		got, err := q.Range(t.Context(), "a", at(-5, 0), at(0, 0))
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if r := later(0, 59); r.Value != 4 || r.Windows != 1 {
		t.Errorf("within its retention: %+v", r)
	}
	if r := later(1, 0); r.Present {
		t.Errorf("past it: %+v", r)
	}
	if n := s.Expire(at(1, 0)); n != 1 {
		t.Errorf("%d rows expired, want the window", n)
	}
}
