package weir

import (
	"context"
	"fmt"
	"iter"
	"time"
)

// The observers. Records of one lane are observed in order. Under Concurrency, and when a
// handler is late, observers are called from several goroutines at a time. Those of the
// batch's end are told what there is time for. A panic in an observer counts as its error.

// Records that Unwrap took out of others are told one by one, and those that carried them are not,
// unless they could not be unwrapped or were not run. A Summary counts records as Lambda knows them.

// BatchContextObserver gives the batch its context, such as one with a span: handlers and
// observers get contexts made of what it returns, which must be ctx or made of it.
type BatchContextObserver interface {
	BatchContext(ctx context.Context, batch iter.Seq[*Message]) context.Context
}

// RecordStartedObserver is told before a record is decoded and handled.
type RecordStartedObserver interface {
	RecordStarted(ctx context.Context, m *Message)
}

// RecordSucceededObserver is told after a record was handled. An error fails the record.
type RecordSucceededObserver interface {
	RecordSucceeded(ctx context.Context, m *Message) error
}

// RecordDroppedObserver is told when a record is given up; err says why. An error fails the
// record, so that one which could not be put aside is not lost.
type RecordDroppedObserver interface {
	RecordDropped(ctx context.Context, m *Message, err error) error
}

// RecordFailedObserver is told when a record failed. An error is logged.
type RecordFailedObserver interface {
	RecordFailed(ctx context.Context, m *Message, err error) error
}

// RecordSkippedObserver is told, at the end of the batch, of each record that was not run or
// not finished; err says why. An error is logged.
type RecordSkippedObserver interface {
	RecordSkipped(ctx context.Context, m *Message, err error) error
}

// BatchStartedObserver is told before the first record.
type BatchStartedObserver interface {
	BatchStarted(ctx context.Context, records int)
}

// BatchEndedObserver is told after the last record.
type BatchEndedObserver interface {
	BatchEnded(ctx context.Context, s Summary)
}

// moments are sets of the moments at which observers are told.
type moments uint8

const (
	batchContext moments = 1 << iota
	batchStarted
	recordStarted
	recordSucceeded
	recordDropped
	recordFailed
	recordSkipped
	batchEnded
)

// watcher is an *observers, with which only those are linked who give Observe.
type watcher interface {
	// tell tells those who watch a moment. An error is of one that fails the record.
	tell(ctx context.Context, at moments, w *Work, m *Message, err error) error

	// died is called when one that was told of a failure panicked.
	died(ctx context.Context, w *Work, m *Message, err error)
}

// tell tells the observers of a moment, if there are any.
//
//go:noinline
func (w *Work) tell(ctx context.Context, at moments, m *Message, err error) error {
	if w.l.cfg.watched&at == 0 {
		return nil
	}
	return w.l.cfg.observers.tell(ctx, at, w, m, err)
}

type observers struct {
	context   []BatchContextObserver
	started   []RecordStartedObserver
	succeeded []RecordSucceededObserver
	dropped   []RecordDroppedObserver
	failed    []RecordFailedObserver
	skipped   []RecordSkippedObserver
	begun     []BatchStartedObserver
	ended     []BatchEndedObserver
}

// add files o under each interface it has, and returns what it watches.
func (s *observers) add(o any) (watched moments) {
	if o, ok := o.(BatchContextObserver); ok {
		s.context, watched = append(s.context, o), watched|batchContext
	}
	if o, ok := o.(RecordStartedObserver); ok {
		s.started, watched = append(s.started, o), watched|recordStarted
	}
	if o, ok := o.(RecordSucceededObserver); ok {
		s.succeeded, watched = append(s.succeeded, o), watched|recordSucceeded
	}
	if o, ok := o.(RecordDroppedObserver); ok {
		s.dropped, watched = append(s.dropped, o), watched|recordDropped
	}
	if o, ok := o.(RecordFailedObserver); ok {
		s.failed, watched = append(s.failed, o), watched|recordFailed
	}
	if o, ok := o.(RecordSkippedObserver); ok {
		s.skipped, watched = append(s.skipped, o), watched|recordSkipped
	}
	if o, ok := o.(BatchStartedObserver); ok {
		s.begun, watched = append(s.begun, o), watched|batchStarted
	}
	if o, ok := o.(BatchEndedObserver); ok {
		s.ended, watched = append(s.ended, o), watched|batchEnded
	}
	return watched
}

func (s *observers) tell(ctx context.Context, at moments, w *Work, m *Message, err error) error {
	switch at {
	case batchContext:
		s.enrich(w)
	case batchStarted:
		for _, o := range s.begun {
			o.BatchStarted(ctx, len(w.msgs))
		}
	case recordStarted:
		for _, o := range s.started {
			o.RecordStarted(ctx, m)
		}
	case recordSucceeded:
		for _, o := range s.succeeded {
			if told := o.RecordSucceeded(ctx, m); told != nil {
				return fmt.Errorf("RecordSucceeded observer: %w", told)
			}
		}
	case recordDropped:
		for _, o := range s.dropped {
			if told := o.RecordDropped(ctx, m, err); told != nil {
				return fmt.Errorf("RecordDropped observer: %w", told)
			}
		}
	case recordFailed:
		for _, o := range s.failed {
			if told := o.RecordFailed(ctx, m, err); told != nil {
				w.grumble(ctx, "RecordFailed observer", m, told)
			}
		}
	case recordSkipped | batchEnded:
		s.end(ctx, w)
	}
	return nil
}

func (s *observers) died(ctx context.Context, w *Work, m *Message, err error) {
	w.grumble(ctx, "RecordFailed observer", m, err)
}

// enrich asks observers for the batch's context.
func (s *observers) enrich(w *Work) {
	for _, o := range s.context {
		ctx := w.call.ctx
		apart(func() error {
			if own := o.BatchContext(ctx, pointers(w.msgs)); own != nil {
				w.call.ctx = own
			}
			return nil
		}, func(err error) { w.grumble(ctx, "BatchContext observer", &Message{}, err) }).wait(time.Time{})
	}
}

// end calls the observers of the batch's end, until it is high time to answer.
func (s *observers) end(ctx context.Context, w *Work) {
	summary, _ := w.summary.(Summary)
	unrun := summary.Skipped
	if len(s.ended) == 0 && (unrun == 0 || len(s.skipped) == 0) {
		return
	}
	if !w.times.last.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadlineCause(ctx, w.times.last, ErrDeadlineNear)
		defer cancel()
	}
	late := apart(func() error {
		for i := 0; i < len(w.msgs) && unrun > 0; i++ {
			state, err := w.ledger.final(i)
			if state != skipped {
				continue
			}
			m := &w.msgs[i]
			for _, o := range s.skipped {
				if ctx.Err() != nil {
					return nil
				}
				w.aside(ctx, "RecordSkipped observer", m, func() error {
					return o.RecordSkipped(context.WithValue(ctx, messageKey{}, m), m, err)
				})
			}
		}
		for _, o := range s.ended {
			if ctx.Err() != nil {
				return nil
			}
			w.aside(ctx, "BatchEnded observer", &Message{}, func() error { o.BatchEnded(ctx, summary); return nil })
		}
		return nil
	}, nil).wait(w.times.last)
	w.leftBehind = w.leftBehind || late != nil
	if late != nil || ctx.Err() != nil {
		w.log(ctx, bad, "no time left to tell the observers everything", "skipped", unrun)
	}
}

// grumble logs what must not change an outcome.
func (w *Work) grumble(ctx context.Context, who string, m *Message, err error) {
	w.log(ctx, bad, who+" failed", "id", m.ID, "error", err)
}

// aside runs user code whose failure changes nothing.
func (w *Work) aside(ctx context.Context, who string, m *Message, f func() error) {
	apart(f, func(err error) { w.grumble(ctx, who, m, err) }).wait(time.Time{})
}

func pointers(msgs []Message) iter.Seq[*Message] {
	return func(yield func(*Message) bool) {
		for i := range msgs {
			if !yield(&msgs[i]) {
				return
			}
		}
	}
}
