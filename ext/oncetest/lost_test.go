package oncetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weir-go/weir/ext/internal/cutproxy"
	"github.com/weir-go/weir/middleware/once"
	"github.com/weir-go/weir/state"
)

// TestLostAnswers: the network loses requests and answers, at any time. Nothing runs twice, unless
// its record was told that its completion could not be stored, and all is done in the end.
func TestLostAnswers(t *testing.T) {
	t.Parallel()
	for name, of := range servers {
		if name == "dynalite" {
			continue // it ends when a connection is cut
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lostAnswers(t, of(t))
		})
	}
}

func lostAnswers(t *testing.T, s server) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	p, name := cutproxy.New(t, s.addr), own()
	in := s.open(t, p.Addr())
	if _, err := in.Load(t.Context(), "once:"+name, []state.Key{{Kind: state.Receipt, Name: "x"}}, true); err != nil {
		t.Fatal(err)
	}
	var answers, requests atomic.Int64
	p.Rule(func([]byte) (f cutproxy.Fate) {
		switch random.IntN(8) {
		case 0:
			f.Answer = s.answer
			answers.Add(1)
		case 1:
			f.Drop = true
			requests.Add(1)
		}
		return f
	})
	const keys, processes = 16, 4
	var runs, notStored [keys]atomic.Int64
	var all sync.WaitGroup
	for range processes {
		all.Go(func() {
			do := once.Do(once.New(name, in, once.Lease(300*time.Millisecond)), order.key, func(_ context.Context, o order) error {
				var k int
				if _, err := fmt.Sscan(o.ID, &k); err != nil {
					return err
				}
				runs[k].Add(1)
				return nil
			})
			for k := range keys {
				for err, tries := errBoom, 0; err != nil; tries++ {
					if tries == 10_000 {
						t.Errorf("key %d is never done: %v", k, err)
						return
					}
					ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 20*time.Second)
					err = do(ctx, order{fmt.Sprint(k)})
					cancel()
					if errors.Is(err, once.ErrNotStored) || errors.Is(err, once.ErrLeaseLost) {
						notStored[k].Add(1)
					}
				}
			}
		})
	}
	all.Wait()
	for k := range keys {
		if runs, most := runs[k].Load(), 1+notStored[k].Load(); runs < 1 || runs > most {
			t.Errorf("key %d ran %d times, want at most %d", k, runs, most)
		}
	}
	p.Rule(nil)
	again := 0
	do := once.Do(once.New(name, s.open(t, s.addr)), order.key, func(context.Context, order) error { again++; return nil })
	for k := range keys {
		if err := do(t.Context(), order{fmt.Sprint(k)}); err != nil {
			t.Error(err)
		}
	}
	if again != 0 {
		t.Errorf("%d keys ran again after they were done", again)
	}
	t.Logf("%d answers and %d requests were lost", answers.Load(), requests.Load())
	if answers.Load() == 0 || requests.Load() == 0 {
		t.Error("nothing was lost")
	}
}
