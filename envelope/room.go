package envelope

import (
	"errors"
	"fmt"
	"io"
	"math"
	"sync/atomic"

	"github.com/weir-go/weir"
)

// ErrNoRoom matches the error of a record that was not opened, because the records before it in its
// batch came to as much as MaxTotal allows. It is weir.Unavailable: no policy gives such a record up.
var ErrNoRoom = errors.New("no room left of envelope.MaxTotal")

// errAlone is for what comes to more than all the room by itself.
var errAlone = errors.New("more than envelope.MaxTotal")

// partPrice is about what a record that was taken out of another costs beside its payload: twice a
// weir.Message, and what is known about each record.
const partPrice = 512

// room is what a batch has left of MaxTotal.
type room struct {
	most int64
	left atomic.Int64
}

func newRoom(c limits) *room {
	r := &room{most: max(c.maxTotal, c.maxBytes)}
	if r.most < math.MaxInt64 {
		r.most++ // to see that a payload is larger than MaxBytes takes a byte more
	}
	r.left.Store(r.most)
	return r
}

// share is what one record of Lambda has of the room.
type share struct {
	*room
	took int64
}

func (s *share) take(n int64) error {
	if n > s.most-s.took {
		return errAlone
	}
	if s.left.Add(-n) < 0 {
		s.left.Add(n)
		return ErrNoRoom
	}
	s.took += n
	return nil
}

// back gives back all but the first bytes that were taken.
func (s *share) back(to int64) {
	s.left.Add(s.took - to)
	s.took = to
}

// metered takes room for what is read.
type metered struct {
	io.Reader
	share *share
}

func (m *metered) Read(b []byte) (int, error) {
	n, err := m.Reader.Read(b)
	if full := m.share.take(int64(n)); full != nil {
		return 0, full
	}
	return n, err
}

// noRoom fails a record that can be handled in another batch.
func noRoom(what string) error {
	return weir.Unavailable(fmt.Errorf("%s: %w: the batch has too much in it, lower BatchSize or raise it", what, ErrNoRoom))
}

// alone fails a record that no batch has room for.
func alone(what string, c limits) error {
	return damaged(what, "more than envelope.MaxTotal (%d bytes) in one record: raise it if the function has the memory, or put less into one", max(c.maxTotal, c.maxBytes))
}
