package pipeline_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/metrics"
	"github.com/weir-go/weir/monoid"
	"github.com/weir-go/weir/pipeline"
	"github.com/weir-go/weir/state"
	"github.com/weir-go/weir/state/mem"
	"github.com/weir-go/weir/weirtest"
)

func TestValidate(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(p *pipeline.Pipeline[order, int64]){
		"Name is missing":             func(p *pipeline.Pipeline[order, int64]) { p.Name = "" },
		"Name has 201 bytes":          func(p *pipeline.Pipeline[order, int64]) { p.Name = strings.Repeat("n", 201) },
		"Key is missing":              func(p *pipeline.Pipeline[order, int64]) { p.Keys = nil },
		"both Key and Keys":           func(p *pipeline.Pipeline[order, int64]) { p.Key = func(order) string { return "" } },
		"Value is missing":            func(p *pipeline.Pipeline[order, int64]) { p.Value = nil },
		"Aggregate is missing":        func(p *pipeline.Pipeline[order, int64]) { p.Aggregate = nil },
		"StoreIn is missing":          func(p *pipeline.Pipeline[order, int64]) { p.StoreIn = nil },
		"ID needs Time":               func(p *pipeline.Pipeline[order, int64]) { p.ID = func(order) string { return "" } },
		"Size and Retention must not": func(p *pipeline.Pipeline[order, int64]) { p.Window.Size = -1 },
		"nothing in it may be":        func(p *pipeline.Pipeline[order, int64]) { p.Retry.Attempts = -1 },
		"more than Max":               func(p *pipeline.Pipeline[order, int64]) { p.Retry.Base, p.Retry.Max = 3, 2 },
		"MaxTotal is negative":        func(p *pipeline.Pipeline[order, int64]) { p.MaxTotal = -1 },
		"Keep is negative":            func(p *pipeline.Pipeline[order, int64]) { p.Receipts.Keep = -1 },
		"no room for receipts": func(p *pipeline.Pipeline[order, int64]) {
			p.StoreIn = &faulty{Store: p.StoreIn, caps: func(c *state.Caps) { c.MaxRows = 1 }}
		},
	} {
		p := amounts(mem.New())
		change(p)
		_, err := p.Build()
		if err == nil || !contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
		if _, err := p.Get(t.Context(), "c0"); err == nil {
			t.Errorf("%s: it can be read", want)
		}
		if l := weir.SQS(p); l.Err() == nil {
			t.Errorf("%s: a Lambda can be made of it", want)
		}
	}
	top := &pipeline.Pipeline[order, monoid.Frequent]{
		Name: "top", Key: func(order) string { return "" }, Value: func(o order) monoid.Frequent { return monoid.Seen(o.Customer) },
		Aggregate: monoid.TopK(0), StoreIn: mem.New(),
	}
	if err := top.Validate(); !errors.Is(err, monoid.ErrParameter) {
		t.Errorf("TopK(0): %v", err)
	}
	var none *pipeline.Pipeline[order, int64]
	if none.Validate() == nil {
		t.Error("nil is taken")
	}
	all := &pipeline.Pipeline[order, int64]{}
	if err := all.Validate(); !contains(fmt.Sprint(err), "Name is", "Key is", "Value is", "Aggregate is", "StoreIn is") {
		t.Errorf("not all that is missing is named: %v", err)
	}
	if p, err := amounts(mem.New()).Build(); p == nil || err != nil {
		t.Error(err)
	}
}

// Options of the core that cannot apply are refused, with the reason.
func TestOptions(t *testing.T) {
	t.Parallel()
	if err := weir.Kinesis(amounts(mem.New()), weir.RecordTimeout(time.Second)).Err(); !contains(fmt.Sprint(err), "RecordTimeout does not apply") {
		t.Error(err)
	}
	if err := weir.DynamoDB(amounts(mem.New())).Err(); !contains(fmt.Sprint(err), "weir.Change") {
		t.Error(err)
	}
}

// Under Concurrency records are decoded at the same time, with the same outcomes.
func TestConcurrency(t *testing.T) {
	t.Parallel()
	p := amounts(mem.New())
	var running, most atomic.Int64
	p.Decode = func(b []byte) (o order, err error) {
		for now, seen := running.Add(1), most.Load(); now > seen && !most.CompareAndSwap(seen, now); {
			seen = most.Load()
		}
		defer running.Add(-1)
		if err = json.Unmarshal(b, &o); err != nil {
			return o, err
		}
		switch o.Amount {
		case 100:
			panic("a hundred")
		case 200:
			return o, errors.New("two hundred")
		case 300:
			runtime.Goexit()
		}
		runtime.Gosched()
		return o, nil
	}
	var w watcher
	event := weirtest.Kinesis(orders(1000)...)
	r := weirtest.Run(t.Context(), weir.Kinesis(p, weir.Concurrency(4), weir.Observe(&w)), event)
	var panicked *weir.PanicError
	if got := r.Retried(); !slices.Equal(got, []string{event.IDs()[99], event.IDs()[199], event.IDs()[299]}) ||
		!errors.As(r.Records[99].Err, &panicked) || !errors.Is(r.Records[199].Err, weir.ErrUndecodable) ||
		!errors.Is(r.Records[299].Err, weir.ErrGoexit) {
		t.Errorf("retried %v: %v, %v", got, r.Records[99].Err, r.Records[199].Err)
	}
	want(t, "total", total(t, p), 500500-600)
	if w != (watcher{1000, 997, 3}) || most.Load() > 4 || running.Load() != 0 {
		t.Errorf("%+v, at most %d at a time, %d left", w, most.Load(), running.Load())
	}
}

// Nothing is begun once the deadline is near, and there is time left to merge what was.
func TestDeadlineWhilePreparing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := amounts(mem.New())
		inner := p.Value
		p.Value = func(o order) int64 { time.Sleep(10 * time.Millisecond); return inner(o) }
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		begin := time.Now()
		l := weir.Kinesis(p, weir.DeadlineReserve(2*time.Second))
		event := weirtest.Kinesis(orders(1000)...)
		r := weirtest.Run(ctx, l, event)
		took, n := time.Since(begin), len(r.Retried())
		if took > 3*time.Second || n < 700 || n > 850 || !errors.Is(r.Records[999].Err, weir.ErrDeadlineNear) {
			t.Errorf("%d retried after %v: %v", n, took, r.Records[999].Err)
		}
		deliver(t, l, event)
		want(t, "total", total(t, p), 500500)
	})
}

// watcher is told of every record.
type watcher struct{ started, succeeded, failed int }

func (w *watcher) RecordStarted(context.Context, *weir.Message)         { w.started++ }
func (w *watcher) RecordSucceeded(context.Context, *weir.Message) error { w.succeeded++; return nil }
func (w *watcher) RecordFailed(context.Context, *weir.Message, error) error {
	w.failed++
	return nil
}

func TestObservers(t *testing.T) {
	t.Parallel()
	var w watcher
	weirtest.Run(t.Context(), weir.SQS(amounts(mem.New()), weir.Observe(&w)), weirtest.SQS(order{Amount: 1}, "{", order{Amount: 2}))
	if w != (watcher{3, 2, 1}) {
		t.Errorf("%+v", w)
	}
}

// A pipeline of DynamoDB changes.
func TestDynamoDB(t *testing.T) {
	t.Parallel()
	type item struct {
		PK string
		N  int64
	}
	p := &pipeline.Pipeline[weir.Change[item], int64]{
		Name: "items", Key: func(c weir.Change[item]) string { return c.New.PK }, Value: func(c weir.Change[item]) int64 { return c.New.N },
		Aggregate: monoid.Sum[int64](), StoreIn: mem.New(),
	}
	event := weirtest.DynamoDB(weirtest.Table{Key: "PK"}, weirtest.Inserted(item{"a", 1}), weirtest.Inserted(item{"b", 5}), weirtest.Modified(item{"a", 1}, item{"a", 2}))
	for range 2 {
		deliver(t, weir.DynamoDB(p), event)
	}
	if r, err := p.Get(t.Context(), "a"); err != nil || r.Value != 3 {
		t.Errorf("%+v, %v", r, err)
	}
	// A removal has no new image: the user's function panics, and that record comes back.
	r := weirtest.Run(t.Context(), weir.DynamoDB(p), weirtest.DynamoDB(weirtest.Table{Key: "PK"}, weirtest.Removed(item{"a", 2})))
	var panicked *weir.PanicError
	if !errors.As(r.Err, &panicked) {
		t.Errorf("%v", r.Err)
	}
}

// On a FIFO queue nothing behind a failure counts as done; what of it is in already is known again.
func TestFIFO(t *testing.T) {
	t.Parallel()
	p := amounts(mem.New())
	bad := true
	p.Decode = func(b []byte) (o order, err error) {
		if err = json.Unmarshal(b, &o); err == nil && o.Amount == 2 && bad {
			bad, err = false, errors.New("not yet")
		}
		return o, err
	}
	l := weir.SQS(p)
	event := weirtest.FIFO(orders(5)...)
	r := weirtest.Run(t.Context(), l, event)
	if got := r.Retried(); !slices.Equal(got, event.IDs()[1:]) {
		t.Errorf("retried %v", got)
	}
	deliver(t, l, event.Again(r.Retried()...))
	want(t, "total", total(t, p), 15)
}

// The same record twice in one batch, and the same key twice in one record.
func TestTwins(t *testing.T) {
	t.Parallel()
	p := amounts(mem.New())
	event := weirtest.SQS(weirtest.Record{ID: "m1", Value: order{Customer: "c0", More: []string{"c1", "c0", "c1"}, Amount: 5}},
		weirtest.Record{ID: "m2", Value: order{Customer: "c1", Amount: 7}})
	text := event.JSON()
	both := slices.Concat(text[:len(text)-2], []byte(","), text[len(`{"Records":[`):]) // each twice
	out, err := weir.SQS(p).Invoke(t.Context(), both)
	if err != nil || string(out) != `{"batchItemFailures":[]}` {
		t.Fatalf("%s, %v", out, err)
	}
	all, err := p.GetMany(t.Context(), []string{"c0", "c1"})
	if err != nil || all[0].Value != 5 || all[1].Value != 12 {
		t.Errorf("%+v, %v", all, err)
	}
	s := p.Metrics.(*metrics.InMemory).Snapshot()
	want(t, "duplicates", s.Events["amounts:dedup_skip"], 2)
}

// A record without keys is done, one with an empty or a long key is what it is.
func TestKeys(t *testing.T) {
	t.Parallel()
	p := amounts(mem.New())
	p.Keys = func(o order) []string { return o.More }
	r := weirtest.Run(t.Context(), weir.Kinesis(p), weirtest.Kinesis(
		order{}, order{More: []string{""}, Amount: 3}, order{More: []string{strings.Repeat("k", state.MaxName)}, Amount: 4},
		order{More: []string{"ok", strings.Repeat("k", state.MaxName+1)}, Amount: 5},
	))
	if len(r.Retried()) != 1 || !errors.Is(r.Records[3].Err, weir.ErrUndecodable) || !contains(fmt.Sprint(r.Records[3].Err), "901 bytes") {
		t.Errorf("%+v", r.Records)
	}
	all, err := p.GetMany(t.Context(), []string{"", strings.Repeat("k", state.MaxName), "ok"})
	if err != nil || all[0].Value != 3 || all[1].Value != 4 || all[2].Present {
		t.Errorf("%+v, %v", all, err)
	}
}

// Records without an identifier could count twice, and an ID that is always the same would make all one.
func TestNoIdentity(t *testing.T) {
	t.Parallel()
	p := amounts(mem.New())
	out, err := weir.SQS(p).Invoke(t.Context(), []byte(`{"Records":[{"body":"{\"Customer\":\"c0\",\"Amount\":1}","eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:eu-west-1:1:q"}]}`))
	if err == nil || !contains(err.Error(), "no identifier") {
		t.Errorf("%s, %v", out, err)
	}
	q := amounts(mem.New())
	q.ID, q.Time = func(o order) string { return o.ID }, func(o order) time.Time { return o.At }
	r := weirtest.Run(t.Context(), weir.SQS(q), weirtest.SQS(order{Customer: "c0", Amount: 1, ID: "x"}, order{Customer: "c0", Amount: 2}))
	if len(r.Retried()) != 1 || !contains(fmt.Sprint(r.Records[1].Err), `ID returned ""`) {
		t.Errorf("%+v", r.Records)
	}
}

// One event by two ways, at the same time, counts once.
func TestID(t *testing.T) {
	t.Parallel()
	s := mem.New()
	build := func() *pipeline.Pipeline[order, int64] {
		q := amounts(s)
		q.ID, q.Time = func(o order) string { return o.ID }, func(o order) time.Time { return o.At }
		return q
	}
	var values []any
	for i := range 100 {
		values = append(values, order{Customer: fmt.Sprint("c", i%3), Amount: int64(i + 1), ID: fmt.Sprint("order-", i), At: noon.Add(time.Duration(i) * time.Second)})
	}
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() { deliver(t, weir.Kinesis(build()), weirtest.Kinesis(values...)) })
		wg.Go(func() { deliver(t, weir.SQS(build()), weirtest.SQS(values...)) })
	}
	wg.Wait()
	want(t, "total", total(t, build()), 5050)
}

// Data of another definition is left alone.
func TestOtherDefinition(t *testing.T) {
	t.Parallel()
	s := mem.New()
	deliver(t, weir.Kinesis(amounts(s)), weirtest.Kinesis(orders(3)...))
	for what, change := range map[string]func(p *pipeline.Pipeline[order, int64]){
		"Aggregate": func(p *pipeline.Pipeline[order, int64]) { p.Aggregate = monoid.Max[int64]() },
		"Window":    func(p *pipeline.Pipeline[order, int64]) { p.Window = pipeline.Daily(0) },
		"ID set: false": func(p *pipeline.Pipeline[order, int64]) {
			p.ID, p.Time = func(order) string { return "x" }, func(order) time.Time { return noon }
		},
	} {
		p := amounts(s)
		change(p)
		r := weirtest.Run(t.Context(), weir.Kinesis(p), weirtest.Kinesis(orders(3)...))
		if !errors.Is(r.Err, pipeline.ErrOtherPipeline) || !contains(r.Err.Error(), what) {
			t.Errorf("%s: %v", what, r.Err)
		}
		if _, err := p.Get(t.Context(), "c0"); !errors.Is(err, pipeline.ErrOtherPipeline) {
			t.Errorf("%s: read: %v", what, err)
		}
	}
	want(t, "total", total(t, amounts(s)), 6)
}

// More rows than one commit takes, and a record that no commit takes.
func TestGroups(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, pipe func(state.Store) *pipeline.Pipeline[order, int64]) {
		s := &faulty{Store: mem.New(), caps: func(c *state.Caps) { c.MaxRows = 10 }}
		most := 0
		s.before = func(_ int, w []state.Write) error { most = max(most, len(w)); return nil }
		p := pipe(s)
		p.Keys = func(o order) []string { return o.More }
		var values []any
		for i := range 200 {
			values = append(values, order{Amount: 1, More: []string{fmt.Sprint("k", i%50), fmt.Sprint("k", (i+1)%50)}})
		}
		var tooMany []string
		for i := range 10 {
			tooMany = append(tooMany, fmt.Sprint("m", i))
		}
		values = append(values, order{Amount: 1, More: tooMany})
		r := weirtest.Run(t.Context(), weir.Kinesis(p), weirtest.Kinesis(values...))
		if len(r.Retried()) != 1 || !contains(fmt.Sprint(r.Records[200].Err), "10 keys", "10 rows") {
			t.Errorf("%d retried, %v", len(r.Retried()), r.Records[200].Err)
		}
		sum := int64(0)
		for i := range 50 {
			got, err := p.Get(t.Context(), fmt.Sprint("k", i))
			if err != nil {
				t.Fatal(err)
			}
			sum += got.Value
		}
		want(t, "sum", sum, 400)
		if most != 10 {
			t.Errorf("the largest commit had %d rows", most)
		}
	})
}

// What the store refuses because of one record fails that record alone.
func TestRefusedRecord(t *testing.T) {
	t.Parallel()
	s := &faulty{Store: mem.New(), before: func(_ int, writes []state.Write) error {
		if slices.ContainsFunc(writes, func(w state.Write) bool { return w.Name == "cursed" }) {
			return fmt.Errorf("%w: bad row", state.ErrRefused)
		}
		return nil
	}}
	p := generic(s)
	values := orders(50)
	values[17] = order{Customer: "cursed", Amount: 1}
	event := weirtest.Kinesis(values...)
	r := weirtest.Run(t.Context(), weir.Kinesis(p), event)
	if got := r.Retried(); len(got) != 1 || got[0] != event.IDs()[17] || !errors.Is(r.Records[17].Err, state.ErrRefused) {
		t.Errorf("retried %v: %v", got, r.Records[17].Err)
	}
	want(t, "total", total(t, p), 50*51/2-18)
}

// A sum that would overflow fails the record that would make it, and leaves the state as it was.
func TestOverflow(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, pipe func(state.Store) *pipeline.Pipeline[order, int64]) {
		p := pipe(mem.New())
		r := weirtest.Run(t.Context(), weir.Kinesis(p), weirtest.Kinesis(
			order{Customer: "c0", Amount: math.MaxInt64 - 1}, order{Customer: "c0", Amount: 5}, order{Customer: "c1", Amount: 7}))
		if len(r.Retried()) != 1 || !errors.Is(r.Records[1].Err, monoid.ErrOverflow) {
			t.Errorf("%+v", r.Records)
		}
		r = weirtest.Run(t.Context(), weir.Kinesis(p), weirtest.Kinesis(order{Customer: "c0", Amount: 2}, order{Customer: "c1", Amount: 1}).From("arn:aws:kinesis:eu-west-1:1:stream/other"))
		if len(r.Retried()) != 1 || r.Records[0].State != weirtest.Failed {
			t.Errorf("%+v", r.Records)
		}
		all, err := p.GetMany(t.Context(), []string{"c0", "c1"})
		if err != nil || all[0].Value != math.MaxInt64-1 || all[1].Value != 8 {
			t.Errorf("%+v, %v", all, err)
		}
	})
}
