package sketch_test

import (
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/weir-go/weir/ext/sketch"
	"github.com/weir-go/weir/monoid"
	"github.com/weir-go/weir/monoid/monoidtest"
)

var seed = flag.Uint64("seed", 0, "seed of the property tests, 0 for a new one")

func random(t testing.TB) *rand.Rand {
	s := *seed
	if s == 0 {
		s = rand.Uint64()
	}
	t.Logf("-seed %d", s)
	return rand.New(rand.NewPCG(s, 4))
}

// crowd makes a Distinct of n random keys.
func crowd(t testing.TB, m monoid.Monoid[sketch.Distinct], r *rand.Rand, n int) sketch.Distinct {
	d := m.Identity()
	for range n {
		if err := m.(monoid.Accumulator[sketch.Distinct]).Add(&d, sketch.DistinctOf(fmt.Sprint(r.Uint64()))); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

func TestLaws(t *testing.T) {
	t.Parallel()
	monoidtest.Laws(t, sketch.HLL(14), func(r *rand.Rand) sketch.Distinct { return sketch.DistinctOf(fmt.Sprint(r.IntN(1e6))) })
	// Some are sparse, most are not, and many are on the edge.
	monoidtest.Laws(t, sketch.HLL(4), func(r *rand.Rand) sketch.Distinct { return sketch.DistinctOf(fmt.Sprint(r.IntN(1e6))) })
	m := sketch.HLL(8)
	monoidtest.Laws(t, m, func(r *rand.Rand) sketch.Distinct { return crowd(t, m, r, r.IntN(60)) })
}

// TestCount: the estimates are as far off as the doc says, within four standard errors.
func TestCount(t *testing.T) {
	t.Parallel()
	for _, precision := range []int{4, 10, 14, 16} {
		m := sketch.HLL(precision)
		d := m.Identity()
		margin := 4 * 1.04 / math.Sqrt(math.Exp2(float64(precision)))
		next := 1
		for i := range 200_000 {
			if err := m.(monoid.Accumulator[sketch.Distinct]).Add(&d, sketch.DistinctOf(fmt.Sprint("key ", i))); err != nil {
				t.Fatal(err)
			}
			if n := i + 1; n == next {
				next = n*5/4 + 1
				if got := float64(d.Count()); math.Abs(got-float64(n)) > margin*float64(n)+1 {
					t.Errorf("precision %d: %.0f, of %d", precision, got, n)
				}
			}
		}
	}
	if n := (sketch.Distinct{}).Count(); n != 0 {
		t.Errorf("none: %d", n)
	}
}

// TestGolden: what is stored today must be readable for ever, and mean the same.
func TestGolden(t *testing.T) {
	t.Parallel()
	m := sketch.HLL(14)
	v, err := m.Combine(sketch.DistinctOf("ann"), sketch.DistinctOf("ben"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := m.Append(nil, v)
	if got, want := fmt.Sprintf("%x", b), golden; err != nil || got != want {
		t.Errorf("written as %s, not %s (%v)", got, want, err)
	}
	stored, err := hex.DecodeString(golden)
	if err != nil {
		t.Fatal(err)
	}
	if v, err = m.Decode(stored); err == nil {
		v, err = m.Combine(v, sketch.DistinctOf("ben"))
	}
	if err != nil || v.Count() != 2 {
		t.Errorf("read and given ben again: %d (%v)", v.Count(), err)
	}
}

const golden = "020e00010000000000000002023bf9a600000008fa8db401ace5bb10"

// TestF25CorruptSketchIsAnError: damaged sketches are refused; none is taken for an empty one.
func TestF25CorruptSketchIsAnError(t *testing.T) {
	t.Parallel()
	r := random(t)
	m := sketch.HLL(10)
	for _, n := range []int{2, 100, 5000} {
		good, err := m.Append(nil, crowd(t, m, r, n))
		if err != nil {
			t.Fatal(err)
		}
		for cut := range good {
			if _, err := m.Decode(good[:cut]); !errors.Is(err, monoid.ErrEncoding) || !strings.Contains(err.Error(), "hll/10") {
				t.Errorf("%d of %d bytes: %v", cut, len(good), err)
			}
		}
		if _, err := m.Decode(append(good, 0)); !errors.Is(err, monoid.ErrEncoding) {
			t.Errorf("a byte too many: %v", err)
		}
		if _, err := sketch.HLL(11).Decode(good); !errors.Is(err, monoid.ErrEncoding) {
			t.Errorf("another precision: %v", err)
		}
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	for _, p := range []int{-1, 3, 19, 270} {
		if err := monoid.Check(sketch.HLL(p)); !errors.Is(err, monoid.ErrParameter) {
			t.Errorf("precision %d: %v", p, err)
		}
		if _, err := sketch.HLL(p).Decode(nil); !errors.Is(err, monoid.ErrParameter) {
			t.Errorf("precision %d: Decode: %v", p, err)
		}
	}
	r := random(t)
	m, other := sketch.HLL(10), sketch.HLL(12)
	if err := monoid.Check(m); err != nil {
		t.Error(err)
	}
	v, foreign := crowd(t, m, r, 9), crowd(t, other, r, 99)
	before := v.Count()
	if _, err := m.Combine(v, foreign); !errors.Is(err, monoid.ErrValue) {
		t.Errorf("a sketch of another precision: %v", err)
	}
	if err := m.(monoid.Accumulator[sketch.Distinct]).Add(&v, foreign); !errors.Is(err, monoid.ErrValue) || v.Count() != before {
		t.Errorf("a sketch of another precision: %v, and %d of %d", err, v.Count(), before)
	}
	if _, err := m.Append(nil, foreign); !errors.Is(err, monoid.ErrValue) {
		t.Errorf("a sketch of another precision: Append: %v", err)
	}
}

func FuzzHLL(f *testing.F) {
	m := sketch.HLL(6)
	r := rand.New(rand.NewPCG(1, 1))
	for _, n := range []int{1, 2, 20, 1000} {
		b, err := m.Append(nil, crowd(f, m, r, n))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, src []byte) { monoidtest.Hostile(t, m, src) })
}

func BenchmarkAdd(b *testing.B) {
	m := sketch.HLL(14)
	d := m.Identity()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if err := m.(monoid.Accumulator[sketch.Distinct]).Add(&d, sketch.DistinctOf(keys[i%len(keys)])); err != nil {
			b.Fatal(err)
		}
	}
}

var keys = func() []string {
	keys := make([]string, 1000)
	for i := range keys {
		keys[i] = fmt.Sprint("customer ", i)
	}
	return keys
}()

func ExampleHLL() {
	visitors := sketch.HLL(14)
	// In a pipeline: Value: func(v Visit) sketch.Distinct { return sketch.DistinctOf(v.Visitor) }
	sum := visitors.Identity()
	for _, visitor := range []string{"ann", "ben", "ann", "cleo", "ann"} {
		sum, _ = visitors.Combine(sum, sketch.DistinctOf(visitor))
	}
	fmt.Println(sum.Count())
	// Output: 3
}
