package weir

import (
	"context"
	"errors"
)

// UndecodableHandler decides a record that cannot be decoded, by the error it returns: an
// error retries the record, Drop(err) gives it up, and so does nil, for by then the function
// has taken care of it, say by writing Message.Raw() to a dead-letter queue. err says what is
// wrong with the record and matches ErrUndecodable.
type UndecodableHandler func(ctx context.Context, m *Message, err error) error

// FailUndecodable retries the record, until the source's own limits end that: a redrive
// policy, a maximum of attempts or of age. It is the default.
func FailUndecodable(_ context.Context, _ *Message, err error) error { return err }

// DropUndecodable gives the record up. The observers are told.
func DropUndecodable(_ context.Context, _ *Message, err error) error { return Drop(err) }

// unread is the error of a record whose decoder failed. One that had to ask somebody who did not
// answer, such as a schema registry, says so with Unavailable: no record is given up for that.
func unread(err error) (why error) {
	defer func() {
		if recover() != nil { // of the error's own methods
			why = Undecodable(err)
		}
	}()
	if u := (*UnavailableError)(nil); errors.As(err, &u) {
		return err
	}
	return Undecodable(err)
}
