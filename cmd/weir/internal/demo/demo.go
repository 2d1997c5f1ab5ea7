// Package demo sends real flights through a weir handler, by the rules of a chosen event
// source and with injected trouble, and compares what became of each with the input.
package demo

import (
	"context"
	"fmt"
	"time"

	"github.com/weir-go/weir/cmd/weir/internal/deliver"
	"github.com/weir-go/weir/cmd/weir/internal/flights"
)

// Config is what the user can set.
type Config struct {
	Source Source
	Batch  int // 0 for the source's default
	Trouble

	// Handler replaces the demo's handler, for tests.
	Handler func(*Database) func(context.Context, flights.Flight) error
}

// Timeout of the function. With Slow it is short, so that hanging calls reach it soon.
const (
	timeout     = 30 * time.Second
	slowTimeout = 300 * time.Millisecond
)

// Run delivers every flight until it is counted or a dead letter. The meter may be read
// meanwhile. Check the configuration before.
func Run(ctx context.Context, c Config, list []flights.Flight, meter *deliver.Meter) (*Report, error) {
	records, err := c.records(list)
	if err != nil {
		return nil, err
	}
	db := newDatabase(c.Trouble)
	reasons := newReasons()
	handle := count(db)
	if c.Handler != nil {
		handle = c.Handler(db)
	}
	spec := c.Source.spec()
	fn := spec.lambda(handle, reasons)
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
	return newReport(c, list, out, db, reasons, meter, time.Since(begin)), nil
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
