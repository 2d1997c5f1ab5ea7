package monoid_test

import (
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/weir-go/weir/monoid"
)

// TestFirstAndLast: whatever the order, the same value is kept; also if times are the same.
func TestFirstAndLast(t *testing.T) {
	t.Parallel()
	early, late := epoch, epoch.Add(time.Nanosecond)
	values := []monoid.Timed[string]{
		monoid.At(late, "b"), monoid.At(early, "y"), monoid.At(late, "c"), monoid.At(early, "x"), {},
	}
	for _, c := range []struct {
		m    monoid.Monoid[monoid.Timed[string]]
		want monoid.Timed[string]
	}{
		{monoid.First[string](), monoid.At(early, "x")},
		{monoid.Last[string](), monoid.At(late, "c")},
	} {
		permute(values, func(order []monoid.Timed[string]) {
			got := c.m.Identity()
			for _, v := range order {
				combined, err := c.m.Combine(got, v)
				if err != nil {
					t.Fatal(err)
				}
				got = combined
			}
			if got != c.want {
				t.Errorf("%s of %v: %v", c.m.Name(), order, got)
			}
		})
	}
}

// permute calls f with every order of values.
func permute[V any](values []V, f func([]V)) {
	var rec func(n int)
	order := append([]V(nil), values...)
	rec = func(n int) {
		if n == len(order) {
			f(order)
			return
		}
		for i := n; i < len(order); i++ {
			order[n], order[i] = order[i], order[n]
			rec(n + 1)
			order[n], order[i] = order[i], order[n]
		}
	}
	rec(0)
}

func TestTimed(t *testing.T) {
	t.Parallel()
	now := time.Now() // with the monotonic clock
	here := now.In(time.FixedZone("here", 3600))
	if monoid.At(now, 1) != monoid.At(here, 1) {
		t.Error("the same moment in two places is not the same")
	}
	m := monoid.Last[int]()
	for _, at := range []time.Time{now, {}, time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC), time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)} {
		v := again(t, m, monoid.At(at, 7))
		if v.IsZero() || !v.Time().Equal(at) || v.Value() != 7 {
			t.Errorf("7 at %v is read back as %v at %v", at, v.Value(), v.Time())
		}
	}
	if v := again(t, m, m.Identity()); !v.IsZero() || v.Value() != 0 || !v.Time().IsZero() {
		t.Errorf("nothing is read back as %v", v)
	}
	// A time that is zero is a time.
	combination(t, m, m.Identity(), monoid.At(time.Time{}, 3), monoid.At(time.Time{}, 3), nil)
	for _, bad := range []monoid.Timed[int]{
		monoid.At(time.Date(-1, 12, 31, 23, 59, 59, 999999999, time.UTC), 1),
		monoid.At(time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), 1),
	} {
		combination(t, m, m.Identity(), bad, bad, monoid.ErrValue)
		if _, err := m.Append(nil, bad); !errors.Is(err, monoid.ErrValue) {
			t.Errorf("%v: %v", bad.Time(), err)
		}
	}
	for _, src := range []string{
		" 1", "2024-01-02T03:04:05Z", "2024-01-02T03:04:05Z ", "2024-01-02T03:04:05Z {", "2024-01-02T03:04:05Z \"x\"",
		"2024-01-02T03:04:05+00:00 1", "2024-01-02T03:04:05.10Z 1", "2024-01-02T25:04:05Z 1", "2024-01-02T03:04:05Z 1 2",
	} {
		if v, err := m.Decode([]byte(src)); !errors.Is(err, monoid.ErrEncoding) {
			t.Errorf("Decode(%q) = %v, %v", src, v, err)
		}
	}
}

// TestTimedNotJSON: what JSON cannot hold is an error, and nothing is replaced by it.
func TestTimedNotJSON(t *testing.T) {
	t.Parallel()
	m := monoid.First[float64]()
	good, bad := monoid.At(epoch, 1.5), monoid.At(epoch, math.NaN())
	if _, err := m.Append(nil, bad); !errors.Is(err, monoid.ErrValue) {
		t.Errorf("Append: %v", err)
	}
	for _, pair := range [][2]monoid.Timed[float64]{{good, bad}, {bad, good}} {
		into := pair[0]
		if err := m.(monoid.Accumulator[monoid.Timed[float64]]).Add(&into, pair[1]); !errors.Is(err, monoid.ErrValue) {
			t.Errorf("Add: %v", err)
		}
		if fmt.Sprint(into) != fmt.Sprint(pair[0]) {
			t.Errorf("Add made %v of %v", into, pair[0])
		}
	}
}

func TestDecayed(t *testing.T) {
	t.Parallel()
	m := monoid.Decayed(time.Hour)
	v := m.Identity()
	for _, p := range []monoid.Decaying{monoid.Pulse(epoch.Add(2*time.Hour), 1), monoid.Pulse(epoch, 8), monoid.Pulse(epoch.Add(time.Hour), 2)} {
		var err error
		if v, err = m.Combine(v, p); err != nil {
			t.Fatal(err)
		}
	}
	v = again(t, m, v)
	at := epoch.Add(2 * time.Hour)
	for _, c := range []struct {
		after time.Duration
		want  float64
	}{{0, 4}, {time.Hour, 2}, {2 * time.Hour, 1}, {-time.Hour, 4}, {1 << 62, 0}} {
		if got := v.At(at.Add(c.after)); !v.Time().Equal(at) || math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%v after %v: %v, not %v", c.after, v.Time(), got, c.want)
		}
	}
	if got := monoid.Pulse(epoch, 3).At(at); got != 3 {
		t.Errorf("a pulse that no monoid had in hand: %v", got)
	}
	if got := again(t, m, m.Identity()).At(at); got != 0 {
		t.Errorf("nothing: %v", got)
	}
	// A pulse is one of the monoid that reads it.
	if got := again(t, m, monoid.Pulse(epoch, 3)).At(epoch.Add(time.Hour)); got != 1.5 {
		t.Errorf("3, an hour later: %v", got)
	}
	one := again(t, m, monoid.Pulse(epoch, 1))
	for _, bad := range []monoid.Decaying{
		monoid.Pulse(epoch, math.NaN()), monoid.Pulse(epoch, math.Inf(-1)),
		monoid.Pulse(time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), 1),
		again(t, monoid.Decayed(time.Minute), monoid.Pulse(epoch, 1)),
	} {
		combination(t, m, one, bad, bad, monoid.ErrValue)
		if _, err := m.Append(nil, bad); !errors.Is(err, monoid.ErrValue) {
			t.Errorf("Append(%v): %v", bad, err)
		}
	}
	big := again(t, m, monoid.Pulse(epoch, math.MaxFloat64))
	combination(t, m, big, big, big, monoid.ErrOverflow)
	for _, src := range []string{"1", "@", "1@", "@2024-01-02T03:04:05Z", "NaN@2024-01-02T03:04:05Z", "1@2024-01-02T03:04:05Z@", "1@2024-01-02T03:04:05.0Z"} {
		if v, err := m.Decode([]byte(src)); !errors.Is(err, monoid.ErrEncoding) {
			t.Errorf("Decode(%q) = %v, %v", src, v, err)
		}
	}
}
