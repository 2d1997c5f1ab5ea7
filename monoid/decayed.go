package monoid

import (
	"bytes"
	"math"
	"time"
)

// Decaying is a sum that halves with time: Decayed's value. The zero Decaying is 0.
type Decaying struct {
	at       time.Time
	sum      float64 // as of at
	some     bool
	halfLife time.Duration // 0 until a Decayed had it in hand
}

// Pulse is x at the time t: what a record adds.
func Pulse(t time.Time, x float64) Decaying {
	return Decaying{at: t.Round(0).UTC(), sum: x, some: true}
}

// Time returns the time of the latest pulse in it.
func (d Decaying) Time() time.Time { return d.at }

// At returns what is left of it at a time. Before the latest pulse that is what is left at the
// latest pulse. A Decaying that comes straight from Pulse does not decay.
func (d Decaying) At(t time.Time) float64 {
	if d.halfLife == 0 {
		return d.sum
	}
	return d.sum * left(t.Sub(d.at), d.halfLife)
}

func left(age, halfLife time.Duration) float64 {
	return math.Exp2(-float64(max(age, 0)) / float64(halfLife))
}

// Decayed sums up so that each record counts half as much a half-life later. The records' times
// are in their values, so it does not matter in which order they come. It is a sum of floats:
// groupings differ in the last digits. Times are in the years 0 to 9999, and numbers finite.
func Decayed(halfLife time.Duration) Monoid[Decaying] {
	m := decayed{"decayed/" + halfLife.String(), halfLife}
	if halfLife <= 0 {
		return broken[Decaying](m.name, "the half-life is not positive")
	}
	return m
}

type decayed struct {
	name     string
	halfLife time.Duration
}

func (m decayed) Name() string { return m.name }

func (m decayed) Identity() Decaying { return Decaying{halfLife: m.halfLife} }

func (m decayed) Combine(a, b Decaying) (Decaying, error) {
	err := m.Add(&a, b)
	return a, err
}

func (m decayed) Add(into *Decaying, v Decaying) error {
	if err := m.check(*into); err != nil {
		return err
	}
	if err := m.check(v); err != nil {
		return err
	}
	switch {
	case !v.some:
	case !into.some:
		*into = v
	default:
		old, young := *into, v
		if young.at.Before(old.at) {
			old, young = young, old
		}
		sum, ok := add(young.sum, old.sum*left(young.at.Sub(old.at), m.halfLife))
		if !ok {
			return fail(m.name, ErrOverflow, "%v + %v", old.sum, young.sum)
		}
		into.at, into.sum = young.at, sum
	}
	into.halfLife = m.halfLife
	return nil
}

func (m decayed) check(v Decaying) error {
	switch {
	case !finite(v.sum):
		return fail(m.name, ErrValue, "%v", v.sum)
	case v.halfLife != 0 && v.halfLife != m.halfLife:
		return fail(m.name, ErrValue, "it is one of decayed/%v", v.halfLife)
	case v.some && !storable(v.at):
		return fail(m.name, ErrValue, "the time %v is not in the years 0 to 9999", v.at)
	}
	return nil
}

// Append writes the sum, an @, and the time; or nothing if there was no pulse.
func (m decayed) Append(dst []byte, v Decaying) ([]byte, error) {
	if err := m.check(v); err != nil || !v.some {
		return dst, err
	}
	dst = append(appendNumber(dst, v.sum, float64s), '@')
	return appendTime(dst, v.at), nil
}

func (m decayed) Decode(src []byte) (Decaying, error) {
	if len(src) == 0 {
		return m.Identity(), nil
	}
	sum, stamp, _ := bytes.Cut(src, []byte("@"))
	x, ok := parseNumber[float64](sum, float64s)
	at, timed := parseTime(stamp)
	if !ok || !timed || !finite(x) {
		return Decaying{}, fail(m.name, ErrEncoding, "%s", quoted(src))
	}
	return Decaying{at, x, true, m.halfLife}, nil
}
