package streaming_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/state"
	"github.com/weir-go/weir/state/mem"
	"github.com/weir-go/weir/streaming"
	"github.com/weir-go/weir/streaming/memlog"
)

// seed is that of random tests: WEIR_SEED, or the clock's.
func seed(t *testing.T) (*rand.Rand, uint64) {
	n := uint64(time.Now().UnixNano())
	if s := os.Getenv("WEIR_SEED"); s != "" {
		var err error
		if n, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("WEIR_SEED=%d", n)
	return rand.New(rand.NewPCG(n, 1)), n
}

// TestF43_Rebalance: two workers share partitions that move between them all the time. One of the
// two is killed fifty times: it loses its partitions at once, what it has at work goes on as a
// zombie's, and another takes its place. The store fails, and loses answers. Totals are exact.
func TestF43_Rebalance(t *testing.T) {
	t.Parallel()
	random, _ := seed(t)
	const partitions, customers, kills = 8, 20, 50
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		roll := func(n int) int {
			mu.Lock()
			defer mu.Unlock()
			return random.IntN(n)
		}
		store := &faulty{Store: mem.New()}
		trouble := func(err error) func(int, []state.Write) error {
			return func(int, []state.Write) error {
				time.Sleep(time.Duration(roll(20)) * time.Millisecond)
				if roll(20) == 0 {
					return err
				}
				return nil
			}
		}
		store.before, store.after = trouble(errDown), trouble(errors.New("the answer is lost"))
		p := amounts(store)
		l := memlog.New("orders", partitions)
		g := l.Group()
		var sum int64
		names := make([]string, customers)
		for i := range names {
			names[i] = fmt.Sprint("c", i)
		}
		produce := func() {
			for range 1 + roll(100) {
				n := int64(roll(1000))
				sum += n
				l.Append(roll(partitions), payload(t, order{Customer: names[roll(customers)], More: []string{names[roll(customers)]}, Amount: n}))
			}
		}

		var all sync.WaitGroup
		type running struct {
			m    *memlog.Member
			kill context.CancelFunc
		}
		start := func() running {
			ctx, cancel := context.WithCancel(context.Background())
			m := g.Member()
			all.Go(func() {
				err := streaming.Run(ctx, p, m, streaming.BatchRecords(1+roll(50)), streaming.Concurrency(1+roll(3)),
					streaming.Backoff(time.Millisecond, 20*time.Millisecond))
				if err != nil {
					t.Error(err)
				}
			})
			return running{m, cancel}
		}
		workers := []running{start(), start()}
		time.Sleep(time.Second)
		for killed := 0; killed < kills; {
			produce()
			time.Sleep(time.Duration(roll(40)) * time.Millisecond)
			switch roll(4) {
			case 0:
				i := roll(2)
				workers[i].m.Kill()
				workers[i].kill()
				workers[i] = start()
				killed++
			case 1:
				g.Rebalance()
			default:
				g.Move(roll(partitions), workers[roll(2)].m)
			}
		}
		l.End()
		all.Wait()
		var records int64
		for i := range partitions {
			records += l.Len(i)
			want(t, "committed", g.Committed(i), l.Len(i))
		}
		for _, v := range g.Violations() {
			t.Error(v)
		}
		// A record with two different customers adds to both.
		want(t, "total", total(t, p, names...), sum+more(t, l, partitions))
		t.Logf("%d records", records)
	})
}

// more sums up what second customers add.
func more(t *testing.T, l *memlog.Log, partitions int) (sum int64) {
	l2 := l.Group()
	var mu sync.Mutex
	err := streaming.Run(t.Context(), weir.Each(func(_ context.Context, o order) error {
		mu.Lock()
		defer mu.Unlock()
		if len(o.More) > 0 && o.More[0] != o.Customer {
			sum += o.Amount
		}
		return nil
	}), l2.Member())
	if err != nil {
		t.Error(err)
	}
	return sum
}

// TestRevokeLeavesOrFinishes: when Revoke returns, what had begun is done and committed, or the
// next owner gets it; nothing is committed afterwards.
func TestRevokeLeavesOrFinishes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name      string
		takes     time.Duration
		committed int64 // when Revoke is back
		after     time.Duration
	}{
		{"finishes", time.Second, 3, time.Second},
		{"takes too long", time.Hour, 0, memlog.RebalanceTimeout},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := numbers(10, 1)
				g := l.Group()
				ctx, stop := context.WithCancel(t.Context())
				atWork := make(chan struct{})
				m := g.Member()
				var all sync.WaitGroup
				all.Go(func() {
					err := streaming.Run(ctx, weir.Each(func(ctx context.Context, n int) error {
						if n != 2 {
							return nil
						}
						close(atWork)
						select {
						case <-time.After(tt.takes):
							return nil
						case <-ctx.Done():
							want(t, "cause", context.Cause(ctx), streaming.ErrRevoked)
							return ctx.Err()
						}
					}), m)
					if err != nil {
						t.Error(err)
					}
				})
				<-atWork
				begin := time.Now()
				g.Move(0, nil)
				want(t, "took", time.Since(begin), tt.after)
				want(t, "committed", g.Committed(0), tt.committed)
				synctest.Wait()
				stop()
				all.Wait()
				want(t, "committed in the end", g.Committed(0), tt.committed)
				for _, v := range g.Violations() {
					t.Error(v)
				}
			})
		})
	}
}
