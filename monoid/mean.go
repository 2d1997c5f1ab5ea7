package monoid

import (
	"bytes"
	"math"
)

// Average is a mean that can be added to: Mean's value. Count observations add up to Sum.
type Average struct {
	Sum   float64
	Count int64
}

// Observe is the Average of one observation.
func Observe(x float64) Average { return Average{x, 1} }

// Mean returns Sum / Count, NaN if there was no observation.
func (a Average) Mean() float64 {
	if a.Count == 0 {
		return math.NaN()
	}
	return a.Sum / float64(a.Count)
}

// Mean averages: it keeps the sum and the count, so that means of means come out right. The
// sum is one of floats: see Sum for how exact that is. Sums that are not finite, counts below
// 0, and a sum of nothing that is not 0 are errors.
func Mean() Monoid[Average] { return mean{} }

type mean struct{}

const meanName = "mean"

var (
	float64s = numericOf[float64]()
	int64s   = numericOf[int64]()
)

func (mean) Name() string { return meanName }

func (mean) Identity() Average { return Average{} }

func (m mean) Combine(a, b Average) (Average, error) {
	err := m.Add(&a, b)
	return a, err
}

func (mean) Add(into *Average, v Average) error {
	if !into.valid() || !v.valid() {
		return fail(meanName, ErrValue, "%v, %v", *into, v)
	}
	s, finite := add(into.Sum, v.Sum)
	n, fits := add(into.Count, v.Count)
	if !finite || !fits {
		return fail(meanName, ErrOverflow, "%v and %v", *into, v)
	}
	*into = Average{s, n}
	return nil
}

func (a Average) valid() bool {
	return finite(a.Sum) && (a.Count > 0 || a.Count == 0 && a.Sum == 0)
}

func (mean) Append(dst []byte, v Average) ([]byte, error) {
	if !v.valid() {
		return dst, fail(meanName, ErrValue, "%v", v)
	}
	dst = appendNumber(dst, v.Sum, float64s)
	dst = append(dst, '/')
	return appendNumber(dst, v.Count, int64s), nil
}

func (mean) Decode(src []byte) (Average, error) {
	sum, count, cut := bytes.Cut(src, []byte("/"))
	s, ok1 := parseNumber[float64](sum, float64s)
	n, ok2 := parseNumber[int64](count, int64s)
	v := Average{s, n}
	if !cut || !ok1 || !ok2 || !v.valid() {
		return Average{}, fail(meanName, ErrEncoding, "%s", quoted(src))
	}
	return v, nil
}
