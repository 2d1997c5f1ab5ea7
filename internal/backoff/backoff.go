// Package backoff is how long to wait between attempts: exponential back-off with full jitter. Whoever
// tries something again computes it here.
package backoff

import (
	"context"
	"math/rand/v2"
	"time"
)

// Exponential bounds the waits after failures in a row: the n-th is a random time between 0 and the
// lesser of Max and Base doubled n-1 times.
type Exponential struct{ Base, Max time.Duration }

// Cap is the longest wait after the n-th failure, counted from 1. Any durations and any n will do.
func (e Exponential) Cap(n int) time.Duration {
	d := e.Base
	for ; n > 1 && 0 < d && d < e.Max; n-- {
		if d > e.Max/2 {
			return e.Max
		}
		d *= 2
	}
	return max(0, min(d, e.Max))
}

// After draws the wait after the n-th failure.
func (e Exponential) After(n int) time.Duration { return Jitter(e.Cap(n)) }

// Jitter is uniform in [0, limit], both included.
func Jitter(limit time.Duration) time.Duration { return jitter(limit, rand.Uint64N) }

func jitter(limit time.Duration, below func(n uint64) uint64) time.Duration {
	if limit <= 0 {
		return 0
	}
	return time.Duration(below(uint64(limit) + 1))
}

// Sleep waits, or until the context ends: then it returns the cause.
func Sleep(ctx context.Context, d time.Duration) error {
	if d > 0 {
		t := time.NewTimer(d)
		defer t.Stop()
		select {
		case <-t.C:
		case <-ctx.Done():
		}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}
