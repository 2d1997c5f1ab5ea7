package redisstore_test

import (
	"testing"

	"github.com/weir-go/weir/ext/redisstore"
	"github.com/weir-go/weir/state"
	"github.com/weir-go/weir/state/statetest"
)

func TestDeduperSuite(t *testing.T) {
	t.Parallel()
	statetest.RunDeduper(t, func(t *testing.T) state.Deduper { return redisstore.NewDeduper(client(t, address(t))) })
}
