// Package room bounds the memory that what is taken out of the records of a batch may take, since
// few bytes of a record may become many.
package room

import (
	"errors"
	"fmt"
	"sync/atomic"
)

// Default is the room of a batch, in bytes. A Lambda has 128 MB of memory unless told otherwise,
// most of which Go can use.
const Default = 64 << 20

// Part is about what a record that was taken out of another costs beside its payload, in bytes:
// twice a weir.Message, and what is known about each record.
const Part = 512

// What Take says.
var (
	ErrNone  = errors.New("no room left")           // because of the records before it in the batch
	ErrAlone = errors.New("more than all the room") // whatever else is in the batch
)

// Room is what a batch has.
type Room struct {
	most int64
	left atomic.Int64
}

// New returns a room of so many bytes.
func New(most int64) *Room {
	r := &Room{most: most}
	r.left.Store(most)
	return r
}

// Share is what one record of the source takes of the room. It comes again with all that is in it, so
// all of that is in one share.
type Share struct {
	Room *Room
	took int64
}

// Take takes n bytes, or none of them and returns ErrNone or ErrAlone.
func (s *Share) Take(n int64) error {
	if n > s.Room.most-s.took {
		return ErrAlone
	}
	if s.Room.left.Add(-n) < 0 {
		s.Room.left.Add(n)
		return ErrNone
	}
	s.took += n
	return nil
}

// Took is how much was taken.
func (s *Share) Took() int64 { return s.took }

// Back gives back all but the first bytes that were taken.
func (s *Share) Back(to int64) {
	s.Room.left.Add(s.took - to)
	s.took = to
}

// None says of a record that can be handled in another batch what can be done. The room is as large
// as a setting says.
func None(setting string) error {
	return fmt.Errorf("%w of %s: the batch has too much in it, lower BatchSize or raise it", ErrNone, setting)
}

// Alone says it of a record that no batch has room for.
func Alone(setting string, most int64) error {
	return fmt.Errorf("more than %s (%d bytes) in one record: raise it if the function has the memory, or put less into one", setting, most)
}
