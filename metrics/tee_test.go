package metrics_test

import (
	"errors"
	"testing"
	"time"

	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/metrics"
)

func TestEnabled(t *testing.T) {
	t.Parallel()
	assert.Equal(t, metrics.Enabled(nil), false)
	assert.Equal(t, metrics.Enabled(metrics.Noop{}), false)
	assert.Equal(t, metrics.Enabled(&metrics.Noop{}), false)
	assert.Equal(t, metrics.Enabled(metrics.Tee(nil, metrics.Noop{})), false)
	assert.Equal(t, metrics.Enabled(&metrics.InMemory{}), true)
}

// closing fails each Flush, and counts them.
type closing struct {
	metrics.InMemory
	err     error
	flushes int
}

func (c *closing) Flush() error {
	c.flushes++
	return c.err
}

func TestTee(t *testing.T) {
	t.Parallel()
	first, second := errors.New("first"), errors.New("second")
	a, b, c := &closing{err: first}, &metrics.InMemory{}, &closing{err: second}
	all := metrics.Tee(a, nil, b, metrics.Noop{}, c)
	all.Events("x", 1)
	all.Errors("x", 2, first)
	all.Latency("x", "load", time.Second)
	all.Batch("x", 3, time.Minute)
	want := b.Snapshot()
	assert.Equal(t, want.Events["x"], 1)
	assert.Equal(t, want.Errors["x"].Count, 2)
	assert.Equal(t, want.Latency[metrics.Call{Name: "x", Op: "load"}].Max, time.Second)
	assert.Equal(t, want.Batches["x"].Records, 3)
	assert.Equal(t, a.Snapshot(), want)
	assert.Equal(t, c.Snapshot(), want)

	err := all.(metrics.Flusher).Flush()
	assert.Equal(t, errors.Is(err, first) && errors.Is(err, second), true)
	assert.Equal(t, []int{a.flushes, c.flushes}, []int{1, 1})

	assert.Equal(t, metrics.Tee(nil, b), metrics.Recorder(b))
}
