package weir

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/bits"
	"reflect"
	"slices"
	"strings"
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
	var c batchConfig
	for i, o := range opts {
		if o == nil {
			return &batch[T]{f: f, err: fmt.Errorf("weir: Batch: option %d is nil", i)}
		}
		o.applyBatch(&c)
	}
	v := &batch[T]{f: f, bisect: c.bisect}
	if c.decode == nil {
		v.dec, v.err = decoderFor(new(T))
	} else if o, ok := c.decode.(DecodeOption[T]); ok {
		v.dec, v.err = decoderFrom(&o.maker, nil)
	} else {
		v.err = fmt.Errorf("weir: Batch takes %v, but was given a %T", reflect.TypeFor[T](), c.decode)
	}
	return v
}

// BatchOption applies to Batch.
type BatchOption interface{ applyBatch(*batchConfig) }

type batchConfig struct {
	bisect bool
	decode any // DecodeOption[T]
}

type batchOption func(*batchConfig)

func (o batchOption) applyBatch(c *batchConfig) { o(c) }

// Bisect isolates a bad record within one invocation: when f returns an error or panics, the
// records it has not decided are split in two and f is called for each half, down to single
// records, until the deadline nears. Each call must be all or nothing, or bear a record
// twice. Drop, RetryAfter and Abort are not split: they are meant for the whole slice. When
// about twice as many calls as the tree is deep have got nothing done, the trouble is not one
// record's: the rest of each half then fails as Unavailable without being split, whatever f says of it.
func Bisect() BatchOption { return batchOption(func(c *batchConfig) { c.bisect = true }) }

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

// Done decides a record: it stays done even if the function returns an error, or is not back
// when Lambda must be answered. Only what stands behind a record that failed, or is not decided, on a
// FIFO queue, in a Kafka partition, or under StopOnFailure, does not count as done, since it would
// overtake. It is safe for concurrent use, until the function has returned.
func (b *BatchOf[T]) Done(r *Item[T]) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.decided = true
}

type batch[T any] struct {
	f      func(context.Context, *BatchOf[T]) error
	dec    *decoder
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
	case len(s.Middleware) > 0:
		return fmt.Errorf("weir: %s: does not apply to Batch, which handles all records at once", strings.Join(s.Middleware, ", "))
	}
	return v.dec.what.fits(s.Source)
}

func (v *batch[T]) Process(ctx context.Context, w *Work) error {
	if err := v.Check(Setup{Source: w.l.src.Name}); err != nil { // a verb around this one may have no Check
		return err
	}
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
	patience := maxPatience(w.Len())
	v.handle(ctx, w, items, &patience)
	return nil
}

func (v *batch[T]) decode(m *Message, into *T) error {
	if m.bad != nil {
		return m.damage()
	}
	var err error
	if *into, err = read[T](v.dec, m); err != nil {
		return unread(err)
	}
	return nil
}

// handle calls f for those of the items that may run, and settles them, by halves if need be.
func (v *batch[T]) handle(ctx context.Context, w *Work, items []*Item[T], patience *int) {
	v.work(ctx, w, items, patience)
	if w.rule != goOn {
		settle(ctx, w, settleable(w, items)) // what waited for those before it
	}
}

func (v *batch[T]) work(ctx context.Context, w *Work, items []*Item[T], patience *int) {
	for {
		if w.rule != goOn {
			items = where(items, func(r *Item[T]) bool { return !w.barred(int(r.Message.index)) })
		}
		if len(items) == 0 || ctx.Err() != nil || w.aborted.Load() {
			return
		}
		now := items
		w.whenLate(func() { settle(ctx, w, settleable(w, now)) })
		err := ended(ctx, v.call(ctx, w, &BatchOf[T]{items}))
		split := err != nil && v.bisect && len(items) > 1 && splits(err)
		if *patience--; err == nil || slices.ContainsFunc(decided(items), func(r *Item[T]) bool { return r.err == nil }) {
			*patience = maxPatience(w.Len()) // something could be done
		}
		switch {
		case !split:
			decideRest(items, err)
		case *patience <= 0: // what it says may hold for some of them only
			decideRest(items, Unavailable(fmt.Errorf("weir: Bisect gave up, after many calls in vain: %w", err)))
		}
		before := len(items)
		settle(ctx, w, settleable(w, items))
		items = open(items)
		if !split || *patience <= 0 {
			return
		}
		if len(items) == before {
			v.handle(ctx, w, items[:before/2], patience)
			items = items[before/2:]
		}
	}
}

// maxPatience is how many calls may fail in a row before bisecting takes the trouble for
// everybody's: to isolate two records next to each other takes twice the depth of the tree.
func maxPatience(n int) int { return 2*bits.Len(uint(n)) + 8 }

// call keeps a panic inside, so that it can be bisected.
func (v *batch[T]) call(ctx context.Context, w *Work, b *BatchOf[T]) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = w.panicked(p)
		}
	}()
	return v.f(ctx, b)
}

// splits reports whether the error of a slice may be that of one record in it.
func splits(err error) (yes bool) {
	defer func() { _ = recover() }() // of the error's own methods
	var later *RetryAfterError
	v := classify(err)
	return (v == retry || v == undecodable) && !errors.As(err, &later) && !errors.Is(err, ErrDeadlineNear)
}

// settleable returns those of the items that the function has decided, but for what would overtake one that it
// has not.
func settleable[T any](w *Work, items []*Item[T]) []*Item[T] {
	switch {
	case len(items) == 0:
		return nil
	case w.rule == goOn:
		return decided(items)
	}
	items[0].mu.Lock()
	defer items[0].mu.Unlock()
	waits := map[string]bool{}
	return where(items, func(r *Item[T]) bool {
		key := ""
		if w.rule == skip {
			if key = r.Message.OrderingKey; key == "" {
				return r.decided
			}
		}
		waits[key] = waits[key] || !r.decided
		return !waits[key]
	})
}

// open returns those that the function has not decided.
func open[T any](items []*Item[T]) []*Item[T] {
	items[0].mu.Lock()
	defer items[0].mu.Unlock()
	return where(items, func(r *Item[T]) bool { return !r.decided })
}

// decided returns those of the items that the function has decided.
func decided[T any](items []*Item[T]) []*Item[T] {
	items[0].mu.Lock()
	defer items[0].mu.Unlock()
	return where(items, func(r *Item[T]) bool { return r.decided })
}

// where returns the items that are as asked, in a slice of their own.
func where[T any](items []*Item[T], as func(*Item[T]) bool) (some []*Item[T]) {
	for _, r := range items {
		if as(r) {
			some = append(some, r)
		}
	}
	return some
}

func decideRest[T any](items []*Item[T], err error) {
	items[0].mu.Lock()
	defer items[0].mu.Unlock()
	for _, r := range items {
		if !r.decided {
			r.decided, r.err = true, err
		}
	}
}

func settle[T any](ctx context.Context, w *Work, items []*Item[T]) {
	if len(items) == 0 {
		return
	}
	at := make(indexes, len(items))
	errs := make(map[int]error, len(items))
	items[0].mu.Lock() // a function that is late may still be deciding
	for i, r := range items {
		at[i] = int(r.Message.index)
		errs[at[i]] = r.err
	}
	items[0].mu.Unlock()
	w.decide(ctx, &at, func(i int, _ *Message) error { return errs[i] })
}
