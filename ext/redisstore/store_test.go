package redisstore_test

import (
	"testing"

	"github.com/weir-go/weir/ext/redisstore"
	"github.com/weir-go/weir/state"
	"github.com/weir-go/weir/state/statetest"
)

func TestStore(t *testing.T) {
	t.Parallel()
	c := client(t, address(t))
	statetest.Run(t, func(t *testing.T) state.Store { return redisstore.New(c) })
}
