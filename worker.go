package weir

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/weir-go/weir/internal/memory"
)

// phase says what a worker is doing, so that it knows what a panic or Goexit hit.
type phase uint8

const (
	idle phase = iota
	working
	crashed // what becomes of the record is still to be found out
	judging // finding it out
	spoiled // judging crashed too: the failure is still to be told
	blaming // telling it
)

// round is a handler let loose on the records, by Each or Decide. Handlers get its context.
type round struct {
	Context context.Context // requestID looks for it by this name
	w       *Work
	h       Handler
	e       *each // has what does the same as h, with a reader; or nil
	feed    feed  // nil for one worker that takes all records in order
	lanes   lanes
	settled bool          // h only looks outcomes up: no deadline, no start
	timeout time.Duration // of a record, 0 for none
	plain   bool          // nobody is to be told of a start or a success
	workers atomic.Int32  // that have not ended
	end     latch
}

func (r *round) start(workers int) {
	r.plain = !r.settled && r.timeout <= 0 && r.w.l.cfg.watched&(recordStarted|recordSucceeded) == 0
	r.workers.Store(int32(workers))
	r.end.shut()
	if workers == 1 {
		go func() {
			if r.w == nil { // never, so nobody has to clear the room
				var room roomy
				use(&room)
			}
			worker{round: r, i: -1}.work()
		}()
		return
	}
	work := func() { worker{round: r, i: -1}.work() } // many rather wait than decode
	for range workers {
		go work()
	}
}

// roomy makes the stack of a new goroutine 16 kB in one step, if it is a variable of the goroutine's first function:
// more than half of that is left for decoding into a struct and a small handler. It would grow all the same, in two steps, and each
// would move all that is on it by then. Of a function further up, it costs a third more.
type roomy [7400]byte

//go:noinline
func use(*roomy) {}

// worker runs records one after another.
type worker struct {
	_ memory.Incomparable
	*round
	r         *reader // what e reads with
	i         int     // the current record, -1 before the first
	phase     phase
	err       error // of a crashed record
	succeeded int64
}

func (k worker) work() {
	finished := false
	defer func() {
		if !finished { // user code called runtime.Goexit: another goroutine goes on from here
			go k.work()
			return
		}
		if k.r != nil {
			k.e.dec.giveBack(k.r)
		}
		k.w.succeeded.Add(k.succeeded)
		if k.workers.Add(-1) == 0 {
			k.end.open()
		}
	}()
	for !finished {
		finished = k.drive()
	}
}

// drive works until no record is left or user code panics. One deferred call serves all
// records, and one around which there is nobody to tell takes the short way.
func (k *worker) drive() (finished bool) {
	defer func() {
		if k.phase != idle {
			k.crash(recover())
		}
	}()
	switch k.phase {
	case crashed:
		k.conclude(k.err)
	case spoiled:
		k.blame(k.err, retry)
	}
	if k.e != nil {
		k.r = k.e.dec.reader()
	}
	entries, msgs := k.w.ledger.entries, k.w.msgs
	for k.claim() {
		k.phase = working
		rc, m := &entries[k.i], &msgs[k.i]
		rc.round, rc.index = k.round, uint32(k.i)
		if !k.plain || m.bad != nil {
			k.conclude(k.handle(rc, m))
			continue
		}
		var err error
		if k.r != nil {
			err = k.e.do(rc, m, k.r)
		} else {
			err = k.h(rc, m)
		}
		if err == nil {
			k.succeed(rc)
		} else {
			k.conclude(ended(rc, err))
		}
	}
	return true
}

// crash notes that user code panicked with v, or called Goexit if v is nil.
func (k *worker) crash(v any) {
	err := ErrGoexit
	if v != nil {
		err = k.w.panicked(v)
	}
	if k.phase == blaming {
		k.w.l.cfg.observers.died(k.Context, k.w, &k.w.msgs[k.i], err)
		k.phase = idle
		return
	}
	if k.err = err; k.phase == judging {
		k.phase = spoiled
	} else {
		k.phase = crashed
	}
}

// claim steps to the next record to run.
func (k *worker) claim() bool {
	w := k.w
	for k.settled || !w.aborted.Load() && !w.halted.Load() && k.Context.Err() == nil {
		if k.feed != nil {
			k.i = k.feed.next(k.i)
		} else if k.i++; k.i == len(w.msgs) {
			k.i = -1
		}
		if k.i < 0 {
			return false
		}
		if w.ledger.state(k.i) == undecided && (w.rule == goOn || !w.barred(k.i)) {
			return true
		}
	}
	return false
}

// handle calls the handler, with what belongs around it.
func (k *worker) handle(rc *entry, m *Message) error {
	if !k.settled {
		_ = k.w.tell(rc, recordStarted, m, nil)
	}
	switch {
	case m.bad != nil:
		return m.damage()
	case k.settled:
		return k.call(rc, m)
	case k.timeout <= 0:
		return ended(rc, k.call(rc, m))
	}
	ctx, cancel := context.WithDeadlineCause(rc, time.Now().Add(k.timeout), ErrRecordTimeout)
	defer cancel()
	return ended(ctx, k.call(ctx, m))
}

func (k *worker) call(ctx context.Context, m *Message) error {
	if k.r == nil {
		return k.h(ctx, m)
	}
	return k.e.do(ctx, m, k.r)
}

// endedError adds to an error why weir ended the record's context. The outcome that the
// error asks for stays what it is.
type endedError struct {
	_          memory.Incomparable
	cause, err error
}

func (e *endedError) Error() string        { return fmt.Sprintf("%v: %v", e.cause, e.err) }
func (e *endedError) Unwrap() error        { return e.err }
func (e *endedError) Is(target error) bool { return target == e.cause }

func ended(ctx context.Context, err error) error {
	if err == nil || ctx.Err() == nil {
		return err
	}
	if cause := context.Cause(ctx); cause == ErrDeadlineNear || cause == ErrRecordTimeout {
		return &endedError{cause: cause, err: err}
	}
	return err
}

// conclude takes a record from its handler's error to its outcome.
func (k *worker) conclude(err error) {
	w, m, rc := k.w, &k.w.msgs[k.i], &k.w.ledger.entries[k.i]
	k.phase = judging
	v, closed := classify(err), w.isClosed()
	if judge := w.l.cfg.undecodable; judge != nil && v == undecodable && !closed {
		reason := err
		if err = judge(rc, m, reason); err == nil {
			err = Drop(reason)
		}
		v = classify(err)
	}
	if judge := w.l.cfg.onFailure; judge != nil && v > drop && !closed {
		reason := err
		if err = judge(rc, m, reason); err == nil {
			err = Drop(reason)
		}
		v = classify(err)
	}
	switch {
	case closed: // too late to count, so too late to tell
		k.phase = idle
		return
	case v == succeed:
		if err = w.tell(rc, recordSucceeded, m, nil); err == nil {
			k.succeed(rc)
			return
		}
		v = retry
	case v == drop:
		told := w.tell(rc, recordDropped, m, err)
		if told == nil {
			k.phase = idle
			w.ledger.set(k.i, dropped, err)
			return
		}
		err, v = told, retry
	}
	k.blame(err, v)
}

func (k *worker) succeed(rc *entry) {
	k.phase = idle
	if rc.succeed() {
		k.succeeded++
	}
}

// blame fails the current record and tells the observers.
func (k *worker) blame(err error, v verdict) {
	w, m, rc := k.w, &k.w.msgs[k.i], &k.w.ledger.entries[k.i]
	k.phase = blaming
	if w.fail(k.i, err, v) {
		_ = w.tell(rc, recordFailed, m, err)
	}
	k.phase = idle
}
