package pipeline

import (
	"errors"
	"math/rand/v2"
	"testing"
	"time"
)

// Windows round down, also before 1970, and times that no window holds are refused.
func TestF29_Floor(t *testing.T) {
	t.Parallel()
	day := Daily(0)
	for _, tt := range []struct {
		at   string
		want int64
	}{
		{"1970-01-01T00:00:00Z", 0},
		{"1970-01-01T23:59:59.999Z", 0},
		{"1969-12-31T23:59:59.999Z", -1},
		{"1969-12-31T00:00:00Z", -1},
		{"1969-12-30T23:59:59Z", -2},
		{"2300-01-01T00:00:00Z", 120530},
		{"0001-01-01T00:00:00Z", -719162},
		{"9999-12-31T23:59:59Z", 2932896},
		{"2026-03-01T00:30:00+01:00", 20512},
	} {
		at, err := time.Parse(time.RFC3339Nano, tt.at)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := day.at(at); got != tt.want || err != nil {
			t.Errorf("%s: %d, %v, want %d", tt.at, got, err, tt.want)
		}
	}
	for _, at := range []time.Time{time.Unix(1<<60, 0), time.Unix(-1<<60, 0), time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(-10000, 1, 1, 0, 0, 0, 0, time.UTC)} {
		if n, err := day.at(at); err == nil {
			t.Errorf("year %d is in window %d", at.Year(), n)
		}
	}
}

func TestWindowsTile(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for range 10000 {
		w := Window{Size: time.Duration(1+r.Int64N(1e7)) * time.Millisecond}
		at := time.UnixMilli(r.Int64N(1e14) - 5e13).Add(time.Duration(r.IntN(1e6)))
		n, err := w.at(at)
		if err != nil || at.Before(w.start(n)) || !at.Before(w.start(n+1)) {
			t.Fatalf("%v in windows of %v: [%v, %v), %v", at, w.Size, w.start(n), w.start(n+1), err)
		}
	}
}

func TestWindowCheck(t *testing.T) {
	t.Parallel()
	for _, w := range []Window{{}, Daily(0), Hourly(time.Hour), Minute(0), {Size: time.Millisecond}} {
		if err := w.check(); err != nil {
			t.Errorf("%+v: %v", w, err)
		}
	}
	for _, w := range []Window{{Size: -1}, {Size: time.Microsecond}, {Retention: time.Hour}, {Size: time.Hour, Retention: -1}} {
		if w.check() == nil {
			t.Errorf("%+v is taken", w)
		}
	}
	if _, _, err := Daily(0).span(time.Unix(5, 0), time.Unix(5, 0)); err == nil {
		t.Error("an empty range is taken")
	}
	if _, _, err := (Window{Size: time.Millisecond}).span(time.Unix(0, 0), time.Unix(1<<33, 0)); err == nil {
		t.Error("a range of 8 billion windows is taken")
	}
	if errors.Is(ErrWindowExpired, ErrNoWindows) {
		t.Error("errors are mixed up")
	}
}
