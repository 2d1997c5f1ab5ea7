package weir

import "context"

// Each makes a verb of a function that handles one decoded record.
//
// T is decoded from Message.Payload: a struct, map, slice or number from JSON by the rules
// of encoding/json; string, []byte and json.RawMessage get the payload as it is. On
// DynamoDB, T is Change[E], NewImage[E], or a type that takes the record as JSON. What cannot be decoded
// fails, see OnUndecodable, and f is not called for it. Decode replaces these rules.
//
// Decoded values may be kept, and all but []byte and json.RawMessage, which are Message.Payload
// itself, may be changed. They share memory with those of other records: what is kept for long may
// keep a few MB of them alive, and of payloads over 4 kB its own. Clone what outlives the batch.
//
// The error that f returns decides the record:
//
//	nil                      done
//	any error, a panic       retried
//	Drop(err)                done, the observers are told
//	RetryAfter(d, err)       retried, not before d where a middleware can arrange that
//	Permanent(err)           retried by the source only; a policy may give it up
//	Unavailable(err)         retried, and a long-running worker pauses
//	Abort(err)               retried, and so is every record not yet started
//	Undecodable(err)         as OnUndecodable says
//
// Under Concurrency, f is called from several goroutines at a time.
func Each[T any](f func(ctx context.Context, v T) error, opts ...DecodeOption[T]) Verb {
	dec, err := decoderFrom(opts)
	return newEach(dec, err, f == nil, func(ctx context.Context, m *Message, r *reader) error {
		err := dec.decode(r, m)
		p, _ := r.v.(*T)
		v := *p
		if !dec.hooked {
			*p = *new(T)
		}
		if err != nil {
			return unread(err)
		}
		return f(ctx, v)
	})
}

// EachMessage makes a verb of a function that handles one record as it came. f must not be
// called for records whose envelope is damaged, so those fail as undecodable.
func EachMessage(f func(ctx context.Context, m *Message) error) Verb {
	return &each{nilFunc: f == nil, h: f}
}

type each struct {
	h       Handler
	do      func(ctx context.Context, m *Message, r *reader) error // is h for who has a reader; or nil
	dec     *decoder
	decodes shape
	err     error
	nilFunc bool
}

// newEach is not inlined, for what is in it would have T in its name.
//
//go:noinline
func newEach(dec *decoder, err error, nilFunc bool, do func(ctx context.Context, m *Message, r *reader) error) *each {
	return &each{do: do, dec: dec, decodes: dec.what, err: err, nilFunc: nilFunc, h: func(ctx context.Context, m *Message) error {
		r := dec.reader()
		err := do(ctx, m, r)
		dec.pool.Put(r) // where user code panics, it is given up
		return err
	}}
}

func (e *each) Process(ctx context.Context, w *Work) error {
	w.Each(ctx, e.h)
	return nil
}

func (e *each) Check(s Setup) error {
	if e.nilFunc {
		return errNilFunction
	}
	if e.err != nil {
		return e.err
	}
	return e.decodes.fits(s.Source)
}
