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
func (c *invocation) text(part span) string {
	c.mu.RLock()
	text := ""
	if int(part.to) <= len(c.event) {
		text = string(c.event[part.from:part.to])
	}
	c.mu.RUnlock()
	return text
}

// span is a part of the event; a part that the event does not have is empty.
type span struct{ from, to uint32 }

func spanOf(from, to int) span { return span{uint32(from), uint32(to)} }

func (s span) length() int { return int(s.to - s.from) }
func (s span) given() bool { return s.to > s.from }

// read returns a copy of a part of the event, or false if the event is gone.
func (c *invocation) read(part span, room *memory.Bytes) (text string, ok bool) {
	if c == nil {
		return "", false
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	if int(part.to) > len(c.event) {
		return "", false
	}
	return memory.String(room.Copy(c.event[part.from:part.to])), true
}

// release lets go of the event. A handler that has been left behind may still be reading,
// so it gets a copy.
func (c *invocation) release(leftBehind bool) {
	c.mu.Lock()
	if leftBehind {
		c.event = bytes.Clone(c.event)
	} else {
		c.event = nil
	}
	c.mu.Unlock()
}
