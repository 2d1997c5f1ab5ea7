package visibility

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/weir-go/weir/internal/assert"
)

func TestF24_Schedule(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		s    Schedule
		n    int
		want time.Duration
	}{
		{Exponential(2*time.Second, 15*time.Minute), 1, 2 * time.Second},
		{Exponential(2*time.Second, 15*time.Minute), 0, 2 * time.Second},
		{Exponential(2*time.Second, 15*time.Minute), math.MinInt, 2 * time.Second},
		{Exponential(2*time.Second, 15*time.Minute), 9, 512 * time.Second},
		{Exponential(2*time.Second, 15*time.Minute), 10, 15 * time.Minute},
		{Exponential(2*time.Second, 15*time.Minute), math.MaxInt, 15 * time.Minute},
		{Exponential(1, maxTimeout), 40, 1 << 39},
		{Exponential(1, maxTimeout), 60, maxTimeout},
		{Schedule{Base: time.Second, Max: time.Hour, Factor: 1}, 1e6, time.Second},
		{Schedule{Base: time.Second, Max: time.Hour, Factor: 3}, 3, 9 * time.Second},
		{Schedule{Base: time.Second, Max: time.Hour, Factor: math.MaxFloat64}, 3, time.Hour},
	} {
		assert.NoError(t, tt.s.check())
		if got := tt.s.Delay(tt.n); got != tt.want {
			t.Errorf("%+v: receive %d: %v, want %v", tt.s, tt.n, got, tt.want)
		}
	}
}

func TestScheduleRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		s    Schedule
		want string
	}{
		{Schedule{}, "Base"},
		{Exponential(-1, time.Hour), "Base"},
		{Exponential(time.Hour, time.Minute), "Max"},
		{Exponential(time.Hour, maxTimeout+1), "12 h"},
		{Schedule{Base: 1, Max: 1, Factor: 0.5}, "Factor"},
		{Schedule{Base: 1, Max: 1, Factor: -2}, "Factor"},
		{Schedule{Base: 1, Max: 1, Factor: math.NaN()}, "Factor"},
		{Schedule{Base: 1, Max: 1, Factor: math.Inf(1)}, "Factor"},
		{Schedule{Base: 1, Max: 1, Jitter: -0.1}, "Jitter"},
		{Schedule{Base: 1, Max: 1, Jitter: 1.1}, "Jitter"},
		{Schedule{Base: 1, Max: 1, Jitter: math.NaN()}, "Jitter"},
	} {
		assert.Error(t, tt.s.check(), tt.want)
	}
}

// Jitter is uniform in its part of the delay, both ends included.
func TestF24_Jitter(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	below := rand.New(rand.NewPCG(seed, 0)).Uint64N
	for _, jitter := range []float64{0.5, 1} {
		s := Schedule{Base: 8 * time.Second, Max: time.Hour, Jitter: jitter}
		const n, cells = 200_000, 20
		var count [cells]int
		least := float64(16*time.Second) * (1 - jitter)
		for range n {
			d := s.after(2, below)
			at := (float64(d) - least) / (float64(16*time.Second) - least + 1)
			if at < 0 || at >= 1 {
				t.Fatalf("jitter %v: %v", jitter, d)
			}
			count[int(at*cells)]++
		}
		chi := 0.0
		for _, c := range count {
			d := float64(c) - n/cells
			chi += d * d / (n / cells)
		}
		if chi > 60 { // 19 degrees of freedom: more than 60 has odds of 1 to 200,000
			t.Errorf("jitter %v: not uniform, chi squared is %.1f: %v", jitter, chi, count)
		}
		ends := map[uint64]time.Duration{0: 16 * time.Second, 1: time.Duration(least)}
		for end, want := range ends {
			got := s.after(2, func(n uint64) uint64 { return end * (n - 1) })
			assert.Equal(t, got, want)
		}
	}
}
