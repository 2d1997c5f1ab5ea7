// Package statetest checks a state.Store: whether it keeps the contract, and whether pipelines
// on it stay exact whatever happens. A store is done when this passes:
//
//	func TestStore(t *testing.T) {
//		statetest.Run(t, func(t *testing.T) state.Store { return mystore.New(...) })
//	}
//
// RunDeduper does the same for a state.Deduper.
//
// Two flags of the test binary matter: -histories is how many random histories are run, and
// -seed makes it begin with the history of a report.
package statetest

import (
	"flag"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weir-go/weir/state"
	"github.com/weir-go/weir/state/mem"
)

var (
	histories = flag.Int("histories", 100, "random histories of each store")
	seed      = flag.Uint64("seed", 0, "seed of the first history, 0 for a new one")
)

// Run checks the stores that newStore makes: the contract on one, and pipelines under faults on
// another. A store may hold other data; only names of pipelines that begin with "statetest-" are used.
func Run(t *testing.T, newStore func(t *testing.T) state.Store) {
	t.Run("Contract", func(t *testing.T) {
		s := newStore(t)
		for _, c := range contract {
			t.Run(c.name, func(t *testing.T) { c.check(t, &bench{s, uniqueName()}) })
		}
	})
	t.Run("Exact", func(t *testing.T) {
		s := newStore(t)
		if s.Caps().Atomic != state.PerBatch {
			ExactDedup(t, s, mem.NewDeduper(), *histories, *seed)
			return
		}
		Exact(t, s, *histories, *seed)
	})
}

// Exact runs random histories on a store, a few at a time: random records in random batches,
// delivered again and at the same time, over pipelines of random kinds, with faults between any two
// calls, until every record was answered as done. Then the aggregates have to be what folding the
// records directly gives. A seed of 0 is a new one.
func Exact(t *testing.T, s state.Store, histories int, seed uint64) {
	t.Helper()
	exact(t, s, nil, histories, seed)
}

// ExactDedup is Exact for pipelines that have a Deduper. Half of them are told that the store commits
// no batch as a whole, or all if that is so. These are exact by the Deduper alone, so they meet no more
// than it promises to survive: nothing dies, and no answer of the store is lost, between the beginning
// of a commit and its confirmation. Leases need not be waited for.
func ExactDedup(t *testing.T, s state.Store, d state.Deduper, histories int, seed uint64) {
	t.Helper()
	exact(t, s, d, histories, seed)
}

func exact(t *testing.T, s state.Store, d state.Deduper, histories int, seed uint64) {
	t.Helper()
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("%d histories from -seed %d", histories, seed)
	name := uniqueName()
	var next atomic.Int64
	var sum tally
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(histories) && !t.Failed(); i = next.Add(1) - 1 {
				h := newHistory(s, d, fmt.Sprintf("%s-%d", name, i), seed+uint64(i))
				if err := h.run(t.Context(), &sum); err != nil {
					t.Errorf("a history failed: replay it with -seed %d -histories 1\n%+v\n%v", seed+uint64(i), h.setup, err)
				}
			}
		})
	}
	wg.Wait()
	t.Log(sum.String())
	if histories >= 100 {
		sum.check(t, d != nil)
	}
}

var names atomic.Int64

func uniqueName() string {
	return fmt.Sprintf("statetest-%d-%d", time.Now().UnixNano(), names.Add(1))
}
