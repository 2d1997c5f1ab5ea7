package streaming_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/metrics"
	"github.com/weir-go/weir/state"
	"github.com/weir-go/weir/state/mem"
	"github.com/weir-go/weir/streaming"
	"github.com/weir-go/weir/streaming/memlog"
)

var errBad = errors.New("bad record")

// TestRetries: a failed record is tried again after pauses with full jitter, and blocks its own lane only.
func TestRetries(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := numbers(40, 2)
		l.End()
		g := l.Group()
		var attempts []int
		var at []time.Time
		var others int64
		r := new(metrics.InMemory)
		err := streaming.Run(t.Context(), weir.EachMessage(func(_ context.Context, m *weir.Message) error {
			if m.ID != "numbers-1@3" {
				return nil
			}
			attempts, at = append(attempts, m.Attempt), append(at, time.Now())
			if others = g.Committed(0); m.Attempt < 5 {
				want(t, "committed of the lane", g.Committed(1) <= 3, true)
				return errBad
			}
			return nil
		}), g.Member(), streaming.Attempts(7), streaming.Backoff(time.Second, 3*time.Second), streaming.Metrics(r), streaming.Name("w"))
		if err != nil {
			t.Error(err)
		}
		want(t, "attempts", fmt.Sprint(attempts), "[1 2 3 4 5]")
		want(t, "committed of the other lane meanwhile", others, 20)
		for i, most := range []time.Duration{time.Second, 2 * time.Second, 3 * time.Second, 3 * time.Second} {
			if d := at[i+1].Sub(at[i]); d > most {
				t.Errorf("pause %d took %v, more than %v", i+1, d, most)
			}
		}
		want(t, "metrics", fmt.Sprint(r.Snapshot().Events), "map[w:40 w:retry:4]")
		want(t, "errors", r.Snapshot().Errors["w"].Count, 4)
	})
}

func TestDeadLetter(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		err   error
		full  int // how many times the sink fails
		runs  int
		calls int
	}{
		{"after its attempts", errBad, 0, 3, 1},
		{"undecodable at once", weir.Undecodable(errBad), 0, 1, 1},
		{"a sink that fails", errBad, 2, 5, 3},
		{"a sink that panics", errBad, -1, 4, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := numbers(10, 1)
				l.End()
				g := l.Group()
				r := new(metrics.InMemory)
				runs, calls, ran := 0, 0, 0
				err := streaming.Run(t.Context(), weir.Each(func(_ context.Context, n int) error {
					if n == 4 {
						runs++
						return tt.err
					}
					ran++
					return nil
				}), g.Member(), streaming.Attempts(3), streaming.Metrics(r),
					streaming.DeadLetter(func(_ context.Context, m *weir.Message, err error) error {
						want(t, "given up", m.ID, "numbers-0@4")
						want(t, "committed", g.Committed(0) <= 4, true)
						if !errors.Is(err, errBad) {
							t.Errorf("error %v", err)
						}
						if calls++; calls <= tt.full {
							return errors.New("full")
						} else if tt.full < 0 && calls == 1 {
							panic("full")
						}
						return nil
					}))
				if err != nil {
					t.Error(err)
				}
				want(t, "runs", runs, tt.runs)
				want(t, "others", ran, 9)
				want(t, "calls", calls, tt.calls)
				want(t, "committed", g.Committed(0), 10)
				want(t, "dead letters", recorded("worker:dead_letter", r), 1)
				want(t, "done", recorded("worker", r), 10)
			})
		})
	}
}

// TestStoreDown: while the store is down the worker is paused. No record uses up an attempt, none
// is given up, and the totals are exact once it is back.
func TestStoreDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := memlog.New("orders", 3)
		for i := range 300 {
			l.Append(i%3, payload(t, order{Customer: "c", Amount: 1}))
		}
		l.End()
		begin := time.Now()
		var down atomic.Bool
		var asked atomic.Int64
		store := &faulty{Store: mem.New()}
		store.before = func(int, []state.Write) error {
			if time.Since(begin) < time.Hour {
				down.Store(true)
				asked.Add(1)
				return errDown
			}
			return nil
		}
		p := amounts(store)
		g := l.Group()
		r := new(metrics.InMemory)
		w := streaming.NewWorker(p, g.Member(), streaming.Attempts(1), streaming.BatchRecords(50), streaming.Metrics(r),
			streaming.DeadLetter(func(context.Context, *weir.Message, error) error {
				t.Error("a record was given up because the store is down")
				return nil
			}))
		done := make(chan error)
		go func() { done <- w.Run(t.Context()) }()
		time.Sleep(30 * time.Minute)
		s := w.Status()
		if s.Ready || !s.Paused || !strings.Contains(s.Reason, "the store is down") {
			t.Errorf("status while the store is down: %+v", s)
		}
		want(t, "retried", s.Retried, 0)
		want(t, "in hand", s.Waiting+s.Running > 0, true)
		want(t, "committed", g.Committed(0)+g.Committed(1)+g.Committed(2), 0)
		if err := <-done; err != nil {
			t.Error(err)
		}
		want(t, "total", total(t, p, "c"), 300)
		if n := asked.Load(); n > 1000 {
			t.Errorf("the store was asked %d times in an hour", n)
		}
		if time.Since(begin) > time.Hour+2*time.Minute {
			t.Errorf("it took %v after the store was back", time.Since(begin)-time.Hour)
		}
		want(t, "dead letters", recorded("worker:dead_letter", r), 0)
	})
}

// TestStreak: a handler fails whatever it is given. A hundred records are given up; from then on one a
// pause, and once it works again all others succeed.
func TestStreak(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := numbers(1000, 50)
		l.End()
		begin := time.Now()
		dead := 0
		var after int
		err := streaming.Run(t.Context(), weir.Each(func(context.Context, int) error {
			if time.Since(begin) < time.Hour {
				return errBad
			}
			return nil
		}), l.Group().Member(), streaming.Attempts(1), streaming.Backoff(time.Second, 10*time.Minute),
			streaming.DeadLetter(func(context.Context, *weir.Message, error) error {
				if dead++; dead > 100 {
					after++
				}
				return nil
			}))
		if err != nil {
			t.Error(err)
		}
		if dead < 100 || after > 60 {
			t.Errorf("%d given up, %d of them after a hundred", dead, after)
		}
	})
}

// TestTurn: a slow handler does not keep what is done from being acknowledged.
func TestTurn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := numbers(100, 1)
		l.End()
		g := l.Group()
		err := streaming.Run(t.Context(), weir.Each(func(_ context.Context, n int) error {
			if done := int64(n); done-g.Committed(0) > 5 {
				t.Errorf("%d are done and %d acknowledged", done, g.Committed(0))
			}
			time.Sleep(300 * time.Millisecond)
			return nil
		}), g.Member(), streaming.Turn(time.Second))
		if err != nil {
			t.Error(err)
		}
		want(t, "committed", g.Committed(0), 100)
	})
}

// TestLinger: a batch that is not full waits for more, and one that is does not.
func TestLinger(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := memlog.New("l", 2)
		var sizes []int
		var at []time.Duration
		begin := time.Now()
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() {
			done <- streaming.Run(ctx, weir.Batch(func(_ context.Context, b *weir.BatchOf[string]) error {
				sizes, at = append(sizes, b.Len()), append(at, time.Since(begin))
				return nil
			}), l.Group().Member(), streaming.Linger(10*time.Second), streaming.BatchRecords(6))
		}()
		for i := range 4 {
			l.Append(i%2, []byte("x"))
			time.Sleep(time.Second)
		}
		time.Sleep(time.Minute)
		for i := range 6 {
			l.Append(i%2, []byte("x"))
		}
		time.Sleep(time.Minute)
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		want(t, "batches", fmt.Sprint(sizes, at), "[4 6] [10s 1m4s]")
	})
}

// TestInFlight: what is in memory is bounded.
func TestInFlight(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := memlog.New("l", 4)
		for i := range 2000 {
			l.Append(i%4, make([]byte, 1000))
		}
		l.End()
		var w *streaming.Worker
		most := 0
		w = streaming.NewWorker(weir.Each(func(context.Context, []byte) error {
			most = max(most, w.Status().Bytes)
			return nil
		}), l.Group().Member(), streaming.InFlight(50_000), streaming.BatchRecords(20))
		if err := w.Run(t.Context()); err != nil {
			t.Error(err)
		}
		// The source stops at the record with which the room is taken; 256 bytes are for each record.
		if most < 40_000 || most > 50_000+50*256+1256 {
			t.Errorf("up to %d bytes were in memory", most)
		}
	})
}

// TestSequentialByDefault: a handler that is not safe for concurrent use is safe.
func TestSequentialByDefault(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 3} {
		synctest.Test(t, func(t *testing.T) {
			l := numbers(100, 10)
			l.End()
			var now, most atomic.Int64
			var opts []streaming.Option
			if n > 1 {
				opts = append(opts, streaming.Concurrency(n))
			}
			err := streaming.Run(t.Context(), weir.Each(func(context.Context, int) error {
				most.Store(max(most.Load(), now.Add(1)))
				time.Sleep(time.Millisecond)
				now.Add(-1)
				return nil
			}), l.Group().Member(), opts...)
			if err != nil {
				t.Error(err)
			}
			want(t, "at a time", most.Load(), int64(n))
		})
	}
}

// TestLambdaOptions: what a Lambda can be told, a worker can.
func TestLambdaOptions(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := memlog.New("l", 1)
		l.Append(0, []byte(`1`), []byte(`{`), []byte(`3`))
		l.End()
		var o observer
		sum := 0
		err := streaming.Run(t.Context(), weir.Each(func(_ context.Context, n int) error { sum += n; return nil }), l.Group().Member(),
			streaming.Handling(weir.OnUndecodable(weir.DropUndecodable), weir.Observe(&o)))
		if err != nil {
			t.Error(err)
		}
		want(t, "sum", sum, 4)
		want(t, "observed", fmt.Sprint(o.dropped, o.batches), "[l-0@1] 1")
	})
}

type observer struct {
	dropped []string
	batches int
}

func (o *observer) RecordDropped(_ context.Context, m *weir.Message, _ error) error {
	o.dropped = append(o.dropped, m.ID)
	return nil
}
func (o *observer) BatchEnded(context.Context, weir.Summary) { o.batches++ }

// TestNotBuilt: what is wrong with a worker is said before the source is opened.
func TestNotBuilt(t *testing.T) {
	t.Parallel()
	verb := weir.Each(func(context.Context, int) error { return nil })
	for name, tt := range map[string]struct {
		v    weir.Verb
		s    streaming.Source
		opts []streaming.Option
	}{
		"no verb":         {nil, &script{}, nil},
		"nil function":    {weir.Each[int](nil), &script{}, nil},
		"the source":      {verb, nil, nil},
		"neither a Log":   {verb, &script{kind: 7}, nil},
		"option 0 is nil": {verb, &script{}, []streaming.Option{nil}},
		"Name":            {verb, &script{}, []streaming.Option{streaming.Name("")}},
		"Concurrency(0)":  {verb, &script{}, []streaming.Option{streaming.Concurrency(0)}},
		"BatchRecords(0)": {verb, &script{}, []streaming.Option{streaming.BatchRecords(0)}},
		"Linger(-1ns)":    {verb, &script{}, []streaming.Option{streaming.Linger(-1)}},
		"Turn(0s)":        {verb, &script{}, []streaming.Option{streaming.Turn(0)}},
		"Turn(1ns)":       {verb, &script{}, []streaming.Option{streaming.Turn(1)}},
		"InFlight(0)":     {verb, &script{}, []streaming.Option{streaming.InFlight(0)}},
		"Attempts(0)":     {verb, &script{}, []streaming.Option{streaming.Attempts(0)}},
		"Backoff(2s, 1s)": {verb, &script{}, []streaming.Option{streaming.Backoff(2*time.Second, time.Second)}},
		"DeadLetter(nil)": {verb, &script{}, []streaming.Option{streaming.DeadLetter(nil)}},
		"Drain(0s)":       {verb, &script{}, []streaming.Option{streaming.Drain(0)}},
		"Metrics(nil)":    {verb, &script{}, []streaming.Option{streaming.Metrics(nil)}},
		"Logger(nil)":     {verb, &script{}, []streaming.Option{streaming.Logger(nil)}},
		"Beside(nil)":     {verb, &script{}, []streaming.Option{streaming.Beside(nil)}},
		"RecordTimeout":   {amounts(mem.New()), &script{}, []streaming.Option{streaming.Handling(weir.RecordTimeout(time.Second))}},
		"busy port":       {verb, &script{}, []streaming.Option{streaming.Beside(func(*streaming.Worker) (func(), error) { return nil, errors.New("busy port") })}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := streaming.Run(t.Context(), tt.v, tt.s, tt.opts...)
			if err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("Run returned %v", err)
			}
			if s, ok := tt.s.(*script); ok && s.opened {
				t.Error("the source was opened")
			}
		})
	}
}

func TestRunsOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := numbers(1, 1)
		l.End()
		stops := 0
		w := streaming.NewWorker(weir.Each(func(context.Context, int) error { return nil }), l.Group().Member(),
			streaming.Beside(func(w *streaming.Worker) (func(), error) {
				want(t, "state", w.Status().State, streaming.Starting)
				return func() { stops++ }, nil
			}))
		if err := w.Run(t.Context()); err != nil {
			t.Error(err)
		}
		want(t, "stopped", stops, 1)
		if err := w.Run(t.Context()); err == nil {
			t.Error("it ran twice")
		}
	})
}

// TestAlone: those behind a failed record are not run again each time that it is.
func TestAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := numbers(10, 1)
		l.End()
		var sizes []int
		err := streaming.Run(t.Context(), weir.Batch(func(_ context.Context, b *weir.BatchOf[int]) error {
			sizes = append(sizes, b.Len())
			for r := range b.All() {
				if r.Value == 0 && r.Message.Attempt < 4 {
					b.Fail(r, errBad)
				}
			}
			return nil
		}), l.Group().Member())
		if err != nil {
			t.Error(err)
		}
		want(t, "batches", fmt.Sprint(sizes), "[10 1 1 1 9]")
	})
}

// TestProbe: while something is unavailable, one batch at a time finds out whether it still is, and
// all go on once it is not.
func TestProbe(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := numbers(400, 40)
		l.End()
		begin := time.Now()
		var now, most, after atomic.Int64
		err := streaming.Run(t.Context(), weir.Each(func(context.Context, int) error {
			n := now.Add(1)
			defer now.Add(-1)
			time.Sleep(time.Second)
			switch since := time.Since(begin); {
			case since > time.Hour:
				after.Store(max(after.Load(), n))
				return nil
			case since > time.Minute:
				most.Store(max(most.Load(), n))
			}
			return weir.Unavailable(errDown)
		}), l.Group().Member(), streaming.Concurrency(4), streaming.Turn(time.Millisecond))
		if err != nil {
			t.Error(err)
		}
		want(t, "at a time while it is unavailable", most.Load(), 1)
		want(t, "at a time afterwards", after.Load(), 4)
	})
}
