package weir

import (
	"context"
	"time"
)

// Summary is what became of a batch. Succeeded + Dropped + Failed + Skipped = Records.
type Summary struct {
	Source    string // the event source ARN
	RequestID string
	Records   int
	Succeeded int
	Dropped   int
	Failed    int
	Skipped   int // not run, or not finished in time: retried like the failed ones

	Duration       time.Duration // of the invocation
	OldestAge      time.Duration // of the oldest record at the start, 0 when none has a time
	HighestAttempt int           // 0 when the source does not say
	Err            *BatchError   // nil when every record is done
}

// finish closes the ledger: what is undecided is skipped, and the batch is summed up.
func (w *Work) finish(ctx context.Context, begin time.Time) {
	w.closed.Store(true)
	s := &w.summary
	s.Records = len(w.msgs)
	if len(w.msgs) > 0 {
		s.Source = w.msgs[0].SourceARN
	}
	var unrun []int
	var gaveUp error // the first reason of a drop
	if s.Succeeded = int(w.succeeded.Load()); s.Succeeded < s.Records {
		unrun, gaveUp = w.tally()
	}
	w.report()
	if s.Err == nil && gaveUp == nil && len(w.l.cfg.observers.ended) == 0 {
		return // nobody to tell
	}
	if w.l.cfg.measure == nil {
		return
	}
	w.l.cfg.measure(w, ctx, begin)
	if w.l.cfg.trouble != nil {
		w.l.cfg.trouble(w, ctx, gaveUp)
	}
	if w.l.cfg.tell != nil {
		w.l.cfg.tell(w, ctx, unrun)
	}
}

// tally goes through a ledger that is not all success. It returns what it had to skip, and why
// the first record of those dropped was given up.
func (w *Work) tally() (unrun []int, gaveUp error) {
	s := &w.summary
	s.Succeeded = 0
	var notDone []RecordError
	for i := range w.msgs {
		switch w.ledger.state(i) {
		case succeeded:
			s.Succeeded++
			continue
		case undecided:
			if w.ledger.set(i, skipped, w.whySkipped(i)) {
				unrun = append(unrun, i)
			}
		}
		state, err := w.ledger.final(i)
		switch state {
		case succeeded: // just now
			s.Succeeded++
			continue
		case dropped:
			if s.Dropped++; gaveUp == nil {
				gaveUp = err
			}
			continue
		case skipped:
			s.Skipped++
		default:
			s.Failed++
		}
		notDone = append(notDone, RecordError{i, w.msgs[i].ID, err, &w.msgs[i]})
	}
	if len(notDone) > 0 {
		s.Err = &BatchError{Source: s.Source, Total: s.Records, Records: notDone}
	}
	return unrun, gaveUp
}

func (w *Work) whySkipped(i int) error {
	if k := w.kin.Load(); k != nil && k.parts != nil {
		if err := k.parts.why(i); err != nil {
			return err
		}
	}
	switch {
	case w.leftBehind && w.cause != nil:
		return w.cause // this may be the record whose handler still runs
	case w.barred(i):
		return ErrSkipped
	case w.aborted.Load():
		return ErrAborted
	case w.cause != nil:
		return w.cause
	case w.halted.Load():
		return ErrHalted
	}
	return ErrUndecided
}

// measure fills in what only observers and the log want to know.
func (w *Work) measure(ctx context.Context, begin time.Time) {
	s := &w.summary
	s.RequestID = requestID(ctx)
	s.Duration = time.Since(begin)
	for i := range w.msgs {
		m := &w.msgs[i]
		s.HighestAttempt = max(s.HighestAttempt, m.Attempt)
		if !m.Time.IsZero() {
			s.OldestAge = max(s.OldestAge, begin.Sub(m.Time))
		}
	}
}

func (w *Work) logTrouble(ctx context.Context, gaveUp error) {
	s := &w.summary
	if w.l.cfg.log == nil {
		return
	}
	about := []any{"source", s.Source, "requestId", s.RequestID, "records", s.Records}
	if s.Err != nil {
		attrs := append(about, "failed", s.Failed, "skipped", s.Skipped, "error", s.Err)
		if p := w.firstPanic.Load(); p != nil {
			attrs = append(attrs, "stack", string(p.Stack))
		}
		w.log(ctx, warn, "records not done", attrs...)
	}
	if gaveUp != nil {
		w.log(ctx, warn, "records dropped", append(about, "dropped", s.Dropped, "first", oneLine(gaveUp))...)
	}
}

// tell calls the observers of the batch's end, until it is high time to answer.
func (w *Work) tell(ctx context.Context, unrun []int) {
	if len(w.l.cfg.observers.ended) == 0 && (len(unrun) == 0 || len(w.l.cfg.observers.skipped) == 0) {
		return
	}
	if !w.times.last.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadlineCause(ctx, w.times.last, ErrDeadlineNear)
		defer cancel()
	}
	late := apart(func() error {
		for _, i := range unrun {
			m := &w.msgs[i]
			for _, o := range w.l.cfg.observers.skipped {
				if ctx.Err() != nil {
					return nil
				}
				w.aside(ctx, "RecordSkipped observer", m, func() error {
					_, err := w.ledger.final(i)
					return o.RecordSkipped(context.WithValue(ctx, messageKey{}, m), m, err)
				})
			}
		}
		for _, o := range w.l.cfg.observers.ended {
			if ctx.Err() != nil {
				return nil
			}
			w.aside(ctx, "BatchEnded observer", &Message{}, func() error { o.BatchEnded(ctx, w.summary); return nil })
		}
		return nil
	}, nil).wait(w.times.last)
	w.leftBehind = w.leftBehind || late != nil
	if late != nil || ctx.Err() != nil {
		w.log(ctx, bad, "no time left to tell the observers everything", "skipped", len(unrun))
	}
}

// aside runs user code whose failure changes nothing.
func (w *Work) aside(ctx context.Context, who string, m *Message, f func() error) {
	apart(f, func(err error) { w.grumble(ctx, who, m, err) }).wait(time.Time{})
}

// report is a *probe.Report, which only tests need to be linked with.
type report interface {
	Take() bool
	Add(id, state string, err error)
}

// report tells weirtest, if it is there.
func (w *Work) report() {
	if w.probe == nil {
		return
	}
	for i := range w.msgs {
		state, err := w.ledger.final(i)
		w.probe.Add(w.msgs[i].ID, state.String(), err)
	}
}
