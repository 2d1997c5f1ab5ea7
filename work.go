package weir

import (
	"context"
	"math"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"github.com/weir-go/weir/internal/probe"
)

// Work is one batch in the hands of a verb.
type Work struct {
	l      *Lambda
	call   invocation
	msgs   []Message
	ledger ledger
	verb   Verb
	then   func(context.Context) error // what follows the verb, nil for nothing
	cause  error                       // why the batch's context ended, if it did
	times  times
	kin    atomic.Value // a *kin, none without Unwrap; a late verb may still set it

	aborted  atomic.Bool
	halted   *atomic.Bool // by a Runner: Each starts no more; of the outermost batch
	failedAt atomic.Int64 // lowest index that failed, under the rule stop
	poisoned atomic.Bool  // whether groups has any

	mu         sync.Mutex     // of these
	groups     map[string]int // first failed record of each group, under the rule skip
	firstPanic *PanicError
	overrun    func() // settles what a verb has decided so far, if it is late

	first      round        // the first Each or Decide
	succeeded  atomic.Int64 // counted by workers that have ended
	leftBehind bool         // user code is still running
	rule       rule
	closed     atomic.Bool // the answer is being made
	running    sync.Mutex  // one Each or Decide at a time: a late verb may come back while its decisions are being settled

	few     [10]entry // the ledger's, of a small batch
	halt    atomic.Bool
	err     *BatchError // what is not done, nil if all is
	summary any         // a Summary, which only those are linked with who are told
	probe   report      // weirtest's, or nil
}

// noFailure is above every index.
const noFailure = math.MaxInt64

// rule says what a failure means for the records behind it.
type rule uint8

const (
	goOn rule = iota // nothing
	stop             // none of them is run
	skip             // none of its group is run
)

// newWork takes the event that the messages are of, nil if each has its own.
func newWork(ctx context.Context, l *Lambda, msgs []Message, event []byte) *Work {
	w := &Work{l: l, call: invocation{ctx: ctx, event: event}, msgs: msgs}
	if len(msgs) <= len(w.few) {
		w.ledger.entries = w.few[:len(msgs)]
	} else {
		w.ledger.entries = make([]entry, len(msgs))
	}
	w.halted = &w.halt
	w.failedAt.Store(noFailure)
	if r, ok := ctx.Value(probe.Key{}).(report); ok && r.Take() {
		w.probe = r
	}
	fifo := false
	for i := range msgs {
		m := &msgs[i]
		m.index = uint32(i)
		if m.call == nil || !m.call.own {
			m.call = &w.call
		} else {
			m.call.ctx = ctx
		}
		fifo = fifo || l.src.fifo && isFIFO(m.SourceARN)
	}
	switch {
	case fifo && l.cfg.skipGroup:
		w.rule = skip
	case fifo || l.cfg.stop:
		w.rule = stop
	case l.src.partitioned && !l.cfg.goOn:
		w.rule = skip
	}
	_ = w.tell(ctx, batchContext, nil, nil)
	return w
}

func (w *Work) isClosed() bool {
	return w.closed.Load() || w.within() != nil && w.within().isClosed()
}

// process runs the verb, and w.then. It returns when they are done, with the error of w.then,
// or with ErrDeadlineNear when Lambda must be answered while user code is still running.
func (w *Work) process(parent context.Context) error {
	if len(w.msgs) == 0 && w.then == nil {
		return nil
	}
	ctx, cancel, times := stopBefore(parent, w.l.cfg.reserve)
	w.times = times
	defer func() {
		w.cause = context.Cause(ctx)
		if w.cause == context.DeadlineExceeded { // Lambda's own, which has passed
			w.cause = ErrDeadlineNear
		}
		cancel()
	}()
	if ctx.Err() != nil {
		return context.Cause(ctx) // no time for even one record
	}
	if late := w.begin(ctx).wait(times.answer); late != nil {
		w.leftBehind = true
		w.log(ctx, bad, "a handler ignores its context: answered without it, its goroutine is left behind")
		if settle := w.late(); settle != nil {
			_ = apart(func() error { settle(); return nil }, nil).wait(times.last)
		}
		return late
	}
	if w.then == nil {
		return nil
	}
	return w.then(ctx)
}

// begin lets the verb loose.
func (w *Work) begin(ctx context.Context) *latch {
	if v, ok := w.verb.(*each); ok && w.l.cfg.watched&batchStarted == 0 {
		return w.each(ctx, v.h, v) // its user code is all handlers, and those are guarded by the workers
	}
	return apart(func() error {
		_ = w.tell(ctx, batchStarted, nil, nil)
		return w.verb.Process(ctx, w)
	}, func(err error) {
		if p, ok := err.(*PanicError); ok {
			w.notePanic(p)
		}
		w.log(ctx, bad, "the verb failed", "error", err)
		w.Decide(ctx, func(int, *Message) error { return err })
	})
}

// panicked makes the error of a panic and keeps the batch's first, for the log.
func (w *Work) panicked(v any) error {
	p := &PanicError{Value: v, Stack: debug.Stack()}
	w.notePanic(p)
	return p
}

func (w *Work) notePanic(p *PanicError) {
	w.mu.Lock()
	if w.firstPanic == nil {
		w.firstPanic = p
	}
	w.mu.Unlock()
}

func (w *Work) panicFirst() *PanicError {
	w.mu.Lock()
	p := w.firstPanic
	w.mu.Unlock()
	return p
}

// whenLate says how to settle what a verb has decided so far, should it be late.
func (w *Work) whenLate(settle func()) {
	w.mu.Lock()
	w.overrun = settle
	w.mu.Unlock()
}

func (w *Work) late() (settle func()) {
	w.mu.Lock()
	settle = w.overrun
	w.mu.Unlock()
	return settle
}

// fail records a failure and what follows from it for other records.
func (w *Work) fail(i int, err error, v verdict) bool {
	if !w.ledger.set(i, failed, err) {
		return false
	}
	if v == abort {
		w.aborted.Store(true)
	}
	switch w.rule {
	case stop:
		for at := w.failedAt.Load(); int64(i) < at && !w.failedAt.CompareAndSwap(at, int64(i)); {
			at = w.failedAt.Load()
		}
	case skip:
		if key := w.msgs[i].OrderingKey; key != "" {
			w.mu.Lock()
			if w.groups == nil {
				w.groups = map[string]int{}
			}
			if first, ok := w.groups[key]; !ok || i < first {
				w.groups[key] = i
			}
			w.mu.Unlock()
			w.poisoned.Store(true)
		}
	}
	return true
}

// barred reports whether an earlier failure keeps record i from running.
func (w *Work) barred(i int) bool {
	switch w.rule {
	case stop:
		return w.failedAt.Load() < int64(i)
	case skip:
		if !w.poisoned.Load() {
			return false
		}
		w.mu.Lock()
		first, ok := w.groups[w.msgs[i].OrderingKey]
		w.mu.Unlock()
		return ok && first < i
	}
	return false
}
