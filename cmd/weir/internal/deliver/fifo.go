package deliver

import (
	"context"
	"slices"
	"time"
)

// FIFO delivers the records as a FIFO queue would: each message group in order, and none of
// a group while others of it are in flight.
func FIFO(ctx context.Context, m Mapping, records []Record) (*Outcome, error) {
	return newQueue(&m, "flights.fifo", newFIFO(newMessages(records, m.Seed, true)), records).run(ctx)
}

// fifo is the shelf of a FIFO queue.
type fifo struct {
	groups []*group // in the order of their first messages
	byKey  map[string]*group
	last   *group // that the batch being received took from
}

// group is a message group. While messages of it are in flight, it is locked.
type group struct {
	waiting []*message
	flying  int
}

func newFIFO(messages []*message) *fifo {
	s := &fifo{byKey: map[string]*group{}}
	for _, m := range messages {
		g := s.byKey[m.record.Key]
		if g == nil {
			g = &group{}
			s.byKey[m.record.Key] = g
			s.groups = append(s.groups, g)
		}
		g.waiting = append(g.waiting, m)
	}
	return s
}

// take prefers the group that the batch has messages of, as SQS does, and then the group
// that has waited longest.
func (s *fifo) take(now time.Time, same bool) *message {
	if !same {
		s.last = nil
	}
	if g := s.last; g == nil || !g.visible(now) {
		s.last = nil
		for _, g := range s.groups {
			if g.flying == 0 && g.visible(now) && (s.last == nil || g.waiting[0].index < s.last.waiting[0].index) {
				s.last = g
			}
		}
	}
	g := s.last
	if g == nil {
		return nil
	}
	m := g.waiting[0]
	g.waiting = g.waiting[1:]
	g.flying++
	return m
}

// visible says whether the group's next message is. The later ones wait for it.
func (g *group) visible(now time.Time) bool {
	return len(g.waiting) > 0 && !g.waiting[0].visible.After(now)
}

// back puts messages before the others of their groups.
func (s *fifo) back(failed []*message) {
	for _, m := range slices.Backward(failed) {
		g := s.byKey[m.record.Key]
		g.waiting = slices.Insert(g.waiting, 0, m)
	}
}

func (s *fifo) release(batch []*message) {
	for _, m := range batch {
		s.byKey[m.record.Key].flying--
	}
}

func (s *fifo) wake() time.Time {
	var first time.Time
	for _, g := range s.groups {
		if len(g.waiting) > 0 && (first.IsZero() || g.waiting[0].visible.Before(first)) {
			first = g.waiting[0].visible
		}
	}
	return first
}
