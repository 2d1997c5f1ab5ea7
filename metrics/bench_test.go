package metrics_test

import (
	"io"
	"testing"
	"time"

	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/metrics"
)

// batch tells what a pipeline tells of one batch.
func batch(r metrics.Recorder) {
	r.Events("orders", 1000)
	r.Events("orders:dedup_skip", 3)
	r.Latency("orders", "load", 3*time.Millisecond)
	r.Latency("orders", "commit", 5*time.Millisecond)
	r.Batch("orders", 1000, 12*time.Millisecond)
	if f, ok := r.(metrics.Flusher); ok {
		_ = f.Flush()
	}
}

func BenchmarkRecorder(b *testing.B) {
	emf, err := metrics.NewEMF(metrics.Output(io.Discard))
	assert.NoError(b, err)
	for name, r := range map[string]metrics.Recorder{"noop": metrics.Noop{}, "inmemory": &metrics.InMemory{}, "emf": emf} {
		b.Run(name+"/batch", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				batch(r)
			}
		})
	}
}

func TestAllocations(t *testing.T) {
	assert.Equal(t, testing.AllocsPerRun(100, func() { batch(metrics.Noop{}) }), 0)
	var m metrics.InMemory
	batch(&m)
	assert.Equal(t, testing.AllocsPerRun(100, func() { batch(&m) }), 0)
}
