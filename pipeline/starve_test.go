package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/monoid"
	"github.com/weir-go/weir/pipeline"
	"github.com/weir-go/weir/state"
	"github.com/weir-go/weir/state/mem"
	"github.com/weir-go/weir/weirtest"
)

// Records that cannot be merged must not keep others from it, nor cost a call each.
func TestBadValuesTogether(t *testing.T) {
	t.Parallel()
	s := &faulty{Store: mem.New()}
	p := &pipeline.Pipeline[order, float64]{
		Name: "max", Keys: func(o order) []string { return append(o.More, o.Customer) }, StoreIn: s, Retry: fast, Aggregate: monoid.Max[float64](),
		Value: func(o order) float64 {
			if o.Amount%2 == 0 {
				return math.NaN()
			}
			return float64(o.Amount)
		},
	}
	values := orders(1000)
	for i := range values {
		o := values[i].(order)
		o.More = []string{"all"} // has taken the value by the time that the other key refuses it
		values[i] = o
	}
	r := weirtest.Run(t.Context(), weir.Kinesis(p), weirtest.Kinesis(values...))
	if n := len(r.Retried()); n != 500 {
		t.Errorf("%d retried", n)
	}
	if loads, commits := s.calls(); loads > 5 || commits > 3 {
		t.Errorf("%d loads, %d commits", loads, commits)
	}
	if got, err := p.Get(t.Context(), "all"); err != nil || got.Value != 999 {
		t.Errorf("%+v, %v", got, err)
	}
}

// Many aggregates that cannot be read cost their records one step.
func TestDamagedAggregatesTogether(t *testing.T) {
	t.Parallel()
	m := mem.New()
	s := &faulty{Store: m}
	p := generic(s)
	p.Keys = func(o order) []string { return []string{fmt.Sprint("k", o.Amount)} }
	deliver(t, weir.Kinesis(p), weirtest.Kinesis(order{Amount: 1000}))
	for i := range 100 {
		k := state.Key{Kind: state.Value, Name: fmt.Sprint("k", i+1)}
		if err := m.Commit(t.Context(), p.Name, []state.Write{{Key: k, Data: []byte("damaged")}}); err != nil {
			t.Fatal(err)
		}
	}
	before, _ := s.calls()
	r := weirtest.Run(t.Context(), weir.Kinesis(p), weirtest.Kinesis(orders(200)...).From("arn:aws:kinesis:eu-west-1:1:stream/other"))
	if loads, _ := s.calls(); len(r.Retried()) != 100 || loads-before > 3 {
		t.Errorf("%d retried, %d loads", len(r.Retried()), loads-before)
	}
}

// One aggregate that is full keeps no other from being counted, nor what would lessen it.
func TestOverflowStarvesNobody(t *testing.T) {
	t.Parallel()
	s := &faulty{Store: mem.New()}
	p := amounts(s)
	l := weir.Kinesis(p)
	weirtest.Run(t.Context(), l, weirtest.Kinesis(order{Customer: "c2", Amount: math.MaxInt64}))
	var all []any
	for range 500 {
		all = append(all, order{Customer: "c2", Amount: 1})
	}
	for range 50 {
		all = append(all, order{Customer: "c0", Amount: 1})
	}
	r := weirtest.Run(t.Context(), l, weirtest.Kinesis(append(all, order{Customer: "c2", Amount: -7})...).From("arn:aws:kinesis:eu-west-1:1:stream/other"))
	got, err := p.GetMany(t.Context(), []string{"c0", "c2"})
	if err != nil || got[0].Value != 50 || got[1].Value != math.MaxInt64-7 || len(r.Retried()) != 500 {
		t.Errorf("%+v, %v, %d retried", got, err, len(r.Retried()))
	}
	if _, commits := s.calls(); commits > 40 {
		t.Errorf("%d commits", commits)
	}
}

// hanging answers when its context ends.
type hanging struct {
	state.Store
	on bool
}

func (h *hanging) Commit(ctx context.Context, name string, w []state.Write) error {
	if !h.on {
		return h.Store.Commit(ctx, name, w)
	}
	<-ctx.Done()
	return ctx.Err()
}

// A store that does not answer is a store that is down.
func TestF08_StoreHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &hanging{Store: mem.New()}
		l := weir.Kinesis(amounts(s))
		deliver(t, l, weirtest.Kinesis(orders(1)...).From("arn:aws:kinesis:eu-west-1:1:stream/other"))
		s.on = true
		for n := 1; ; n++ {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			begin := time.Now()
			r := weirtest.Run(ctx, l, weirtest.Kinesis(orders(10)...))
			cancel()
			if errors.Is(r.Err, pipeline.ErrStoreDown) {
				if time.Since(begin) != 0 {
					t.Errorf("an open breaker took %v", time.Since(begin))
				}
				return
			}
			if n > 7 {
				t.Fatal("the breaker never opens")
			}
		}
	})
}

// Receipts of a slot that is used for longer than a full page is kept: the page is renewed.
func TestFullPagesAreRenewed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := mem.New()
		p := amounts(&faulty{Store: store, caps: func(c *state.Caps) { c.MaxRow = 400 }})
		p.Receipts.Keep = time.Hour
		p.ID = func(o order) string { return o.ID }
		p.Time = func(order) time.Time { return noon } // when the account was opened, say
		l := weir.SQS(p)
		send := func(from, n int) weirtest.Event {
			var all []any
			for i := range n {
				all = append(all, order{Customer: "c0", Amount: 1, ID: fmt.Sprint(from + i)})
			}
			return weirtest.SQS(all...)
		}
		deliver(t, l, send(0, 1000))
		total := int64(1000)
		for round := range 10 {
			time.Sleep(50 * time.Minute)
			e := send(10000*(round+1), 10)
			deliver(t, l, e)
			total += 10
			time.Sleep(50 * time.Minute)
			store.Expire(time.Now())
			deliver(t, l, e)
			r, err := p.Get(t.Context(), "c0")
			if err != nil || r.Value != total {
				t.Fatalf("round %d: %d, %v, want %d", round, r.Value, err, total)
			}
		}
	})
}

// halfway claims, and then says that it could not.
type halfway struct {
	state.Deduper
	fail bool
}

func (h *halfway) Claim(ctx context.Context, scope, token string, ids []string, lease time.Duration) ([]state.Claim, error) {
	c, err := h.Deduper.Claim(ctx, scope, token, ids, lease)
	if h.fail {
		return nil, errDown
	}
	return c, err
}

// Claims of a batch that was given up are given up too.
func TestClaimsAreReleased(t *testing.T) {
	t.Parallel()
	s := &faulty{Store: mem.New(), caps: func(c *state.Caps) { c.Atomic = state.None }}
	p := amounts(s)
	d := &halfway{mem.NewDeduper(), true}
	p.Dedup = d
	l := weir.Kinesis(p)
	e := weirtest.Kinesis(orders(3)...)
	if r := weirtest.Run(t.Context(), l, e); len(r.Retried()) != 3 {
		t.Errorf("retried %v", r.Retried())
	}
	d.fail = false
	if n := deliver(t, l, e); n != 1 {
		t.Errorf("%d deliveries", n)
	}
	want(t, "total", total(t, p), 6)
}

// With ID, what the Deduper is asked for is what receipts are filed by.
func TestDedupByID(t *testing.T) {
	t.Parallel()
	for _, d := range []state.Deduper{nil, mem.NewDeduper()} {
		p := amounts(mem.New())
		p.ID, p.Time, p.Dedup = func(o order) string { return o.ID }, func(o order) time.Time { return o.At }, d
		event := weirtest.SQS(order{Customer: "c0", Amount: 1, ID: "x", At: noon}, order{Customer: "c0", Amount: 1, ID: "x", At: at(1, 0)},
			order{Customer: "c0", Amount: 1, ID: "x", At: noon})
		for range 2 {
			deliver(t, weir.SQS(p), event)
		}
		want(t, "total", total(t, p), 2)
	}
}

// Records of two items that happen to have the same sequence number, in two shards, are two.
func TestDynamoDBShards(t *testing.T) {
	t.Parallel()
	type item struct {
		PK string
		N  int64
	}
	p := &pipeline.Pipeline[weir.Change[item], int64]{
		Name: "items", Key: func(weir.Change[item]) string { return "" }, Value: func(c weir.Change[item]) int64 { return c.New.N },
		Aggregate: monoid.Sum[int64](), StoreIn: mem.New(),
	}
	for _, i := range []item{{"a", 1}, {"b", 10}, {"a", 1}} {
		deliver(t, weir.DynamoDB(p), weirtest.DynamoDB(weirtest.Table{Key: "PK"}, weirtest.Inserted(i))) // each event numbers from the start
	}
	if r, err := p.Get(t.Context(), ""); err != nil || r.Value != 11 {
		t.Errorf("%+v, %v", r, err)
	}
}
