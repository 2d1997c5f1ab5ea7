package pipeline

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/kpl"
	"github.com/weir-go/weir/internal/room"
)

// DefaultMaxTotal is that of package envelope, 64 MiB.
const DefaultMaxTotal = room.Default

// ErrNoRoom matches the error of a record that was not taken apart, because the user records before it
// in its batch came to as much as MaxTotal allows. It is weir.Unavailable: no policy gives such a
// record up.
var ErrNoRoom = room.ErrNone

func (p *Pipeline[T, V]) maxTotal() int64 {
	if p.MaxTotal == 0 {
		return DefaultMaxTotal
	}
	return p.MaxTotal
}

// aggregated takes a record apart that the Kinesis Producer Library put together, and reports false
// if it did not.
func (p *preparer[T, V]) aggregated(m *weir.Message, from origin) bool {
	if p.share.Room == nil {
		p.share.Room = room.New(p.p.maxTotal())
	}
	if m.ID == "" || m.ID != p.sharer { // parts of a record stand together
		p.share, p.sharer = room.Share{Room: p.share.Room}, m.ID
	}
	users, aggregated, err := kpl.Split(m.Payload, p.share.Take)
	const setting = "Pipeline.MaxTotal"
	switch {
	case errors.Is(err, room.ErrNone):
		err = weir.Unavailable(fmt.Errorf("pipeline: %w", room.None(setting)))
	case errors.Is(err, room.ErrAlone):
		err = weir.Undecodable(fmt.Errorf("pipeline: %w", room.Alone(setting, p.p.maxTotal())))
	case err != nil:
		err = weir.Undecodable(err)
	}
	if err != nil {
		p.b.fail(p.next, err)
	}
	p.users(p.b, p.next, m, users, from)
	return aggregated
}

// users are the user records of a record.
func (e *engine[T, V]) users(b *batch[V], owner int, m *weir.Message, users []kpl.Record, from origin) {
	whole := from.id
	for i, u := range users {
		part := m.WithPart(i, u.Data)
		part.OrderingKey = u.PartitionKey
		from.id = whole + "/" + strconv.Itoa(i)
		v, err := e.decode(&part)
		if err == nil {
			err = e.add(b, owner, v, from)
		}
		if err != nil {
			b.fail(owner, &UserRecordError{i, u.PartitionKey, u.Data, err})
		}
	}
}

// UserRecordError is the error of one user record of a record that the Kinesis Producer Library
// aggregated. The others go their own way; the record comes again until all are done.
type UserRecordError struct {
	Index        int // sub-sequence number
	PartitionKey string
	Data         []byte
	Err          error
}

func (u *UserRecordError) Error() string { return fmt.Sprintf("user record %d: %v", u.Index, u.Err) }

// Unwrap returns the cause.
func (u *UserRecordError) Unwrap() error { return u.Err }
