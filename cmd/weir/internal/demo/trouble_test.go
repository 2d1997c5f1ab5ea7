package demo

import (
	"fmt"
	"math"
	"testing"
)

func TestTroubleShares(t *testing.T) {
	t.Parallel()
	const n = 20_000
	for seed := range uint64(3) {
		trouble := Trouble{Fail: 0.2, Poison: 0.1, Slow: true, Seed: seed}
		mishaps, poisons, delayed := map[mishap]int{}, map[poison]int{}, 0
		for i := range n {
			id := fmt.Sprintf("F%05d", i)
			mishaps[trouble.roll(uint64(i))]++
			poisons[trouble.poison(id)]++
			if trouble.delay(uint64(i)) > 0 {
				delayed++
			}
		}
		near := func(what string, got int, want float64) {
			if math.Abs(float64(got)/n-want) > 0.01 {
				t.Errorf("seed %d: %s %d of %d, want about %v", seed, what, got, n, want)
			}
		}
		near("lost answers", mishaps[lostAnswer], 0.1)
		near("refused", mishaps[refused], 0.1)
		near("corrupt", poisons[corrupt], 0.05)
		near("panics", poisons[panics], 0.05)
		near("slow", delayed, slowShare+hangShare)
	}
	if m := (Trouble{}).roll(1); m != none {
		t.Errorf("mishap without trouble: %d", m)
	}
}
