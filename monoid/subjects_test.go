package monoid_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/weir-go/weir/monoid"
	"github.com/weir-go/weir/monoid/monoidtest"
)

// subject is a monoid, as the tests that go over all of them need it.
type subject struct {
	name    string
	laws    func(t *testing.T)
	hostile func(t testing.TB, src []byte)
	encoded func(r *rand.Rand) []byte // a value, made of some
	decode  func(src []byte) error
	alias   func(r *rand.Rand) error
}

// on makes a subject of a monoid and what makes values for it.
func on[V any](m monoid.Monoid[V], gen func(*rand.Rand) V, opts ...monoidtest.Option) subject {
	some := func(r *rand.Rand) (V, error) {
		v := m.Identity()
		var err error
		for range 1 + r.IntN(5) {
			if v, err = m.Combine(v, gen(r)); err != nil {
				return v, err
			}
		}
		return v, nil
	}
	return subject{
		name:    m.Name(),
		laws:    func(t *testing.T) { monoidtest.Laws(t, m, gen, opts...) },
		hostile: func(t testing.TB, src []byte) { monoidtest.Hostile(t, m, src) },
		encoded: func(r *rand.Rand) []byte {
			v, err := some(r)
			if err != nil {
				panic(err)
			}
			b, err := m.Append(nil, v)
			if err != nil {
				panic(err)
			}
			return b
		},
		decode: func(src []byte) error {
			_, err := m.Decode(src)
			return err
		},
		alias: func(r *rand.Rand) error { return aliased(m, some, r) },
	}
}

// aliased says if a value changes when what was combined with it is added to.
func aliased[V any](m monoid.Monoid[V], some func(*rand.Rand) (V, error), r *rand.Rand) error {
	v, err := some(r)
	if err != nil {
		return err
	}
	before, err := m.Append(nil, v)
	if err != nil {
		return err
	}
	for range 2 {
		for _, pair := range [][2]V{{v, m.Identity()}, {m.Identity(), v}} {
			result, err := m.Combine(pair[0], pair[1])
			if err != nil {
				return err
			}
			for range 3 {
				x, err := some(r)
				if err != nil {
					return err
				}
				if err := m.(monoid.Accumulator[V]).Add(&result, x); err != nil {
					return err
				}
			}
			if after, err := m.Append(nil, v); err != nil || string(after) != string(before) {
				return fmt.Errorf("%q became %q (%v)", before, after, err)
			}
		}
	}
	return nil
}

// word is one of n words, the empty one and one that is no UTF-8 among them.
func word(r *rand.Rand, n int) string {
	switch i := r.IntN(n); i {
	case 0:
		return ""
	case 1:
		return "\xff\x00"
	default:
		return fmt.Sprint("word", i)
	}
}

var epoch = time.Date(2024, 2, 29, 23, 59, 59, 0, time.UTC)

// moment is one of a few, so that many are the same.
func moment(r *rand.Rand) time.Time { return epoch.Add(time.Duration(r.IntN(6)) * time.Minute / 7) }

func fraction(r *rand.Rand) float64 { return math.Round(r.NormFloat64()*1e6) / 1e3 }

func near(a, b float64) bool {
	return math.Abs(a-b) <= 1e-9*max(1, math.Abs(a), math.Abs(b))
}

// overlapping says that two summaries of the same keys can both be right.
func overlapping(a, b monoid.Frequent) bool {
	if a.Total() != b.Total() {
		return false
	}
	for _, hit := range slices.Concat(a.Top(), b.Top()) {
		x, y := a.Count(hit.Key), b.Count(hit.Key)
		if x.Min > y.Max || y.Min > x.Max {
			return false
		}
	}
	return true
}

// spread is many numbers that are far apart, so that few buckets are not enough.
func spread(accuracy float64, n int) func(r *rand.Rand) monoid.Distribution {
	m := monoid.Quantiles(accuracy)
	return func(r *rand.Rand) monoid.Distribution {
		d := m.Identity()
		for range r.IntN(n) {
			x := math.Exp(r.Float64()*1400-700) * float64(r.IntN(3)-1)
			if err := m.(monoid.Accumulator[monoid.Distribution]).Add(&d, monoid.Sample(x)); err != nil {
				panic(err)
			}
		}
		return d
	}
}

func subjects() []subject {
	integers := func(r *rand.Rand) int64 { return r.Int64N(2000) - 1000 }
	return []subject{
		on(monoid.Count(), func(*rand.Rand) int64 { return 1 }),
		on(monoid.Sum[int64](), integers),
		on(monoid.Sum[int](), func(r *rand.Rand) int { return r.IntN(2000) - 1000 }),
		on(monoid.Sum[int8](), func(r *rand.Rand) int8 { return int8(r.IntN(3) - 1) }),
		on(monoid.Sum[uint16](), func(r *rand.Rand) uint16 { return uint16(r.IntN(1000)) }),
		on(monoid.Sum[time.Duration](), func(r *rand.Rand) time.Duration { return time.Duration(r.Int64N(1e9)) }),
		on(monoid.Sum[float64](), func(r *rand.Rand) float64 { return float64(r.IntN(1000)) }),
		on(monoid.Sum[float64](), fraction, monoidtest.Equal(near)),
		on(monoid.Sum[float32](), func(r *rand.Rand) float32 { return float32(r.IntN(1000)) }),
		on(monoid.Max[float64](), fraction),
		on(monoid.Max[int64](), integers),
		on(monoid.Max[uint8](), func(r *rand.Rand) uint8 { return uint8(r.Uint32()) }),
		on(monoid.Min[float32](), func(r *rand.Rand) float32 { return float32(fraction(r)) }),
		on(monoid.Min[int16](), func(r *rand.Rand) int16 { return int16(r.Uint32()) }),
		on(monoid.Min[uint64](), func(r *rand.Rand) uint64 { return r.Uint64() }),
		on(monoid.Mean(), func(r *rand.Rand) monoid.Average { return monoid.Observe(float64(r.IntN(1000))) }),
		on(monoid.First[int](), func(r *rand.Rand) monoid.Timed[int] { return monoid.At(moment(r), r.IntN(12)) }),
		on(monoid.Last[map[string]int](), func(r *rand.Rand) monoid.Timed[map[string]int] {
			return monoid.At(moment(r), map[string]int{"a": r.IntN(9), "b": r.IntN(9)})
		}),
		on(monoid.Set[string](0), func(r *rand.Rand) monoid.Members[string] { return monoid.SetOf(word(r, 60)) }),
		on(monoid.Set[int16](0), func(r *rand.Rand) monoid.Members[int16] {
			return monoid.SetOf(int16(r.Uint32()), int16(r.Uint32()))
		}),
		on(monoid.Set[uint32](0), func(r *rand.Rand) monoid.Members[uint32] { return monoid.SetOf(r.Uint32()) }),
		on(monoid.TopK(1), func(r *rand.Rand) monoid.Frequent {
			return monoid.SeenTimes(word(r, 1+r.IntN(60)), r.Int64N(5))
		}, monoidtest.Equal(overlapping)),
		on(monoid.TopK(10), func(r *rand.Rand) monoid.Frequent { return monoid.Seen(word(r, 100)) }),
		on(monoid.Decayed(time.Minute), func(r *rand.Rand) monoid.Decaying {
			return monoid.Pulse(moment(r), fraction(r))
		}, monoidtest.Equal(func(a, b monoid.Decaying) bool {
			return a.Time().Equal(b.Time()) && near(a.At(a.Time()), b.At(a.Time()))
		})),
		on(monoid.Bloom(1000, 0.01), func(r *rand.Rand) monoid.Filter { return monoid.FilterOf(word(r, 1e6)) }),
		on(monoid.Bloom(1, 0.5), func(r *rand.Rand) monoid.Filter { return monoid.FilterOf(word(r, 1e6)) }),
		on(monoid.Quantiles(0.01), func(r *rand.Rand) monoid.Distribution { return monoid.Sample(fraction(r)) }),
		on(monoid.Quantiles(0.001), spread(0.001, 1000), monoidtest.Rounds(10)),
		on(monoid.MapOf(monoid.Sum[int64]()), func(r *rand.Rand) map[string]int64 {
			return map[string]int64{word(r, 20): integers(r)}
		}),
		on(monoid.MapOf(monoid.Set[string](0)), func(r *rand.Rand) map[string]monoid.Members[string] {
			return map[string]monoid.Members[string]{
				word(r, 9): monoid.SetOf(word(r, 20)), word(r, 9): monoid.SetOf(word(r, 20), word(r, 20)),
			}
		}),
		on(monoid.MapOf(monoid.MapOf(monoid.Max[int64]())), func(r *rand.Rand) map[string]map[string]int64 {
			return map[string]map[string]int64{word(r, 5): {word(r, 5): integers(r)}}
		}),
		on(monoid.Tuple2(monoid.Count(), monoid.Max[float64]()), func(r *rand.Rand) monoid.Pair[int64, float64] {
			return monoid.PairOf(int64(1), fraction(r))
		}),
		on(monoid.Tuple2(monoid.Set[string](0), monoid.Last[string]()), func(r *rand.Rand) monoid.Pair[monoid.Members[string], monoid.Timed[string]] {
			return monoid.PairOf(monoid.SetOf(word(r, 9)), monoid.At(moment(r), "x"))
		}),
		on(monoid.Tuple3(monoid.Min[int](), monoid.Set[string](0), monoid.TopK(3)), func(r *rand.Rand) monoid.Triple[int, monoid.Members[string], monoid.Frequent] {
			return monoid.TripleOf(r.IntN(99), monoid.SetOf(word(r, 9)), monoid.Seen(word(r, 40)))
		}),
	}
}
