package mem_test

import (
	"testing"

	"github.com/weir-go/weir/state"
	"github.com/weir-go/weir/state/mem"
	"github.com/weir-go/weir/state/statetest"
)

func TestStore(t *testing.T) {
	t.Parallel()
	statetest.Run(t, func(*testing.T) state.Store { return mem.New() })
}

func TestDeduper(t *testing.T) {
	t.Parallel()
	statetest.RunDeduper(t, func(*testing.T) state.Deduper { return mem.NewDeduper() })
}
