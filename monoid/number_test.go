package monoid_test

import (
	"errors"
	"math"
	"testing"

	"github.com/weir-go/weir/monoid"
)

// combination is a + b of one monoid, which must be want, or an error that matches err.
func combination[V comparable](t *testing.T, m monoid.Monoid[V], a, b, want V, wantErr error) {
	t.Helper()
	got, err := m.Combine(a, b)
	if !errors.Is(err, wantErr) || err == nil && got != want {
		t.Errorf("%s: Combine(%v, %v) = %v, %v; want %v, %v", m.Name(), a, b, got, err, want, wantErr)
	}
	into := a
	err = m.(monoid.Accumulator[V]).Add(&into, b)
	if wantErr != nil {
		want = a // as before
	}
	if !errors.Is(err, wantErr) || into != want {
		t.Errorf("%s: Add(%v, %v) = %v, %v; want %v, %v", m.Name(), a, b, into, err, want, wantErr)
	}
}

type cents int16

func TestSumRanges(t *testing.T) {
	t.Parallel()
	i64, i8, u8, c := monoid.Sum[int64](), monoid.Sum[int8](), monoid.Sum[uint8](), monoid.Sum[cents]()
	combination(t, i64, math.MaxInt64-1, 1, math.MaxInt64, nil)
	combination(t, i64, math.MaxInt64, 1, 0, monoid.ErrOverflow)
	combination(t, i64, 1, math.MaxInt64, 0, monoid.ErrOverflow)
	combination(t, i64, math.MinInt64, math.MinInt64, 0, monoid.ErrOverflow)
	combination(t, i64, math.MinInt64, -1, 0, monoid.ErrOverflow)
	combination(t, i64, math.MinInt64, math.MaxInt64, -1, nil)
	combination(t, monoid.Count(), math.MaxInt64, 1, 0, monoid.ErrOverflow)
	combination(t, i8, 100, 27, 127, nil)
	combination(t, i8, 100, 28, 0, monoid.ErrOverflow)
	combination(t, i8, -100, -29, 0, monoid.ErrOverflow)
	combination(t, u8, 200, 55, 255, nil)
	combination(t, u8, 200, 56, 0, monoid.ErrOverflow)
	combination(t, u8, 255, 255, 0, monoid.ErrOverflow)
	combination(t, c, 32767, 1, 0, monoid.ErrOverflow)
	if c.Name() != "sum/int16" {
		t.Errorf("%q: a type's own name must not matter", c.Name())
	}
}

func TestSumFloats(t *testing.T) {
	t.Parallel()
	inf, nan := math.Inf(1), math.NaN()
	m := monoid.Sum[float64]()
	combination(t, m, 0.5, 0.25, 0.75, nil)
	combination(t, m, math.MaxFloat64, math.MaxFloat64, 0, monoid.ErrOverflow)
	combination(t, m, 1, inf, 0, monoid.ErrValue)
	combination(t, m, 1, -inf, 0, monoid.ErrValue)
	combination(t, m, 1, nan, 0, monoid.ErrValue)
	combination(t, monoid.Sum[float32](), math.MaxFloat32, math.MaxFloat32, 0, monoid.ErrOverflow)
	for _, x := range []float64{inf, -inf, nan} {
		if b, err := m.Append(nil, x); !errors.Is(err, monoid.ErrValue) || b != nil {
			t.Errorf("Append(%v) = %q, %v", x, b, err)
		}
	}
	for _, src := range []string{"NaN", "+Inf", "-Inf", "", "1_0", "0x1p2", "1e400", "1.0", " 1", "١"} {
		if v, err := m.Decode([]byte(src)); !errors.Is(err, monoid.ErrEncoding) {
			t.Errorf("Decode(%q) = %v, %v", src, v, err)
		}
	}
	for _, x := range []float64{0, math.Copysign(0, -1), 0.1, -1e300, math.SmallestNonzeroFloat64, math.MaxFloat64, 1 << 60} {
		if got := again(t, m, x); math.Float64bits(got) != math.Float64bits(x) {
			t.Errorf("%v is read back as %v", x, got)
		}
	}
}

func TestDecodeIntegers(t *testing.T) {
	t.Parallel()
	for _, src := range []string{"", "-", "+1", "01", "-0", "1 ", "1.0", "0x1", "128", "-129", "9999999999999999999999999999999999999999999"} {
		if v, err := monoid.Sum[int8]().Decode([]byte(src)); !errors.Is(err, monoid.ErrEncoding) {
			t.Errorf("int8: Decode(%q) = %v, %v", src, v, err)
		}
	}
	for _, src := range []string{"-1", "65536", "00"} {
		if v, err := monoid.Max[uint16]().Decode([]byte(src)); !errors.Is(err, monoid.ErrEncoding) {
			t.Errorf("uint16: Decode(%q) = %v, %v", src, v, err)
		}
	}
}

func TestExtremes(t *testing.T) {
	t.Parallel()
	f, i := monoid.Max[float64](), monoid.Min[int32]()
	// The greatest of numbers below 0 is not 0.
	combination(t, f, f.Identity(), -3, -3, nil)
	combination(t, f, -3, -5, -3, nil)
	combination(t, f, 1, math.Inf(1), math.Inf(1), nil)
	combination(t, f, 1, math.NaN(), 0, monoid.ErrValue)
	combination(t, monoid.Min[float64](), 1, math.NaN(), 0, monoid.ErrValue)
	combination(t, i, i.Identity(), 7, 7, nil)
	combination(t, i, 7, -8, -8, nil)
	combination(t, monoid.Max[uint](), 0, 3, 3, nil)
	if _, err := f.Append(nil, math.NaN()); !errors.Is(err, monoid.ErrValue) {
		t.Errorf("Append(NaN): %v", err)
	}
	if _, err := f.Decode([]byte("NaN")); !errors.Is(err, monoid.ErrEncoding) {
		t.Errorf("Decode(NaN): %v", err)
	}
	if got := f.Identity(); got != math.Inf(-1) || again(t, f, got) != got {
		t.Errorf("identity of %s: %v", f.Name(), got)
	}
	identity(t, monoid.Min[float32](), float32(math.Inf(1)))
	identity(t, monoid.Max[int8](), math.MinInt8)
	identity(t, monoid.Max[int64](), math.MinInt64)
	identity(t, monoid.Max[uint64](), 0)
	identity(t, monoid.Min[int16](), math.MaxInt16)
	identity(t, monoid.Min[int64](), math.MaxInt64)
	identity(t, monoid.Min[uint8](), math.MaxUint8)
	identity(t, monoid.Min[uint64](), math.MaxUint64)
}

func identity[V comparable](t *testing.T, m monoid.Monoid[V], want V) {
	t.Helper()
	if got := m.Identity(); got != want {
		t.Errorf("%s: the identity is %v, not %v", m.Name(), got, want)
	}
}

func TestMean(t *testing.T) {
	t.Parallel()
	m := monoid.Mean()
	combination(t, m, monoid.Observe(1), monoid.Observe(2), monoid.Average{Sum: 3, Count: 2}, nil)
	combination(t, m, m.Identity(), monoid.Average{Sum: 9, Count: 3}, monoid.Average{Sum: 9, Count: 3}, nil)
	for _, bad := range []monoid.Average{monoid.Observe(math.Inf(1)), {Sum: 1}, {Count: -1}} {
		combination(t, m, monoid.Observe(1), bad, monoid.Average{}, monoid.ErrValue)
		if _, err := m.Append(nil, bad); !errors.Is(err, monoid.ErrValue) {
			t.Errorf("Append(%v): %v", bad, err)
		}
	}
	combination(t, m, monoid.Observe(math.MaxFloat64), monoid.Observe(math.MaxFloat64), monoid.Average{}, monoid.ErrOverflow)
	combination(t, m, monoid.Average{Count: math.MaxInt64}, monoid.Observe(0), monoid.Average{}, monoid.ErrOverflow)
	if got := (monoid.Average{Sum: 3, Count: 2}).Mean(); got != 1.5 {
		t.Errorf("3 / 2 = %v", got)
	}
	if got := m.Identity().Mean(); !math.IsNaN(got) {
		t.Errorf("the mean of nothing is %v", got)
	}
	for _, src := range []string{"", "1", "/", "1/", "/1", "1/0", "1/-1", "1/1/1", "Inf/1", "NaN/1"} {
		if v, err := m.Decode([]byte(src)); !errors.Is(err, monoid.ErrEncoding) {
			t.Errorf("Decode(%q) = %v, %v", src, v, err)
		}
	}
}
