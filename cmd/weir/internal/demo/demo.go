// Package demo sends real flights through a weir pipeline, by the rules of a chosen event
// source and with injected trouble, and compares what became of each with the input.
package demo

import (
	"context"
	"fmt"
	"time"

	"github.com/weir-go/weir/cmd/weir/internal/deliver"
	"github.com/weir-go/weir/cmd/weir/internal/flights"
	"github.com/weir-go/weir/metrics"
	"github.com/weir-go/weir/state"
)

// Config is what the user can set.
type Config struct {
	Source Source
	Batch  int // 0 for the source's default
	Trouble

	// Between replaces the store that the pipeline sees, for tests.
	Between func(state.Store) state.Store
}

// Timeout of the function. With Slow it is short, so that hanging calls reach it soon.
const (
	timeout     = 30 * time.Second
	slowTimeout = 300 * time.Millisecond
)

// Run delivers every flight until it is counted or a dead letter. The meter may be read
// meanwhile. Check the configuration before.
func Run(ctx context.Context, c Config, list []flights.Flight, db *Database, meter *deliver.Meter) (*Report, error) {
	records, err := c.records(list)
	if err != nil {
		return nil, err
	}
	before, err := ReadTotals(ctx, db)
	if err != nil {
		return nil, err
	}
	var store state.Store = troubled{db, c.Trouble}
	if c.Between != nil {
		store = c.Between(store)
	}
	reasons, counts := newReasons(), &metrics.InMemory{}
	spec := c.Source.spec()
	fn := spec.lambda(store, counts, reasons)
	if err := fn.Err(); err != nil {
		return nil, err
	}
	m := deliver.Mapping{
		Function: fn.Invoke,
		Batch:    c.BatchSize(),
		Tries:    spec.tries,
		Timeout:  timeout,
		Seed:     c.Seed,
		Meter:    meter,
	}
	if c.Slow {
		m.Timeout = slowTimeout
	}
	begin := time.Now()
	out, err := spec.deliver(ctx, m, records)
	if err != nil {
		return nil, fmt.Errorf("delivery stopped: %w", err)
	}
	took := time.Since(begin)
	after, err := ReadTotals(ctx, db)
	if err != nil {
		return nil, err
	}
	r := newReport(c, out, list, reasons, meter)
	r.DB, r.Millis = db.Path, took.Milliseconds()
	r.Duplicates = counts.Snapshot().Events["departures:dedup_skip"]
	r.Unchanged = after.Same(before)
	r.Airports = after.Airports()
	r.Fate = compare(list, out.Dead, before, after)
	return r, nil
}

// BatchSize is the mapping's.
func (c Config) BatchSize() int {
	if c.Batch == 0 {
		return c.Source.spec().batch
	}
	return c.Batch
}

// Check says what cannot be delivered.
func (c Config) Check() error {
	spec := c.Source.spec()
	if spec.deliver == nil {
		return fmt.Errorf("no source %q: give kinesis, dynamodb, sqs or fifo", c.Source)
	}
	if c.Batch > spec.maxBatch {
		return fmt.Errorf("no batches of %d: Lambda takes 1 to %d records of %s", c.Batch, spec.maxBatch, spec.thing)
	}
	return nil
}
