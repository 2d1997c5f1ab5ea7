package memlog

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/weir-go/weir/streaming"
)

// Group is a consumer group: its members share the partitions of a log, and it keeps the
// position of each.
type Group struct {
	log     *Log
	timeout time.Duration

	moving chan struct{} // one rebalance at a time; a channel, so that others wait on virtual time

	// All below is guarded by log.mu.
	slots   []slot // by partition
	members []*Member
	commits int64
	behind  []string // what must not happen: see Violations
}

// slot is whose a partition is.
type slot struct {
	owner     *Member // nil for nobody
	epoch     int64
	committed int64 // the offset to go on from
}

// RebalanceTimeout is how long a member has to finish with a partition that it must give up.
const RebalanceTimeout = 10 * time.Second

// Group makes a consumer group that begins with the first records.
func (l *Log) Group() *Group {
	return &Group{log: l, timeout: RebalanceTimeout, moving: make(chan struct{}, 1), slots: make([]slot, len(l.parts))}
}

// Member makes a source for one worker. It joins the group when the worker opens it, and leaves when
// that closes it.
func (g *Group) Member() *Member { return &Member{g: g, read: map[int]int64{}, paused: map[int]bool{}} }

// Committed returns the offset that a partition goes on from.
func (g *Group) Committed(partition int) int64 {
	g.log.mu.Lock()
	defer g.log.mu.Unlock()
	return g.slots[partition].committed
}

// Violations lists what no worker may do, and one did: commit what was never handed out, or move a
// position back.
func (g *Group) Violations() []string {
	g.log.mu.Lock()
	defer g.log.mu.Unlock()
	return slices.Clone(g.behind)
}

// Move gives a partition to a member, once its owner has given it up.
func (g *Group) Move(partition int, to *Member) {
	defer g.move()()
	want := g.assigned()
	want[partition] = to
	g.assign(want)
}

// Rebalance deals the partitions out to the members in turn.
func (g *Group) Rebalance() {
	defer g.move()()
	g.assign(g.deal())
}

// move begins a rebalance, and returns what ends it.
func (g *Group) move() (end func()) {
	g.moving <- struct{}{}
	return func() { <-g.moving }
}

func (g *Group) assigned() []*Member {
	g.log.mu.Lock()
	defer g.log.mu.Unlock()
	want := make([]*Member, len(g.slots))
	for i, s := range g.slots {
		want[i] = s.owner
	}
	return want
}

func (g *Group) deal() []*Member {
	g.log.mu.Lock()
	defer g.log.mu.Unlock()
	want := make([]*Member, len(g.slots))
	for i := range want {
		if n := len(g.members); n > 0 {
			want[i] = g.members[i%n]
		}
	}
	return want
}

// assign moves partitions: members give up first what is to go to others.
func (g *Group) assign(want []*Member) {
	g.log.mu.Lock()
	revoke := map[*Member][]streaming.Lane{}
	for i, s := range g.slots {
		if want[i] != nil && !slices.Contains(g.members, want[i]) {
			want[i] = s.owner // it has not joined, or has left
		}
		if s.owner != nil && s.owner != want[i] {
			revoke[s.owner] = append(revoke[s.owner], g.lane(i))
		}
	}
	g.log.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), g.timeout)
	defer cancel()
	var all sync.WaitGroup
	for m, lanes := range revoke {
		all.Go(func() { m.owner.Revoke(ctx, lanes...) })
	}
	all.Wait()

	g.log.mu.Lock()
	defer g.log.mu.Unlock()
	for i := range g.slots {
		s := &g.slots[i]
		if to := want[i]; s.owner != to {
			if s.owner != nil {
				delete(s.owner.read, i)
				delete(s.owner.paused, i)
			}
			s.owner = to
			s.epoch++
			if to != nil {
				to.read[i] = s.committed
			}
		}
	}
	g.log.change()
}

func (g *Group) lane(i int) streaming.Lane {
	return streaming.Lane{Name: g.log.parts[i].name, Epoch: g.slots[i].epoch}
}

// join adds a member, which may bring about that others give partitions up.
func (g *Group) join(m *Member, o streaming.Owner) {
	defer g.move()()
	g.log.mu.Lock()
	m.owner = o
	if !m.dead {
		g.members = append(g.members, m)
	}
	g.log.mu.Unlock()
	g.assign(g.deal())
}

// leave removes a member, whose partitions go to the others.
func (g *Group) leave(m *Member) {
	defer g.move()()
	g.log.mu.Lock()
	g.members = slices.DeleteFunc(g.members, func(o *Member) bool { return o == m })
	for i := range g.slots {
		if g.slots[i].owner == m {
			g.slots[i].owner = nil
		}
	}
	g.log.mu.Unlock()
	g.assign(g.deal())
}

// done reports whether there is nothing more for a member, ever: all is committed, or it is
// alone and has read all.
func (g *Group) done(m *Member) bool {
	if !g.log.ended {
		return false
	}
	alone := len(g.members) == 1 && !m.dead
	for i, s := range g.slots {
		end := int64(len(g.log.parts[i].msgs))
		if s.committed < end && !(alone && s.owner == m && m.read[i] == end) {
			return false
		}
	}
	return true
}

func (g *Group) violated(format string, args ...any) {
	g.behind = append(g.behind, fmt.Sprintf(format, args...))
}
