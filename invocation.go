package weir

import (
	"bytes"
	"context"
	"sync"

	"github.com/weir-go/weir/internal/memory"
)

// invocation is what all messages of a batch share.
type invocation struct {
	ctx   context.Context
	mu    sync.RWMutex
	event []byte // nil once Invoke has returned: the runtime reuses it
	own   bool   // one message's, see SetRaw
}

// text returns a copy of a part of the event.
func (c *invocation) text(from, to int) string {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if to > len(c.event) {
		return ""
	}
	return string(c.event[from:to])
}

// span is a part of the event; a part that the event does not have is empty.
type span struct{ from, to int }

func (s span) size() int   { return s.to - s.from }
func (s span) given() bool { return s.to > s.from }

// copies returns copies of parts of the event, one behind another, unless the event is gone.
func (c *invocation) copies(room *memory.Bytes, parts []span) (text string, ok bool) {
	size, most := 0, 0
	for _, p := range parts {
		size, most = size+p.size(), max(most, p.to)
	}
	if c == nil {
		return "", false
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	if most > len(c.event) {
		return "", false
	}
	all, at := room.Take(size), 0
	for _, p := range parts {
		at += copy(all[at:], c.event[p.from:p.to])
	}
	return memory.String(all), true
}

// release lets go of the event. A handler that has been left behind may still be reading,
// so it gets a copy.
func (c *invocation) release(leftBehind bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if leftBehind {
		c.event = bytes.Clone(c.event)
	} else {
		c.event = nil
	}
}
