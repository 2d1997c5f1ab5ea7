package streaming_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/state"
	"github.com/weir-go/weir/state/mem"
	"github.com/weir-go/weir/streaming"
	"github.com/weir-go/weir/streaming/memlog"
)

// In a synctest bubble a goroutine that Run leaves behind fails the test.

// TestF37_FiniteSourceEnds: a source that ends has all of its records processed, or Run says not.
func TestF37_FiniteSourceEnds(t *testing.T) {
	t.Parallel()
	for _, opts := range [][]streaming.Option{
		nil,
		{streaming.BatchRecords(7), streaming.Concurrency(3)},
		{streaming.BatchRecords(300), streaming.Linger(time.Hour)},
		{streaming.InFlight(1)},
	} {
		synctest.Test(t, func(t *testing.T) {
			l := numbers(1000, 4)
			l.End()
			var mu sync.Mutex
			seen := map[string]int{}
			g := l.Group()
			err := streaming.Run(t.Context(), weir.Each(func(_ context.Context, n string) error {
				mu.Lock()
				defer mu.Unlock()
				seen[n]++
				return nil
			}), g.Member(), opts...)
			if err != nil {
				t.Error(err)
			}
			want(t, "records", len(seen), 1000)
			want(t, "committed", g.Committed(0)+g.Committed(1)+g.Committed(2)+g.Committed(3), 1000)
		})
	}
}

func TestF37_FiniteSourceWithPoison(t *testing.T) {
	t.Parallel()
	errPoison := errors.New("poison")
	synctest.Test(t, func(t *testing.T) {
		l := numbers(1000, 4)
		l.End()
		g := l.Group()
		tries := 0
		err := streaming.Run(t.Context(), weir.Each(func(_ context.Context, n int) error {
			if n == 402 {
				tries++
				return errPoison
			}
			return nil
		}), g.Member())
		if !errors.Is(err, streaming.ErrNotDone) || !errors.Is(err, errPoison) {
			t.Errorf("Run returned %v", err)
		}
		want(t, "tries", tries, streaming.DefaultAttempts)
		want(t, "committed of the poisoned partition", g.Committed(2), 100)
		want(t, "committed of another", g.Committed(1), 250)
	})
	synctest.Test(t, func(t *testing.T) { // stopped from outside before it is through
		l := numbers(100, 1)
		l.End()
		ctx, cancel := context.WithCancel(t.Context())
		g := l.Group()
		err := streaming.Run(ctx, weir.Each(func(_ context.Context, n int) error {
			if n == 50 {
				cancel()
				time.Sleep(time.Millisecond) // virtual: until everybody knows
			}
			return nil
		}), g.Member(), streaming.BatchRecords(10))
		if err != nil {
			t.Errorf("Run returned %v", err)
		}
		want(t, "committed", g.Committed(0), 51)
	})
}

// TestF38_Shutdown: what runs when the worker is told to stop is finished and acknowledged, or
// neither.
func TestF38_Shutdown(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name      string
		takes     time.Duration // the record at work
		obeys     bool          // its context
		committed int64
		after     time.Duration
		err       error
	}{
		{"finishes in time", 5 * time.Second, true, 4, 5 * time.Second, nil},
		{"is cancelled", time.Hour, true, 3, 15 * time.Second, nil},
		{"finishes after its context has ended", 18 * time.Second, false, 4, 18 * time.Second, nil},
		{"is left behind with its batch", time.Hour, false, 0, 20 * time.Second, streaming.ErrLeftBehind},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := numbers(10, 1)
				g := l.Group()
				ctx, stop := context.WithCancel(t.Context())
				var stopped time.Time
				var began, merged atomic.Int64
				err := streaming.Run(ctx, weir.Each(func(ctx context.Context, n int) error {
					began.Add(1)
					if n == 3 {
						stopped = time.Now()
						stop()
						if !tt.obeys {
							ctx = context.Background()
						}
						select {
						case <-time.After(tt.takes):
						case <-ctx.Done():
							want(t, "cause", context.Cause(ctx), streaming.ErrDraining)
							return ctx.Err()
						}
					}
					merged.Add(1)
					return nil
				}), g.Member(), streaming.Drain(20*time.Second), streaming.Attempts(1),
					streaming.DeadLetter(func(context.Context, *weir.Message, error) error {
						t.Error("a record was given up because the worker shuts down")
						return nil
					}))
				if !errors.Is(err, tt.err) || tt.err == nil && err != nil {
					t.Errorf("Run returned %v, want %v", err, tt.err)
				}
				want(t, "took", time.Since(stopped), tt.after)
				want(t, "committed", g.Committed(0), tt.committed)
				want(t, "began", began.Load(), 4)
				if tt.err != nil {
					time.Sleep(time.Hour) // virtual: what was left behind ends
					return
				}
				want(t, "merged", merged.Load(), tt.committed)
			})
		})
	}
}

// TestF38_PipelineShutdown: the commit of a batch hangs when the worker is told to stop. It is not
// acknowledged, though it was applied; the next worker counts nothing twice.
func TestF38_PipelineShutdown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := memlog.New("orders", 1)
		for range 10 {
			l.Append(0, payload(t, order{Customer: "c", Amount: 1}))
		}
		g := l.Group()
		ctx, stop := context.WithCancel(t.Context())
		store := &faulty{Store: mem.New()}
		store.after = func(int, []state.Write) error {
			if g.Committed(0) == 0 && ctx.Err() == nil {
				stop()
				time.Sleep(19 * time.Second) // virtual: the answer comes after the context has ended
				return context.DeadlineExceeded
			}
			return nil
		}
		p := amounts(store)
		if err := streaming.Run(ctx, p, g.Member(), streaming.Drain(20*time.Second)); err != nil {
			t.Error(err)
		}
		want(t, "committed", g.Committed(0), 0)
		l.End()
		if err := streaming.Run(t.Context(), p, g.Member()); err != nil {
			t.Error(err)
		}
		want(t, "total", total(t, p, "c"), 10)
		want(t, "committed", g.Committed(0), 10)
	})
}

// TestF39_LowestUnfinished: the second record takes long, so while those of other partitions go on,
// and whatever order batches end in, no position moves past what is not done.
func TestF39_LowestUnfinished(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := numbers(400, 4)
		l.End()
		g := l.Group()
		var mu sync.Mutex
		done := make([]int64, 4) // how many of each partition are done
		err := streaming.Run(t.Context(), weir.EachMessage(func(_ context.Context, m *weir.Message) error {
			n, _ := strconv.Atoi(string(m.Payload))
			time.Sleep(time.Duration((n*7919)%50) * time.Millisecond)
			part, offset := n%4, int64(n/4)
			mu.Lock()
			defer mu.Unlock()
			if done[part] != offset {
				t.Errorf("partition %d: record %d ran after %d were done", part, offset, done[part])
			}
			if c := g.Committed(part); c > offset {
				t.Errorf("partition %d: %d is committed while %d runs", part, c, offset)
			}
			if n%31 == 0 && m.Attempt == 1 {
				return errors.New("not yet")
			}
			done[part]++
			return nil
		}), g.Member(), streaming.Concurrency(4), streaming.BatchRecords(9))
		if err != nil {
			t.Error(err)
		}
		for i := range 4 {
			want(t, "committed", g.Committed(i), 100)
		}
		for _, v := range g.Violations() {
			t.Error(v)
		}
	})
}

// TestF39_GroupsOfAQueue: a record that fails goes back together with what is behind it in its
// group, and nothing overtakes it.
func TestF39_GroupsOfAQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var all []queued
		for i := range 60 {
			all = append(all, queued{id: fmt.Sprint(i), group: fmt.Sprint("g", i%3), body: fmt.Sprint(i)})
		}
		q := newQueue(all...)
		var mu sync.Mutex
		got := map[int][]int{}
		err := streaming.Run(t.Context(), weir.Each(func(ctx context.Context, n int) error {
			m, _ := weir.FromContext(ctx)
			if n%7 == 0 && m.Attempt < 3 {
				return errors.New("not yet")
			}
			mu.Lock()
			defer mu.Unlock()
			got[n%3] = append(got[n%3], n)
			return nil
		}), q, streaming.Concurrency(2))
		if err != nil {
			t.Error(err)
		}
		for g, ns := range got {
			if !slices.IsSorted(ns) || len(ns) != 20 {
				t.Errorf("group %d: %v", g, ns)
			}
		}
	})
}

// TestF40_AllKeys: the commit of the second key fails, so the record is not acknowledged; in
// the end each key has it once.
func TestF40_AllKeys(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := memlog.New("orders", 1)
		for range 20 {
			l.Append(0, payload(t, order{Customer: "a", More: []string{"b", "c"}, Amount: 1}))
		}
		l.End()
		g := l.Group()
		store := &faulty{Store: mem.New()}
		store.before = func(n int, w []state.Write) error {
			if g.Committed(0) > 0 {
				t.Errorf("%d records are acknowledged before their keys are written", g.Committed(0))
			}
			if n < 15 {
				return errDown
			}
			return nil
		}
		p := amounts(store)
		if err := streaming.Run(t.Context(), p, g.Member()); err != nil {
			t.Error(err)
		}
		for _, key := range []string{"a", "b", "c"} {
			want(t, key, total(t, p, key), 20)
		}
		want(t, "committed", g.Committed(0), 20)
	})
}

// TestF41_NoKeys: a record without keys is done.
func TestF41_NoKeys(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := memlog.New("orders", 1)
		l.Append(0, payload(t, order{Amount: 1}), payload(t, order{Customer: "a", Amount: 2}), payload(t, order{Amount: 4}))
		l.End()
		g := l.Group()
		p := amounts(mem.New())
		if err := streaming.Run(t.Context(), p, g.Member()); err != nil {
			t.Error(err)
		}
		want(t, "committed", g.Committed(0), 3)
		want(t, "total", total(t, p, "a"), 2)
	})
}
