package pipeline

import (
	"cmp"
	"context"
	"time"

	"github.com/weir-go/weir/internal/backoff"
)

// Retry says how often and how patiently a store that fails is tried again, within one batch and
// its deadline. Conflicts with other writers do not count: they are retried until the deadline.
type Retry struct {
	// Attempts is how many times a batch may fail before its records are reported as failed.
	// Zero is DefaultAttempts; 1 does not retry.
	Attempts int

	// Base and Max bound the pauses: the n-th is a random time between 0 and the lesser of Max and
	// Base doubled n-1 times ("full jitter"). Zero is DefaultBase and DefaultMax.
	Base, Max time.Duration
}

// The defaults of Retry.
const (
	DefaultAttempts = 3
	DefaultBase     = 50 * time.Millisecond
	DefaultMax      = 5 * time.Second
)

func (r Retry) withDefaults() Retry {
	if r.Attempts == 0 {
		r.Attempts = DefaultAttempts
	}
	if r.Base == 0 {
		r.Base = min(DefaultBase, cmp.Or(r.Max, DefaultMax))
	}
	if r.Max == 0 {
		r.Max = max(DefaultMax, r.Base)
	}
	return r
}

// cap is the longest pause after the n-th failure, counted from 1.
func (r Retry) cap(n int) time.Duration { return backoff.Exponential{Base: r.Base, Max: r.Max}.Cap(n) }

// pause waits after the n-th failure, or until the context ends.
func (r Retry) pause(ctx context.Context, n int) error {
	return backoff.Sleep(ctx, backoff.Jitter(r.cap(n)))
}
