package streaming

import (
	"context"
	"time"
)

// settle tells the source what is done. While it waits for an answer, more gathers for the next
// call.
func (w *Worker) settle(base context.Context) {
	w.mu.Lock()
	defer w.mu.Unlock()
	defer func() {
		w.settlers--
		w.moved.Broadcast()
	}()
	var failed time.Time // last
	var pause time.Duration
	for !w.over {
		if w.urgent() {
			pause = min(pause, w.c.backoff.Base)
		}
		lanes, acks := w.owed()
		if len(acks) == 0 && w.settleFails > 0 { // what was not settled is another's by now
			w.settleFails, pause = 0, 0
			w.moved.Broadcast()
		}
		if again := failed.Add(pause); len(acks) == 0 || time.Now().Before(again) {
			w.owe(lanes, acks)
			if len(acks) > 0 {
				w.wakeAt(again)
			}
			w.moved.Wait()
			continue
		}
		ctx, cancel := context.WithCancel(base)
		w.settling, w.settleEnd, w.settleBegun = true, cancel, time.Now()
		if w.kind == Queue {
			w.settlingOf = len(acks)
		}
		w.mu.Unlock()
		err := w.source.Settle(ctx, acks)
		cancel()
		w.mu.Lock()
		w.settling, w.settleEnd, w.settlingOf = false, nil, 0
		for _, l := range lanes {
			l.settling = false
		}
		if err != nil {
			w.owe(lanes, acks)
			w.settleFails++
			failed, pause = time.Now(), w.c.backoff.After(w.settleFails)
			w.c.log.Warn("settle failed", "worker", w.c.name, "failures", w.settleFails, "error", err)
		} else {
			w.settleFails, pause = 0, 0
		}
		w.moved.Broadcast()
	}
}

// urgent reports whether somebody waits for the source to know.
func (w *Worker) urgent() bool { return w.stopping || w.revoking > 0 }

// owed takes what the source is to be told.
func (w *Worker) owed() (lanes []*lane, acks []Ack) {
	if w.kind == Queue {
		acks, w.acks = w.acks, nil
		return nil, acks
	}
	for _, l := range w.dirty {
		if l.dirty = false; l.standing != gone {
			l.settling = true
			lanes = append(lanes, l)
			acks = append(acks, Ack{Lane: l.Lane, Offset: l.done})
		}
	}
	clear(w.dirty)
	w.dirty = w.dirty[:0]
	return lanes, acks
}

// owe puts back what the source was not told. Of a lane a later position may be known by now.
func (w *Worker) owe(lanes []*lane, acks []Ack) {
	if w.kind == Queue {
		w.acks = append(acks, w.acks...)
		return
	}
	for _, l := range lanes {
		l.settling = false
		if !l.dirty && l.standing != gone {
			l.dirty = true
			w.dirty = append(w.dirty, l)
		}
	}
}
