package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"
)

// mapping is the event source mapping: it polls the queue, invokes the function, and deletes what
// is done.
type mapping struct {
	queue    queue
	arn      string
	function interface {
		Invoke(ctx context.Context, event []byte) ([]byte, error)
	}
	timeout     time.Duration // of the function
	invocations int
	left        int // messages that are not done
}

const (
	batchSize = 10
	pollers   = 3
)

// run works until all messages are done.
func (m *mapping) run(ctx context.Context) error {
	for m.left > 0 {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("%d messages are left: %w", m.left, err)
		}
		var batches [][]received
		for range pollers {
			batch, err := m.queue.receive(ctx, batchSize)
			if err != nil {
				return err
			}
			if len(batch) > 0 {
				batches = append(batches, batch)
			}
		}
		if len(batches) == 0 {
			if q, ok := m.queue.(*local); ok {
				q.pass()
			}
			continue
		}
		done := make([][]received, len(batches))
		errs := make([]error, len(batches))
		var wg sync.WaitGroup
		for i, batch := range batches {
			m.invocations++
			wg.Go(func() { done[i], errs[i] = m.invoke(ctx, batch) })
		}
		wg.Wait()
		if err := errors.Join(errs...); err != nil {
			return err
		}
		for _, batch := range done {
			for _, msg := range batch {
				if err := m.queue.remove(ctx, msg.receipt); err != nil {
					return err
				}
				m.left--
			}
		}
	}
	return nil
}

// invoke returns the messages that are done. A function's error is nobody's but the batch's.
func (m *mapping) invoke(ctx context.Context, batch []received) ([]received, error) {
	ctx, cancel := context.WithTimeout(ctx, m.timeout)
	defer cancel()
	out, err := m.function.Invoke(ctx, event(m.arn, batch))
	if err != nil {
		return nil, nil
	}
	var answer struct {
		BatchItemFailures []struct {
			ItemIdentifier string `json:"itemIdentifier"`
		} `json:"batchItemFailures"`
	}
	if err := json.Unmarshal(out, &answer); err != nil {
		return nil, fmt.Errorf("the function answered %s: %w", out, err)
	}
	failed := map[string]bool{}
	for _, f := range answer.BatchItemFailures {
		failed[f.ItemIdentifier] = true
	}
	var done []received
	for _, msg := range batch {
		if !failed[msg.id] {
			done = append(done, msg)
		}
	}
	return done, nil
}
