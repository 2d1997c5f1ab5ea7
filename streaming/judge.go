package streaming

import (
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/errtree"
)

// fate is what follows for a record from its outcome.
type fate struct {
	is    fates
	err   error
	delay time.Duration // before it is tried again
	stays bool          // DeadLetter did not take it
	free  bool          // it failed by no fault of its own, so that no attempt is used up
}

type fates uint8

const (
	kept  fates = iota // not its fault: it is run again
	done               // or given up
	again              // failed: later once more
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
	stays := false
	says, later := sayings(err)
	undecodable, blameless := says == errtree.Undecodable, says >= errtree.Blameless
	switch {
	case says == errtree.Unavailable:
		v.unavailable = err
		return fate{is: kept}
	case w.c.deadLetter != nil && !blameless && (undecodable || w.attempt(s, m) >= w.c.attempts):
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
		stays = true
		_, sinkLater := sayings(sunk)
		later = max(later, sinkLater)
		err = fmt.Errorf("dead letter: %w; of a record that failed: %w", sunk, err)
		w.c.log.Error("record cannot be given up", "worker", w.c.name, "lane", s.Name, "id", m.ID, "error", err)
	}
	v.retried++
	n := w.attempt(s, m)
	if w.kind == Log {
		n += s.waits
	}
	if w.kind == Log && n >= w.c.attempts && (w.c.deadLetter == nil || blameless) {
		w.c.log.Error("record blocks its lane", "worker", w.c.name, "lane", s.Name, "id", m.ID, "attempts", n, "error", err)
	}
	return fate{again, err, max(later, w.c.backoff.After(n)), stays, blameless}
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

// is keeps what errors of the user's do inside.
func is(err, target error) (yes bool) {
	defer func() { _ = recover() }()
	return errors.Is(err, target)
}

// sayings returns what an error says of its record, and the delay that it asks for. Of one whose methods
// panic that is nothing.
func sayings(err error) (says int, later time.Duration) {
	says = errtree.Plain
	defer func() { _ = recover() }()
	later = errtree.Delay(err)
	return errtree.Says(err), later
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
