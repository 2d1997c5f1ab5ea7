package monoid

import "time"

// Timed is a value with its time, or none: the zero Timed. It is what First and Last combine.
type Timed[X any] struct {
	at    time.Time
	value X
	some  bool
}

// At is the value x of the time t. The time is kept in UTC, without the monotonic clock.
func At[X any](t time.Time, x X) Timed[X] {
	return Timed[X]{t.Round(0).UTC(), x, true}
}

// IsZero says that there is no value.
func (v Timed[X]) IsZero() bool { return !v.some }

// Time returns the value's time, in UTC.
func (v Timed[X]) Time() time.Time { return v.at }

// Value returns the value, the zero X if there is none.
func (v Timed[X]) Value() X { return v.value }
