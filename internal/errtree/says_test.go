package errtree

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/assert"
)

type busy bool

func (busy) Error() string     { return "at work elsewhere" }
func (b busy) Blameless() bool { return bool(b) }

func TestSays(t *testing.T) {
	t.Parallel()
	no := errors.New("no")
	for _, tt := range []struct {
		err  error
		want int
	}{
		{nil, Plain},
		{no, Plain},
		{weir.Drop(no), Dropped},
		{weir.Undecodable(no), Undecodable},
		{weir.Permanent(no), Permanent},
		{weir.RetryAfter(1, no), Plain},
		{weir.Abort(no), Blameless},
		{weir.Unavailable(no), Unavailable},
		{busy(true), Blameless},
		{busy(false), Plain},
		// The outermost counts.
		{weir.Permanent(weir.Unavailable(no)), Permanent},
		{weir.Permanent(busy(true)), Permanent},
		{weir.RetryAfter(1, weir.Undecodable(no)), Plain},
		{weir.Unavailable(weir.RetryAfter(1, no)), Unavailable},
		{fmt.Errorf("order 5: %w", busy(true)), Blameless},
		{&weir.PanicError{Value: weir.Unavailable(no)}, Plain},
		// Of joined ones the highest does.
		{errors.Join(weir.Undecodable(no), no), Plain},
		{errors.Join(&weir.PartError{Part: "0", Err: weir.Undecodable(no)}, &weir.PartError{Part: "1", Err: weir.Permanent(no)}), Permanent},
		{errors.Join(weir.Undecodable(no), weir.Drop(no)), Undecodable},
		{errors.Join(no, weir.Drop(weir.Unavailable(no))), Plain},
		{errors.Join(no, busy(true), weir.Permanent(no)), Blameless},
		{errors.Join(busy(true), weir.Unavailable(no)), Unavailable},
	} {
		assert.Equal(t, Says(tt.err), tt.want, fmt.Sprint(tt.err))
	}
}

func TestDelay(t *testing.T) {
	t.Parallel()
	no := errors.New("no")
	for _, tt := range []struct {
		err  error
		want time.Duration
	}{
		{nil, 0},
		{no, 0},
		{weir.Unavailable(weir.RetryAfter(5, no)), 5},
		{weir.RetryAfter(1, weir.RetryAfter(5, no)), 1},
		{errors.Join(weir.RetryAfter(1, no), no, weir.RetryAfter(5, no)), 5},
	} {
		assert.Equal(t, Delay(tt.err), tt.want, fmt.Sprint(tt.err))
	}
}
