package streaming

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/metrics"
)

// Worker runs a verb over a source's records, once.
type Worker struct {
	c       config
	runner  *weir.Runner
	source  Source
	kind    Kind
	pauser  Pauser // of a Log that is one
	measure bool   // whether Metrics records
	begun   sync.Once
	err     error

	pausing sync.Mutex // one at a time tells the source of pauses
	mu      sync.Mutex
	moved   sync.Cond // anything below has changed

	state   State
	lanes   map[string]*lane // by name, of the latest epoch
	closed  map[string]int64 // the last epoch of each lane that is gone
	lines   []*lane          // that have something to take, in turn
	delayed []*lane
	ready   int       // records that can be taken
	since   time.Time // when there were none last
	waiting int       // records
	bytes   int       // of what waits and runs
	flights map[*flight]struct{}
	running int // records in flights
	alarm   *time.Timer
	alarmAt time.Time // zero if it is not set

	tired   int // pauses in a row
	until   time.Time
	probing bool  // a batch finds out whether the pause is over
	streak  int   // records given up since one succeeded
	why     error // of the pause

	polling     bool
	ended       bool // the source has
	pollFails   int  // in a row
	settleFails int
	settling    bool
	settlingOf  int                // acks of a Queue that it is being told
	settleBegun time.Time          // the call that is at it
	revoking    int                // calls of Revoke that wait
	settleEnd   context.CancelFunc // of the call to Settle
	settlers    int
	dirty       []*lane
	acks        []Ack
	failure     error
	stopping    bool // nothing is begun any more
	over        bool // nothing counts any more
	left        int  // records that nobody will process in this Run
	makers      int  // goroutines that make batches

	count counts
}

// NewWorker makes a worker, for whoever needs its Status. What is wrong with it is said by Run.
func NewWorker(v weir.Verb, s Source, opts ...Option) *Worker {
	w := &Worker{c: gather(opts), source: s, lanes: map[string]*lane{}, closed: map[string]int64{}, flights: map[*flight]struct{}{}}
	w.moved.L = &w.mu
	if s == nil {
		w.c.refuse("the source is nil")
	} else if w.kind = s.Kind(); w.kind != Log && w.kind != Queue {
		w.c.refuse("the source is neither a Log nor a Queue")
	} else if w.kind == Log {
		w.pauser, _ = s.(Pauser)
	}
	if w.c.records == 0 {
		if w.c.records = DefaultLogRecords; w.kind == Queue {
			w.c.records = DefaultQueueRecords
		}
	}
	w.measure = metrics.Enabled(w.c.metrics)
	w.runner = weir.NewRunner(w.c.name, v, w.c.handling...)
	w.err = errors.Join(w.c.err(), w.runner.Err())
	return w
}

// Run works until ctx ends, which is what signal.NotifyContext makes of SIGTERM, until the source
// has ended, or until it cannot go on.
//
// Once ctx has ended it polls and begins nothing more, lets handlers that run finish within
// Drain, acknowledges what is done, leaves the rest to the next owner, and returns nil. Its other
// errors are those of this package, of Source.Open, and those that match ErrFatal; what else
// Source.Close says is logged, for it loses nothing. No goroutine outlives it but those of handlers
// that ignore their contexts (ErrLeftBehind).
func (w *Worker) Run(ctx context.Context) (err error) {
	first := false
	w.begun.Do(func() { first = true })
	if !first {
		return errors.New("streaming: a Worker runs once")
	}
	if w.err != nil {
		return w.err
	}
	for _, start := range w.c.beside {
		stop, err := start(w)
		if err != nil {
			return fmt.Errorf("streaming: %w", err)
		}
		if stop != nil {
			defer stop()
		}
	}
	if err := w.source.Open(ctx, (*owner)(w)); err != nil {
		w.end()
		return fmt.Errorf("streaming: open the source: %w", err)
	}
	return w.work(ctx)
}

func (w *Worker) work(ctx context.Context) error {
	base := context.WithoutCancel(ctx)
	pollCtx, stopPolling := context.WithCancel(base)
	defer stopPolling()
	defer context.AfterFunc(ctx, w.wake)()

	w.mu.Lock()
	w.state = Running
	w.polling, w.settlers, w.makers = true, 1, w.c.concurrency
	w.mu.Unlock()
	go w.poll(pollCtx)
	go w.settle(base)
	for range w.c.concurrency {
		go w.batches(ctx, base)
	}

	w.mu.Lock()
	for ctx.Err() == nil && w.failure == nil && !w.finished() {
		w.moved.Wait()
	}
	w.state = Draining
	w.stopping = true
	w.mu.Unlock()
	stopPolling()
	end := time.Now().Add(w.c.drain)
	err := w.drain()

	closing, cancel := context.WithTimeout(base, max(time.Second, min(w.c.drain/4, time.Until(end))))
	defer cancel()
	cerr := w.source.Close(closing)
	switch {
	case errors.Is(cerr, ErrFatal):
		err = errors.Join(err, fmt.Errorf("streaming: close the source: %w", cerr))
	case cerr != nil:
		w.c.log.Warn("close failed", "worker", w.c.name, "error", cerr)
	}
	return err
}

// finished reports whether a source that has ended is done with.
func (w *Worker) finished() bool {
	return w.ended && w.waiting == 0 && len(w.flights) == 0 && w.settled()
}

func (w *Worker) settled() bool { return len(w.dirty) == 0 && len(w.acks) == 0 && !w.settling }

// drain waits for what runs, and has it settled. It returns what Run does.
func (w *Worker) drain() error {
	begin := time.Now()
	cancel := time.AfterFunc(w.c.drain*3/4, func() { w.endFlights(ErrDraining) })
	defer cancel.Stop()
	last := time.AfterFunc(w.c.drain, w.wake)
	defer last.Stop()
	late := func() bool { return time.Since(begin) >= w.c.drain }

	w.mu.Lock()
	defer w.mu.Unlock()
	for f := range w.flights {
		f.stop()
	}
	w.moved.Broadcast()
	for w.polling && !late() {
		w.moved.Wait()
	}
	w.leave()
	w.moved.Broadcast() // what goes back is to be settled
	for !(len(w.flights) == 0 && w.settled()) && !late() {
		w.moved.Wait()
	}
	behind := len(w.flights)
	w.over = true
	if w.settleEnd != nil {
		w.settleEnd()
	}
	w.moved.Broadcast()
	for w.settlers > 0 || w.polling || w.makers > len(w.flights) {
		w.moved.Wait() // the source returns soon
	}
	w.state = Stopped
	if w.alarm != nil {
		w.alarm.Stop()
	}
	err := w.failure
	if err == nil && w.ended && w.left > 0 {
		err = fmt.Errorf("%w: %d are left", ErrNotDone, w.left)
	}
	if behind > 0 {
		err = errors.Join(err, fmt.Errorf("%w: %d batches", ErrLeftBehind, behind))
	}
	if !w.settled() {
		err = errors.Join(err, ErrNotSettled)
	}
	return err
}

// leave lets go of what waits.
func (w *Worker) leave() {
	for _, l := range w.lanes {
		for _, c := range l.drop() {
			w.waiting -= len(c.msgs)
			w.bytes -= c.bytes()
			w.abandon(l, c)
		}
		w.refresh(l)
	}
}

// abandon leaves records to the next owner. A Queue gets them back at once.
func (w *Worker) abandon(l *lane, c chunk) {
	w.left += len(c.msgs)
	if w.kind == Queue {
		for _, o := range c.offsets {
			w.acks = append(w.acks, Ack{Lane: l.Lane, Offset: o, Return: true})
		}
	}
}

// endFlights ends the contexts of all that runs.
func (w *Worker) endFlights(cause error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for f := range w.flights {
		f.end(cause)
	}
}

func (w *Worker) end() {
	w.mu.Lock()
	w.state, w.stopping, w.over = Stopped, true, true
	w.mu.Unlock()
}

// fail ends the worker, if nothing has ended it before.
func (w *Worker) fail(err error) {
	if w.failure == nil && !w.stopping {
		w.failure = err
	}
	w.moved.Broadcast()
}

func (w *Worker) wake() {
	w.mu.Lock()
	w.moved.Broadcast()
	w.mu.Unlock()
}

// wakeAt wakes everybody at a time, or before.
func (w *Worker) wakeAt(at time.Time) {
	if at.IsZero() || !w.alarmAt.IsZero() && !at.Before(w.alarmAt) {
		return
	}
	w.alarmAt = at
	if w.alarm != nil {
		w.alarm.Stop()
	}
	w.alarm = time.AfterFunc(time.Until(at), func() {
		w.mu.Lock()
		w.alarmAt = time.Time{}
		w.moved.Broadcast()
		w.mu.Unlock()
	})
}
