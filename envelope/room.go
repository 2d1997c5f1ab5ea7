package envelope

import (
	"fmt"
	"io"
	"math"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/room"
)

// ErrNoRoom matches the error of a record that was not opened, because the records before it in its
// batch came to as much as MaxTotal allows. It is weir.Unavailable: no policy gives such a record up.
var ErrNoRoom = room.ErrNone

func newRoom(c limits) *room.Room {
	most := max(c.maxTotal, c.maxBytes)
	if most < math.MaxInt64 {
		most++ // to see that a payload is larger than MaxBytes takes a byte more
	}
	return room.New(most)
}

// metered takes room for what is read.
type metered struct {
	io.Reader
	share *room.Share
}

func (m *metered) Read(b []byte) (int, error) {
	n, err := m.Reader.Read(b)
	if full := m.share.Take(int64(n)); full != nil {
		return 0, full
	}
	return n, err
}

const setting = "envelope.MaxTotal"

// noRoom fails a record that can be handled in another batch.
func noRoom(what string) error {
	return weir.Unavailable(fmt.Errorf("%s: %w", what, room.None(setting)))
}

// alone fails a record that no batch has room for.
func alone(what string, c limits) error {
	return damaged(what, "%w", room.Alone(setting, max(c.maxTotal, c.maxBytes)))
}
