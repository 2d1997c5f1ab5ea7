package registry

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// forever keeps what is loaded until it must make room.
const forever time.Duration = -1

// cache loads each value once, however many ask for it at a time.
type cache[V any] struct {
	max   int
	mu    sync.RWMutex
	slots map[ID]*slot[V]
}

type slot[V any] struct {
	done  chan struct{} // closed when the rest is set
	value V
	err   error
	until time.Time // zero: forever
}

// errEnded is the error of a function of the user's that calls runtime.Goexit, as t.FailNow does.
var errEnded = errors.New("the function ended its goroutine")

// loader loads a value, and says for how long to keep what comes of it.
type loader[V any] func(ctx context.Context) (v V, keep time.Duration, err error)

func newCache[V any](max int) *cache[V] {
	return &cache[V]{max: max, slots: map[ID]*slot[V]{}}
}

// peek returns a value that is there.
func (c *cache[V]) peek(id ID) (v V, ok bool) {
	c.mu.RLock()
	s := c.slots[id]
	c.mu.RUnlock()
	if s == nil || !s.finished() || s.err != nil {
		return v, false
	}
	return s.value, true
}

// get returns a value, or waits for it. Loading goes on when ctx ends, for the others who wait.
func (c *cache[V]) get(ctx context.Context, id ID, load loader[V]) (v V, err error) {
	s := c.slot(ctx, id, load)
	select {
	case <-s.done:
		return s.value, s.err
	default:
	}
	select {
	case <-s.done:
		return s.value, s.err
	case <-ctx.Done():
		return v, context.Cause(ctx)
	}
}

func (c *cache[V]) slot(ctx context.Context, id ID, load loader[V]) *slot[V] {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.slots[id]
	if s != nil && !s.stale() {
		return s
	}
	if s == nil {
		c.makeRoom()
	}
	s = &slot[V]{done: make(chan struct{})}
	c.slots[id] = s
	go c.load(context.WithoutCancel(ctx), id, s, load)
	return s
}

func (c *cache[V]) load(ctx context.Context, id ID, s *slot[V], load loader[V]) {
	keep := time.Duration(0)
	defer func() {
		if p := recover(); p != nil { // in a library, or a function of the user's
			s.err = fmt.Errorf("panic: %v", p)
		}
		if keep != forever {
			s.until = time.Now().Add(keep)
		}
		close(s.done)
		if keep == 0 {
			c.mu.Lock()
			defer c.mu.Unlock()
			if c.slots[id] == s {
				delete(c.slots, id)
			}
		}
	}()
	s.err = errEnded // unless load returns
	s.value, keep, s.err = load(ctx)
}

// makeRoom drops a failure, or else any value. What is being loaded stays.
func (c *cache[V]) makeRoom() {
	if len(c.slots) < c.max {
		return
	}
	var victim *ID
	for id, s := range c.slots {
		if !s.finished() {
			continue
		}
		if victim = &id; s.err != nil {
			break
		}
	}
	if victim != nil {
		delete(c.slots, *victim)
	}
}

func (s *slot[V]) finished() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

func (s *slot[V]) stale() bool {
	return s.finished() && !s.until.IsZero() && !time.Now().Before(s.until)
}
