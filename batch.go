package weir

import (
	"context"
	"errors"
	"iter"
	"runtime/debug"
	"slices"
	"sync"
)

// Batch makes a verb of a function that handles all records of a batch at once, such as a
// bulk write. Records that cannot be decoded are failed before and are not in the batch; f
// is not called for an empty one.
//
// An error that f returns is that of every record it has not decided by Done or Fail, so by
// default all of those are retried. With nil, every record not failed is done. Concurrency and
// RecordTimeout do not apply and are refused.
func Batch[T any](f func(ctx context.Context, b *BatchOf[T]) error, opts ...BatchOption) Verb {
	dec, err := decoderFor[T]()
	v := &batch[T]{f: f, dec: dec, err: err}
	for _, o := range opts {
		o.applyBatch(&v.bisect)
	}
	return v
}

// BatchOption applies to Batch.
type BatchOption interface{ applyBatch(bisect *bool) }

type batchOption func(*bool)

func (o batchOption) applyBatch(bisect *bool) { o(bisect) }

// Bisect isolates a bad record within one invocation: when f returns an error or panics, the
// records it has not decided are split in two and f is called for each half, down to single
// records, until the deadline nears. Each call must be all or nothing, or bear a record
// twice. Drop, RetryAfter and Abort are not split: they are meant for the whole slice.
func Bisect() BatchOption { return batchOption(func(b *bool) { *b = true }) }

// BatchOf is the records of a batch, decoded.
type BatchOf[T any] struct{ items []*Item[T] }

// Item is one record of a batch.
type Item[T any] struct {
	Value   T
	Message *Message

	mu      *sync.Mutex // the batch's
	decided bool
	err     error
}

// Len returns the number of records.
func (b *BatchOf[T]) Len() int { return len(b.items) }

// All yields the records in order.
func (b *BatchOf[T]) All() iter.Seq[*Item[T]] { return slices.Values(b.items) }

// Values returns the decoded values, in order.
func (b *BatchOf[T]) Values() []T {
	vs := make([]T, len(b.items))
	for i, r := range b.items {
		vs[i] = r.Value
	}
	return vs
}

// Fail decides a record: it failed with err, or is what err says, as from Each. Done does
// not undo it. It is safe for concurrent use, until the function has returned.
func (b *BatchOf[T]) Fail(r *Item[T], err error) {
	if err == nil {
		err = errors.New("weir: Fail was called with a nil error")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil {
		r.decided, r.err = true, err
	}
}

// Done decides a record: it stays done even if the function returns an error. It is safe
// for concurrent use, until the function has returned.
func (b *BatchOf[T]) Done(r *Item[T]) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.decided = true
}

type batch[T any] struct {
	f      func(context.Context, *BatchOf[T]) error
	dec    decoder[T]
	err    error
	bisect bool
}

func (v *batch[T]) Check(s Setup) error {
	switch {
	case v.f == nil:
		return errNilFunction
	case v.err != nil:
		return v.err
	case s.Concurrency > 0:
		return errors.New("weir: Concurrency does not apply to Batch, which handles all records at once")
	case s.RecordTimeout > 0:
		return errors.New("weir: RecordTimeout does not apply to Batch, which handles all records at once")
	}
	return v.dec.what.fits(s.Source)
}

func (v *batch[T]) Process(ctx context.Context, w *Work) error {
	values := make([]Item[T], w.Len())
	items := make([]*Item[T], 0, w.Len())
	var unread []*Item[T]
	mu := new(sync.Mutex)
	for i, m := range w.All() {
		w.tellStarted(ctx, m)
		r := &values[i]
		r.Message, r.mu = m, mu
		if r.err = v.decode(m, &r.Value); r.err != nil {
			unread = append(unread, r)
		} else {
			items = append(items, r)
		}
	}
	// Settled first, for on a FIFO queue nothing behind them may run.
	settle(ctx, w, unread)
	v.handle(ctx, w, items)
	return nil
}

func (v *batch[T]) decode(m *Message, into *T) error {
	err := m.bad
	if err == nil {
		err = v.dec.decode(m, into)
	}
	if err != nil {
		return Undecodable(err)
	}
	return nil
}

// handle calls f for those of the items that may run, and settles them, by halves if need be.
func (v *batch[T]) handle(ctx context.Context, w *Work, items []*Item[T]) {
	items = slices.DeleteFunc(slices.Clone(items), func(r *Item[T]) bool { return w.barred(r.Message.index) || w.aborted.Load() })
	if len(items) == 0 || ctx.Err() != nil {
		return
	}
	err := ended(ctx, v.call(ctx, &BatchOf[T]{items}))
	items[0].mu.Lock()
	var decided, rest []*Item[T]
	for _, r := range items {
		if r.decided {
			decided = append(decided, r)
		} else {
			rest = append(rest, r)
		}
	}
	if err == nil || !v.bisect || len(items) == 1 || !splits(err) {
		for _, r := range rest {
			r.decided, r.err = true, err
		}
		decided, rest = items, nil
	}
	items[0].mu.Unlock()
	settle(ctx, w, decided)
	if len(decided) > 0 {
		v.handle(ctx, w, rest) // a smaller whole
		return
	}
	v.handle(ctx, w, rest[:len(rest)/2])
	v.handle(ctx, w, rest[len(rest)/2:])
}

// call keeps a panic inside, so that it can be bisected.
func (v *batch[T]) call(ctx context.Context, b *BatchOf[T]) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &PanicError{Value: p, Stack: debug.Stack()}
		}
	}()
	return v.f(ctx, b)
}

// splits reports whether the error of a slice may be that of one record in it.
func splits(err error) bool {
	var later *RetryAfterError
	v := classify(err)
	return (v == retry || v == undecodable) && !errors.As(err, &later) && !errors.Is(err, ErrDeadlineNear)
}

func settle[T any](ctx context.Context, w *Work, items []*Item[T]) {
	if len(items) == 0 {
		return
	}
	at := make(indexes, len(items))
	errs := make(map[int]error, len(items))
	for i, r := range items {
		at[i] = r.Message.index
		errs[at[i]] = r.err
	}
	w.decide(ctx, &at, func(i int, _ *Message) error { return errs[i] })
}
