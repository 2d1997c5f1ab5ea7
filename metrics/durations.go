package metrics

import (
	"math"
	"math/bits"
	"slices"
	"time"
)

// Durations is what is known of a number of durations.
type Durations struct {
	Count         int64
	Sum, Min, Max time.Duration

	buckets []int64 // by bucketOf, as far as needed
}

// Mean returns the mean duration, and 0 if there are none.
func (d Durations) Mean() time.Duration {
	if d.Count == 0 {
		return 0
	}
	return d.Sum / time.Duration(d.Count)
}

// Quantile returns the duration below or at which a share q of all durations lies: 0.5 asks
// for the median. It is right within a sixteenth of itself, and never outside of Min and Max.
func (d Durations) Quantile(q float64) time.Duration {
	if d.Count == 0 || !(q > 0) {
		return d.Min
	}
	rank := int64(math.Ceil(min(q, 1) * float64(d.Count)))
	if rank >= d.Count {
		return d.Max
	}
	for b, n := range d.buckets {
		if rank -= n; rank <= 0 {
			return min(max(middle(b), d.Min), d.Max)
		}
	}
	return d.Max
}

func (d *Durations) add(v time.Duration) {
	v = max(v, 0)
	if d.Count == 0 {
		d.Min = v
	}
	d.Count++
	d.Sum += v
	d.Min, d.Max = min(d.Min, v), max(d.Max, v)
	b := bucketOf(v)
	if more := b + 1 - len(d.buckets); more > 0 {
		d.buckets = append(d.buckets, make([]int64, more)...)
	}
	d.buckets[b]++
}

func (d *Durations) clone() Durations {
	c := *d
	c.buckets = slices.Clone(d.buckets)
	return c
}

// Buckets are 8 for each power of two, so none is wider than an eighth of what is in it. Below
// 16 ns each duration has its own.
const perPower = 8

func bucketOf(v time.Duration) int {
	shift := max(bits.Len64(uint64(v))-bits.Len(perPower), 0)
	return shift*perPower + int(v>>shift)
}

// middle returns the middle of a bucket.
func middle(bucket int) time.Duration {
	shift := max(bucket/perPower-1, 0)
	low := time.Duration(bucket-shift*perPower) << shift
	return low + time.Duration(1)<<shift/2
}
