package once

import (
	"container/list"
	"sync"
	"time"
)

// cache has the completed keys used last.
type cache struct {
	max int

	mu    sync.Mutex
	order *list.List // of *cached, the one used last in front
	byRow map[string]*list.Element
}

type cached struct {
	name  string
	entry entry
}

func newCache(n int) *cache {
	return &cache{max: n, order: list.New(), byRow: map[string]*list.Element{}}
}

// get returns a key's entry, unless it has expired. A nil cache has none.
func (c *cache) get(name string, now time.Time) (e entry, ok bool) {
	if c == nil {
		return e, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	at := c.byRow[name]
	if at == nil {
		return e, false
	}
	found, _ := at.Value.(*cached)
	if !now.Before(found.entry.until) {
		c.order.Remove(at)
		delete(c.byRow, name)
		return e, false
	}
	c.order.MoveToFront(at)
	return found.entry, true
}

func (c *cache) put(name string, e entry) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if at := c.byRow[name]; at != nil {
		at.Value = &cached{name, e}
		c.order.MoveToFront(at)
		return
	}
	c.byRow[name] = c.order.PushFront(&cached{name, e})
	if c.order.Len() > c.max {
		last := c.order.Back()
		old, _ := c.order.Remove(last).(*cached)
		delete(c.byRow, old.name)
	}
}
