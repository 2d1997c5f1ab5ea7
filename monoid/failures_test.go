package monoid_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/weir-go/weir/monoid"
)

// TestF22_OnlySumsAreAdditive: a store that adds must not be given what does not add up, nor what
// it would add beyond the type's range.
func TestF22_OnlySumsAreAdditive(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		got  bool
		want bool
	}{
		{"count", additive(monoid.Count()), true},
		{"sum/int64", additive(monoid.Sum[int64]()), true},
		{"sum/int", additive(monoid.Sum[int]()), bitsOfInt == 64},
		{"sum/int32", additive(monoid.Sum[int32]()), false},
		{"sum/uint64", additive(monoid.Sum[uint64]()), false},
		{"sum/float64", additive(monoid.Sum[float64]()), false},
		{"max/int64", additive(monoid.Max[int64]()), false},
		{"min/int64", additive(monoid.Min[int64]()), false},
		{"mean", additive(monoid.Mean()), false},
		{"map of sums", additive(monoid.MapOf(monoid.Sum[int64]())), false},
	} {
		if c.got != c.want {
			t.Errorf("%s is additive: %v", c.name, c.got)
		}
	}
}

const bitsOfInt = 32 << (^uint(0) >> 63)

func additive[V any](m monoid.Monoid[V]) bool {
	_, ok := m.(monoid.Additive[V])
	return ok
}

// sketches are those whose encodings are bytes, with a value of many keys.
func sketches(t *testing.T, r *rand.Rand) []struct {
	name string
	good []byte
	dec  func([]byte) error
} {
	t.Helper()
	type row = struct {
		name string
		good []byte
		dec  func([]byte) error
	}
	var rows []row
	for _, n := range []int{1, 3, 50, 3000} {
		rows = append(rows,
			row{fmt.Sprint("topk/3 of ", n), many(t, monoid.TopK(3), n, func() monoid.Frequent { return monoid.Seen(word(r, 200)) }), decoder(monoid.TopK(3))},
			row{fmt.Sprint("set/string of ", n), many(t, monoid.Set[string](0), n, func() monoid.Members[string] { return monoid.SetOf(word(r, 200)) }), decoder(monoid.Set[string](0))},
			row{fmt.Sprint("bloom/1000/0.01 of ", n), many(t, monoid.Bloom(1000, 0.01), n, func() monoid.Filter { return monoid.FilterOf(word(r, 1e6)) }), decoder(monoid.Bloom(1000, 0.01))},
			row{fmt.Sprint("quantiles/0.01 of ", n), many(t, monoid.Quantiles(0.01), n, func() monoid.Distribution { return monoid.Sample(fraction(r)) }), decoder(monoid.Quantiles(0.01))},
			row{fmt.Sprint("map(count) of ", n), many(t, monoid.MapOf(monoid.Count()), n, func() map[string]int64 { return map[string]int64{word(r, 99): 1} }), decoder(monoid.MapOf(monoid.Count()))})
	}
	return rows
}

// many encodes n values combined.
func many[V any](t *testing.T, m monoid.Monoid[V], n int, gen func() V) []byte {
	t.Helper()
	v := m.Identity()
	for range n {
		if err := m.(monoid.Accumulator[V]).Add(&v, gen()); err != nil {
			t.Fatal(err)
		}
	}
	b, err := m.Append(nil, v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func decoder[V any](m monoid.Monoid[V]) func([]byte) error {
	return func(src []byte) error {
		_, err := m.Decode(src)
		return err
	}
}

// TestF25_CorruptSketchIsAnError: what was cut off or extended is refused, not taken for
// something smaller. (That the state then stays as it is, is for the pipeline's tests to show.)
func TestF25_CorruptSketchIsAnError(t *testing.T) {
	t.Parallel()
	for _, s := range sketches(t, random(t)) {
		if err := s.dec(s.good); err != nil {
			t.Errorf("%s: undamaged: %v", s.name, err)
		}
		for cut := range s.good {
			if err := s.dec(s.good[:cut]); !errors.Is(err, monoid.ErrEncoding) {
				t.Errorf("%s: %d of %d bytes: %v", s.name, cut, len(s.good), err)
			}
		}
		if err := s.dec(append(bytes.Clone(s.good), 0)); !errors.Is(err, monoid.ErrEncoding) {
			t.Errorf("%s: a byte too many: %v", s.name, err)
		}
	}
}

// TestF26_HugeLengths: a length or a count that says there is more than there is, anywhere,
// is found out before anything is allocated for it, and makes nothing panic.
func TestF26_HugeLengths(t *testing.T) {
	t.Parallel()
	r := random(t)
	huge := [][]byte{
		bytes.Repeat([]byte{0xff}, 8), // 2^64 in eight bytes, or no end to a varint
		{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01},
		{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
		{0x80, 0x80, 0x80, 0x80, 0x01}, // 256 MiB
		{0xff, 0xff, 0x03},
	}
	for _, s := range subjects() {
		good := s.encoded(r)
		for at := range min(len(good)+1, 40) {
			for _, h := range huge {
				s.hostile(t, append(bytes.Clone(good[:at]), h...))
				s.hostile(t, append(append(bytes.Clone(good[:at]), h...), good[at:]...))
			}
		}
	}
}

// TestF27_AnyKeyIsReadBack: also the empty one, bytes that are no text, and long ones.
func TestF27_AnyKeyIsReadBack(t *testing.T) {
	t.Parallel()
	keys := []string{"", "\x00", "\xff\xfe", " ", "a", "a\x00", "ключ", strings.Repeat("k", 5000), `"{}"`}
	top, set, counts := monoid.TopK(20), monoid.Set[string](0), monoid.MapOf(monoid.Count())
	for n := 1; n <= len(keys); n++ {
		f, s, c := top.Identity(), monoid.SetOf(keys[:n]...), map[string]int64{}
		for i, key := range keys[:n] {
			var err error
			if f, err = top.Combine(f, monoid.SeenTimes(key, int64(i+1))); err != nil {
				t.Fatal(err)
			}
			c[key] = int64(i)
		}
		f, s, c = again(t, top, f), again(t, set, s), again(t, counts, c)
		if s.Len() != n || len(c) != n || len(f.Top()) != n {
			t.Errorf("of %d keys, %d, %d and %d came back", n, s.Len(), len(c), len(f.Top()))
		}
		for i, key := range keys[:n] {
			if want := (monoid.Hit{Key: key, Min: int64(i + 1), Max: int64(i + 1)}); f.Count(key) != want {
				t.Errorf("Count(%.20q) = %v", key, f.Count(key))
			}
			if got, ok := c[key]; !s.Has(key) || !ok || got != int64(i) {
				t.Errorf("%.20q: in the set: %v; in the map: %v, %d", key, s.Has(key), ok, got)
			}
		}
	}
	if v := again(t, top, monoid.Seen("")); v.Count("").Min != 1 {
		t.Errorf("one sight of the empty key: %v", v.Top())
	}
}

// again is a value written and read.
func again[V any](t *testing.T, m monoid.Monoid[V], v V) V {
	t.Helper()
	b, err := m.Append(nil, v)
	if err != nil {
		t.Fatal(err)
	}
	if v, err = m.Decode(b); err != nil {
		t.Fatal(err)
	}
	return v
}

// TestF28_TopKBound: however a stream is cut and merged, stored and read in between, each key's
// true count is in its range, keys above the bound are there, and the bound is what the doc says.
func TestF28_TopKBound(t *testing.T) {
	t.Parallel()
	r := random(t)
	inexact := 0
	for range 300 {
		k := 1 + r.IntN(4)
		m := monoid.TopK(k)
		truth := map[string]int64{}
		skew := 1 + r.Float64()*2
		zipf := rand.NewZipf(r, skew, 1, uint64(1+r.IntN(2000)))
		parts := make([]monoid.Frequent, 1+r.IntN(20))
		for i := range parts {
			parts[i] = m.Identity()
			for range r.IntN(300) {
				key, n := fmt.Sprint(zipf.Uint64()), int64(1)
				if r.IntN(10) == 0 {
					n = r.Int64N(100)
				}
				truth[key] += n
				if err := m.(monoid.Accumulator[monoid.Frequent]).Add(&parts[i], monoid.SeenTimes(key, n)); err != nil {
					t.Fatal(err)
				}
			}
		}
		for len(parts) > 1 { // merges any two
			r.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
			v, err := m.Combine(parts[0], again(t, m, parts[1]))
			if err != nil {
				t.Fatal(err)
			}
			parts = append(parts[2:], v)
		}
		got := again(t, m, parts[0])
		if bound := got.Total() / int64(8*k+1); got.Bound() > bound {
			t.Errorf("topk/%d: the bound is %d, over %d", k, got.Bound(), bound)
		}
		if got.Bound() > 0 {
			inexact++
		}
		total, listed := int64(0), map[string]bool{}
		for _, hit := range got.Top() {
			listed[hit.Key] = true
		}
		for key, n := range truth {
			total += n
			hit := got.Count(key)
			if n < hit.Min || n > hit.Max || hit.Max-hit.Min != got.Bound() {
				t.Errorf("topk/%d: %q was seen %d times, said to be %v, bound %d", k, key, n, hit, got.Bound())
			}
		}
		if got.Total() != total {
			t.Errorf("topk/%d: in all %d, not %d", k, got.Total(), total)
		}
		if len(listed) > k || len(listed) < min(k, len(truth)) && got.Bound() == 0 {
			t.Errorf("topk/%d: %d listed of %d keys", k, len(listed), len(truth))
		}
		// A key that is not listed cannot have been seen more often than one that is, by more
		// than the bound.
		least := int64(0)
		if top := got.Top(); len(top) == k {
			least = top[k-1].Min
		}
		for key, n := range truth {
			if !listed[key] && n > least+got.Bound() {
				t.Errorf("topk/%d: %q was seen %d times and is not listed; the least that is: %d, bound %d", k, key, n, least, got.Bound())
			}
		}
	}
	if inexact < 100 {
		t.Errorf("only %d of 300 had a bound above 0: the test shows nothing", inexact)
	}
}

// TestF28_TopKWorstCase: one key fewer than is kept is frequent, and all others are rare. Taking
// too much from them would go over the bound, and not be read back.
func TestF28_TopKWorstCase(t *testing.T) {
	t.Parallel()
	for _, k := range []int{1, 2, 10} {
		m := monoid.TopK(k)
		v := m.Identity()
		for i := range 16*k + 1 {
			n := int64(1)
			if i < 8*k {
				n = 1000
			}
			if err := m.(monoid.Accumulator[monoid.Frequent]).Add(&v, monoid.SeenTimes(fmt.Sprint(i), n)); err != nil {
				t.Fatal(err)
			}
		}
		if v = again(t, m, v); v.Bound() != 1 {
			t.Errorf("topk/%d: the bound is %d", k, v.Bound())
		}
		for i := range 8 * k {
			if hit := v.Count(fmt.Sprint(i)); hit.Min != 999 || hit.Max != 1000 {
				t.Errorf("topk/%d: seen 1000 times, said to be %v", k, hit)
			}
		}
	}
}

// TestF30_CombineLeavesItsInputsAlone: also when its result is added to. (TestLaws checks more.)
func TestF30_CombineLeavesItsInputsAlone(t *testing.T) {
	t.Parallel()
	r := random(t)
	for _, s := range subjects() {
		for range 4 {
			if err := s.alias(r); err != nil {
				t.Errorf("%s: %v", s.name, err)
				break
			}
		}
	}
}
