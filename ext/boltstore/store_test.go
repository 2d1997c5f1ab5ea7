package boltstore_test

import (
	"testing"

	"github.com/weir-go/weir/state"
	"github.com/weir-go/weir/state/statetest"
)

func TestStore(t *testing.T) {
	t.Parallel()
	statetest.Run(t, func(t *testing.T) state.Store {
		s, _ := open(t)
		return s
	})
}
