package envelope

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"sync/atomic"

	"github.com/weir-go/weir"
)

// ErrNoRoom matches the error of a record that was not decompressed, because the records before it
// in its batch came to as much as MaxTotal allows. It is weir.Unavailable: no policy gives such a
// record up.
var ErrNoRoom = errors.New("no room left of envelope.MaxTotal")

// room is what a batch has left of MaxTotal.
type room struct {
	left atomic.Int64
	full atomic.Bool // somebody found none
}

func newRoom(c limits) *room {
	r := new(room)
	left := max(c.maxTotal, c.maxBytes)
	if left < math.MaxInt64 {
		left++ // to see that a payload is larger than MaxBytes takes a byte more
	}
	r.left.Store(left)
	return r
}

// metered takes room for what is read.
type metered struct {
	io.Reader
	room *room
	took int64
}

func (m *metered) Read(b []byte) (int, error) {
	n, err := m.Reader.Read(b)
	if m.room.left.Add(-int64(n)) < 0 {
		m.room.left.Add(int64(n))
		m.room.full.Store(true)
		return 0, ErrNoRoom
	}
	m.took += int64(n)
	return n, err
}

func (m *metered) giveBack() { m.room.left.Add(m.took) }

// noRoom fails a record that can be handled in another batch.
func noRoom(what string) error {
	return weir.Unavailable(fmt.Errorf("%s: %w: the batch has too much in it, lower BatchSize or raise it", what, ErrNoRoom))
}

// roomy is an envelope that has room for each batch.
type roomy struct {
	verb   weir.Verb
	limits limits
	open   func(m *weir.Message, r *room) ([]weir.Message, error)
}

func (v *roomy) unwrap(r *room) weir.Verb {
	return opening(v.verb, func(m *weir.Message) ([]weir.Message, error) { return v.open(m, r) })
}

func (v *roomy) Check(s weir.Setup) error {
	if c, ok := v.unwrap(nil).(weir.Checker); ok {
		return c.Check(s)
	}
	return nil
}

func (v *roomy) Process(ctx context.Context, w *weir.Work) error {
	return v.unwrap(newRoom(v.limits)).Process(ctx, w)
}
