package weir

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// Opener takes out of a record what it carries: one record made by Message.With, several made by
// Message.WithPart and each with a number of its own, or none, and the record is done. Its error decides the record as a handler's
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
	w.kin.Store(&kin{w.within(), p, p.why})
	w.whenLate(p.settle)
	defer p.settle() // also if the verb panics
	return u.verb.Process(context.WithValue(ctx, partsKey{}, p), p.inner)
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
	var next atomic.Int64
	var all sync.WaitGroup
	for range min(w.Concurrency(), len(w.msgs)) {
		all.Add(1)
		go (&opening{u.open, ctx, w, opened, -1, &next, &all}).run()
	}
	all.Wait()
	if ctx.Err() != nil {
		return nil
	}
	return opened
}

// opening is one of those that open records.
type opening struct {
	open   Opener
	ctx    context.Context
	w      *Work
	opened []content
	i      int // the current record, -1 when there is none
	next   *atomic.Int64
	all    *sync.WaitGroup
}

func (o *opening) run() {
	finished := false
	defer func() {
		if !finished { // the Opener called runtime.Goexit: another goroutine goes on from here
			go o.run()
			return
		}
		o.all.Done()
	}()
	for !finished {
		finished = o.drive()
	}
}

// drive opens records until none is left or the Opener panics.
func (o *opening) drive() (finished bool) {
	defer func() {
		if o.i >= 0 {
			err := ErrGoexit
			if p := recover(); p != nil {
				err = o.w.panicked(p)
			}
			o.set(nil, err)
		}
	}()
	for {
		i := int(o.next.Add(1)) - 1
		if i >= len(o.opened) || o.ctx.Err() != nil {
			return true
		}
		m := &o.w.msgs[i]
		if m.bad != nil {
			o.opened[i].err = m.bad
			continue
		}
		o.i = i
		o.set(o.open(WithMessage(o.ctx, m), m))
	}
}

// set takes down what the current record carries.
func (o *opening) set(parts []Message, err error) {
	c := &o.opened[o.i]
	if err == nil {
		err = distinct(parts)
	}
	if o.i = -1; err != nil {
		c.err = &unopened{ended(o.ctx, err)}
		return
	}
	c.parts = parts
}

// distinct sees to it that parts can be told apart: two of one identity would be taken for one by
// whoever remembers what is done.
func distinct(parts []Message) error {
	rising := true // as WithPart counts them
	for i := 1; i < len(parts) && rising; i++ {
		rising = CompareSequenceNumbers(parts[i-1].Part, parts[i].Part) < 0
	}
	if rising {
		return nil
	}
	seen := make(map[string]struct{}, len(parts))
	for i := range parts {
		if _, twice := seen[parts[i].Part]; twice {
			return fmt.Errorf("weir: the Opener returned two records with Part %q: make each by WithPart, with a number of its own", parts[i].Part)
		}
		seen[parts[i].Part] = struct{}{}
	}
	return nil
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
	within *Work             // the batch whose records this one's were in, or nil
	parts  any               // a *parts, what this one's records were unwrapped into, or nil
	why    func(i int) error // of parts. Both are as they are so that nobody else is linked with parts
}

// within is the batch whose records this one's were in, or nil.
func (w *Work) within() *Work {
	if k, _ := w.kin.Load().(*kin); k != nil {
		return k.within
	}
	return nil
}

// parts ties the records of a batch to those they were unwrapped into.
type parts struct {
	outer, inner *Work
	from         []int32 // where the parts of each outer record begin, and at the end their number
	mu           sync.Mutex
}

func newParts(w *Work, opened []content) *parts {
	p := &parts{outer: w, from: make([]int32, 0, len(opened)+1)}
	n := 0
	for i := range opened {
		n += len(opened[i].parts)
		if opened[i].err != nil {
			n++
		}
	}
	msgs := make([]Message, 0, n)
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

type partsKey struct{}

// Carriers yields the records that m was taken out of by Unwrap, the nearest first, as they were:
// what is not in m's payload any more is in theirs. ctx is the context of a handler or of an
// observer of one record, or what Batch or a verb of your own was called with. Nothing is
// yielded for a record that stands for itself, or is not of ctx's batch.
func Carriers(ctx context.Context, m *Message) iter.Seq[*Message] {
	return func(yield func(*Message) bool) {
		p, _ := ctx.Value(partsKey{}).(*parts)
		if p == nil || m == nil || int(m.index) >= len(p.inner.msgs) || p.inner.msgs[m.index].ID != m.ID {
			return
		}
		for at := int(m.index); p != nil; {
			if at = p.carrier(at); !yield(&p.outer.msgs[at]) || p.outer.within() == nil {
				return
			}
			of, _ := p.outer.within().kin.Load().(*kin)
			p, _ = of.parts.(*parts)
		}
	}
}

// carrier returns the index of the outer record that an inner one was in.
func (p *parts) carrier(inner int) int {
	return sort.Search(len(p.from)-1, func(i int) bool { return int(p.from[i+1]) > inner })
}

// inside makes the Work of records that were in those of w.
func (w *Work) inside(msgs []Message) *Work {
	in := &Work{l: w.l, call: invocation{ctx: w.call.ctx}, msgs: msgs, rule: w.rule, times: w.times, halted: w.halted}
	in.kin.Store(&kin{within: w})
	in.ledger.entries = make([]entry, len(msgs))
	in.failedAt.Store(noFailure)
	for i := range msgs {
		msgs[i].index = uint32(i)
	}
	return in
}

// settle decides the outer records by what has become of their parts so far. What is not known
// stays undecided.
func (p *parts) settle() {
	if settle := p.inner.late(); settle != nil {
		settle()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.outer.msgs {
		p.decide(i)
	}
	if p.inner.aborted.Load() {
		p.outer.aborted.Store(true)
	}
	if first := p.inner.panicFirst(); first != nil {
		p.outer.notePanic(first)
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
		if w.ledger.entries[i].succeed() {
			w.succeeded.Add(1)
		}
	}
}

// why is the reason for an outer record that is still undecided.
func (p *parts) why(i int) error {
	for k := int(p.from[i]); k < int(p.from[i+1]); k++ {
		if s := p.inner.ledger.state(k); s == undecided || s == skipped {
			p.inner.cause, p.inner.leftBehind = p.outer.cause, p.outer.leftBehind
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
