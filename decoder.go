package weir

import "context"

// Decoder decodes records as Each does, for verbs of your own. It is safe for concurrent use.
type Decoder[T any] struct {
	dec *decoder
	err error
}

// NewDecoder makes a Decoder of T's own rules, or of Decode's. What does not work is said by
// Check and by every Decode.
func NewDecoder[T any](opts ...DecodeOption[T]) *Decoder[T] {
	var by *maker
	if n := len(opts); n > 0 {
		by = &opts[n-1].maker
	}
	dec, err := decoderFrom(by, new(T))
	return &Decoder[T]{dec, err}
}

// Check says whether T can be decoded from a source's records, for a verb's own Check.
func (d *Decoder[T]) Check(s Setup) error {
	if d.err != nil {
		return d.err
	}
	return d.dec.what.fits(s.Source)
}

// Decode decodes a record, before Invoke returns. Its error is an *UndecodableError, but for what a
// function given to Decode or DecodeMessage says with Unavailable.
func (d *Decoder[T]) Decode(m *Message) (T, error) {
	var v T
	if m.bad != nil {
		return v, m.damage()
	}
	err := d.err
	if err == nil {
		v, err = read[T](d.dec, m)
	}
	if err != nil {
		return v, unread(err)
	}
	return v, nil
}

// Concurrency returns how many records may be worked on at a time: 1, unless the option of that
// name says more. Each goes by it already.
func (w *Work) Concurrency() int { return max(1, w.l.cfg.concurrency) }

// Started tells the observers that work on a record begins, which Each does by itself.
func (w *Work) Started(ctx context.Context, m *Message) { w.tellStarted(ctx, m) }
