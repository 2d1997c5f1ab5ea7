package pipeline

import (
	"context"
	"errors"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weir-go/weir/internal/backoff"
)

// Any duration and any number of attempts: a pause is between nothing and its cap.
func TestF24_Backoff(t *testing.T) {
	t.Parallel()
	const most = time.Duration(math.MaxInt64)
	for _, tt := range []struct {
		r    Retry
		n    int
		want time.Duration
	}{
		{Retry{}, 1, DefaultBase},
		{Retry{}, 2, 2 * DefaultBase},
		{Retry{}, 8, DefaultMax},
		{Retry{}, math.MaxInt, DefaultMax},
		{Retry{Base: 1, Max: 1}, 40, 1},
		{Retry{Base: 1}, 1, 1},
		{Retry{Base: 1, Max: most}, 40, 1 << 39},
		{Retry{Base: 1, Max: most}, 63, 1 << 62},
		{Retry{Base: 1, Max: most}, 64, most},
		{Retry{Base: 1, Max: most}, 10000, most},
		{Retry{Base: most, Max: most}, 3, most},
		{Retry{Base: time.Hour}, 5, time.Hour},
		{Retry{Max: time.Millisecond}, 1, time.Millisecond},
	} {
		r := tt.r.withDefaults()
		if got := r.cap(tt.n); got != tt.want {
			t.Errorf("%+v: pause %d is at most %v, want %v", tt.r, tt.n, got, tt.want)
		}
		for range 100 {
			if d := backoff.Jitter(r.cap(tt.n)); d < 0 || d > tt.want {
				t.Fatalf("%+v: a pause of %v, at most %v", tt.r, d, tt.want)
			}
		}
	}
}

// "Full jitter" is uniform from nothing to the cap, both included.
func TestF24_JitterIsUniform(t *testing.T) {
	t.Parallel()
	const n, cells = 200_000, 20
	var count [cells]int
	for range n {
		count[backoff.Jitter(cells-1)]++
	}
	chi := 0.0
	for _, c := range count {
		d := float64(c) - n/cells
		chi += d * d / (n / cells)
	}
	if chi > 60 { // 19 degrees of freedom: more than 60 has odds of 1 to 200,000
		t.Errorf("not uniform, chi² = %.1f: %v", chi, count)
	}
	if backoff.Jitter(0) != 0 || backoff.Jitter(-1) != 0 {
		t.Error("no pause is no pause")
	}
}

func TestPauseEndsWithTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cause := errors.New("enough")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(cause) })
		begin := time.Now()
		if err := backoff.Sleep(ctx, time.Hour); err != cause || time.Since(begin) != time.Second {
			t.Errorf("%v after %v", err, time.Since(begin))
		}
		if err := backoff.Sleep(ctx, 0); err != cause {
			t.Errorf("%v", err)
		}
	})
}

func TestBreaker(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var b breaker
		down := errors.New("down")
		for i := range breakAfter {
			if err := b.allow(); err != nil {
				t.Fatalf("after %d failures: %v", i, err)
			}
			b.failed(down)
		}
		rest := breakFirst
		for range 8 {
			if err := b.allow(); !errors.Is(err, ErrStoreDown) || !errors.Is(err, down) {
				t.Errorf("open: %v", err)
			}
			time.Sleep(rest)
			if err := b.allow(); err != nil {
				t.Errorf("after %v: %v", rest, err)
			}
			if b.allow() == nil {
				t.Error("two may try at a time")
			}
			b.failed(down)
			rest = min(2*rest, breakMost)
		}
		time.Sleep(rest)
		if err := b.allow(); err != nil {
			t.Error(err)
		}
		b.succeeded()
		for range 2 {
			if err := b.allow(); err != nil {
				t.Error(err)
			}
		}
	})
}
