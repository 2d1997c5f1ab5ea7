package pipeline_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/metrics"
	"github.com/weir-go/weir/monoid"
	"github.com/weir-go/weir/pipeline"
	"github.com/weir-go/weir/state"
	"github.com/weir-go/weir/weirtest"
)

var errDown = errors.New("the store is down")

// faulty is a store into whose calls a test can step.
type faulty struct {
	state.Store
	mu      sync.Mutex
	loads   int
	commits int
	caps    func(*state.Caps)
	load    func(n int, keys []state.Key) error     // before a Load, n counts from 1
	before  func(n int, writes []state.Write) error // before a Commit: nothing is applied
	after   func(n int, writes []state.Write) error // after one: all is
	seen    func(rows []state.Row)                  // what a Load returns
}

func (f *faulty) Caps() state.Caps {
	c := f.Store.Caps()
	if f.caps != nil {
		f.caps(&c)
	}
	return c
}

func (f *faulty) calls() (loads, commits int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.loads, f.commits
}

func (f *faulty) Load(ctx context.Context, name string, keys []state.Key, consistent bool) ([]state.Row, error) {
	f.mu.Lock()
	f.loads++
	n := f.loads
	f.mu.Unlock()
	if f.load != nil {
		if err := f.load(n, keys); err != nil {
			return nil, err
		}
	}
	rows, err := f.Store.Load(ctx, name, keys, consistent)
	if f.seen != nil {
		f.seen(rows)
	}
	return rows, err
}

func (f *faulty) Commit(ctx context.Context, name string, writes []state.Write) error {
	f.mu.Lock()
	f.commits++
	n := f.commits
	f.mu.Unlock()
	if f.before != nil {
		if err := f.before(n, writes); err != nil {
			return err
		}
	}
	err := f.Store.Commit(ctx, name, writes)
	if err == nil && f.after != nil {
		err = f.after(n, writes)
	}
	return err
}

// isMeta tells the commit that opens a pipeline from those of batches.
func isMeta(writes []state.Write) bool { return writes[0].Kind == state.Meta }

// order is what most tests count: amounts per customer.
type order struct {
	Customer string
	More     []string
	Amount   int64
	ID       string
	At       time.Time
}

// fast has the retries of a test.
var fast = pipeline.Retry{Base: time.Nanosecond, Max: time.Nanosecond}

// amounts adds up what customers order.
func amounts(store state.Store) *pipeline.Pipeline[order, int64] {
	return &pipeline.Pipeline[order, int64]{
		Name: "amounts", Keys: func(o order) []string { return append([]string{o.Customer}, o.More...) },
		Value: func(o order) int64 { return o.Amount }, Aggregate: monoid.Sum[int64](), StoreIn: store, Retry: fast,
		Metrics: new(metrics.InMemory),
	}
}

// generic is amounts with a monoid that no store adds by itself.
func generic(store state.Store) *pipeline.Pipeline[order, int64] {
	p := amounts(store)
	p.Aggregate = readWrite{p.Aggregate}
	return p
}

type readWrite struct{ monoid.Monoid[int64] }

func orders(n int) (out []any) {
	for i := range n {
		out = append(out, order{Customer: fmt.Sprint("c", i%3), Amount: int64(i + 1)})
	}
	return out
}

// deliver invokes a Lambda with an event, and again with what it reports, until nothing is left.
func deliver(t *testing.T, l *weir.Lambda, e weirtest.Event) (invocations int) {
	t.Helper()
	for len(e.IDs()) > 0 {
		if invocations++; invocations > 50 {
			t.Fatal("records come back for ever")
		}
		r := weirtest.Run(t.Context(), l, e)
		retried := r.Retried()
		if len(retried) == 0 {
			break
		}
		e = e.Again(retried...)
	}
	return invocations
}

// total sums what the store has for c0, c1 and c2.
func total(t *testing.T, p *pipeline.Pipeline[order, int64]) (sum int64) {
	t.Helper()
	all, err := p.GetMany(t.Context(), []string{"c0", "c1", "c2"}, pipeline.Consistent())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range all {
		sum += r.Value
	}
	return sum
}

func want(t *testing.T, what string, got, want int64) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %d, want %d", what, got, want)
	}
}

// both runs a test with a monoid that the store adds by itself, and with one that is read and written.
func both(t *testing.T, test func(t *testing.T, p func(state.Store) *pipeline.Pipeline[order, int64])) {
	t.Run("add", func(t *testing.T) { t.Parallel(); test(t, amounts) })
	t.Run("read and write", func(t *testing.T) { t.Parallel(); test(t, generic) })
}

func contains(text string, parts ...string) bool {
	for _, p := range parts {
		if !strings.Contains(text, p) {
			return false
		}
	}
	return true
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func b64(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
