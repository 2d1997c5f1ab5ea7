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
	var gaveUp error // the first reason of a drop
	if int(w.succeeded.Load()) < len(w.msgs) {
		gaveUp = w.tally()
	}
	w.report()
	if w.err == nil && gaveUp == nil && w.l.cfg.watched&batchEnded == 0 {
		return // nobody to tell
	}
	if w.l.cfg.sumUp != nil {
		w.l.cfg.sumUp(w, ctx, begin, gaveUp)
	}
}

// tally goes through a ledger that is not all success, and skips what is undecided. It returns why
// the first record of those dropped was given up.
func (w *Work) tally() (gaveUp error) {
	var notDone []RecordError
	for i := range w.msgs {
		switch w.ledger.state(i) {
		case succeeded:
			continue
		case undecided:
			w.ledger.set(i, skipped, w.whySkipped(i))
		}
		state, err := w.ledger.final(i)
		switch state {
		case succeeded: // just now
			continue
		case dropped:
			if gaveUp == nil {
				gaveUp = err
			}
			continue
		}
		notDone = append(notDone, RecordError{i, w.msgs[i].ID, err, &w.msgs[i]})
	}
	if len(notDone) > 0 {
		w.err = &BatchError{Source: w.msgs[0].SourceARN, Total: len(w.msgs), Records: notDone}
	}
	return gaveUp
}

func (w *Work) whySkipped(i int) error {
	if k, _ := w.kin.Load().(*kin); k != nil && k.why != nil {
		if err := k.why(i); err != nil {
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

// sumUp makes the summary, which only observers and the log want to know, and tells them.
func (w *Work) sumUp(ctx context.Context, begin time.Time, gaveUp error) {
	s := Summary{RequestID: requestID(ctx), Records: len(w.msgs), Duration: time.Since(begin), Err: w.err}
	for i := range w.msgs {
		m := &w.msgs[i]
		if i == 0 {
			s.Source = m.SourceARN
		}
		switch w.ledger.state(i) {
		case succeeded:
			s.Succeeded++
		case dropped:
			s.Dropped++
		case skipped:
			s.Skipped++
		default:
			s.Failed++
		}
		s.HighestAttempt = max(s.HighestAttempt, m.Attempt)
		if !m.Time.IsZero() {
			s.OldestAge = max(s.OldestAge, begin.Sub(m.Time))
		}
	}
	w.summary = s
	w.logTrouble(ctx, &s, gaveUp)
	_ = w.tell(ctx, recordSkipped|batchEnded, nil, nil)
}

func (w *Work) logTrouble(ctx context.Context, s *Summary, gaveUp error) {
	if w.l.cfg.log == nil {
		return
	}
	about := []any{"source", s.Source, "requestId", s.RequestID, "records", s.Records}
	if s.Err != nil {
		attrs := append(about, "failed", s.Failed, "skipped", s.Skipped, "error", s.Err)
		if p := w.panicFirst(); p != nil {
			attrs = append(attrs, "stack", string(p.Stack))
		}
		w.log(ctx, warn, "records not done", attrs...)
	}
	if gaveUp != nil {
		w.log(ctx, warn, "records dropped", append(about, "dropped", s.Dropped, "first", oneLine(gaveUp))...)
	}
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
