package weir

import (
	"context"
	"iter"
	"time"
)

// Handler works on one record. Its error decides the record: nil is done, Drop is done
// with a reason, anything else is retried.
type Handler func(ctx context.Context, m *Message) error

// Verb is what a source does with its batches: Each, EachMessage, Batch, a pipeline, or a
// type of your own.
type Verb interface {
	// Process decides the records of a batch, with Work's Each or Decide. What it leaves
	// undecided is retried, and fails with the error it returns, if any. The context ends
	// DeadlineReserve before Lambda's deadline. Process must not use w after it returns.
	Process(ctx context.Context, w *Work) error
}

// Setup is what a Lambda is built from, for verbs that cannot do with everything.
type Setup struct {
	Source        string // name of the source: SQS, Kinesis, DynamoDB, or a Source's
	Concurrency   int    // 0 when not given
	RecordTimeout time.Duration
	Middleware    []string // options that bring middleware, which Work.Each calls and nothing else: Use, and what is Named
}

// Checker is implemented by verbs that do not fit every source or option. An error makes
// every invocation fail with it, and is what Lambda.Err returns.
type Checker interface {
	Check(s Setup) error
}

// Len returns the number of records.
func (w *Work) Len() int { return len(w.msgs) }

// All yields the records in order, those that cannot be decoded included.
func (w *Work) All() iter.Seq2[int, *Message] {
	return func(yield func(int, *Message) bool) {
		for i := range w.msgs {
			if !yield(i, &w.msgs[i]) {
				return
			}
		}
	}
}

// Each calls h for every undecided record, by the source's rules and the Lambda's options:
// order, concurrency, deadline, what is skipped after a failure. It returns when the
// records are decided or will not be started any more. Each and Decide must not be called
// at the same time.
func (w *Work) Each(ctx context.Context, h Handler) {
	w.runEach(ctx, h, nil)
}

func (w *Work) runEach(ctx context.Context, h Handler, e *each) {
	w.running.Lock()
	w.each(ctx, h, e).wait(time.Time{})
	w.running.Unlock()
}

// each starts what Each does. e, if any, is the verb that h is of; h is nil where e decodes.
func (w *Work) each(ctx context.Context, h Handler, e *each) *latch {
	if w.l.cfg.wrap != nil {
		h, e = w.l.cfg.wrap(w, h, e), nil
	}
	r, workers := w.newRound(ctx, h), 1
	if e != nil && e.call != nil {
		r.e = e
	}
	r.timeout = w.l.cfg.timeout
	if n := w.l.cfg.concurrency; n > 1 {
		workers = w.l.cfg.lanes(r, n)
	}
	r.start(workers)
	return &r.end
}

// Decide gives every undecided record, in order, the outcome that the function returns for
// it. The source's rules hold: on a FIFO queue, what follows a failure does not count as
// done, since it would overtake. A record with a damaged envelope fails without being asked for.
func (w *Work) Decide(ctx context.Context, outcome func(i int, m *Message) error) {
	w.decide(ctx, nil, outcome)
}

func (w *Work) decide(ctx context.Context, from feed, outcome func(i int, m *Message) error) {
	w.running.Lock()
	r := w.newRound(ctx, func(_ context.Context, m *Message) error { return outcome(int(m.index), m) })
	r.feed, r.settled = from, true
	r.start(1)
	r.end.wait(time.Time{})
	w.running.Unlock()
}

// newRound makes a round. The first, mostly the only one, is part of w.
func (w *Work) newRound(ctx context.Context, h Handler) *round {
	r := &w.first
	if r.w != nil {
		r = new(round)
	}
	r.Context, r.w, r.h = ctx, w, h
	return r
}

// tellStarted is for verbs that do not go through Each.
func (w *Work) tellStarted(ctx context.Context, m *Message) {
	if w.l.cfg.watched&recordStarted != 0 {
		_ = w.tell(context.WithValue(ctx, messageKey{}, m), recordStarted, m, nil)
	}
}
