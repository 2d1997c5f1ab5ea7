package sample

import (
	"context"
	"errors"
	"runtime"
	"testing"

	"github.com/weir-go/weir/internal/assert"
)

type handler func([]byte) ([]byte, error)

func (h handler) Invoke(_ context.Context, event []byte) ([]byte, error) { return h(event) }

func TestTake(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("CPU time and memory are read on Linux only")
	}
	calls := 0
	s, err := Take(t.Context(), handler(func([]byte) ([]byte, error) {
		calls++
		return []byte(`{"batchItemFailures":[{"itemIdentifier":"b"},{"itemIdentifier":"a"}]}`), nil
	}), []byte("event"), 7, 0)
	assert.NoError(t, err)
	assert.Equal(t, calls, 7, "the first, three to warm up and three measured")
	assert.Equal(t, []int{s.Records, s.Bytes, s.Failed, s.Runs}, []int{7, 5, 2, 3})
	if s.PeakMB <= 0 || s.Heap == nil {
		t.Errorf("%+v", s)
	}
	broken := errors.New("broken")
	_, err = Take(t.Context(), handler(func([]byte) ([]byte, error) { return nil, broken }), nil, 1, 0)
	assert.Error(t, err, "broken")
}

func TestFailures(t *testing.T) {
	t.Parallel()
	n, one, err := Failures([]byte(`{"batchItemFailures":[{"itemIdentifier":"b"},{"itemIdentifier":"a"}]}`))
	assert.NoError(t, err)
	_, same, err := Failures([]byte(`{"batchItemFailures":[{"itemIdentifier":"a"},{"itemIdentifier":"b"}]}`))
	assert.NoError(t, err)
	_, other, err := Failures([]byte(`{"batchItemFailures":null}`))
	assert.NoError(t, err)
	if n != 2 || one != same || one == other {
		t.Errorf("%d failures, digests %s, %s, %s", n, one, same, other)
	}
	_, _, err = Failures([]byte(`oops`))
	assert.Error(t, err, "no partial batch response")
}
