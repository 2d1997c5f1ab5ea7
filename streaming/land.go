package streaming

import (
	"context"
	"fmt"
	"time"

	"github.com/weir-go/weir/metrics"
)

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
	l.flying = 0
	for i < s.to && (v.fates == nil || v.fates[i].is == done) {
		i++
	}
	if l.standing == gone {
		return // another's by now
	}
	if i > s.from {
		l.tries, l.refused, l.waits, l.lastErr = 0, 0, 0, nil
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
		if t.free {
			l.waits++
		} else {
			l.tries++
		}
		l.lastErr = t.err
		l.notBefore = time.Now().Add(t.delay)
		if t.stays {
			l.refused++
		}
		vain := l.tries
		if w.c.deadLetter != nil {
			vain = l.refused
		}
		if vain += l.waits; w.ended && vain >= w.c.attempts {
			w.fail(fmt.Errorf("%w: %s, record %s, after %d attempts: %w", ErrNotDone, l.Name, f.msgs[i].ID, l.tries+l.waits, t.err))
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
		w.until = now.Add(w.c.backoff.After(w.tired))
		w.why = v.unavailable
		w.c.log.Warn("paused", "worker", w.c.name, "pauses", w.tired, "error", w.why)
	case w.tired > 0 && (v.succeeded > 0 || v.retried > 0 || v.dead > 0):
		w.tired, w.until, w.why = 0, time.Time{}, nil
		w.c.log.Info("resumed", "worker", w.c.name)
	}
}

// record tells the Recorder, which must not end the process.
func (w *Worker) record(f *flight, v verdict, took time.Duration) {
	if !w.measure {
		return
	}
	err := guard(func() error { return w.tell(w.c.metrics, len(f.msgs), v, took) })
	if err != nil {
		w.c.log.Error("metrics cannot be written", "worker", w.c.name, "error", err)
	}
}

func (w *Worker) tell(r metrics.Recorder, records int, v verdict, took time.Duration) error {
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
	r.Batch(w.c.name, records, took)
	if f, ok := r.(interface{ Flush() error }); ok {
		return f.Flush()
	}
	return nil
}
