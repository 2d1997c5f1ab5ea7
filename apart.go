package weir

import (
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/weir-go/weir/internal/memory"
)

// apart runs user code in a goroutine of its own, so that neither a panic nor Goexit nor a
// function that never returns can harm the invocation. What f returns, or how it died, goes to
// failed, in that goroutine and before the latch opens.
func apart(f func() error, failed func(error)) *latch {
	e := &errand{f: f, failed: failed}
	e.start()
	return &e.back
}

// guard runs user code that takes no time, such as a MarshalJSON method.
func guard(f func() error) error {
	e := &errand{f: f}
	e.start()
	e.back.wait(time.Time{})
	return e.err
}

type errand struct {
	f      func() error
	failed func(error) // nil if nobody cares
	err    error
	back   latch
}

func (e *errand) start() {
	e.back.shut()
	go e.run()
}

func (e *errand) run() {
	e.err = ErrGoexit
	defer func() {
		defer e.back.open()
		if v := recover(); v != nil {
			e.err = &PanicError{Value: v, Stack: debug.Stack()}
		}
		if e.err != nil && e.failed != nil {
			e.failed(e.err)
		}
	}()
	e.err = e.f()
}

// latch is what an invocation waits at until its user code is done, or given up. It does
// without a channel, and so is part of what it belongs to.
type latch struct {
	_     memory.Incomparable
	moved sync.WaitGroup
	once  atomic.Bool // it has moved
	late  bool
}

func (l *latch) shut() { l.moved.Add(1) }
func (l *latch) open() { l.move(false) }

func (l *latch) move(late bool) {
	if l.once.CompareAndSwap(false, true) {
		l.late = late
		l.moved.Done()
	}
}

// wait returns nil once the latch is open, or ErrDeadlineNear if it is still shut at the
// moment answer; a zero answer waits for ever. Only one may wait.
func (l *latch) wait(answer time.Time) error {
	if answer.IsZero() {
		l.moved.Wait()
		return nil
	}
	a, _ := alarms.Get().(*alarm)
	if a == nil {
		a = new(alarm)
		a.ring = func() { a.at.move(true) }
	}
	a.at = l
	timer := time.AfterFunc(time.Until(answer), a.ring)
	l.moved.Wait()
	if timer.Stop() {
		a.at = nil
		alarms.Put(a)
	}
	if l.late {
		return ErrDeadlineNear
	}
	return nil
}

// alarm is what a timer knows of a latch. The runtime keeps a timer for a while that has been
// stopped, and with it all that it knows: a latch is part of a whole batch.
type alarm struct {
	at   *latch
	ring func()
}

var alarms sync.Pool
