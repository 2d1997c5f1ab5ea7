package streaming

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/weir-go/weir"
)

// fate is what follows for a record from its outcome.
type fate struct {
	is    fates
	err   error
	delay time.Duration // before it is tried again
}

type fates uint8

const (
	kept  fates = iota // not its fault: it is run again
	done               // or given up
	again              // failed: one attempt is used up
)

// verdict is what follows from a batch.
type verdict struct {
	fates       []fate // nil if all are done
	unavailable error  // why nothing can be done at present
	succeeded   int    // dropped ones included
	failed      int
	retried     int
	dead        int
	suspect     int   // dead ones that could be decoded
	err         error // the first
}

// maxStreak is how many records are given up in a row before it is taken for everybody's trouble.
const maxStreak = 100

var errStreak = fmt.Errorf("%d records in a row were given up, and none succeeded", maxStreak)

// judge decides what follows for the records of a batch, and calls DeadLetter.
func (w *Worker) judge(f *flight, out weir.Outcomes) (v verdict) {
	if out.AllDone() {
		v.succeeded = len(f.msgs)
		return v
	}
	v.fates = make([]fate, len(f.msgs))
	for _, s := range f.shares {
		for i := s.from; i < s.to; i++ {
			v.fates[i] = w.fateOf(f, s, i, out, &v)
			if v.fates[i].is != done && s.ordered {
				break // what is behind it keeps
			}
		}
	}
	return v
}

func (w *Worker) fateOf(f *flight, s share, i int, out weir.Outcomes, v *verdict) fate {
	o, err := out.Of(i)
	switch {
	case o == weir.Succeeded || o == weir.Dropped:
		v.succeeded++
		return fate{is: done}
	case o == weir.Skipped && !is(err, weir.ErrUndecided):
		return fate{is: kept}
	case f.ctx.Err() != nil: // which may be why it failed
		return fate{is: kept}
	}
	if v.err == nil {
		v.err = err
	}
	v.failed++
	m := &f.msgs[i]
	undecodable := is(err, weir.ErrUndecodable)
	switch u := (*weir.UnavailableError)(nil); {
	case as(err, &u):
		v.unavailable = err
		return fate{is: kept}
	case w.c.deadLetter != nil && (undecodable || w.attempt(s, m) >= w.c.attempts):
		if !undecodable && w.tooMany(f, v) {
			v.unavailable = errStreak
			return fate{is: kept}
		}
		sunk := guard(func() error { return w.c.deadLetter(f.ctx, m, err) })
		if sunk == nil {
			v.dead++
			if !undecodable {
				v.suspect++
			}
			w.c.log.Warn("record given up", "worker", w.c.name, "lane", s.Name, "id", m.ID, "error", err)
			return fate{is: done}
		}
		if f.ctx.Err() != nil {
			return fate{is: kept}
		}
		err = fmt.Errorf("dead letter: %w; of a record that failed: %w", sunk, err)
		w.c.log.Error("record cannot be given up", "worker", w.c.name, "lane", s.Name, "id", m.ID, "error", err)
	}
	v.retried++
	delay := w.c.backoff.after(w.attempt(s, m))
	if later := (*weir.RetryAfterError)(nil); as(err, &later) {
		delay = max(delay, later.Delay)
	}
	return fate{again, err, delay}
}

// attempt is which one a record has had.
func (w *Worker) attempt(s share, m *weir.Message) int {
	if w.kind == Queue {
		return max(1, m.Attempt)
	}
	return s.tries + 1
}

// tooMany reports whether so many records were given up that one more would be too rash. A batch
// that probes may give up one.
func (w *Worker) tooMany(f *flight, v *verdict) bool {
	if v.succeeded > 0 {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.streak+v.suspect >= maxStreak && !(f.probe && v.suspect == 0)
}

// is and as keep what errors of the user's do inside.
func is(err, target error) (yes bool) {
	defer func() { _ = recover() }()
	return errors.Is(err, target)
}

func as[E error](err error, target *E) (yes bool) {
	defer func() { _ = recover() }()
	return errors.As(err, target)
}

// guard runs user code in a goroutine of its own, so that a panic or Goexit is its error.
func guard(f func() error) error {
	back := make(chan error, 1)
	go func() {
		err := weir.ErrGoexit
		defer func() {
			if v := recover(); v != nil {
				err = &weir.PanicError{Value: v, Stack: debug.Stack()}
			}
			back <- err
		}()
		err = f()
	}()
	return <-back
}

// land books what has become of a batch.
func (w *Worker) land(f *flight, v verdict) {
	f.end(context.Canceled)
	f.stop()
	took := time.Since(f.begun)
	w.mu.Lock()
	delete(w.flights, f)
	w.running -= len(f.msgs)
	w.bytes -= f.bytes
	for _, s := range f.shares {
		s.flights--
		if w.kind == Queue {
			w.landQueue(f, s, v)
		} else {
			w.landLog(f, s, v)
		}
		w.refresh(s.lane)
		w.forget(s.lane)
	}
	w.mood(f, v)
	w.count.add(v, took)
	w.moved.Broadcast()
	w.mu.Unlock()
	w.record(f, v, took)
}

// landLog moves the position of a lane up to its first record that is not done.
func (w *Worker) landLog(f *flight, s share, v verdict) {
	l, i := s.lane, s.from
	for i < s.to && (v.fates == nil || v.fates[i].is == done) {
		i++
	}
	if l.standing == gone {
		return // another's by now
	}
	if i > s.from {
		l.tries, l.lastErr = 0, nil
		l.done = f.offsets[i-1]
		if !l.dirty {
			l.dirty = true
			w.dirty = append(w.dirty, l)
		}
	}
	if i == s.to {
		return
	}
	if t := v.fates[i]; t.is == again {
		l.tries++
		l.lastErr = t.err
		l.notBefore = time.Now().Add(t.delay)
		if w.ended && w.c.deadLetter == nil && l.tries >= w.c.attempts {
			w.fail(fmt.Errorf("%w: %s, record %s, after %d attempts: %w", ErrNotDone, l.Name, f.msgs[i].ID, l.tries, t.err))
		}
	}
	w.keep(l, f.cut(i, s.to))
}

// landQueue takes every record by itself. In a group what follows a failed record goes back
// with it, or it would overtake.
func (w *Worker) landQueue(f *flight, s share, v verdict) {
	var keep []chunk
	failed := false
	for i := s.from; i < s.to; i++ {
		var t fate
		if v.fates == nil {
			t.is = done
		} else {
			t = v.fates[i]
		}
		switch a := (Ack{Lane: s.Lane, Offset: f.offsets[i]}); {
		case t.is == done:
			w.acks = append(w.acks, a)
		case t.is == again, failed && s.ordered:
			failed = true
			a.Return, a.Delay = true, t.delay
			w.acks = append(w.acks, a)
			if w.ended {
				w.left++
			}
		default:
			keep = append(keep, f.cut(i, i+1))
		}
	}
	for i := len(keep) - 1; i >= 0; i-- {
		w.keep(s.lane, keep[i])
	}
	if failed && s.ordered {
		for _, c := range s.drop() {
			w.waiting -= len(c.msgs)
			w.bytes -= c.bytes()
			for _, o := range c.offsets {
				w.acks = append(w.acks, Ack{Lane: s.Lane, Offset: o, Return: true})
			}
			if w.ended {
				w.left += len(c.msgs)
			}
		}
	}
}

// keep puts records back, to be run again.
func (w *Worker) keep(l *lane, c chunk) {
	switch {
	case w.stopping:
		w.abandon(l, c)
	case l.standing == owned:
		l.putBack(c)
		w.waiting += len(c.msgs)
		w.bytes += c.bytes()
	}
}

// mood pauses the worker, or lets it go on.
func (w *Worker) mood(f *flight, v verdict) {
	if f.probe {
		w.probing = false
	}
	if v.succeeded > 0 {
		w.streak = 0
	} else if w.streak += v.suspect; v.suspect > 0 && w.streak >= maxStreak && v.unavailable == nil {
		v.unavailable = errStreak
	}
	now := time.Now()
	switch {
	case v.unavailable != nil:
		if now.Before(w.until) { // one of several that were at work when it began
			return
		}
		if v.succeeded > 0 {
			w.tired = 0
		}
		w.tired++
		w.until = now.Add(w.c.backoff.after(w.tired))
		w.why = v.unavailable
		w.c.log.Warn("paused", "worker", w.c.name, "pauses", w.tired, "error", w.why)
	case w.tired > 0 && (v.succeeded > 0 || v.retried > 0 || v.dead > 0):
		w.tired, w.until, w.why = 0, time.Time{}, nil
		w.c.log.Info("resumed", "worker", w.c.name)
	}
}

// record tells the Recorder.
func (w *Worker) record(f *flight, v verdict, took time.Duration) {
	if !w.measure {
		return
	}
	r := w.c.metrics
	if n := v.succeeded + v.dead; n > 0 {
		r.Events(w.c.name, n)
	}
	if v.retried > 0 {
		r.Events(w.c.name+":retry", v.retried)
	}
	if v.dead > 0 {
		r.Events(w.c.name+":dead_letter", v.dead)
	}
	if v.failed > 0 {
		r.Errors(w.c.name, v.failed, v.err)
	}
	r.Batch(w.c.name, len(f.msgs), took)
	if f, ok := r.(interface{ Flush() error }); ok {
		if err := f.Flush(); err != nil {
			w.c.log.Error("metrics cannot be written", "worker", w.c.name, "error", err)
		}
	}
}
