package kpl_test

import (
	"errors"
	"testing"

	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/internal/kpl"
)

// What is asked for room is how much there is, and a no is the error.
func TestSplitWithin(t *testing.T) {
	t.Parallel()
	no := errors.New("no")
	data := kpl.Append(nil, []kpl.Record{{PartitionKey: "a"}, {PartitionKey: "b", ExplicitHashKey: "1"}, {PartitionKey: "a"}})
	for _, answer := range []error{nil, no} {
		records, aggregated, err := kpl.SplitWithin(data, func(records, keys int) error {
			assert.Equal(t, records, 3)
			assert.Equal(t, keys, 3)
			return answer
		})
		assert.Equal(t, aggregated, true)
		assert.Equal(t, errors.Is(err, no), answer != nil)
		assert.Equal(t, len(records) == 3, answer == nil)
	}
}
