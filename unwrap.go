package weir

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Opener takes out of a record what it carries: one record made by Message.With, several made by
// Message.WithPart, or none, and the record is done. Its error decides the record as a handler's
// does: say Undecodable when the content is not what it should be, for any other is retried.
// Under Concurrency it is called from several goroutines at a time.
type Opener func(ctx context.Context, m *Message) ([]Message, error)

// Unwrap makes a verb that opens each record and lets v work on what is inside. Package envelope
// has the usual envelopes.
//
//	weir.SQS(weir.Unwrap(weir.Each(ship), open))
//
// The records inside are v's records in every way: order, concurrency, middleware, policies and
// observers apply to them one by one. Lambda only knows the record that carried them: it is done
// when all of them are, and retried when one is not, all together. It is counted as dropped if
// one of them was dropped and the others are done.
//
// All records of a batch are opened before v begins, so what they carry is in memory at once.
func Unwrap(v Verb, open Opener) Verb { return &unwrap{v, open} }

type unwrap struct {
	verb Verb
	open Opener
}

func (u *unwrap) Check(s Setup) error {
	switch {
	case u.verb == nil:
		return errors.New("weir: Unwrap: no verb: give weir.Each(f), weir.EachMessage(f), weir.Batch(f) or a pipeline")
	case u.open == nil:
		return errors.New("weir: Unwrap: the Opener is nil")
	case s.Source == dynamoDBName:
		return errors.New("weir: Unwrap does not apply to DynamoDB, whose records have images and no payload")
	}
	if check, ok := u.verb.(Checker); ok {
		return check.Check(s)
	}
	return nil
}

func (u *unwrap) Process(ctx context.Context, w *Work) error {
	opened := u.openAll(ctx, w)
	if opened == nil {
		return nil // no time left
	}
	p := newParts(w, opened)
	if w.kin == nil {
		w.kin = &kin{}
	}
	w.kin.parts = p
	settle := p.settle
	w.overrun.Store(&settle)
	err := u.verb.Process(ctx, p.inner)
	p.settle()
	return err
}

// content is what one record carries.
type content struct {
	parts []Message
	err   error
}

// openAll opens all records, several at a time under Concurrency. It returns nil when the context
// ended before.
func (u *unwrap) openAll(ctx context.Context, w *Work) []content {
	opened := make([]content, len(w.msgs))
	var next sync.Mutex
	i := -1
	take := func() int {
		next.Lock()
		defer next.Unlock()
		i++
		return i
	}
	work := func() error {
		for i := take(); i < len(w.msgs) && ctx.Err() == nil; i = take() {
			u.openOne(ctx, w, &w.msgs[i], &opened[i])
		}
		return nil
	}
	n := min(w.Concurrency(), len(w.msgs))
	latches := make([]*latch, n)
	for k := range latches {
		latches[k] = apart(work, nil)
	}
	for _, l := range latches {
		l.wait(time.Time{})
	}
	if ctx.Err() != nil {
		return nil
	}
	return opened
}

// openOne opens one record. What it leaves, should it be ended by Goexit, is an error.
func (u *unwrap) openOne(ctx context.Context, w *Work, m *Message, c *content) {
	if m.bad != nil {
		c.err = m.bad
		return
	}
	c.err = &unopened{ErrGoexit}
	opened := guard(func() error {
		parts, err := u.open(WithMessage(ctx, m), m)
		c.parts, c.err = parts, nil
		return err
	})
	if opened == nil {
		return
	}
	if p, ok := opened.(*PanicError); ok {
		w.firstPanic.CompareAndSwap(nil, p)
	}
	c.parts, c.err = nil, &unopened{ended(ctx, opened)}
}

// unopened is the error of a record that could not be opened, as its Opener said it.
type unopened struct{ error }

// damage is the error of a record that is not to be handled.
func (m *Message) damage() error {
	if u, ok := m.bad.(*unopened); ok {
		return u.error
	}
	return unread(m.bad)
}

// With returns a copy of the record with another payload, for an Opener or a Middleware.
func (m *Message) With(payload []byte) Message {
	c := *m
	c.Payload, c.item = payload, nil
	return c
}

// WithPart is With for one of several records in one: i counts them from 0.
func (m *Message) WithPart(i int, payload []byte) Message {
	c := m.With(payload)
	c.Part = strconv.Itoa(i)
	if m.Part != "" {
		c.Part = m.Part + "/" + c.Part
	}
	return c
}

// kin are the batches next to one whose records were unwrapped, or came of that.
type kin struct {
	within *Work  // the batch whose records this one's were in, or nil
	parts  *parts // what this one's records were unwrapped into, or nil
}

// parts ties the records of a batch to those they were unwrapped into.
type parts struct {
	outer, inner *Work
	from         []int32 // where the parts of each outer record begin, and at the end their number
	mu           sync.Mutex
}

func newParts(w *Work, opened []content) *parts {
	p := &parts{outer: w, from: make([]int32, 0, len(opened)+1)}
	var msgs []Message
	for i, c := range opened {
		p.from = append(p.from, int32(len(msgs)))
		if c.err != nil {
			m := w.msgs[i]
			m.bad = c.err
			msgs = append(msgs, m)
		}
		msgs = append(msgs, c.parts...)
	}
	p.from = append(p.from, int32(len(msgs)))
	p.inner = w.inside(msgs)
	return p
}

// inside makes the Work of records that were in those of w.
func (w *Work) inside(msgs []Message) *Work {
	in := &Work{l: w.l, call: invocation{ctx: w.call.ctx}, msgs: msgs, rule: w.rule, kin: &kin{within: w}, times: w.times}
	in.ledger.entries = make([]entry, len(msgs))
	in.failedAt.Store(noFailure)
	for i := range msgs {
		msgs[i].index = i
	}
	return in
}

// settle decides the outer records by what has become of their parts so far. What is not known
// stays undecided.
func (p *parts) settle() {
	if settle := p.inner.overrun.Load(); settle != nil {
		(*settle)()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.outer.msgs {
		p.decide(i)
	}
	if p.inner.aborted.Load() {
		p.outer.aborted.Store(true)
	}
	if first := p.inner.firstPanic.Load(); first != nil {
		p.outer.firstPanic.CompareAndSwap(nil, first)
	}
}

func (p *parts) decide(i int) {
	w, in := p.outer, p.inner
	if w.ledger.state(i) != undecided {
		return
	}
	var failures, drops []error
	open := false
	from, to := int(p.from[i]), int(p.from[i+1])
	for k := from; k < to; k++ {
		switch s, err := in.ledger.final(k); s {
		case succeeded:
		case dropped:
			drops = append(drops, p.about(k, err))
		case failed:
			failures = append(failures, p.about(k, err))
		default:
			open = true
		}
	}
	switch {
	case len(failures) > 0:
		err := together(failures, to-from)
		w.fail(i, err, classify(err))
	case open, from == to && w.barred(i):
	case len(drops) > 0:
		w.ledger.set(i, dropped, together(drops, to-from))
	default:
		if w.ledger.succeed(i) {
			w.succeeded.Add(1)
		}
	}
}

// why is the reason for an outer record that is still undecided.
func (p *parts) why(i int) error {
	for k := int(p.from[i]); k < int(p.from[i+1]); k++ {
		if s := p.inner.ledger.state(k); s == undecided || s == skipped {
			p.inner.cause = p.outer.cause
			return p.inner.whySkipped(k)
		}
	}
	return nil
}

// about names the part that an error is about.
func (p *parts) about(k int, err error) error {
	if part := p.inner.msgs[k].Part; part != "" {
		return &PartError{Part: part, Err: err}
	}
	return err
}

// PartError is the error of one of several records that Unwrap took out of one.
type PartError struct {
	Part string // see Message.Part
	Err  error
}

func (e *PartError) Error() string { return fmt.Sprintf("part %s: %s", e.Part, text(e.Err)) }

// Unwrap returns the cause.
func (e *PartError) Unwrap() error { return e.Err }

// together makes one error of those of n parts.
func together(errs []error, n int) error {
	if n == 1 {
		return errs[0]
	}
	return &partsError{errs, n}
}

type partsError struct {
	errs []error
	n    int
}

func (e *partsError) Unwrap() []error { return e.errs }

func (e *partsError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d of %d records in it: ", len(e.errs), e.n)
	for i, err := range e.errs {
		if i == maxIDs {
			b.WriteString("; ...")
			break
		}
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(cut(err.Error(), maxCause/4))
	}
	return b.String()
}
