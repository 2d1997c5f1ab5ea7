package weir

import (
	"errors"
	"testing"

	"github.com/weir-go/weir/internal/assert"
)

// A handler that comes back after the answer must not change it.
func TestFirstOutcomeStands(t *testing.T) {
	t.Parallel()
	cause := errors.New("cause")
	l := ledger{entries: make([]entry, 3)}
	assert.Equal(t, l.set(0, skipped, cause), true)
	assert.Equal(t, l.set(0, succeeded, nil), false)
	assert.Equal(t, l.set(1, succeeded, nil), true)
	assert.Equal(t, l.set(1, failed, cause), false)
	for i, want := range []state{skipped, succeeded, undecided} {
		got, _ := l.final(i)
		assert.Equal(t, got, want)
	}
	_, err := l.final(0)
	assert.Equal(t, err, cause)
}

// A lane holds its records in order, whatever else shares the table.
func TestLanes(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 2, 3, 100, 1000} {
		for _, keys := range []int{1, 2, 7, 1000} {
			msgs := make([]Message, n)
			for i := range msgs {
				msgs[i].OrderingKey = string(rune('0' + i*i%keys))
			}
			var l lanes
			l.sort(msgs, nil)
			seen := 0
			last := map[string]int{}
			for at := l.next(-1); at >= 0; at = l.next(at) {
				key := msgs[at].OrderingKey
				if before, ok := last[key]; ok && before >= at {
					t.Fatalf("%d after %d", at, before)
				}
				last[key] = at
				seen++
			}
			assert.Equal(t, seen, n)
			assert.Equal(t, len(l.heads), len(last))
		}
	}
}
