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
	var by *maker
	if n := len(opts); n > 0 {
		by = &opts[n-1].maker
	}
	dec, err := decoderFrom(by, new(T))
	untyped := any(f) // else the name of the closure's type has T's fields in it
	return &each{dec: dec, err: err, nilFunc: f == nil, call: func(ctx context.Context, v any) error {
		f, _ := untyped.(func(context.Context, T) error)
		p, _ := v.(*T)
		value := *p
		if !dec.hooked {
			var zero T
			*p = zero
		}
		return f(ctx, value)
	}}
}

// EachMessage makes a verb of a function that handles one record as it came. f must not be
// called for records whose envelope is damaged, so those fail as undecodable.
func EachMessage(f func(ctx context.Context, m *Message) error) Verb {
	return &each{dec: &decoder{}, nilFunc: f == nil, h: f}
}

type each struct {
	h       Handler // of EachMessage, else nil
	dec     *decoder
	call    func(ctx context.Context, v any) error // empties the *T that v is, and hands on what was in it; or nil
	err     error
	nilFunc bool
}

// handler is for who has no reader.
func (e *each) handler() Handler {
	if e.call == nil {
		return e.h
	}
	return func(ctx context.Context, m *Message) error {
		r := e.dec.reader()
		err := e.do(ctx, m, r)
		e.dec.giveBack(r) // where user code panics, it is given up
		return err
	}
}

func (e *each) do(ctx context.Context, m *Message, r *reader) error {
	if err := e.dec.decode(r, m); err != nil {
		return unread(err)
	}
	return e.call(ctx, r.v)
}

func (e *each) Process(ctx context.Context, w *Work) error {
	if err := e.broken(); err != nil { // a verb around this one may have no Check
		return err
	}
	w.runEach(ctx, e.h, e)
	return nil
}

func (e *each) Check(s Setup) error {
	if err := e.broken(); err != nil {
		return err
	}
	return e.dec.what.fits(s.Source)
}

func (e *each) broken() error {
	if e.nilFunc {
		return errNilFunction
	}
	return e.err
}
