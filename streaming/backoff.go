package streaming

import (
	"math/rand/v2"
	"time"
)

// backoff is how long to wait after failures in a row.
type backoff struct{ base, max time.Duration }

// cap is the longest wait after the n-th, counted from 1.
func (b backoff) cap(n int) time.Duration {
	d := b.base
	for ; n > 1 && d < b.max; n-- {
		if d > b.max/2 {
			return b.max
		}
		d *= 2
	}
	return min(d, b.max)
}

// after is uniform between 0 and the cap.
func (b backoff) after(n int) time.Duration {
	return time.Duration(rand.Uint64N(uint64(b.cap(n)) + 1))
}
