package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/kpl"
	"github.com/weir-go/weir/metrics"
	"github.com/weir-go/weir/monoid"
	"github.com/weir-go/weir/pipeline"
	"github.com/weir-go/weir/state"
	"github.com/weir-go/weir/state/mem"
	"github.com/weir-go/weir/weirtest"
)

// Tests by number of the failure catalogue: ways in which systems of this kind were seen to lose
// records or to count them twice.

// A store that fails once, for one key, in one invocation.
func TestF01_TransientStoreFailure(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, pipe func(state.Store) *pipeline.Pipeline[order, int64]) {
		failed := false
		s := &faulty{Store: mem.New(), before: func(_ int, writes []state.Write) error {
			if !failed && slices.ContainsFunc(writes, func(w state.Write) bool { return w.Name == "c1" }) {
				failed = true
				return errDown
			}
			return nil
		}}
		p := pipe(s)
		p.Retry.Attempts = 1 // so that the invocation reports
		if n := deliver(t, weir.Kinesis(p), weirtest.Kinesis(orders(30)...)); n != 2 {
			t.Errorf("%d invocations, want 2", n)
		}
		want(t, "total", total(t, p), 465)
	})
}

// The process dies after any call of the store: the answer is lost, and so is all that it knew.
func TestF02_KilledAfterAnyCall(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, pipe func(state.Store) *pipeline.Pipeline[order, int64]) {
		for kill := 1; ; kill++ {
			s := mem.New()
			calls, killed := 0, false
			die := func() error {
				if calls++; calls >= kill { // nothing works any more
					killed = true
					return errDown
				}
				return nil
			}
			doomed := pipe(&faulty{Store: s,
				load:   func(int, []state.Key) error { return die() },
				before: func(int, []state.Write) error { return die() },
				after:  func(int, []state.Write) error { return die() },
			})
			event := weirtest.Kinesis(orders(30)...)
			weirtest.Run(t.Context(), weir.Kinesis(doomed), event)
			p := pipe(s) // another process
			deliver(t, weir.Kinesis(p), event)
			want(t, fmt.Sprintf("total after a kill at call %d", kill), total(t, p), 465)
			if !killed {
				break
			}
		}
	})
}

// The merge is applied, its answer lost, and the pipeline tries again.
func TestF03_AppliedThenTimeout(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, pipe func(state.Store) *pipeline.Pipeline[order, int64]) {
		s := &faulty{Store: mem.New(), after: func(n int, _ []state.Write) error {
			if n <= 3 { // the first opens the pipeline
				return errors.New("i/o timeout")
			}
			return nil
		}}
		p := pipe(s)
		if n := deliver(t, weir.SQS(p), weirtest.SQS(orders(30)...)); n != 1 {
			t.Errorf("%d invocations, want 1", n)
		}
		want(t, "total", total(t, p), 465)
	})
}

// A record feeds three aggregates, and the second cannot be written: none of them may have it.
func TestF04_AllKeysOrNone(t *testing.T) {
	t.Parallel()
	s := mem.New()
	p := generic(s)
	deliver(t, weir.Kinesis(p), weirtest.Kinesis(order{Customer: "c1", Amount: 5}).From("arn:aws:kinesis:eu-west-1:1:stream/other"))
	damaged := state.Key{Kind: state.Value, Name: "c1"}
	row := func() state.Row {
		rows, err := s.Load(t.Context(), p.Name, []state.Key{damaged}, true)
		if err != nil {
			t.Fatal(err)
		}
		return rows[0]
	}
	good := row()
	overwrite := func(data []byte) {
		if err := s.Commit(t.Context(), p.Name, []state.Write{{Key: damaged, Version: row().Version, Data: data}}); err != nil {
			t.Fatal(err)
		}
	}
	overwrite([]byte("not a number"))
	event := weirtest.Kinesis(order{Customer: "c0", More: []string{"c1", "c2"}, Amount: 1}, order{Customer: "c2", Amount: 10})
	r := weirtest.Run(t.Context(), weir.Kinesis(p), event)
	if got := r.Retried(); len(got) != 1 || got[0] != event.IDs()[0] {
		t.Errorf("retried %v, want the first record", got)
	}
	all, err := p.GetMany(t.Context(), []string{"c0", "c2"})
	if err != nil || all[0].Present || all[1].Value != 10 {
		t.Errorf("%+v %v, want nothing of the first record", all, err)
	}
	overwrite(good.Data)
	deliver(t, weir.Kinesis(p), event)
	want(t, "total", total(t, p), 5+3+10)
}

// Everything is undecodable: each record is reported, and counted.
func TestF05_Undecodable(t *testing.T) {
	t.Parallel()
	p := amounts(mem.New())
	r := weirtest.Run(t.Context(), weir.Kinesis(p), weirtest.Kinesis("{", "[]", `"x"`))
	if r.Err == nil || !errors.Is(r.Err, weir.ErrUndecodable) {
		t.Errorf("error %v", r.Err)
	}
	s := p.Metrics.(*metrics.InMemory).Snapshot()
	want(t, "dead letters", s.Events["amounts:dead_letter"], 3)
	if s.Errors["amounts"].Count != 3 {
		t.Errorf("errors: %+v", s.Errors)
	}
}

// A panic in user code fails its record, and no other.
func TestF06_Panic(t *testing.T) {
	t.Parallel()
	p := amounts(mem.New())
	p.Value = func(o order) int64 {
		if o.Amount == 7 {
			panic("seven")
		}
		return o.Amount
	}
	event := weirtest.Kinesis(orders(30)...)
	r := weirtest.Run(t.Context(), weir.Kinesis(p), event)
	if got := r.Retried(); len(got) != 1 || got[0] != event.IDs()[6] {
		t.Errorf("retried %v", got)
	}
	var panicked *weir.PanicError
	if !errors.As(r.Records[6].Err, &panicked) || panicked.Value != "seven" || len(panicked.Stack) == 0 {
		t.Errorf("error %v", r.Records[6].Err)
	}
	want(t, "total", total(t, p), 465-7)
}

// A store that is down costs a batch three calls and two pauses, not three per record.
func TestF08_StoreDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &faulty{Store: mem.New()}
		p := amounts(s)
		p.Retry = pipeline.Retry{}
		l := weir.Kinesis(p)
		deliver(t, l, weirtest.Kinesis(orders(1)...).From("arn:aws:kinesis:eu-west-1:1:stream/other"))
		loads, commits := s.calls()
		s.before = func(int, []state.Write) error { return errDown }
		begin := time.Now()
		event := weirtest.Kinesis(orders(1000)...)
		r := weirtest.Run(t.Context(), l, event)
		if len(r.Retried()) != 1000 {
			t.Errorf("%d retried", len(r.Retried()))
		}
		if took := time.Since(begin); took > 150*time.Millisecond {
			t.Errorf("it took %v", took)
		}
		l2, c2 := s.calls()
		if l2-loads > 3 || c2-commits > 3 {
			t.Errorf("%d loads and %d commits", l2-loads, c2-commits)
		}
		// The next batch uses up what makes the breaker open, those behind it fail at once.
		weirtest.Run(t.Context(), l, event)
		_, before := s.calls()
		begin = time.Now()
		r = weirtest.Run(t.Context(), l, event)
		if _, now := s.calls(); now != before || time.Since(begin) != 0 || !errors.Is(r.Err, pipeline.ErrStoreDown) || !errors.Is(r.Err, errDown) {
			t.Errorf("an open breaker: %d commits, %v, %v", now-before, time.Since(begin), r.Err)
		}
		// It closes by itself.
		s.before = nil
		time.Sleep(2 * time.Second)
		if n := deliver(t, l, event); n != 1 {
			t.Errorf("%d invocations", n)
		}
		want(t, "total", total(t, p), 1+500500)
	})
}

// Many groups: the budget is the batch's.
func TestF08_OneBudget(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &faulty{Store: mem.New(), caps: func(c *state.Caps) { c.MaxRows = 4 }}
		s.before = func(_ int, writes []state.Write) error {
			if isMeta(writes) {
				return nil
			}
			return errDown
		}
		p := amounts(s)
		p.Keys = func(o order) []string { return []string{fmt.Sprint("k", o.Amount)} }
		weirtest.Run(t.Context(), weir.Kinesis(p), weirtest.Kinesis(orders(1000)...))
		if _, commits := s.calls(); commits != 1+pipeline.DefaultAttempts {
			t.Errorf("%d commits", commits)
		}
	})
}

// The first record of the batch fails three times, and all behind it come again each time.
func TestF09_RedeliveredBehindAFailure(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, pipe func(state.Store) *pipeline.Pipeline[order, int64]) {
		p := pipe(mem.New())
		left := 3
		inner := p.Value
		p.Value = func(o order) int64 {
			if o.Amount == 1 && left > 0 {
				left--
				panic("not yet")
			}
			return inner(o)
		}
		if n := deliver(t, weir.Kinesis(p), weirtest.Kinesis(orders(30)...)); n != 4 {
			t.Errorf("%d invocations, want 4", n)
		}
		want(t, "total", total(t, p), 465)
		s := p.Metrics.(*metrics.InMemory).Snapshot()
		want(t, "duplicates", s.Events["amounts:dedup_skip"], 3*29)
	})
}

// Two pipelines share a store and a deduper: each sees every record.
func TestF14_TwoPipelines(t *testing.T) {
	t.Parallel()
	s, d := mem.New(), mem.NewDeduper()
	p, q := amounts(s), amounts(s)
	p.Dedup, q.Dedup, q.Name = d, d, "others"
	event := weirtest.Kinesis(orders(30)...)
	for range 2 {
		deliver(t, weir.Kinesis(p), event)
		deliver(t, weir.Kinesis(q), event)
	}
	want(t, "total of the first", total(t, p), 465)
	want(t, "total of the second", total(t, q), 465)
}

// A thousand records, one write of them all, and that fails.
func TestF15_OneFlush(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, pipe func(state.Store) *pipeline.Pipeline[order, int64]) {
		s := &faulty{Store: mem.New()}
		p := pipe(s)
		p.Dedup = mem.NewDeduper()
		p.Retry.Attempts = 1
		s.before = func(n int, _ []state.Write) error {
			if n == 2 {
				return errDown
			}
			return nil
		}
		if n := deliver(t, weir.Kinesis(p), weirtest.Kinesis(orders(1000)...)); n != 2 {
			t.Errorf("%d invocations, want 2", n)
		}
		want(t, "total", total(t, p), 500500)
		if _, commits := s.calls(); commits != 3 {
			t.Errorf("%d commits, want the meta's and two", commits)
		}
	})
}

// The deadline strikes while the batch is being written, before or after it was applied.
func TestF16_DeadlineDuringTheFlush(t *testing.T) {
	t.Parallel()
	for _, applied := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s := &faulty{Store: mem.New()}
			p := generic(s)
			slow := true
			wait := func(_ int, writes []state.Write) error {
				if slow && !isMeta(writes) {
					slow = false
					time.Sleep(4500 * time.Millisecond) // as long as an SDK that ignores its context
				}
				return nil
			}
			if applied {
				s.after = wait
			} else {
				s.before = wait
			}
			l := weir.Kinesis(p)
			event := weirtest.Kinesis(orders(30)...)
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			begin := time.Now()
			weirtest.Run(ctx, l, event)
			if took := time.Since(begin); took >= 5*time.Second {
				t.Errorf("answered after %v, past the deadline", took)
			}
			deliver(t, l, event)
			want(t, "total", total(t, p), 465)
			time.Sleep(time.Minute) // whatever was left behind ends
			want(t, "total later", total(t, p), 465)
		})
	}
}

// What a batch of one record costs does not depend on what a batch could be.
func TestF17_CostFollowsTheBatch(t *testing.T) { // not parallel: it counts what all allocate
	if raceEnabled {
		t.Skip("skipped: the race detector allocates")
	}
	p := amounts(&forgetful{})
	p.Metrics = nil
	l := weir.Kinesis(p)
	event := weirtest.Kinesis(orders(1)...).JSON()
	r := testing.Benchmark(func(b *testing.B) {
		for b.Loop() {
			if _, err := l.Invoke(b.Context(), event); err != nil {
				b.Fatal(err)
			}
		}
	})
	if r.AllocedBytesPerOp() > 2200 {
		t.Errorf("%d bytes an invocation", r.AllocedBytesPerOp())
	}
}

// A record that the Kinesis Producer Library made of 100 counts as 100.
func TestF18_Aggregated(t *testing.T) {
	t.Parallel()
	var users []kpl.Record
	for i := range 100 {
		users = append(users, kpl.Record{PartitionKey: fmt.Sprint("p", i%7), Data: fmt.Appendf(nil, `{"Customer":"c%d","Amount":1}`, i%3)})
	}
	p := amounts(mem.New())
	l := weir.Kinesis(p)
	event := weirtest.Kinesis(kpl.Append(nil, users), order{Customer: "c0", Amount: 1000})
	for range 3 {
		deliver(t, l, event)
	}
	want(t, "total", total(t, p), 1100)

	// One of the hundred is bad: the record comes again, and the others are not counted twice.
	users[50].Data = []byte("{")
	event = weirtest.Kinesis(kpl.Append(nil, users)).From("arn:aws:kinesis:eu-west-1:1:stream/other")
	for range 3 {
		r := weirtest.Run(t.Context(), l, event)
		var u *pipeline.UserRecordError
		if !errors.As(r.Err, &u) || u.Index != 50 || u.PartitionKey != "p1" || !errors.Is(r.Err, weir.ErrUndecodable) {
			t.Errorf("error %v", r.Err)
		}
	}
	want(t, "total", total(t, p), 1199)
}

// Keys that are seen once must not add up in memory.
func TestF19_DistinctKeys(t *testing.T) { // not parallel: it looks at the whole heap
	p := amounts(&forgetful{})
	p.Metrics = nil
	l := weir.SQS(p)
	var first, last uint64
	for round := range 30 {
		var values []any
		for i := range 2000 {
			values = append(values, order{Customer: fmt.Sprintf("customer %d of round %d %0500d", i, round, 0), Amount: 1})
		}
		if r := weirtest.Run(t.Context(), l, weirtest.SQS(values...)); r.Err != nil {
			t.Fatal(r.Err)
		}
		if last = heap(); round == 5 {
			first = last
		}
	}
	if last > first+8<<20 { // a round's keys are a megabyte
		t.Errorf("%d MB after 6 rounds, %d MB after 30", first>>20, last>>20)
	}
}

// A store that can only add is no place for a maximum.
func TestF22_MaxOnAStoreThatAdds(t *testing.T) {
	t.Parallel()
	s := &faulty{Store: mem.New(), caps: func(c *state.Caps) { c.OnlyAdds = true }}
	p := amounts(s)
	p.Aggregate = monoid.Max[int64]()
	l := weir.Kinesis(p)
	if err := l.Err(); err == nil || !contains(err.Error(), "can only add", "max/int64") {
		t.Errorf("Err: %v", err)
	}
	if _, err := l.Invoke(t.Context(), weirtest.Kinesis(orders(1)...).JSON()); err == nil {
		t.Error("an invocation succeeded")
	}
	if err := amounts(s).Validate(); err != nil {
		t.Errorf("a sum: %v", err)
	}
}

type throttled struct{ state.Deduper }

func (throttled) Claim(context.Context, string, string, []string, time.Duration) ([]state.Claim, error) {
	return nil, errors.New("throttled")
}

// A deduper that does not answer: the records fail, and come back.
func TestF23_DeduperThrottled(t *testing.T) {
	t.Parallel()
	s := mem.New()
	p := amounts(s)
	p.Dedup = throttled{}
	event := weirtest.Kinesis(orders(30)...)
	if r := weirtest.Run(t.Context(), weir.Kinesis(p), event); len(r.Retried()) != 30 {
		t.Errorf("%d retried", len(r.Retried()))
	}
	want(t, "total", total(t, p), 0)
	q := amounts(s)
	q.Dedup = mem.NewDeduper()
	deliver(t, weir.Kinesis(q), event)
	want(t, "total", total(t, q), 465)
}

// What the store holds cannot be read: the records fail, and it stays as it is.
func TestF25_DamagedAggregate(t *testing.T) {
	t.Parallel()
	s := mem.New()
	p := generic(s)
	deliver(t, weir.Kinesis(p), weirtest.Kinesis(order{Customer: "other", Amount: 1}))
	k := state.Key{Kind: state.Value, Name: "c0"}
	if err := s.Commit(t.Context(), p.Name, []state.Write{{Key: k, Data: []byte("\x00garbage")}}); err != nil {
		t.Fatal(err)
	}
	event := weirtest.Kinesis(orders(30)...).From("arn:aws:kinesis:eu-west-1:1:stream/other")
	r := weirtest.Run(t.Context(), weir.Kinesis(p), event)
	if len(r.Retried()) != 10 || !contains(fmt.Sprint(r.Records[0].Err), `"c0"`, "left as it is") {
		t.Errorf("%d retried: %v", len(r.Retried()), r.Records[0].Err)
	}
	rows, err := s.Load(t.Context(), p.Name, []state.Key{k}, true)
	if err != nil || string(rows[0].Data) != "\x00garbage" {
		t.Errorf("the row is now %q, %v", rows[0].Data, err)
	}
	if _, err := p.Get(t.Context(), "c0"); err == nil {
		t.Error("it can be read")
	}
	all, err := p.GetMany(t.Context(), []string{"c1", "c2"})
	if err != nil || all[0].Value+all[1].Value != 465-145 {
		t.Errorf("%+v, %v", all, err)
	}
}
