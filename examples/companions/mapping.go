package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// mapping is an event source mapping: it polls the queue, invokes the function, and deletes what is
// done. Now and then the function's answer is lost, and all of the batch comes again.
type mapping struct {
	queue    queue
	arn      string
	function interface {
		Invoke(ctx context.Context, event []byte) ([]byte, error)
	}
	sent, done  int // messages
	invocations int
	late        atomic.Int32    // invocations that were out of time, and maybe left their observers untold
	lost        int             // answers
	finished    map[string]bool // messages that are done, and in the queue all the same
	again       int             // deliveries of such messages,
	againLarge  int             // and of those among them that have a pointer
}

const (
	timeout   = 4 * time.Second // of functions
	batchSize = 10
	pollers   = 3
	loseEvery = 13 // of how many answers one is lost
)

// run works until all messages are done.
func (m *mapping) run(ctx context.Context) error {
	for m.done < m.sent {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("%d messages are left: %w", m.sent-m.done, err)
		}
		batches, err := m.poll(ctx)
		if err != nil {
			return err
		}
		done := make([][]received, len(batches))
		errs := make([]error, len(batches))
		var wg sync.WaitGroup
		for i, batch := range batches {
			wg.Go(func() { done[i], errs[i] = m.invoke(ctx, batch) })
		}
		wg.Wait()
		if err := errors.Join(errs...); err != nil {
			return err
		}
		for _, batch := range done {
			if err := m.conclude(ctx, batch); err != nil {
				return err
			}
		}
	}
	return nil
}

// poll receives a batch for each poller.
func (m *mapping) poll(ctx context.Context) (batches [][]received, err error) {
	for range pollers {
		batch, err := m.queue.receive(ctx, batchSize)
		if err != nil {
			return nil, err
		}
		for _, msg := range batch {
			m.again += count(m.finished[msg.id])
			m.againLarge += count(m.finished[msg.id] && strings.Contains(msg.body, "PayloadS3Pointer"))
		}
		if len(batch) > 0 {
			batches = append(batches, batch)
		}
	}
	if q, ok := m.queue.(*local); ok && len(batches) == 0 {
		q.pass()
	}
	return batches, nil
}

// conclude deletes what is done, if the answer that says so has arrived.
func (m *mapping) conclude(ctx context.Context, done []received) error {
	if m.invocations++; m.invocations%loseEvery == 2 {
		m.lost++
		for _, msg := range done {
			m.finished[msg.id] = true
		}
		return nil
	}
	for _, msg := range done {
		if err := m.queue.remove(ctx, msg.receipt); err != nil {
			return err
		}
		m.done++
	}
	return nil
}

// invoke returns the messages that are done. A function's error is nobody's but the batch's.
func (m *mapping) invoke(ctx context.Context, batch []received) ([]received, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	begun := time.Now()
	out, err := m.function.Invoke(ctx, event(m.arn, batch))
	if time.Since(begun) > timeout*8/10 {
		m.late.Add(1)
	}
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
