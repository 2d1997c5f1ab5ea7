package jsonscan

import (
	"math/bits"
	"testing"
)

// TestWords tries every byte at every place, behind every other byte that is not marked.
func TestWords(t *testing.T) {
	t.Parallel()
	first := func(m uint64) int { return bits.TrailingZeros64(m) / 8 } // 8 for none
	for fill := range 256 {
		isSpecial := fill == '"' || fill == '\\' || fill < ' '
		for c := range 256 {
			for place := range 8 {
				x := uint64(fill)*ones&^(0xff<<(8*place)) | uint64(c)<<(8*place)
				wantSpecial, wantOdd := 8, 8
				for i := 7; i >= 0; i-- {
					b, s := fill, isSpecial
					if i == place {
						b, s = c, c == '"' || c == '\\' || c < ' '
					}
					if s {
						wantSpecial = i
					}
					if s || b >= 0x80 {
						wantOdd = i
					}
				}
				if first(special(x)) != wantSpecial || first(odd(x)) != wantOdd {
					t.Fatalf("%016x: special %016x, want byte %d; odd %016x, want byte %d", x, special(x), wantSpecial, odd(x), wantOdd)
				}
			}
		}
	}
}
