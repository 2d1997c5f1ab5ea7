package streaming

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// poll asks the source for records as long as there is room for them.
func (w *Worker) poll(ctx context.Context) {
	defer func() {
		w.mu.Lock()
		w.polling = false
		w.moved.Broadcast()
		w.mu.Unlock()
	}()
	for {
		room, ok := w.room()
		if !ok {
			return
		}
		w.settlePauses() // what failed since must not take the room of others
		begin := time.Now()
		fetches, err := w.source.Poll(ctx, room)
		n, bad := w.accept(fetches)
		switch {
		case bad != nil:
			w.pollEnds(func() { w.fail(bad) })
			return
		case errors.Is(err, io.EOF):
			w.pollEnds(func() { w.ended = true })
			return
		case errors.Is(err, ErrFatal):
			w.pollEnds(func() { w.fail(fmt.Errorf("streaming: poll: %w", err)) })
			return
		case ctx.Err() != nil:
			return
		}
		w.settlePauses()
		w.pollWent(ctx, n, err, time.Since(begin))
	}
}

func (w *Worker) pollEnds(how func()) {
	w.mu.Lock()
	how()
	w.moved.Broadcast()
	w.mu.Unlock()
}

// pollWent backs off where that is due.
func (w *Worker) pollWent(ctx context.Context, n int, err error, took time.Duration) {
	var pause time.Duration
	w.mu.Lock()
	switch {
	case err != nil:
		w.pollFails++
		pause = w.c.backoff.After(w.pollFails)
		w.c.log.Warn("poll failed", "worker", w.c.name, "failures", w.pollFails, "error", err)
	default:
		w.pollFails = 0
		if n == 0 && took < time.Millisecond {
			pause = 10 * time.Millisecond // the source does not wait, so the worker must
		}
	}
	w.mu.Unlock()
	if pause > 0 {
		t := time.NewTimer(pause)
		defer t.Stop()
		select {
		case <-t.C:
		case <-ctx.Done():
		}
	}
}

// maxFails is how many times in a row the source may fail before the worker is not ready.
const maxFails = 3

// room waits until there is some.
func (w *Worker) room() (room Room, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for !w.stopping {
		room = Room{w.vacancies(), w.space(w.bytes)}
		if room.Records > 0 && room.Bytes > 0 && w.settleFails < maxFails {
			return room, true
		}
		w.moved.Wait()
	}
	return room, false
}

// unsettled is how many times the records that a Queue's worker has in hand may be done and not
// settled before it polls less.
const unsettled = 8

// acked is how many records a Queue is to be told of still.
func (w *Worker) acked() int { return len(w.acks) + w.settlingOf }

// vacancies is how many records may be polled. Those that wait behind a failed one do not count,
// or they would hold up other lanes; they are bounded by their bytes.
func (w *Worker) vacancies() int {
	if w.kind == Queue {
		n := w.c.records * (w.c.concurrency + 1)
		// A source that is slow to settle holds some rounds of records, and not ever more.
		return n - w.waiting - w.running - max(0, w.acked()-unsettled*n)
	}
	n := 2*w.c.records*w.c.concurrency - w.waiting
	for _, l := range w.lanes {
		if l.failing() {
			n += l.waiting
		}
	}
	return n
}

// space is how many bytes may be polled if so many are taken. Where a blocked lane can be left out, what
// such lanes hold above a quarter of InFlight does not count, or they would hold up others: up
// to InFlight once more.
func (w *Worker) space(taken int) int {
	n := w.c.bytes - taken
	if w.pauser != nil {
		n = min(n+max(0, w.blocked()-w.c.bytes/4), n+w.c.bytes)
	}
	return n
}

// blocked is how many bytes lanes hold that wait for a failed record.
func (w *Worker) blocked() (n int) {
	for _, l := range w.lanes {
		if l.failing() {
			n += l.bytes + l.flying
		}
	}
	return n
}

// stuck reports whether nothing can be polled until a blocked lane goes on.
func (w *Worker) stuck() bool { return w.kind == Log && w.space(w.blocked()) <= 0 }

// accept takes what the source has returned, and reports how many records that is.
func (w *Worker) accept(fetches []Fetch) (n int, err error) {
	for i := range fetches {
		f := &fetches[i]
		for j := range f.Messages {
			m := &f.Messages[j]
			m.OrderingKey = f.Lane.Name
			if w.kind == Log {
				m.Attempt = 1
			}
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range fetches {
		f := &fetches[i]
		switch {
		case len(f.Messages) != len(f.Offsets):
			return n, fmt.Errorf("%w: it returned %d messages with %d offsets", ErrFatal, len(f.Messages), len(f.Offsets))
		case w.kind == Log && f.Lane.Name == "":
			return n, fmt.Errorf("%w: it is a Log and returned a lane without a name", ErrFatal)
		case len(f.Messages) == 0 || w.wasClosed(f.Lane):
			continue
		}
		l := w.lanes[f.Lane.Name]
		switch {
		case l == nil:
		case l.Epoch > f.Lane.Epoch:
			continue
		case l.Epoch < f.Lane.Epoch: // assigned anew, and nobody has said that the assignment before has ended
			w.lose([]Lane{l.Lane})
			l = nil
		}
		if l == nil {
			l = &lane{Lane: f.Lane, ordered: w.kind == Log || f.Lane.Name != ""}
			w.lanes[f.Lane.Name] = l
		}
		c := chunk{f.Messages, f.Offsets}
		l.push(c)
		n += len(c.msgs)
		w.waiting += len(c.msgs)
		w.bytes += c.bytes()
		w.refresh(l)
	}
	w.moved.Broadcast()
	return n, nil
}
