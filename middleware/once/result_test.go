package once_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/middleware/once"
	"github.com/weir-go/weir/state"
	"github.com/weir-go/weir/state/mem"
)

type receipt struct {
	No    int
	Lines []string
}

// TestResult: 2.10, 2: what is completed answers with the result of the run.
func TestResult(t *testing.T) {
	t.Parallel()
	for _, opts := range [][]once.Option{nil, {once.Cache(5)}} {
		in, runs := mem.New(), 0
		charge := func(context.Context, order) (receipt, error) {
			runs++
			return receipt{runs, []string{"a", "b"}}, nil
		}
		for range 2 { // processes
			f := once.Result(once.New("f", in, opts...), order.key, charge)
			for range 3 {
				got, err := f(t.Context(), order{ID: "a"})
				assert.NoError(t, err)
				assert.Equal(t, got, receipt{1, []string{"a", "b"}})
				got.Lines[0] = "changed" // which is nobody else's
			}
		}
		assert.Equal(t, runs, 1)
	}
}

// TestResultOfNothing: errors, drops and records without a key have the zero result.
func TestResultOfNothing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err         error
		first, then error
		id          string
	}{
		"error":  {errBoom, errBoom, errBoom, "a"},
		"drop":   {weir.Drop(errBoom), errBoom, once.ErrDropped, "a"},
		"no key": {nil, once.ErrNoKey, once.ErrNoKey, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := once.Result(once.New("f", mem.New()), order.key, func(context.Context, order) (int, error) { return 7, c.err })
			for _, want := range []error{c.first, c.then} {
				if got, err := f(t.Context(), order{ID: c.id}); got != 0 || !errors.Is(err, want) {
					t.Errorf("%d, %v, want %v", got, err, want)
				}
			}
		})
	}
}

// TestResultNotKept: what cannot be kept is given to who ran, and to nobody later; nothing runs twice.
func TestResultNotKept(t *testing.T) {
	t.Parallel()
	small := &spy{Store: mem.New(), caps: func(c state.Caps) state.Caps { c.MaxRow = 1000; return c }}
	runs := 0
	large := once.Result(once.New("large", small), order.key, func(context.Context, order) (string, error) { runs++; return strings.Repeat("x", 2000), nil })
	odd := once.Result(once.New("odd", mem.New()), order.key, func(context.Context, order) (float64, error) { runs++; return math.Inf(1), nil })
	got, err := large(t.Context(), order{ID: "a"})
	assert.NoError(t, err)
	assert.Equal(t, len(got), 2000)
	inf, err := odd(t.Context(), order{ID: "a"})
	assert.NoError(t, err)
	assert.Equal(t, inf, math.Inf(1))
	_, err = large(t.Context(), order{ID: "a"})
	assert.Equal(t, errors.Is(err, once.ErrNoResult), true)
	_, err = odd(t.Context(), order{ID: "a"})
	assert.Equal(t, errors.Is(err, once.ErrNoResult), true)
	assert.Equal(t, runs, 2)

	in := mem.New()
	assert.NoError(t, once.Do(once.New("f", in), order.key, func(context.Context, order) error { return nil })(t.Context(), order{ID: "a"}))
	_, err = once.Result(once.New("f", in), order.key, func(context.Context, order) (int, error) { runs++; return 1, nil })(t.Context(), order{ID: "a"})
	assert.Equal(t, errors.Is(err, once.ErrNoResult), true)
	_, err = once.Result(once.New("g", in), order.key, func(context.Context, order) (string, error) { return "x", nil })(t.Context(), order{ID: "a"})
	assert.NoError(t, err)
	_, err = once.Result(once.New("g", in), order.key, func(context.Context, order) (int, error) { runs++; return 1, nil })(t.Context(), order{ID: "a"})
	assert.Error(t, err, "no result was kept that fits")
	assert.Equal(t, runs, 2)
}

// TestResultRunsWithoutKey: unprotected, with its own result.
func TestResultRunsWithoutKey(t *testing.T) {
	t.Parallel()
	runs := 0
	f := once.Result(once.New("f", mem.New(), once.RunWithoutKey(), once.Keep(time.Hour)), order.key, func(context.Context, order) (int, error) { runs++; return runs, nil })
	for want := 1; want < 4; want++ {
		got, err := f(t.Context(), order{})
		assert.NoError(t, err)
		assert.Equal(t, got, want)
	}
}
