package statetest

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/weir-go/weir/state"
)

func ownMemory(t *testing.T, b *bench) {
	b.only(t, !b.Caps().OnlyAdds, "rows of any data")
	k, d := value("own"), []byte("data")
	b.commit(t, nil, state.Write{Key: k, Data: d})
	copy(d, "XXXX")
	r := b.want(t, k, "data")
	copy(r.Data, "YYYY")
	b.want(t, k, "data")
}

const writers = 8

// oneWinner has several writers count by reading and writing.
func oneWinner(t *testing.T, b *bench) {
	b.only(t, !b.Caps().OnlyAdds && b.Caps().Atomic == state.PerBatch, "batches as a whole")
	k, other := value("count"), value("other count")
	b.commit(t, nil, put(k, 0, "0"), put(other, 0, "0"))
	var wg sync.WaitGroup
	var done atomic.Int64
	for range writers {
		wg.Go(func() {
			for n := 0; n < 5; {
				rows, err := b.Load(t.Context(), b.pipeline, []state.Key{k, other}, true)
				if err != nil || len(rows) != 2 {
					t.Error(len(rows), "rows,", err)
					return
				}
				w := make([]state.Write, 2)
				for i, r := range rows {
					x, _ := strconv.Atoi(string(r.Data))
					w[i] = put(r.Key, r.Version, strconv.Itoa(x+1))
				}
				switch err := b.Commit(t.Context(), b.pipeline, w); {
				case err == nil:
					done.Add(1)
					n++
				case !errors.Is(err, state.ErrConflict):
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.want(t, k, fmt.Sprint(done.Load()))
	b.want(t, other, fmt.Sprint(5*writers))
}

func addsAtOnce(t *testing.T, b *bench) {
	b.only(t, b.Caps().Adds, "Adds")
	x, y := value("x"), value("y")
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			for n := 0; n < 5; {
				w := []state.Write{add(x, 1), add(y, -1)}
				if i%2 == 0 {
					w[0], w[1] = w[1], w[0] // a store that locks in this order would hang
				}
				switch err := b.Commit(t.Context(), b.pipeline, w); {
				case err == nil:
					n++
				case !errors.Is(err, state.ErrConflict):
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.want(t, x, fmt.Sprint(5*writers))
	b.want(t, y, fmt.Sprint(-5*writers))
}

func ended(t *testing.T, b *bench) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.Load(ctx, b.pipeline, []state.Key{value("e")}, true); err == nil {
		t.Error("Load with a context that has ended succeeded")
	}
	if err := b.Commit(ctx, b.pipeline, []state.Write{add(value("e"), 1)}); err == nil {
		t.Error("Commit with a context that has ended succeeded")
	}
}
