// Package monoidtest checks monoids of one's own: that the laws hold on which a pipeline relies
// when it combines records in any grouping, and that damaged data is refused and does no harm.
//
//	func TestLaws(t *testing.T) {
//		monoidtest.Laws(t, Longest{}, func(r *rand.Rand) string { return words[r.IntN(len(words))] })
//	}
//
//	func FuzzDecode(f *testing.F) {
//		f.Fuzz(func(t *testing.T, src []byte) { monoidtest.Hostile(t, Longest{}, src) })
//	}
package monoidtest
