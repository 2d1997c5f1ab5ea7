package dynamostore_test

import (
	"testing"

	"github.com/weir-go/weir/ext/dynamostore"
	"github.com/weir-go/weir/state"
	"github.com/weir-go/weir/state/statetest"
)

func TestStore(t *testing.T) {
	t.Parallel()
	statetest.Run(t, func(t *testing.T) state.Store { return anywhere(t).store })
}

func TestDeduperSuite(t *testing.T) {
	t.Parallel()
	statetest.RunDeduper(t, func(t *testing.T) state.Deduper {
		b := anywhere(t)
		return dynamostore.NewDeduper(b.client, b.table)
	})
}
