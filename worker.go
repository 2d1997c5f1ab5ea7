package weir

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
)

// phase says what a worker is doing, so that it knows what a panic or Goexit hit.
type phase uint8

const (
	idle phase = iota
	working
	crashed // the record's failure is still to be told
	blaming // telling it
)

// worker runs records one after another. Its goroutine may die of runtime.Goexit in
// user code; another then goes on with the same worker.
type worker struct {
	w       *Work
	ctx     context.Context
	h       Handler
	settled bool // h only looks outcomes up: no deadline, no start
	feed    feed
	wg      *sync.WaitGroup

	i     int // the current record, -1 before the first
	phase phase
	err   error // of a crashed record
	ended bool
}

func (k *worker) start() {
	defer func() {
		if !k.ended {
			go k.start() // user code ended the goroutine
			return
		}
		k.wg.Done()
	}()
	for !k.ended {
		k.drive()
	}
}

// drive works until the feed ends or user code panics. One deferred call serves all records.
func (k *worker) drive() {
	defer func() {
		if k.phase != idle {
			k.crash(recover())
		}
	}()
	if k.phase == crashed {
		k.blame(k.err, retry)
	}
	for k.claim() {
		k.phase = working
		k.conclude(k.handle())
	}
	k.ended = true
}

// crash notes that user code panicked with v, or called Goexit if v is nil.
func (k *worker) crash(v any) {
	err := ErrGoexit
	if v != nil {
		err = k.w.panicked(v)
	}
	if k.phase == blaming {
		k.w.grumble(k.ctx, "RecordFailed observer", &k.w.msgs[k.i], err)
		k.phase = idle
		return
	}
	k.phase, k.err = crashed, err
}

// claim steps to the next record to run.
func (k *worker) claim() bool {
	w := k.w
	for {
		if !k.settled && (w.aborted.Load() || k.ctx.Err() != nil) {
			return false
		}
		k.i = k.feed.next(k.i)
		if k.i < 0 {
			return false
		}
		if w.ledger.state(k.i) == undecided && !w.barred(k.i) {
			return true
		}
	}
}

func (k *worker) handle() error {
	w, m := k.w, &k.w.msgs[k.i]
	rc := &k.w.ctxs[k.i]
	rc.Context, rc.m = k.ctx, m
	if k.settled {
		if m.bad != nil {
			return Undecodable(m.bad)
		}
		return k.h(rc, m)
	}
	for _, o := range w.l.cfg.observers.started {
		o.RecordStarted(rc, m)
	}
	if m.bad != nil {
		return Undecodable(m.bad)
	}
	if w.l.cfg.timeout <= 0 {
		return ended(rc, k.h(rc, m))
	}
	ctx, cancel := context.WithTimeoutCause(rc, w.l.cfg.timeout, ErrRecordTimeout)
	defer cancel()
	return ended(ctx, k.h(ctx, m))
}

// endedError adds to an error why weir ended the record's context. The outcome that the
// error asks for stays what it is.
type endedError struct{ cause, err error }

func (e *endedError) Error() string        { return fmt.Sprintf("%v: %v", e.cause, e.err) }
func (e *endedError) Unwrap() error        { return e.err }
func (e *endedError) Is(target error) bool { return target == e.cause }

func ended(ctx context.Context, err error) error {
	if err == nil || ctx.Err() == nil {
		return err
	}
	if cause := context.Cause(ctx); cause == ErrDeadlineNear || cause == ErrRecordTimeout {
		return &endedError{cause, err}
	}
	return err
}

// conclude takes a record from its handler's error to its outcome.
func (k *worker) conclude(err error) {
	w, m, rc := k.w, &k.w.msgs[k.i], &k.w.ctxs[k.i]
	v := classify(err)
	if v == undecodable {
		reason := err
		if err = w.l.cfg.undecodable(rc, m, reason); err == nil {
			err = Drop(reason)
		}
		v = classify(err)
	}
	var told error
	switch {
	case w.closed.Load(): // too late to count, so too late to tell
	case v == succeed:
		for _, o := range w.l.cfg.observers.succeeded {
			if told = o.RecordSucceeded(rc, m); told != nil {
				break
			}
		}
		if told == nil {
			k.phase = idle
			w.ledger.set(k.i, succeeded, nil)
			return
		}
		err, v = fmt.Errorf("RecordSucceeded observer: %w", told), retry
	case v == drop:
		for _, o := range w.l.cfg.observers.dropped {
			if told = o.RecordDropped(rc, m, err); told != nil {
				break
			}
		}
		if told == nil {
			k.phase = idle
			w.ledger.set(k.i, dropped, err)
			return
		}
		err, v = fmt.Errorf("RecordDropped observer: %w", told), retry
	}
	k.blame(err, v)
}

// blame fails the current record and tells the observers.
func (k *worker) blame(err error, v verdict) {
	w, m, rc := k.w, &k.w.msgs[k.i], &k.w.ctxs[k.i]
	k.phase = blaming
	if w.fail(k.i, err, v) {
		for _, o := range w.l.cfg.observers.failed {
			if told := o.RecordFailed(rc, m, err); told != nil {
				w.grumble(rc, "RecordFailed observer", m, told)
			}
		}
	}
	k.phase = idle
}

// grumble logs what must not change an outcome.
func (w *Work) grumble(ctx context.Context, who string, m *Message, err error) {
	w.log(ctx, slog.LevelError, who+" failed", slog.String("id", m.ID), slog.Any("error", err))
}

func (w *Work) log(ctx context.Context, level slog.Level, msg string, attrs ...slog.Attr) {
	defer func() { _ = recover() }() // a slog handler is user code, and there is nobody left to tell
	w.l.cfg.log.LogAttrs(ctx, level, msg, attrs...)
}
