package pipeline

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

// ErrStoreDown is why a record failed without its store having been asked: the store failed
// many times in a row a moment ago.
var ErrStoreDown = errors.New("pipeline: the store failed repeatedly, not tried again for a moment")

const (
	breakAfter  = 6 // failures in a row: two batches that used up the default attempts
	breakFirst  = time.Second
	breakMost   = 30 * time.Second
	breakFactor = 2
)

// breaker keeps a store that is down from being asked by every batch. Once it is open, one
// caller a while may try.
type breaker struct {
	mu       sync.Mutex
	failures int // in a row
	rest     time.Duration
	until    time.Time // no tries before
	last     error
}

// allow reports whether the store may be asked.
func (b *breaker) allow() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.failures < breakAfter {
		return nil
	}
	now := time.Now()
	if now.Before(b.until) {
		return fmt.Errorf("%w: %w", ErrStoreDown, b.last)
	}
	b.until = now.Add(b.rest) // this caller tries, others wait for what it finds
	return nil
}

func (b *breaker) failed(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last = err
	if b.failures++; b.failures < breakAfter {
		return
	}
	if b.rest = min(b.rest*breakFactor, breakMost); b.rest == 0 {
		b.rest = breakFirst
	}
	b.until = time.Now().Add(b.rest)
}

func (b *breaker) succeeded() {
	b.mu.Lock()
	b.failures, b.rest = 0, 0
	b.mu.Unlock()
}
