package pipeline

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// Window cuts time into tumbling windows, so that each key has one aggregate a window. The
// zero Window is none: one aggregate for all time.
type Window struct {
	// Size is how long a window is, in whole milliseconds. Windows start at multiples of it since
	// 1970-01-01 UTC.
	Size time.Duration

	// Retention is how long a window is kept after its end. Zero is for ever. A record whose
	// window is no longer kept is dropped with ErrWindowExpired: observers are told of each,
	// and slog of each batch.
	Retention time.Duration
}

// Daily is one window a day (UTC), kept for retention after its end; zero is for ever.
func Daily(retention time.Duration) Window { return Window{24 * time.Hour, retention} }

// Hourly is one window an hour, kept for retention after its end; zero is for ever.
func Hourly(retention time.Duration) Window { return Window{time.Hour, retention} }

// Minute is one window a minute, kept for retention after its end; zero is for ever.
func Minute(retention time.Duration) Window { return Window{time.Minute, retention} }

// ErrWindowExpired is why a record was dropped whose window is no longer kept.
var ErrWindowExpired = errors.New("pipeline: the record's window is no longer kept")

func (w Window) none() bool { return w.Size == 0 }

func (w Window) check() error {
	switch {
	case w.Size < 0 || w.Retention < 0:
		return errors.New("Window: Size and Retention must not be negative")
	case w.Size%time.Millisecond != 0:
		return fmt.Errorf("Window: Size is %v, not whole milliseconds", w.Size)
	case w.none() && w.Retention != 0:
		return errors.New("Window: Retention needs a Size")
	}
	return nil
}

// Times outside of this range have no window.
const minYear, maxYear = -9999, 9999

// at returns the number of the window that holds t, rounding down: 1969 has windows of its own.
func (w Window) at(t time.Time) (int64, error) {
	if w.none() {
		return 0, nil
	}
	if y := t.UTC().Year(); y < minYear || y > maxYear {
		return 0, fmt.Errorf("pipeline: a record's time is in the year %d: no window holds it", y)
	}
	return floorDiv(t.UnixMilli(), w.millis()), nil
}

func (w Window) millis() int64 { return w.Size.Milliseconds() }

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func (w Window) start(n int64) time.Time { return time.UnixMilli(n * w.millis()).UTC() }

// expires is when window n may be deleted, zero for never.
func (w Window) expires(n int64) time.Time {
	if w.Retention == 0 {
		return time.Time{}
	}
	return w.start(n + 1).Add(w.Retention)
}

// span returns the windows that hold [from, to).
func (w Window) span(from, to time.Time) (first, last int64, err error) {
	if !from.Before(to) {
		return 0, 0, fmt.Errorf("pipeline: an empty range, from %v to %v", from, to)
	}
	if first, err = w.at(from); err != nil {
		return 0, 0, err
	}
	if last, err = w.at(to.Add(-1)); err != nil {
		return 0, 0, err
	}
	if n := last - first; n >= math.MaxInt32 {
		return 0, 0, fmt.Errorf("pipeline: %d windows in one range", n)
	}
	return first, last, nil
}
