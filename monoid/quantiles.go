package monoid

import (
	"cmp"
	"math"
	"slices"
	"strconv"
)

// Distribution tells quantiles of the numbers that were put into it: Quantiles' value. The zero
// Distribution is empty.
type Distribution struct {
	one    float64 // what is in it, if single
	single bool

	scale scale // zero until a Quantiles had it in hand
	level int   // how often buckets were united in pairs
	bins  []bin // ascending
	count int64
	min   float64
	max   float64
}

// bin is a bucket and how many numbers are in it.
type bin struct {
	bucket int32
	n      int64
}

// Sample returns a Distribution of one number.
func Sample(x float64) Distribution { return Distribution{one: x, single: true} }

// Count returns how many numbers there are.
func (d Distribution) Count() int64 {
	if d.single {
		return 1
	}
	return d.count
}

// Min returns the smallest number, exactly; NaN if there is none.
func (d Distribution) Min() float64 { return d.Quantile(0) }

// Max returns the greatest number, exactly; NaN if there is none.
func (d Distribution) Max() float64 { return d.Quantile(1) }

// Accuracy returns by which part of itself a quantile may be wrong at most, 0.01 for one in a
// hundred.
func (d Distribution) Accuracy() float64 {
	if d.count == 0 {
		return 0
	}
	return d.scale.accuracy(d.level)
}

// Quantile returns the number below which the part q of the numbers lies: the median for 0.5.
// Of n numbers in order, counted from 0, it is about the one in place q * (n-1), rounded down;
// see Accuracy. It is NaN if there is no number, or q is not in 0 to 1.
func (d Distribution) Quantile(q float64) float64 {
	switch {
	case d.Count() == 0 || !(0 <= q && q <= 1):
		return math.NaN()
	case d.single:
		return d.one
	case q == 0:
		return d.min
	case q == 1:
		return d.max
	}
	place := min(int64(q*float64(d.count-1)), d.count-1)
	for _, b := range d.bins {
		if place < b.n {
			return min(max(d.scale.middle(b.bucket, d.level), d.min), d.max)
		}
		place -= b.n
	}
	return d.max
}

// put puts a number in.
func (d *Distribution) put(x float64) {
	d.grow(x, x, 1)
	bucket := d.scale.bucket(x, d.level)
	i, ok := slices.BinarySearchFunc(d.bins, bucket, func(b bin, want int32) int { return cmp.Compare(b.bucket, want) })
	if ok {
		d.bins[i].n++
		return
	}
	d.bins = slices.Insert(d.bins, i, bin{bucket, 1})
	d.shrink()
}

func (d *Distribution) grow(least, greatest float64, n int64) {
	if d.count == 0 {
		d.min, d.max = least, greatest
	}
	d.min, d.max = min(d.min, least), max(d.max, greatest)
	d.count += n
}

// merge puts all of another in.
func (d *Distribution) merge(v Distribution) {
	if v.count == 0 {
		return
	}
	d.grow(v.min, v.max, v.count)
	theirs := slices.Clone(v.bins)
	for ; v.level < d.level; v.level++ {
		theirs = united(theirs)
	}
	for ; d.level < v.level; d.level++ {
		d.bins = united(d.bins)
	}
	d.bins = append(d.bins, theirs...)
	slices.SortFunc(d.bins, func(a, b bin) int { return cmp.Compare(a.bucket, b.bucket) })
	d.bins = joined(d.bins)
	d.shrink()
}

// shrink unites buckets until there are few enough of them. That depends on which buckets
// there are and on nothing else; so all groupings end at the same level.
func (d *Distribution) shrink() {
	for len(d.bins) > maxBins {
		d.bins = united(d.bins)
		d.level++
	}
}

// united changes bins to those of the next level.
func united(bins []bin) []bin {
	for i, b := range bins {
		bins[i].bucket = up(b.bucket)
	}
	return joined(bins)
}

// joined makes one of neighbours that are the same.
func joined(bins []bin) []bin {
	out := bins[:0]
	for _, b := range bins {
		if n := len(out); n > 0 && out[n-1].bucket == b.bucket {
			out[n-1].n += b.n
		} else {
			out = append(out, b)
		}
	}
	return out
}

// Quantiles finds quantiles of numbers to an accuracy, 0.001 to 0.2: at 0.01 a median of 500 is
// reported as 495 to 505. It counts numbers in buckets whose widths grow with the numbers. There
// are up to 2,048 buckets; at 0.01 they reach over 17 powers of ten. Of more, neighbours are
// united, and quantiles may be twice as wrong: see Distribution.Accuracy. A row takes about 3
// bytes a bucket.
//
// It is exact in that all groupings give the same buckets. NaN and infinities are errors.
//
// (DDSketch, Masson et al., 2019, with the uniform collapse of UDDSketch, Epicoco et al., 2020.)
func Quantiles(accuracy float64) Monoid[Distribution] {
	name := "quantiles/" + strconv.FormatFloat(accuracy, 'g', -1, 64)
	if !(minAccuracy <= accuracy && accuracy <= maxAccuracy) {
		return broken[Distribution](name, "the accuracy is not in 0.001 to 0.2")
	}
	return quantiles{name, scaleOf(accuracy)}
}

type quantiles struct {
	name  string
	scale scale
}

func (m quantiles) Name() string { return m.name }

func (m quantiles) Identity() Distribution { return Distribution{scale: m.scale} }

func (m quantiles) Combine(a, b Distribution) (Distribution, error) {
	out := m.Identity()
	if err := m.Add(&out, a); err != nil {
		return Distribution{}, err
	}
	if err := m.Add(&out, b); err != nil {
		return Distribution{}, err
	}
	return out, nil
}

func (m quantiles) Add(into *Distribution, v Distribution) error {
	if err := m.check(v); err != nil {
		return err
	}
	if _, ok := add(into.count, v.Count()); !ok {
		return fail(m.name, ErrOverflow, "more than 2^63 numbers")
	}
	if v.single {
		into.put(v.one)
	} else {
		into.merge(v)
	}
	return nil
}

func (m quantiles) check(v Distribution) error {
	if v.single && !finite(v.one) {
		return fail(m.name, ErrValue, "%v", v.one)
	}
	if v.scale != (scale{}) && v.scale != m.scale {
		return fail(m.name, ErrValue, "it is one of another accuracy")
	}
	return nil
}
