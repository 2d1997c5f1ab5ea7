package backoff

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weir-go/weir/internal/assert"
)

const most = time.Duration(math.MaxInt64)

// Any duration and any number of attempts: a wait is between nothing and its cap.
func TestF24_Cap(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		e    Exponential
		n    int
		want time.Duration
	}{
		{Exponential{}, 1, 0},
		{Exponential{}, math.MaxInt, 0},
		{Exponential{-1, most}, math.MaxInt, 0},
		{Exponential{math.MinInt64, most}, 40, 0},
		{Exponential{time.Second, -1}, 3, 0},
		{Exponential{time.Second, 0}, 3, 0},
		{Exponential{0, most}, math.MaxInt, 0},
		{Exponential{1, 1}, 40, 1},
		{Exponential{1, most}, math.MinInt, 1},
		{Exponential{1, most}, 0, 1},
		{Exponential{1, most}, 40, 1 << 39},
		{Exponential{1, most}, 63, 1 << 62},
		{Exponential{1, most}, 64, most},
		{Exponential{1, most}, math.MaxInt, most},
		{Exponential{most, most}, 3, most},
		{Exponential{time.Hour, time.Second}, 1, time.Second},
		{Exponential{50 * time.Millisecond, 5 * time.Second}, 7, 3200 * time.Millisecond},
		{Exponential{50 * time.Millisecond, 5 * time.Second}, 8, 5 * time.Second},
	} {
		if got := tt.e.Cap(tt.n); got != tt.want {
			t.Errorf("%+v: wait %d is at most %v, want %v", tt.e, tt.n, got, tt.want)
		}
		for range 100 {
			if d := tt.e.After(tt.n); d < 0 || d > tt.want {
				t.Fatalf("%+v: a wait of %v, at most %v", tt.e, d, tt.want)
			}
		}
	}
}

// "Full jitter" is uniform from nothing to the cap, both included, for small caps and large ones.
func TestF24_JitterIsUniform(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	below := rand.New(rand.NewPCG(seed, 0)).Uint64N
	const n, cells = 200_000, 20
	for _, limit := range []time.Duration{cells - 1, time.Second - 1, most} {
		var count [cells]int
		for range n {
			d := jitter(limit, below)
			count[min(cells-1, int(float64(d)/(float64(limit)+1)*cells))]++
		}
		chi := 0.0
		for _, c := range count {
			d := float64(c) - n/cells
			chi += d * d / (n / cells)
		}
		if chi > 60 { // 19 degrees of freedom: more than 60 has odds of 1 to 200,000
			t.Errorf("at most %v: not uniform, chi squared is %.1f: %v", limit, chi, count)
		}
	}
}

func TestSleep(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cause := errors.New("enough")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, cause)
		defer cancel()
		begin := time.Now()
		assert.NoError(t, Sleep(ctx, 300*time.Millisecond))
		assert.Equal(t, time.Since(begin), 300*time.Millisecond)
		assert.Equal(t, Sleep(ctx, time.Hour), cause)
		assert.Equal(t, time.Since(begin), time.Second)
		assert.Equal(t, Sleep(ctx, 0), cause)
	})
}
