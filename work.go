package weir

import (
	"context"
	"log/slog"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/weir-go/weir/internal/probe"
)

// Work is one batch in the hands of a verb.
type Work struct {
	l      *Lambda
	call   invocation
	msgs   []Message
	ledger ledger
	rule   rule
	verb   Verb
	then   func(context.Context) error // what is left to do once every record is done
	ctx    context.Context             // ends before the deadline

	aborted  atomic.Bool
	failedAt atomic.Int64 // lowest index that failed, under the rule stop
	poisoned atomic.Bool  // whether groups has any
	mu       sync.Mutex
	groups   map[string]int // first failed record of each group, under the rule skip

	summary Summary
}

// rule says what a failure means for the records behind it.
type rule uint8

const (
	goOn rule = iota // nothing
	stop             // none of them is run
	skip             // none of its group is run
)

func newWork(ctx context.Context, l *Lambda, msgs []Message) *Work {
	w := &Work{l: l, call: invocation{ctx}, msgs: msgs, ledger: make(ledger, len(msgs))}
	w.failedAt.Store(math.MaxInt64)
	fifo := false
	for i := range msgs {
		m := &msgs[i]
		m.index, m.call = i, &w.call
		if l.src.fifo && (i == 0 || m.SourceARN != msgs[i-1].SourceARN) && isFIFO(m.SourceARN) {
			fifo = true
		}
	}
	switch {
	case fifo && l.cfg.skipGroup:
		w.rule = skip
	case fifo || l.cfg.stop:
		w.rule = stop
	}
	return w
}

// process runs the verb, and w.then. It returns when they are done, with the error of w.then,
// or with ErrDeadlineNear when Lambda must be answered while user code is still running.
func (w *Work) process(ctx context.Context) error {
	if len(w.msgs) == 0 && w.then == nil {
		return nil
	}
	ctx, cancel, answer := stopBefore(ctx, w.l.cfg.reserve)
	defer cancel()
	w.ctx = ctx
	err := apart(answer, func() error {
		for _, o := range w.l.cfg.observers.begun {
			o.BatchStarted(ctx, len(w.msgs))
		}
		return w.verb.Process(ctx, w)
	}, func(err error) {
		w.Decide(ctx, func(int, *Message) error { return err })
	})
	if err != nil {
		w.log(ctx, slog.LevelError, "a handler ignores its context: answered without it, its goroutine is left behind")
		return err
	}
	if w.then == nil || !w.allDone() {
		return nil
	}
	var failure error
	if late := apart(answer, func() error { return w.then(ctx) }, func(err error) { failure = err }); late != nil {
		return late
	}
	return failure
}

func (w *Work) allDone() bool {
	for i := range w.ledger {
		if s := w.ledger.state(i); s != succeeded && s != dropped {
			return false
		}
	}
	return true
}

// fail records a failure and what follows from it for other records.
func (w *Work) fail(i int, err error) bool {
	if !w.ledger.set(i, failed, err) {
		return false
	}
	if classify(err) == abort {
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
		defer w.mu.Unlock()
		first, ok := w.groups[w.msgs[i].OrderingKey]
		return ok && first < i
	}
	return false
}

// finish closes the ledger: what is undecided is skipped, and the batch is summed up.
func (w *Work) finish(ctx context.Context, begin time.Time) {
	c := &w.l.cfg
	s := &w.summary
	s.Records = len(w.msgs)
	if len(w.msgs) > 0 {
		s.Source = w.msgs[0].SourceARN
	}
	var notDone []RecordError
	var unrun []int
	for i := range w.msgs {
		if w.ledger.state(i) == undecided && w.ledger.set(i, skipped, w.whySkipped(i)) {
			unrun = append(unrun, i)
		}
		switch state, err := w.ledger.final(i); state {
		case succeeded:
			s.Succeeded++
			continue
		case dropped:
			s.Dropped++
			continue
		case skipped:
			s.Skipped++
			notDone = append(notDone, RecordError{i, w.msgs[i].ID, err})
		default:
			s.Failed++
			notDone = append(notDone, RecordError{i, w.msgs[i].ID, err})
		}
	}
	if len(notDone) > 0 {
		s.Err = &BatchError{Source: s.Source, Total: s.Records, Records: notDone}
	}
	w.report(ctx)
	if len(c.observers.ended) == 0 && (len(unrun) == 0 || len(c.observers.skipped) == 0) && s.Err == nil {
		return
	}
	s.RequestID = requestID(ctx)
	s.Duration = time.Since(begin)
	for i := range w.msgs {
		m := &w.msgs[i]
		s.HighestAttempt = max(s.HighestAttempt, m.Attempt)
		if !m.Time.IsZero() {
			s.OldestAge = max(s.OldestAge, begin.Sub(m.Time))
		}
	}
	if s.Err != nil {
		w.log(ctx, slog.LevelWarn, "records not done", slog.String("source", s.Source), slog.String("requestId", s.RequestID),
			slog.Int("records", s.Records), slog.Int("failed", s.Failed), slog.Int("skipped", s.Skipped), slog.Any("error", s.Err))
	}
	for _, i := range unrun {
		for _, o := range c.observers.skipped {
			m := &w.msgs[i]
			w.aside(ctx, "RecordSkipped observer", func() error {
				return o.RecordSkipped(&recordContext{ctx, m}, m, w.ledger[i].err)
			})
		}
	}
	for _, o := range c.observers.ended {
		w.aside(ctx, "BatchEnded observer", func() error { o.BatchEnded(ctx, *s); return nil })
	}
}

func (w *Work) whySkipped(i int) error {
	switch {
	case w.barred(i):
		return ErrSkipped
	case w.aborted.Load():
		return ErrAborted
	case w.ctx != nil && w.ctx.Err() != nil:
		return context.Cause(w.ctx)
	}
	return ErrUndecided
}

// aside runs user code whose failure changes nothing.
func (w *Work) aside(ctx context.Context, who string, f func() error) {
	_ = apart(time.Time{}, f, func(err error) { w.grumble(ctx, who, &Message{}, err) })
}

// report tells weirtest, if it is there.
func (w *Work) report(ctx context.Context) {
	r, ok := ctx.Value(probe.Key{}).(*probe.Report)
	if !ok {
		return
	}
	for i := range w.msgs {
		state, err := w.ledger.final(i)
		r.Records = append(r.Records, probe.Record{ID: w.msgs[i].ID, State: state.String(), Err: err})
	}
}
