package memlog

import (
	"context"
	"io"
	"slices"
	"time"

	"github.com/weir-go/weir/streaming"
)

// Member is a streaming.Source: one worker's part of a Group.
type Member struct {
	g     *Group
	owner streaming.Owner

	// All below is guarded by the log's lock.
	read   map[int]int64 // the next offset of each partition it owns
	paused map[int]bool
	next   int // partition to begin with
	dead   bool
}

// Kind implements streaming.Source: it is a Log.
func (m *Member) Kind() streaming.Kind { return streaming.Log }

// Open joins the group.
func (m *Member) Open(_ context.Context, o streaming.Owner) error {
	m.g.join(m, o)
	return nil
}

// Close leaves the group.
func (m *Member) Close(context.Context) error {
	m.g.leave(m)
	return nil
}

// Kill takes the member's partitions away without asking, as a broker does with a consumer of which it
// has not heard. From then on it gets nothing, and what it commits is ignored.
func (m *Member) Kill() {
	g := m.g
	defer g.move()()
	g.log.mu.Lock()
	m.dead = true
	var lost []streaming.Lane
	for i := range g.slots {
		if g.slots[i].owner == m {
			lost = append(lost, g.lane(i))
			g.slots[i].owner = nil
		}
	}
	g.members = slices.DeleteFunc(g.members, func(o *Member) bool { return o == m })
	g.log.mu.Unlock()
	if len(lost) > 0 {
		m.owner.Lost(lost...)
	}
	g.assign(g.deal())
}

// wait is how long Poll waits for records.
const wait = 5 * time.Second

// Poll implements streaming.Source.
func (m *Member) Poll(ctx context.Context, room streaming.Room) ([]streaming.Fetch, error) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	l := m.g.log
	for {
		l.mu.Lock()
		fetches := m.take(room)
		ended, changed := m.g.done(m), l.changed
		l.mu.Unlock()
		switch {
		case len(fetches) > 0:
			return fetches, nil
		case ended:
			return nil, io.EOF
		}
		select {
		case <-changed:
		case <-timer.C:
			return nil, nil
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// take reads what there is, one partition after another.
func (m *Member) take(room streaming.Room) (fetches []streaming.Fetch) {
	l := m.g.log
	records, bytes := room.Records, room.Bytes
	for range l.parts {
		i := m.next % len(l.parts)
		if records <= 0 || bytes <= 0 {
			return fetches
		}
		m.next++
		from, own := m.read[i]
		if m.dead || !own || m.paused[i] {
			continue
		}
		all := l.parts[i].msgs
		to := from
		for to < int64(len(all)) && records > 0 && bytes > 0 {
			bytes -= len(all[to].Payload)
			records--
			to++
		}
		if to == from {
			continue
		}
		m.read[i] = to
		f := streaming.Fetch{Lane: m.g.lane(i), Messages: slices.Clone(all[from:to]), Offsets: make([]int64, to-from)}
		for j := range f.Offsets {
			f.Offsets[j] = from + int64(j)
		}
		fetches = append(fetches, f)
	}
	return fetches
}

// Settle commits positions. Those of partitions that are another's by now are ignored.
func (m *Member) Settle(_ context.Context, acks []streaming.Ack) error {
	g := m.g
	g.log.mu.Lock()
	defer g.log.mu.Unlock()
	for _, a := range acks {
		i := slices.IndexFunc(g.log.parts, func(p partition) bool { return p.name == a.Lane.Name })
		s := &g.slots[i]
		switch to := a.Offset + 1; {
		case m.dead || s.owner != m || s.epoch != a.Lane.Epoch:
			if !m.dead {
				g.violated("%s: commit of epoch %d, which is over", a.Lane.Name, a.Lane.Epoch)
			}
		case to > m.read[i]:
			g.violated("%s: commit of %d, and only %d were handed out", a.Lane.Name, to, m.read[i])
		case to < s.committed:
			g.violated("%s: commit of %d, after %d", a.Lane.Name, to, s.committed)
		default:
			s.committed = to
			g.commits++
		}
	}
	if g.log.ended {
		g.log.change() // that may have been the last
	}
	return nil
}

// Pause implements streaming.Pauser.
func (m *Member) Pause(lanes ...streaming.Lane) { m.pause(lanes, true) }

// Resume implements streaming.Pauser.
func (m *Member) Resume(lanes ...streaming.Lane) { m.pause(lanes, false) }

func (m *Member) pause(lanes []streaming.Lane, yes bool) {
	g := m.g
	g.log.mu.Lock()
	defer g.log.mu.Unlock()
	for _, l := range lanes {
		for i := range g.slots {
			if _, own := m.read[i]; own && g.lane(i) == l {
				m.paused[i] = yes
			}
		}
	}
	g.log.change()
}

// Lag implements streaming.Lagger.
func (m *Member) Lag() (records int64, known bool) {
	g := m.g
	g.log.mu.Lock()
	defer g.log.mu.Unlock()
	for i, from := range m.read {
		records += int64(len(g.log.parts[i].msgs)) - from
	}
	return records, true
}

var (
	_ streaming.Source = (*Member)(nil)
	_ streaming.Pauser = (*Member)(nil)
	_ streaming.Lagger = (*Member)(nil)
)
