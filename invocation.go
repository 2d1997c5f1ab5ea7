package weir

import (
	"bytes"
	"context"
	"sync"
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
