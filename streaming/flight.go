package streaming

import (
	"context"
	"slices"
	"time"

	"github.com/weir-go/weir"
)

// flight is a batch at work.
type flight struct {
	chunk  // its records
	shares []share
	bytes  int
	probe  bool
	begun  time.Time

	ctx  context.Context
	end  context.CancelCauseFunc // ends the contexts of handlers
	halt context.Context
	stop context.CancelFunc // lets nothing more begin
}

// share is the records of a lane in a flight.
type share struct {
	*lane
	from, to int
}

// batches makes batches and works on them, one after another. Once ctx has ended nothing more begins;
// base is without its end.
func (w *Worker) batches(ctx, base context.Context) {
	defer func() {
		w.mu.Lock()
		w.makers--
		w.moved.Broadcast()
		w.mu.Unlock()
	}()
	for {
		f := w.next(ctx, base)
		if f == nil {
			return
		}
		w.settlePauses() // what was taken makes room, to be polled while this is at work
		out := w.runner.RunUntil(f.ctx, f.halt, f.msgs)
		w.land(f, w.judge(f, out))
		w.settlePauses()
	}
}

// next waits for a batch. It is nil when there will be none.
func (w *Worker) next(ctx, base context.Context) *flight {
	w.mu.Lock()
	defer w.mu.Unlock()
	for !w.stopping {
		at, now := w.startable(time.Now())
		if now {
			if f := w.form(); f != nil {
				w.begin(ctx, base, f)
				return f
			}
			continue
		}
		w.wakeAt(at)
		w.moved.Wait()
	}
	return nil
}

// startable reports whether a batch may begin, or else when to ask again unless something moves.
func (w *Worker) startable(now time.Time) (at time.Time, yes bool) {
	at = w.promote(now)
	switch {
	case w.ready == 0, w.probing:
		return at, false
	case now.Before(w.until):
		return w.until, false
	}
	if full := w.since.Add(w.c.linger); w.c.linger > 0 && w.ready < w.c.records && !w.ended && now.Before(full) {
		if at.IsZero() || full.Before(at) {
			at = full
		}
		return at, false
	}
	return at, true
}

// form takes records for a batch, lane after lane: as many as it may have, but leaves some to
// others that wait.
func (w *Worker) form() *flight {
	free := w.makers - len(w.flights)
	fair := min(w.c.records, (w.ready+free-1)/free)
	f, n := new(flight), 0
	var parts []chunk
	for n < fair && len(w.lines) > 0 {
		l := w.lines[0]
		w.lines[0] = nil
		w.lines = w.lines[1:]
		l.listed = false
		k := min(l.counted, w.c.records-n)
		if !l.ordered {
			k = min(k, fair-n)
		}
		if k > 0 {
			before := l.bytes
			parts = l.take(parts, k)
			f.bytes += before - l.bytes
			if w.kind == Log {
				l.flying = before - l.bytes
			}
			f.shares = append(f.shares, share{l, n, n + k})
			l.flights++
			n += k
		}
		w.refresh(l)
	}
	if n == 0 {
		return nil
	}
	w.since = time.Now()
	w.waiting -= n
	w.running += n
	if f.chunk = parts[0]; len(parts) > 1 {
		f.chunk = chunk{make([]weir.Message, 0, n), make([]int64, 0, n)}
		for _, p := range parts {
			f.msgs = append(f.msgs, p.msgs...)
			f.offsets = append(f.offsets, p.offsets...)
		}
	}
	for _, s := range f.shares {
		if s.tries > 0 {
			f.msgs[s.from].Attempt = s.tries + 1
		}
	}
	return f
}

func (w *Worker) begin(ctx, base context.Context, f *flight) {
	f.begun = time.Now()
	f.ctx, f.end = context.WithCancelCause(base)
	f.halt, f.stop = context.WithTimeout(ctx, w.c.turn)
	f.probe = w.tired > 0
	w.probing = w.probing || f.probe
	w.flights[f] = struct{}{}
}

// has reports whether a flight has a record of one of the lanes.
func (f *flight) has(lanes []*lane) bool {
	return slices.ContainsFunc(f.shares, func(s share) bool { return slices.Contains(lanes, s.lane) })
}

// only reports whether it has no others.
func (f *flight) only(lanes []*lane) bool {
	return !slices.ContainsFunc(f.shares, func(s share) bool { return !slices.Contains(lanes, s.lane) })
}
