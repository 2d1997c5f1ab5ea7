package metrics_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/metrics"
)

var (
	_ metrics.Recorder = metrics.Noop{}
	_ metrics.Recorder = (*metrics.InMemory)(nil)
	_ metrics.Flusher  = (*metrics.EMF)(nil)
)

func TestInMemory(t *testing.T) {
	t.Parallel()
	var m metrics.InMemory
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				m.Events("orders", 3)
				m.Events("orders:retry", 1)
				m.Errors("orders", 2, errors.New("refused"))
				m.Latency("orders", "load", 2*time.Millisecond)
				m.Batch("orders", 5, time.Second)
				_ = m.Snapshot()
			}
		})
	}
	wg.Wait()
	m.Errors("orders", 1, errors.New("timed out"))
	m.Errors("orders:x", 1, nil)

	s := m.Snapshot()
	assert.Equal(t, s.Events, map[string]int64{"orders": 2400, "orders:retry": 800})
	assert.Equal(t, s.Errors, map[string]metrics.ErrorTotal{"orders": {Count: 1601, Last: "timed out"}, "orders:x": {Count: 1}})
	load := s.Latency[metrics.Call{Name: "orders", Op: "load"}]
	assert.Equal(t, load.Count, 800)
	assert.Equal(t, load.Sum, 1600*time.Millisecond)
	assert.Equal(t, load.Mean(), 2*time.Millisecond)
	assert.Equal(t, load.Quantile(0.5), 2*time.Millisecond)
	assert.Equal(t, s.Batches["orders"].Count, 800)
	assert.Equal(t, s.Batches["orders"].Records, 4000)
	assert.Equal(t, s.Batches["orders"].Max, time.Second)
}

// A snapshot stays as it is, and nobody who changes one changes another.
func TestSnapshotIsTheCallersOwn(t *testing.T) {
	t.Parallel()
	var m metrics.InMemory
	m.Events("a", 1)
	for _, d := range []time.Duration{10, 1000, 1000, 2000} {
		m.Latency("a", "load", d)
		m.Batch("a", 1, d)
	}
	before := m.Snapshot()
	median := before.Batches["a"].Quantile(0.5)
	assert.Equal(t, median > 900, true)
	for range 3 {
		m.Events("a", 1)
		m.Latency("a", "load", 10)
		m.Batch("a", 1, 10)
	}
	call := metrics.Call{Name: "a", Op: "load"}
	assert.Equal(t, before.Events["a"], 1)
	assert.Equal(t, before.Latency[call].Quantile(0.5), median)
	assert.Equal(t, before.Batches["a"].Quantile(0.5), median)
	before.Events["a"] = 99
	assert.Equal(t, m.Snapshot().Events["a"], 4)

	var none metrics.InMemory
	assert.Equal(t, none.Snapshot(), metrics.Snapshot{})
}

type explosive struct{}

func (*explosive) Error() string { panic("no text") }

func TestErrorsThatPanic(t *testing.T) {
	t.Parallel()
	var m metrics.InMemory
	m.Errors("a", 1, &explosive{})
	assert.Contains(t, m.Snapshot().Errors["a"].Last, "no text")
}

func TestQuantiles(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	for range 300 {
		var m metrics.InMemory
		all := make([]time.Duration, 1+rng.IntN(200))
		for i := range all {
			all[i] = time.Duration(rng.Int64N(1 << rng.IntN(63)))
			m.Latency("a", "op", all[i])
		}
		slices.Sort(all)
		d := m.Snapshot().Latency[metrics.Call{Name: "a", Op: "op"}]
		assert.Equal(t, d.Min, all[0])
		assert.Equal(t, d.Max, all[len(all)-1])
		for _, q := range []float64{0.01, 0.25, 0.5, 0.9, 0.99} {
			rank := max(int(q*float64(len(all))+0.999999)-1, 0)
			want, got := all[rank], d.Quantile(q)
			if off := max(got-want, want-got); off > want/16 {
				t.Fatalf("quantile %v of %d is %d, want %d within %d", q, len(all), got, want, want/16)
			}
			if got < d.Min || got > d.Max {
				t.Fatalf("quantile %v is %d, outside of %d to %d", q, got, d.Min, d.Max)
			}
		}
		assert.Equal(t, d.Quantile(0), d.Min)
		assert.Equal(t, d.Quantile(1), d.Max)
		assert.Equal(t, d.Quantile(2), d.Max)
	}
	var none metrics.Durations
	assert.Equal(t, none.Quantile(0.5), 0)
	assert.Equal(t, none.Mean(), 0)
}

func TestNegativeDurations(t *testing.T) {
	t.Parallel()
	var m metrics.InMemory
	m.Latency("a", "op", -time.Second)
	d := m.Snapshot().Latency[metrics.Call{Name: "a", Op: "op"}]
	assert.Equal(t, d.Min, 0)
	assert.Equal(t, d.Sum, 0)
}
