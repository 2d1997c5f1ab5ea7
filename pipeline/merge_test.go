package pipeline_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/metrics"
	"github.com/weir-go/weir/pipeline"
	"github.com/weir-go/weir/state"
	"github.com/weir-go/weir/state/mem"
	"github.com/weir-go/weir/weirtest"
)

// concat is a monoid in which order counts.
type concat struct{}

func (concat) Name() string                                { return "concat" }
func (concat) Identity() string                            { return "" }
func (concat) Combine(a, b string) (string, error)         { return a + b, nil }
func (concat) Append(dst []byte, v string) ([]byte, error) { return append(dst, v...), nil }
func (concat) Decode(src []byte) (string, error)           { return string(src), nil }
func (concat) Ordered()                                    {}

// Where order counts, records of a batch are folded by their time.
func TestOrdered(t *testing.T) {
	t.Parallel()
	p := &pipeline.Pipeline[order, string]{
		Name: "texts", Key: func(o order) string { return o.Customer }, Value: func(o order) string { return o.ID },
		Time: func(o order) time.Time { return o.At }, Aggregate: concat{}, StoreIn: mem.New(),
	}
	deliver(t, weir.Kinesis(p), weirtest.Kinesis(
		order{Customer: "a", ID: "3", At: at(3, 0)}, order{Customer: "a", ID: "1", At: at(1, 0)},
		order{Customer: "a", ID: "2", At: at(2, 0)}, order{Customer: "a", ID: "1b", At: at(1, 0)}))
	if r, err := p.Get(t.Context(), "a"); err != nil || r.Value != "11b23" {
		t.Errorf("%+v, %v", r, err)
	}
}

// Many processes at once on a few keys and one shard: as with a parallelization factor.
func TestContention(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, pipe func(state.Store) *pipeline.Pipeline[order, int64]) {
		s := mem.New()
		var wg sync.WaitGroup
		event := weirtest.Kinesis(orders(40)...)
		for range 10 {
			wg.Go(func() { deliver(t, weir.Kinesis(pipe(s)), event) })
		}
		wg.Wait()
		want(t, "total", total(t, pipe(s)), 820)
	})
}

// Receipts are kept for Keep after their last use, aggregates without windows for ever.
func TestReceiptsAreKept(t *testing.T) {
	t.Parallel()
	s := mem.New()
	p := amounts(s)
	p.Receipts.Keep = time.Hour
	deliver(t, weir.Kinesis(p), weirtest.Kinesis(orders(3)...))
	if n := s.Expire(time.Now().Add(58 * time.Minute)); n != 0 {
		t.Errorf("%d rows expired before their time", n)
	}
	if n := s.Expire(time.Now().Add(61 * time.Minute)); n != 1 {
		t.Errorf("%d rows expired, want the receipt", n)
	}
	want(t, "total", total(t, p), 6)
}

// A page of a receipt that is full outlives those below it.
func TestFullPagesOutliveOthers(t *testing.T) {
	t.Parallel()
	s := mem.New()
	p := amounts(&faulty{Store: s, caps: func(c *state.Caps) { c.MaxRow = 400 }}) // 33 identifiers a page
	p.Receipts.Keep = time.Hour
	deliver(t, weir.Kinesis(p), weirtest.Kinesis(orders(100)...))
	rows := map[bool]int{}
	for r, err := range s.List(t.Context(), p.Name, state.Receipt) {
		if err != nil {
			t.Fatal(err)
		}
		root := !strings.Contains(r.Name, "\x00")
		rows[root]++
		if left := time.Until(r.Expires).Round(time.Hour); root && left != 2*time.Hour || !root && left != time.Hour {
			t.Errorf("%q expires in %v", r.Name, left)
		}
	}
	if rows[true] != 1 || rows[false] < 2 {
		t.Errorf("%v", rows)
	}
	want(t, "total", total(t, p), 5050)
}

// With Noop the clock is not read for metrics; with a Recorder all is told.
func TestMetrics(t *testing.T) {
	t.Parallel()
	p := amounts(mem.New())
	l := weir.Kinesis(p)
	event := weirtest.Kinesis(order{Customer: "a"}, "{", order{Customer: "b"})
	for range 2 {
		weirtest.Run(t.Context(), l, event)
	}
	s := p.Metrics.(*metrics.InMemory).Snapshot()
	if s.Events["amounts"] != 4 || s.Events["amounts:dedup_skip"] != 2 || s.Events["amounts:dead_letter"] != 2 || s.Errors["amounts"].Count != 2 {
		t.Errorf("%+v", s)
	}
	if s.Batches["amounts"].Count != 2 || s.Batches["amounts"].Records != 6 ||
		s.Latency[metrics.Call{Name: "amounts", Op: "load"}].Count != 4 || s.Latency[metrics.Call{Name: "amounts", Op: "commit"}].Count != 2 {
		t.Errorf("%+v", s)
	}
}

// A record costs no allocation of its own.
func TestAllocations(t *testing.T) { // not parallel: it counts what all allocate
	if raceEnabled {
		t.Skip("skipped: the race detector allocates")
	}
	p := amounts(&forgetful{})
	p.Metrics, p.Keys, p.Key = nil, nil, func(o order) string { return o.Customer }
	l := weir.SQS(p)
	cost := func(n int) float64 {
		var values []any
		for i := range n {
			values = append(values, order{Customer: fmt.Sprint("c", i%10), Amount: 1})
		}
		event := weirtest.SQS(values...).JSON()
		return testing.AllocsPerRun(20, func() {
			if _, err := l.Invoke(t.Context(), event); err != nil {
				t.Fatal(err)
			}
		})
	}
	few, many := cost(100), cost(2000)
	if per := (many - few) / 1900; per > 0.2 {
		t.Errorf("%.0f allocations for 100 records, %.0f for 2,000: %.2f a record", few, many, per)
	}
}
