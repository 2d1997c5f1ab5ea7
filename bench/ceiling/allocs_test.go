//go:build !race

package ceiling

import (
	"runtime/debug"
	"testing"

	"github.com/weir-go/weir/bench/corpus"
	"github.com/weir-go/weir/bench/peers"
	"github.com/weir-go/weir/bench/sample"
	"github.com/weir-go/weir/internal/assert"
)

// Chunks serve several invocations, so that an average depends on how many there were: the
// ceilings have one allocation to spare.
func TestAllocations(t *testing.T) { // not parallel: allocations are the process's
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // a collection empties pools
	for _, source := range corpus.Sources() {
		var allocs [2]float64
		for i, size := range []int{1, 1000} {
			p := corpus.Payload{Source: source, Size: size}
			event, _ := p.Event()
			h := peers.New("weir", source)
			ctx, cancel := sample.Context(t.Context())
			allocs[i] = testing.AllocsPerRun(max(50, 1000/size), func() {
				_, err := h.Invoke(ctx, event)
				assert.NoError(t, err)
			})
			cancel()
			check(t, p.String(), int(allocs[i]), i, "allocations per invocation")
		}
		t.Logf("%s: %.0f allocations with one record, %.3f for each further", source, allocs[0], (allocs[1]-allocs[0])/999)
	}
}
