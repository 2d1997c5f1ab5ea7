package streaming_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/state"
	"github.com/weir-go/weir/state/mem"
	"github.com/weir-go/weir/streaming"
)

func messages(n int) (all []queued) {
	for i := range n {
		all = append(all, queued{id: fmt.Sprint("m", i), body: fmt.Sprint(i)})
	}
	return all
}

// TestQueue: each record is taken back by itself; a failed one goes back with a growing delay, and is
// given up by the count of its deliveries.
func TestQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(messages(100)...)
		var mu sync.Mutex
		runs := map[int]int{}
		var dead []string
		held := 0
		var w *streaming.Worker
		w = streaming.NewWorker(weir.Each(func(_ context.Context, n int) error {
			mu.Lock()
			defer mu.Unlock()
			s := w.Status()
			held = max(held, s.Waiting+s.Running)
			runs[n]++
			switch {
			case n == 13:
				return errBad
			case n == 17 && runs[n] == 1:
				return weir.RetryAfter(time.Hour, errBad)
			case n == 19:
				return weir.Undecodable(errBad)
			}
			return nil
		}), q, streaming.Concurrency(3), streaming.Attempts(4),
			streaming.DeadLetter(func(_ context.Context, m *weir.Message, err error) error {
				mu.Lock()
				defer mu.Unlock()
				dead = append(dead, fmt.Sprint(m.ID, "/", m.Attempt))
				return nil
			}))
		if err := w.Run(t.Context()); err != nil {
			t.Error(err)
		}
		want(t, "deleted", len(q.deleted), 100)
		want(t, "runs", fmt.Sprint(len(runs), runs[0], runs[13], runs[17], runs[19]), "100 1 4 2 1")
		want(t, "dead letters", fmt.Sprint(dead), "[m19/1 m13/4]")
		late := 0
		for _, d := range q.returned {
			if d >= time.Hour {
				late++
			}
		}
		want(t, "returned", fmt.Sprint(len(q.returned), late), "4 1")
		if held > 10*(3+1) {
			t.Errorf("%d records were held, which others could have processed", held)
		}
	})
}

// TestQueueUnavailable: while a store is down, a queue's records are held and use up no receive.
func TestQueueUnavailable(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var all []queued
		for i := range 50 {
			all = append(all, queued{id: fmt.Sprint("m", i), body: string(payload(t, order{Customer: "c", Amount: 1}))})
		}
		q := newQueue(all...)
		begin := time.Now()
		store := &faulty{Store: mem.New()}
		store.before = func(int, []state.Write) error {
			if time.Since(begin) < 10*time.Minute {
				return errDown
			}
			return nil
		}
		p := amounts(store)
		if err := streaming.Run(t.Context(), p, q); err != nil {
			t.Error(err)
		}
		want(t, "total", total(t, p, "c"), 50)
		want(t, "returned", len(q.returned), 0)
		want(t, "deleted", len(q.deleted), 50)
	})
}

// TestQueueShutdown: what has not begun goes back at once.
func TestQueueShutdown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(messages(100)...)
		ctx, stop := context.WithCancel(t.Context())
		ran := 0
		err := streaming.Run(ctx, weir.Each(func(context.Context, int) error {
			if ran++; ran == 5 {
				stop()
				time.Sleep(time.Second)
			}
			return nil
		}), q)
		if err != nil {
			t.Error(err)
		}
		want(t, "ran", ran, 5)
		want(t, "deleted", len(q.deleted), 5)
		want(t, "out", len(q.out), 0)
		want(t, "waiting", len(q.waiting), 95)
		for _, d := range q.returned {
			want(t, "delay", d, 0)
		}
	})
}

// TestQueueProperty: with random failures of records and of Settle, every record is deleted once it
// is done, and those of a group are done in order.
func TestQueueProperty(t *testing.T) {
	t.Parallel()
	_, n := seed(t)
	for i := range uint64(40) {
		random := rand.New(rand.NewPCG(n, i))
		synctest.Test(t, func(t *testing.T) {
			groups := random.IntN(4)
			all := messages(1 + random.IntN(150))
			for i := range all {
				if groups > 0 {
					all[i].group = fmt.Sprint(i % groups)
				}
			}
			q := newQueue(all...)
			var mu sync.Mutex
			roll := func(n int) int {
				mu.Lock()
				defer mu.Unlock()
				return random.IntN(n)
			}
			q.settle = func(int) error {
				if roll(4) == 0 {
					return errors.New("throttled")
				}
				return nil
			}
			done := map[int]bool{}
			last := map[int]int{}
			err := streaming.Run(t.Context(), weir.Each(func(_ context.Context, n int) error {
				time.Sleep(time.Duration(roll(1000)) * time.Millisecond)
				switch roll(8) {
				case 0:
					return errBad
				case 1:
					return weir.Unavailable(errBad)
				}
				mu.Lock()
				defer mu.Unlock()
				if done[n] {
					t.Errorf("%d is done twice", n)
				}
				done[n] = true
				if groups > 0 {
					if g := n % groups; last[g] > n {
						t.Errorf("%d after %d", n, last[g])
					} else {
						last[g] = n
					}
				}
				return nil
			}), q, streaming.Concurrency(1+roll(4)), streaming.BatchRecords(1+roll(12)))
			if err != nil {
				t.Error(err)
			}
			want(t, "done", len(done), len(all))
			want(t, "deleted", len(q.deleted), len(all))
		})
		if t.Failed() {
			t.Fatalf("failed in round %d", i)
		}
	}
}

// TestPauses: a lane that waits for a failed record, or of which there is enough, is left out of
// polls and taken in again.
func TestPauses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &pausing{}
		poisoned := time.Now().Add(time.Minute)
		next := map[string]int64{}
		s.poll = func(ctx context.Context, n int, room streaming.Room) (out []streaming.Fetch, err error) {
			time.Sleep(time.Second)
			for _, lane := range []string{"a", "b"} {
				s.mu.Lock()
				off := s.off[lane]
				s.mu.Unlock()
				if !off && next[lane] < 300 {
					next[lane]++
					out = append(out, fetch(lane, 1, next[lane]))
				}
			}
			if next["a"]+next["b"] == 600 {
				return out, io.EOF
			}
			return out, nil
		}
		err := streaming.Run(t.Context(), weir.EachMessage(func(_ context.Context, m *weir.Message) error {
			if m.ID == "a@3" && time.Now().Before(poisoned) {
				return errBad
			}
			if m.ID == "a@4" {
				want(t, "polled of the lane that was blocked", next["a"] < 10, true)
				want(t, "polled of the other", next["b"] > 50, true)
			}
			return nil
		}), s, streaming.Backoff(time.Second, 5*time.Second))
		if err != nil {
			t.Error(err)
		}
		want(t, "told", fmt.Sprint(s.told), "[pause a 1 resume a 1]")
	})
}
