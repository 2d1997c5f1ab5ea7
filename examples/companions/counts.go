package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/middleware"
)

// counts is an observer.
type counts struct {
	mu                                                  sync.Mutex
	batches, records, failed, skipped, dropped, highest int
	retries, opened, spared, fell                       int
}

// RecordDropped implements weir.RecordDroppedObserver: the letter is in the queue.
func (c *counts) RecordDropped(context.Context, *weir.Message, error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dropped++
	return nil
}

// BatchEnded implements weir.BatchEndedObserver.
func (c *counts) BatchEnded(_ context.Context, s weir.Summary) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.batches++
	c.records += s.Records
	c.failed += s.Failed
	c.skipped += s.Skipped
	if s.Err != nil {
		for _, r := range s.Err.Records {
			c.spared += count(errors.Is(r, middleware.ErrOpen))
		}
	}
	c.highest = max(c.highest, s.HighestAttempt)
}

func (c *counts) retry(context.Context, *weir.Message, int, error, time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.retries++
}

func (c *counts) breaker(_ context.Context, b middleware.BreakerChange) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.opened += count(b.To == middleware.BreakerOpen)
}

func (c *counts) limit(_ context.Context, l middleware.LimitChange) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fell += count(l.To < l.From)
}
