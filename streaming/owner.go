package streaming

import (
	"context"
	"slices"
)

// owner is a Worker as its source sees it.
type owner Worker

// Revoke implements Owner.
func (o *owner) Revoke(ctx context.Context, lanes ...Lane) {
	w := (*Worker)(o)
	defer context.AfterFunc(ctx, w.wake)()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over {
		return
	}
	own := w.part(lanes, leaving)
	for f := range w.flights {
		if f.has(own) {
			f.stop()
		}
	}
	w.revoking++
	defer func() { w.revoking-- }()
	w.moved.Broadcast()
	open := func(l *lane) bool { return l.flights > 0 || l.dirty || l.settling }
	for slices.ContainsFunc(own, open) && ctx.Err() == nil && !w.over {
		w.moved.Wait()
	}
	for _, l := range own {
		l.standing = gone
		if l.settling && w.settleEnd != nil {
			w.settleEnd()
		}
	}
	w.disown()
	for f := range w.flights {
		if f.only(own) {
			f.end(ErrRevoked)
		}
	}
	for slices.ContainsFunc(own, func(l *lane) bool { return l.settling }) {
		w.moved.Wait()
	}
	w.moved.Broadcast()
}

// Lost implements Owner.
func (o *owner) Lost(lanes ...Lane) {
	w := (*Worker)(o)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lose(lanes)
}

func (w *Worker) lose(lanes []Lane) {
	own := w.part(lanes, gone)
	w.disown()
	for f := range w.flights {
		switch {
		case f.only(own):
			f.end(ErrRevoked)
		case f.has(own):
			f.stop()
		}
	}
	w.moved.Broadcast()
}

// part lets go of lanes, as far as they are the worker's, and of what waits of them.
func (w *Worker) part(lanes []Lane, to standing) (own []*lane) {
	for _, name := range lanes {
		if last, ok := w.closed[name.Name]; !ok || last < name.Epoch {
			w.closed[name.Name] = name.Epoch
		}
		l := w.lanes[name.Name]
		if l == nil || l.Epoch > name.Epoch {
			continue
		}
		own = append(own, l)
		l.standing = to
		for _, c := range l.drop() {
			w.waiting -= len(c.msgs)
			w.bytes -= c.bytes()
		}
		w.refresh(l)
		delete(w.lanes, name.Name)
	}
	return own
}

// disown owes the source nothing for lanes that are gone.
func (w *Worker) disown() {
	w.dirty = slices.DeleteFunc(w.dirty, func(l *lane) bool {
		if l.standing == gone {
			l.dirty = false
		}
		return l.standing == gone
	})
}

// wasClosed reports whether a lane is gone.
func (w *Worker) wasClosed(l Lane) bool {
	last, ok := w.closed[l.Name]
	return ok && l.Epoch <= last
}
