package mem_test

import (
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
