package visibility

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

// Schedule is how long a message stays invisible after it failed: Base after its first receive, Factor
// times as long after each further one, up to Max. SQS counts in whole seconds: what is between is
// rounded up.
type Schedule struct {
	Base, Max time.Duration // up to 12 h

	// Factor is 1 or more. 0 stands for 2, and 1 for the same delay each time.
	Factor float64

	// Jitter is which part of the delay is random, from 0 to 1, so that what failed together does not
	// come back together. With 0.5 it is uniform between half of the delay and all of it.
	Jitter float64
}

// Exponential is a schedule that doubles from base to most, without jitter.
func Exponential(base, most time.Duration) Schedule { return Schedule{Base: base, Max: most} }

// maxTimeout is SQS's. Source: "ChangeMessageVisibility", Amazon SQS API Reference.
const maxTimeout = 12 * time.Hour

func (s Schedule) check() error {
	switch {
	case s.Base <= 0:
		return fmt.Errorf("the schedule's Base is %v: it takes more than 0", s.Base)
	case s.Max < s.Base:
		return fmt.Errorf("the schedule's Max is %v, less than its Base of %v", s.Max, s.Base)
	case s.Max > maxTimeout:
		return fmt.Errorf("the schedule's Max is %v: SQS allows no more than 12 h", s.Max)
	case s.Factor != 0 && !(s.Factor >= 1 && s.Factor <= math.MaxFloat64):
		return fmt.Errorf("the schedule's Factor is %v: it takes 1 or more", s.Factor)
	case !(s.Jitter >= 0 && s.Jitter <= 1):
		return fmt.Errorf("the schedule's Jitter is %v: it takes 0 to 1", s.Jitter)
	}
	return nil
}

// Delay is the delay after the n-th receive, counted from 1, jitter included.
func (s Schedule) Delay(n int) time.Duration { return s.after(n, rand.Uint64N) }

func (s Schedule) after(n int, below func(uint64) uint64) time.Duration {
	factor := s.Factor
	if factor == 0 {
		factor = 2
	}
	d := s.Max
	if f := float64(s.Base) * math.Pow(factor, float64(max(n, 1)-1)); f < float64(s.Max) {
		d = time.Duration(f)
	}
	if random := uint64(float64(d) * s.Jitter); random > 0 {
		d -= time.Duration(below(random + 1))
	}
	return max(0, d)
}
