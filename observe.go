package weir

import (
	"context"
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

// add files o under each interface it has.
func (s *observers) add(o any) (known bool) {
	if o, ok := o.(BatchContextObserver); ok {
		s.context, known = append(s.context, o), true
	}
	if o, ok := o.(RecordStartedObserver); ok {
		s.started, known = append(s.started, o), true
	}
	if o, ok := o.(RecordSucceededObserver); ok {
		s.succeeded, known = append(s.succeeded, o), true
	}
	if o, ok := o.(RecordDroppedObserver); ok {
		s.dropped, known = append(s.dropped, o), true
	}
	if o, ok := o.(RecordFailedObserver); ok {
		s.failed, known = append(s.failed, o), true
	}
	if o, ok := o.(RecordSkippedObserver); ok {
		s.skipped, known = append(s.skipped, o), true
	}
	if o, ok := o.(BatchStartedObserver); ok {
		s.begun, known = append(s.begun, o), true
	}
	if o, ok := o.(BatchEndedObserver); ok {
		s.ended, known = append(s.ended, o), true
	}
	return known
}

// enrich asks observers for the batch's context.
func (w *Work) enrich() {
	for _, o := range w.l.cfg.observers.context {
		ctx := w.call.ctx
		apart(func() error {
			if own := o.BatchContext(ctx, pointers(w.msgs)); own != nil {
				w.call.ctx = own
			}
			return nil
		}, func(err error) { w.grumble(ctx, "BatchContext observer", &Message{}, err) }).wait(time.Time{})
	}
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
