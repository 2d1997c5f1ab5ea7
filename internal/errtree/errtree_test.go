package errtree

import (
	"errors"
	"fmt"
	"testing"

	"github.com/weir-go/weir/internal/assert"
)

type ranked struct {
	r   int
	err error
}

func (e ranked) Error() string { return "ranked" }
func (e ranked) Unwrap() error { return e.err }

type empty struct{}

func (empty) Error() string   { return "empty" }
func (empty) Unwrap() []error { return []error{nil} }

func TestMost(t *testing.T) {
	t.Parallel()
	const plain = 5
	no := errors.New("no")
	for _, tt := range []struct {
		err  error
		want int
	}{
		{nil, plain},
		{no, plain},
		{ranked{1, nil}, 1},
		{fmt.Errorf("about: %w", ranked{1, nil}), 1},
		{ranked{1, ranked{9, nil}}, 1},
		{errors.Join(ranked{1, nil}, ranked{2, nil}), 2},
		{errors.Join(ranked{1, nil}, no), plain},
		{errors.Join(ranked{7, nil}, no), 7},
		{fmt.Errorf("%w, %w", ranked{1, nil}, errors.Join(ranked{8, nil}, no)), 8},
		{empty{}, plain},
	} {
		got := Most(tt.err, plain, func(err error) (int, bool) {
			e, ok := err.(ranked)
			return e.r, ok
		})
		assert.Equal(t, got, tt.want, fmt.Sprint(tt.err))
	}
}
