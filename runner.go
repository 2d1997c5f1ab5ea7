package weir

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"
)

// ErrHalted is the error of a record that a Runner did not start, because it was told to halt.
var ErrHalted = errors.New("weir: not run, since the runner was told to halt")

// Runner runs a verb over batches that come from anywhere, as a Lambda does over those of events:
// with the same options, decoding, observers, and care for panics and for deadlines of the
// context. It is what package streaming is built on. It is safe for concurrent use.
type Runner struct {
	l *Lambda

	// late says that a handler of an earlier batch was left behind. It may still be reading its
	// messages, which are therefore no longer used again.
	late atomic.Bool
}

// NewRunner makes a Runner. The name stands in error texts, and is what a verb is asked to fit:
// see Setup. After a failure, later records with the same OrderingKey are not run; with
// StopOnFailure none is. Records without a key stand alone.
func NewRunner(name string, v Verb, opts ...FlowOption) *Runner {
	c := newConfig()
	for i, o := range opts {
		if c.given(i, o) {
			o.applyFlow(c)
		}
	}
	if name == "" {
		c.refuse("NewRunner: the name is empty")
	}
	return &Runner{l: build(&Source{Name: name}, v, c)}
}

// Err says what is wrong with the way the Runner was built. Every record fails with it.
func (r *Runner) Err() error { return r.l.err }

// Run processes a batch. The messages are the Runner's from now on, but may be given to it again
// once Run has returned.
func (r *Runner) Run(ctx context.Context, msgs []Message) Outcomes {
	return r.RunUntil(ctx, nil, msgs)
}

// RunUntil is Run, except that Each starts no record once halt has ended; those that run, finish.
// What was not started is Skipped, with ErrHalted. Verbs that take a batch as a whole go on.
func (r *Runner) RunUntil(ctx, halt context.Context, msgs []Message) Outcomes {
	begin := time.Now()
	if r.late.Load() {
		msgs = copies(msgs)
	}
	w := newWork(ctx, r.l, msgs, nil)
	if w.rule == goOn {
		w.rule = skip
	}
	if r.l.err != nil {
		w.cause = r.l.err
		w.finish(w.call.ctx, begin)
		return Outcomes{w}
	}
	w.verb = r.l.verb
	if halt != nil {
		w.halted.Store(halt.Err() != nil)
		defer context.AfterFunc(halt, func() { w.halted.Store(true) })()
	}
	_ = w.process(w.call.ctx) // what is not decided is skipped
	w.finish(w.call.ctx, begin)
	if w.leftBehind {
		r.late.Store(true)
	}
	return Outcomes{w}
}

// copies returns messages that share nothing with msgs which a batch writes to.
func copies(msgs []Message) []Message {
	msgs = slices.Clone(msgs)
	for i := range msgs {
		if c := msgs[i].call; c != nil && c.own {
			msgs[i].call = &invocation{event: c.event, own: true}
		}
	}
	return msgs
}

// Outcome is what became of a record.
type Outcome uint8

// The outcomes of a record.
const (
	Succeeded Outcome = iota + 1
	Dropped           // done, although it failed
	Failed
	Skipped // not run, or not finished in time
)

// Outcomes is what became of a batch.
type Outcomes struct{ w *Work }

// AllDone reports whether every record succeeded or was dropped.
func (o Outcomes) AllDone() bool { return o.w.err == nil }

// Of returns what became of a record, and why unless it succeeded.
func (o Outcomes) Of(i int) (Outcome, error) {
	s, err := o.w.ledger.final(i)
	switch s {
	case succeeded:
		return Succeeded, nil
	case dropped:
		return Dropped, err
	case failed:
		return Failed, err
	}
	return Skipped, err
}

// SetRaw gives a message what its methods read: Raw, Attribute, Attributes, MessageAttributes and
// TraceHeader. The record is as in the event of a Lambda, so that handlers find what they find
// there. It must not be changed afterwards.
func (m *Message) SetRaw(record []byte) {
	m.call = &invocation{event: record, own: true}
	m.at = spanOf(0, len(record))
}
