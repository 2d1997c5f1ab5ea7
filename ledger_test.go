package weir

import (
	"errors"
	"fmt"
	"math"
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

// Keys that differ in any one byte have other hashes, in both halves that tell lanes apart.
func TestHashKey(t *testing.T) {
	t.Parallel()
	seen := map[uint64]string{}
	var halves [2]map[uint32]int
	halves[0], halves[1] = map[uint32]int{}, map[uint32]int{}
	add := func(key string) {
		h := hashKey(key, 0x9e3779b97f4a7c15)
		if other, ok := seen[h]; ok && other != key {
			t.Fatalf("%q and %q", key, other)
		}
		if _, ok := seen[h]; !ok {
			seen[h] = key
			halves[0][uint32(h)&0xffff]++
			halves[1][uint32(h>>48)]++
		}
	}
	for n := 1; n <= 40; n++ {
		key := make([]byte, n)
		add(string(key))
		for at := range key {
			for c := range 256 {
				key[at] = byte(c)
				add(string(key))
			}
			key[at] = 0
		}
	}
	for i := range 20000 {
		add(fmt.Sprint("cust-", i))
	}
	mean := float64(len(seen)) / (1 << 16)
	for _, half := range halves { // as many of 65,536 slots as chance would take
		if want := (1 - math.Exp(-mean)) * (1 << 16); math.Abs(float64(len(half))-want) > want/50 {
			t.Errorf("%d hashes in %d slots, want %.0f", len(seen), len(half), want)
		}
	}
}
