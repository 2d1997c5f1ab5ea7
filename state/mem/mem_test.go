package mem_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weir-go/weir/state"
	"github.com/weir-go/weir/state/mem"
	"github.com/weir-go/weir/state/statetest"
)

func TestStore(t *testing.T) {
	t.Parallel()
	statetest.Run(t, func(*testing.T) state.Store { return mem.New() })
}

// TestWrapped: a store that wraps another, and so is neither Versioner nor Lister, is checked for what it has.
func TestWrapped(t *testing.T) {
	t.Parallel()
	statetest.Run(t, func(*testing.T) state.Store { return struct{ state.Store }{mem.New()} })
}

// parts is a store that promises nothing of several rows.
type parts struct{ *mem.Store }

func (p parts) Caps() state.Caps {
	c := p.Store.Caps()
	c.Atomic = state.None
	return c
}

// TestParts: pipelines on a store that commits no batch as a whole are exact by their Deduper.
func TestParts(t *testing.T) {
	t.Parallel()
	statetest.Run(t, func(*testing.T) state.Store { return parts{mem.New()} })
}

// sums is a store of numbers, which are added to and never replaced.
type sums struct{ state.Store }

func (s sums) Caps() state.Caps {
	return state.Caps{Atomic: state.None, Adds: true, OnlyAdds: true}
}

func (s sums) Commit(ctx context.Context, pipeline string, writes []state.Write) error {
	for _, w := range writes {
		if w.Kind == state.Value && !w.Add {
			return fmt.Errorf("%w: %q is no Add", state.ErrRefused, w.Name)
		}
	}
	return s.Store.Commit(ctx, pipeline, writes)
}

// TestSums: and so are those on a store that can do nothing else.
func TestSums(t *testing.T) {
	t.Parallel()
	statetest.Run(t, func(*testing.T) state.Store { return sums{mem.New()} })
}

func TestDeduper(t *testing.T) {
	t.Parallel()
	statetest.RunDeduper(t, func(*testing.T) state.Deduper { return mem.NewDeduper() })
}

// Claims that have ended do not pile up.
func TestDeduperForgets(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := mem.NewDeduper()
		for round := range 100 {
			var ids []string
			for i := range 100 {
				ids = append(ids, fmt.Sprint(round, "-", i))
			}
			if _, err := d.Claim(t.Context(), "s", "t", ids, time.Second); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Minute)
		}
		if n := d.Len(); n > 1200 {
			t.Errorf("%d claims are kept", n)
		}
	})
}
