package deliver

import (
	"context"
	"math/rand/v2"
	"time"
)

// SQS delivers the records as a standard queue would: in no strict order.
func SQS(ctx context.Context, m Mapping, records []Record) (*Outcome, error) {
	s := &standard{ready: newMessages(records, m.Seed, false), rand: rand.New(rand.NewPCG(m.Seed, 0x5f5))}
	return newQueue(&m, "flights", s, records).run(ctx)
}

// standard is the shelf of a standard queue.
type standard struct {
	ready  []*message
	hidden []*message // in the order in which they become visible again
	rand   *rand.Rand
}

// shuffle is how far a standard queue's order strays here.
const shuffle = 100

func (s *standard) take(now time.Time, _ bool) *message {
	n := 0
	for n < len(s.hidden) && !s.hidden[n].visible.After(now) {
		n++
	}
	s.ready = append(s.ready, s.hidden[:n]...)
	s.hidden = s.hidden[n:]
	if len(s.ready) == 0 {
		return nil
	}
	i := s.rand.IntN(min(shuffle, len(s.ready)))
	s.ready[0], s.ready[i] = s.ready[i], s.ready[0]
	m := s.ready[0]
	s.ready = s.ready[1:]
	return m
}

// back relies on time going on and on one visibility timeout for all.
func (s *standard) back(failed []*message) {
	for _, m := range failed {
		if n := len(s.hidden); n > 0 && m.visible.Before(s.hidden[n-1].visible) {
			s.ready = append(s.ready, m)
			continue
		}
		s.hidden = append(s.hidden, m)
	}
}

func (s *standard) release([]*message) {}

func (s *standard) wake() time.Time {
	if len(s.hidden) == 0 {
		return time.Time{}
	}
	return s.hidden[0].visible
}
