package kpl_test

import (
	"errors"
	"testing"

	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/internal/kpl"
)

// split has all the room there is.
func split(data []byte) ([]kpl.Record, bool, error) {
	return kpl.Split(data, func(int64) error { return nil })
}

// Room is taken for all there is, and a no is the error.
func TestTake(t *testing.T) {
	t.Parallel()
	no := errors.New("no")
	data := kpl.Append(nil, []kpl.Record{{PartitionKey: "a"}, {PartitionKey: "b", ExplicitHashKey: "1"}, {PartitionKey: "a"}})
	for _, answer := range []error{nil, no} {
		records, aggregated, err := kpl.Split(data, func(n int64) error {
			assert.Equal(t, n, 3*512+3*16)
			return answer
		})
		assert.Equal(t, aggregated, true)
		assert.Equal(t, err, answer)
		assert.Equal(t, len(records) == 3, answer == nil)
	}
}
