package monoid_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/weir-go/weir/monoid"
)

// sum adds values up as a batch does.
func sum[V any](t *testing.T, m monoid.Monoid[V], values ...V) V {
	t.Helper()
	v := m.Identity()
	for _, x := range values {
		if err := m.(monoid.Accumulator[V]).Add(&v, x); err != nil {
			t.Fatal(err)
		}
	}
	return v
}

func TestSetLimit(t *testing.T) {
	t.Parallel()
	m := monoid.Set[string](3)
	three := sum(t, m, monoid.SetOf("a"), monoid.SetOf("b", "c"), monoid.SetOf("a", "b", "c"))
	for _, more := range []monoid.Members[string]{monoid.SetOf("d"), monoid.SetOf("c", "d")} {
		into := again(t, m, three)
		if err := m.(monoid.Accumulator[monoid.Members[string]]).Add(&into, more); !errors.Is(err, monoid.ErrOverflow) || into.Len() != 3 {
			t.Errorf("Add: %v, %d elements", err, into.Len())
		}
		if _, err := m.Combine(three, more); !errors.Is(err, monoid.ErrOverflow) {
			t.Errorf("Combine: %v", err)
		}
	}
	// A lower limit later leaves what is there.
	lower := monoid.Set[string](1)
	if lower.Name() != m.Name() {
		t.Errorf("%q and %q: the limit must not tell sets apart", lower.Name(), m.Name())
	}
	if v := sum(t, lower, again(t, lower, monoid.SetOf("a")), monoid.SetOf("a"), monoid.Members[string]{}); v.Len() != 1 {
		t.Errorf("%d elements", v.Len())
	}
	large := again(t, lower, three)
	if got := slices.Collect(large.All()); !slices.Equal(got, []string{"a", "b", "c"}) {
		t.Errorf("read with a lower limit: %q", got)
	}
	if v, err := lower.Combine(large, monoid.SetOf("b")); err != nil || v.Len() != 3 {
		t.Errorf("one that is there: %v", err)
	}
}

func TestMembers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		s    monoid.Members[int]
		want []int
	}{
		{monoid.Members[int]{}, nil},
		{monoid.SetOf[int](), nil},
		{monoid.SetOf(3), []int{3}},
		{monoid.SetOf(3, 3), []int{3}},
		{monoid.SetOf(3, -1, 2, 3), []int{-1, 2, 3}},
	} {
		for _, s := range []monoid.Members[int]{c.s, again(t, monoid.Set[int](0), c.s)} {
			if got := slices.Collect(s.All()); !slices.Equal(got, c.want) || s.Len() != len(c.want) {
				t.Errorf("%v, %d elements; want %v", got, s.Len(), c.want)
			}
			for x := -2; x < 5; x++ {
				if s.Has(x) != slices.Contains(c.want, x) {
					t.Errorf("%v has %d: %v", c.want, x, s.Has(x))
				}
			}
		}
		for range c.s.All() {
			break // must not go on
		}
	}
	for name, src := range map[string]string{
		"twice": "\x02\x02\x02", "descending": "\x02\x04\x02", "too large": "\x01\x80\x80\x04", "count": "\x02\x02",
	} {
		if _, err := monoid.Set[int16](0).Decode([]byte(src)); !errors.Is(err, monoid.ErrEncoding) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTopKErrors(t *testing.T) {
	t.Parallel()
	m := monoid.TopK(2)
	foreign := sum(t, monoid.TopK(3), monoid.Seen("a"))
	for _, bad := range []monoid.Frequent{foreign, monoid.SeenTimes("a", -1)} {
		into := sum(t, m, monoid.Seen("a"))
		if err := m.(monoid.Accumulator[monoid.Frequent]).Add(&into, bad); !errors.Is(err, monoid.ErrValue) || into.Total() != 1 {
			t.Errorf("Add: %v, and %d in all", err, into.Total())
		}
		if _, err := m.Combine(bad, into); !errors.Is(err, monoid.ErrValue) {
			t.Errorf("Combine: %v", err)
		}
		if _, err := m.Append(nil, bad); !errors.Is(err, monoid.ErrValue) {
			t.Errorf("Append: %v", err)
		}
	}
	full := sum(t, m, monoid.SeenTimes("a", math.MaxInt64))
	if err := m.(monoid.Accumulator[monoid.Frequent]).Add(&full, monoid.Seen("b")); !errors.Is(err, monoid.ErrOverflow) || len(full.Top()) != 1 {
		t.Errorf("beyond int64: %v, %v", err, full.Top())
	}
	for name, src := range map[string]string{
		"version": "\x02\x00\x00\x00", "more than all": "\x01\x01\x00\x01\x01a\x02", "less than all": "\x01\x03\x00\x01\x01a\x02",
		"no sights": "\x01\x00\x00\x01\x01a\x00", "lost too many": "\x01\x10\x01\x00", "descending": "\x01\x02\x00\x02\x01b\x01\x01a\x01",
	} {
		if v, err := m.Decode([]byte(src)); !errors.Is(err, monoid.ErrEncoding) {
			t.Errorf("%s: %v, %v", name, v.Top(), err)
		}
	}
}

// TestBloom: no key is ever missing, and others are found as rarely as promised.
func TestBloom(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		keys int
		p    float64
	}{{1, 0.5}, {10, 0.01}, {1000, 0.01}, {10_000, 0.001}, {100, 0.3}, {50, 1e-5}} {
		m := monoid.Bloom(c.keys, c.p)
		v := m.Identity()
		for i := range c.keys {
			if err := m.(monoid.Accumulator[monoid.Filter]).Add(&v, monoid.FilterOf(fmt.Sprint("in", i))); err != nil {
				t.Fatal(err)
			}
		}
		v = again(t, m, v)
		for i := range c.keys {
			if !v.Has(fmt.Sprint("in", i)) {
				t.Fatalf("%s: key %d is missing", m.Name(), i)
			}
		}
		const others = 100_000
		wrong := 0
		for i := range others {
			if v.Has(fmt.Sprint("out", i)) {
				wrong++
			}
		}
		// Four standard deviations; small filters vary by more, as their fill does.
		if most := others*c.p + 4*math.Sqrt(others*c.p) + 1; c.keys >= 50 && float64(wrong) > most {
			t.Errorf("%s: %d of %d were taken for keys, more than %.0f", m.Name(), wrong, others, most)
		}
		if got := v.FalsePositives(); c.keys >= 50 && (got > 1.2*c.p || got < 0.5*c.p) {
			t.Errorf("%s: FalsePositives() = %v", m.Name(), got)
		}
	}
	var none monoid.Filter
	one := monoid.FilterOf("a")
	if none.Has("") || none.FalsePositives() != 0 || !one.Has("a") || one.Has("b") || one.FalsePositives() != 0 {
		t.Error("filters that no monoid had in hand are wrong")
	}
	m := monoid.Bloom(1000, 0.01)
	foreign := sum(t, monoid.Bloom(10, 0.01), monoid.FilterOf("a"))
	into := sum(t, m, one)
	if err := m.(monoid.Accumulator[monoid.Filter]).Add(&into, foreign); !errors.Is(err, monoid.ErrValue) || !into.Has("a") {
		t.Errorf("a filter of another size: %v", err)
	}
	if _, err := m.Append(nil, foreign); !errors.Is(err, monoid.ErrValue) {
		t.Errorf("a filter of another size: Append: %v", err)
	}
	for name, src := range map[string]string{
		"no kind": "\x03\x00", "too many": "\x01\x97" + string(make([]byte, 0x97)), "beyond the end": "\x01\x01\x80\x4b", "dense and empty": "\x02" + string(make([]byte, 1200)),
	} {
		if _, err := m.Decode([]byte(src)); !errors.Is(err, monoid.ErrEncoding) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestQuantiles: every quantile is as near to the true one as Accuracy says, for numbers of
// many kinds, also once buckets were united.
func TestQuantiles(t *testing.T) {
	t.Parallel()
	r := random(t)
	for name, gen := range map[string]func() float64{
		"uniform":       func() float64 { return r.Float64() * 1000 },
		"normal":        func() float64 { return r.NormFloat64() },
		"exponential":   func() float64 { return r.ExpFloat64() * 1e-6 },
		"whole numbers": func() float64 { return float64(r.IntN(20) - 10) },
		"powers":        func() float64 { return math.Exp2(float64(r.IntN(100))) },
		"any float":     func() float64 { return anyFloat(r) },
		"the same":      func() float64 { return 42 },
	} {
		for _, accuracy := range []float64{0.001, 0.01, 0.2} {
			m := monoid.Quantiles(accuracy)
			numbers := make([]float64, 1+r.IntN(20_000))
			v := m.Identity()
			for i := range numbers {
				numbers[i] = gen()
				if err := m.(monoid.Accumulator[monoid.Distribution]).Add(&v, monoid.Sample(numbers[i])); err != nil {
					t.Fatal(err)
				}
			}
			slices.Sort(numbers)
			v = again(t, m, v)
			if v.Count() != int64(len(numbers)) || v.Min() != numbers[0] || v.Max() != numbers[len(numbers)-1] {
				t.Errorf("%s at %v: %d numbers, %v to %v; want %d, %v to %v", name, accuracy, v.Count(), v.Min(), v.Max(), len(numbers), numbers[0], numbers[len(numbers)-1])
			}
			for i := range 101 {
				q := float64(i) / 100
				want := numbers[int(q*float64(len(numbers)-1))]
				if got := v.Quantile(q); math.Abs(got-want) > (v.Accuracy()+1e-9)*math.Abs(want) {
					t.Errorf("%s at %v: quantile %v of %d is %v, not %v; accuracy %v", name, accuracy, q, len(numbers), got, want, v.Accuracy())
				}
			}
			switch {
			case name == "any float" && len(numbers) > 10_000 && accuracy < 0.2:
				if v.Accuracy() < 1.9*accuracy {
					t.Errorf("%s: buckets were not united: accuracy %v", name, v.Accuracy())
				}
			case name != "any float" && accuracy >= 0.01:
				if math.Abs(v.Accuracy()-accuracy) > 1e-9 {
					t.Errorf("%s: the accuracy became %v from %v", name, v.Accuracy(), accuracy)
				}
			}
		}
	}
}

// anyFloat is any finite number, all exponents alike.
func anyFloat(r *rand.Rand) float64 {
	for {
		if f := math.Float64frombits(r.Uint64()); f-f == 0 {
			return f
		}
	}
}

func TestQuantilesOfFew(t *testing.T) {
	t.Parallel()
	m := monoid.Quantiles(0.01)
	none := m.Identity()
	if v := again(t, m, none); v.Count() != 0 || !math.IsNaN(v.Quantile(0.5)) || !math.IsNaN(v.Min()) || !math.IsNaN(v.Max()) || v.Accuracy() != 0 {
		t.Errorf("none: %v", v)
	}
	if v := monoid.Sample(7); v.Count() != 1 || v.Quantile(0.5) != 7 || v.Min() != 7 || v.Max() != 7 || v.Accuracy() != 0 {
		t.Errorf("one: %v", v)
	}
	v := sum(t, m, monoid.Sample(-5), monoid.Sample(0), monoid.Sample(math.MaxFloat64), monoid.Sample(-math.SmallestNonzeroFloat64))
	for _, q := range []float64{-0.1, 1.1, math.NaN()} {
		if got := v.Quantile(q); !math.IsNaN(got) {
			t.Errorf("Quantile(%v) = %v", q, got)
		}
	}
	// math.Log does not work for floats this small on every processor.
	for _, x := range []float64{math.SmallestNonzeroFloat64, 1.4e-308, -1e-310, 2.3e-308, math.MaxFloat64} {
		three := sum(t, m, monoid.Sample(-math.MaxFloat64), monoid.Sample(x), monoid.Sample(math.MaxFloat64))
		if got := three.Quantile(0.5); math.Abs(got-x) > 0.01*math.Abs(x)+math.SmallestNonzeroFloat64 {
			t.Errorf("%v was put in, %v came out", x, got)
		}
	}
	for _, bad := range []monoid.Distribution{
		monoid.Sample(math.NaN()), monoid.Sample(math.Inf(1)), sum(t, monoid.Quantiles(0.02), monoid.Sample(1)),
	} {
		into := again(t, m, v)
		if err := m.(monoid.Accumulator[monoid.Distribution]).Add(&into, bad); !errors.Is(err, monoid.ErrValue) || into.Count() != 4 {
			t.Errorf("Add: %v, and %d numbers", err, into.Count())
		}
		if _, err := m.Combine(bad, v); !errors.Is(err, monoid.ErrValue) {
			t.Errorf("Combine: %v", err)
		}
		if _, err := m.Append(nil, bad); !errors.Is(err, monoid.ErrValue) {
			t.Errorf("Append: %v", err)
		}
	}
}

// TestQuantilesDecode damages an encoding in ways that random flips seldom find.
func TestQuantilesDecode(t *testing.T) {
	t.Parallel()
	m := monoid.Quantiles(0.01)
	good, err := m.Append(nil, sum(t, m, monoid.Sample(1), monoid.Sample(2)))
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(b []byte){
		"version":           func(b []byte) { b[0] = 2 },
		"level":             func(b []byte) { b[1] = 13 },
		"another level":     func(b []byte) { b[1] = 5 },
		"the least is NaN":  func(b []byte) { copy(b[2:], "\x7f\xf8\x00\x00\x00\x00\x00\x01") },
		"the least is else": func(b []byte) { copy(b[2:], "\x3f\xe0\x00\x00\x00\x00\x00\x00") },
		"no number in it":   func(b []byte) { b[len(b)-1] = 0 },
		"the same bucket":   func(b []byte) { b[len(b)-2] = 0 },
	} {
		b := slices.Clone(good)
		change(b)
		if v, err := m.Decode(b); !errors.Is(err, monoid.ErrEncoding) {
			t.Errorf("%s: %+v, %v", name, v, err)
		}
	}
	full := sum(t, m, monoid.Sample(1), monoid.Sample(1))
	for range 62 {
		if full, err = m.Combine(full, full); err != nil {
			break
		}
	}
	if !errors.Is(err, monoid.ErrOverflow) {
		t.Errorf("2^63 numbers: %v", err)
	}
}
