package monoid

import "math"

const (
	minAccuracy = 0.001
	maxAccuracy = 0.2
	maxBins     = 2048
	maxLevel    = 12 // where all floats fit into maxBins buckets, whatever the accuracy

	// side is how far from 0 the bucket of 1 is; so positive numbers have positive buckets,
	// negative ones the same below 0, and 0 has 0. At minAccuracy the smallest float is
	// 372,500 buckets below 1.
	side = 1 << 20
)

// scale numbers buckets: x > 0 is in bucket i, counted from that of 1, if it is in
// (gamma^(i-1), gamma^i].
type scale struct{ logGamma float64 }

func scaleOf(accuracy float64) scale {
	return scale{math.Log1p(2 * accuracy / (1 - accuracy))}
}

// bucket returns the bucket of a number at a level.
func (s scale) bucket(x float64, level int) int32 {
	if x == 0 {
		return 0
	}
	b := int32(math.Ceil(log(math.Abs(x))/s.logGamma)) + side
	if x < 0 {
		b = -b
	}
	for range level {
		b = up(b)
	}
	return b
}

// up returns the bucket of the next level that has this one in it: twice as wide, as a factor.
func up(bucket int32) int32 {
	switch {
	case bucket > 0:
		return (bucket-side+1)>>1 + side
	case bucket < 0:
		return -up(-bucket)
	}
	return 0
}

// middle returns the number that is off by the least factor from all in a bucket.
func (s scale) middle(bucket int32, level int) float64 {
	if bucket == 0 {
		return 0
	}
	sign := 1.0
	if bucket < 0 {
		sign, bucket = -1, -bucket
	}
	logGamma := math.Ldexp(s.logGamma, level)
	// 2 gamma^i / (gamma + 1), in logarithms since gamma may be huge.
	return sign * exp(logGamma*float64(bucket-side)-math.Log1p(math.Expm1(logGamma)/2))
}

// log and exp are those of package math, but good for the smallest floats, which on some
// processors those are not.
func log(x float64) float64 {
	frac, power := math.Frexp(x)
	return math.Log(frac) + float64(float64(power)*math.Ln2) // rounded alike by all processors
}

func exp(x float64) float64 {
	power := math.Floor(x / math.Ln2)
	return math.Ldexp(math.Exp(x-power*math.Ln2), int(power))
}

// accuracy is (gamma-1) / (gamma+1) of a level.
func (s scale) accuracy(level int) float64 {
	return math.Tanh(math.Ldexp(s.logGamma, level) / 2)
}
