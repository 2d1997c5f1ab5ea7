package offload

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/weir-go/weir"
)

// ahead loads the objects of a batch, several at a time, for an Opener to find.
type ahead struct {
	c    *config
	room room
	all  []*fetched // in record order
	of   map[*weir.Message]*fetched

	mu      sync.Mutex // of what was handed out or taken away
	settled int        // how many have been
}

// fetched is one object.
type fetched struct {
	i        int
	id       string
	p        Pointer
	content  []byte
	err      error
	panicked any
	done     bool // one of the above is so
	out      bool // handed out
}

func (c *config) ahead(ctx context.Context, w *weir.Work) *ahead {
	a := &ahead{c: c, of: map[*weir.Message]*fetched{}}
	a.room.left.Store(c.total)
	if c.total == 0 {
		a.room.left.Store(max(DefaultMaxTotal, c.max))
	}
	for _, m := range w.All() {
		if p, large, err := c.pointer(ctx, m); large && err == nil {
			f := &fetched{i: len(a.all), id: m.ID, p: p}
			a.all, a.of[m] = append(a.all, f), f
			note(ctx, m, p, w.All())
		}
	}
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(c.atOnce, len(a.all)) {
		workers.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(a.all)) && ctx.Err() == nil; i = next.Add(1) - 1 {
				a.fetch(ctx, a.all[i])
			}
		})
	}
	workers.Wait()
	return a
}

// fetch loads an object. A panic is kept for the record that it belongs to, and so is a
// runtime.Goexit.
func (a *ahead) fetch(ctx context.Context, f *fetched) {
	defer func() {
		if f.panicked = recover(); f.panicked == nil && !f.done {
			f.err = weir.ErrGoexit
		}
		f.done = true
	}()
	f.done = false
	f.content, f.err = a.c.load(ctx, f.p, &a.room)
	f.done = true
}

// open is the Opener.
func (a *ahead) open(ctx context.Context, m *weir.Message) ([]weir.Message, error) {
	f, ok := a.of[m]
	if !ok { // it is not large, or cannot be
		_, _, err := a.c.pointer(ctx, m)
		return []weir.Message{*m}, err
	}
	if err := a.take(ctx, f); err != nil {
		return nil, err
	}
	if f.panicked != nil {
		panic(f.panicked)
	}
	return []weir.Message{m.With(f.content)}, nil
}

// take hands an object out. Who comes first in the batch is not to go without because others were
// faster: on a FIFO queue, nothing would be done otherwise. So the last gives way.
func (a *ahead) take(ctx context.Context, f *fetched) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	for a.settled <= f.i {
		a.settled = a.settle(ctx, a.settled)
	}
	return f.err
}

// settle decides about the objects of what Lambda knows as one record, which come back together: all of
// them have room or none. It returns where the next record's begin.
func (a *ahead) settle(ctx context.Context, from int) (to int) {
	for to = from + 1; to < len(a.all) && a.all[from].id != "" && a.all[to].id == a.all[from].id; to++ {
	}
	own := a.all[from:to] // parts of a record stand together
	for _, f := range own {
		if !f.done {
			a.fetch(ctx, f)
		}
		for a.giveWay(f) {
			a.fetch(ctx, f)
		}
		if !errors.Is(f.err, ErrNoRoom) {
			f.out = f.content != nil
			continue
		}
		err := f.err
		if !slices.ContainsFunc(a.all[:from], func(f *fetched) bool { return f.out }) {
			err = weir.Permanent(about(f.p, fmt.Errorf("%w: the objects of this one record are larger: raise it if the function has the memory", ErrNoRoom)))
		}
		for _, f := range own {
			a.empty(f, err)
			f.out = false
		}
		return to
	}
	return to
}

// empty takes away an object that has been loaded.
func (a *ahead) empty(f *fetched, why error) {
	if f.content != nil {
		a.room.giveBack(taken(f.content))
	}
	f.content, f.err, f.done = nil, why, true
}

// giveWay takes away what stands behind f, if that makes the room that f lacks.
func (a *ahead) giveWay(f *fetched) bool {
	lacks, ok := errors.AsType[*noRoomError](f.err)
	if !ok {
		return false
	}
	left, from := a.room.left.Load(), len(a.all)
	for left < lacks.need {
		if from--; from <= f.i {
			return false
		}
		if last := a.all[from]; last.content != nil && !last.out {
			left += taken(last.content)
		}
	}
	for _, last := range a.all[from:] {
		if last.content != nil && !last.out {
			a.empty(last, f.err)
		}
	}
	return true
}

// taken is how much room load took for a content.
func taken(content []byte) int64 { return int64(cap(content) - 1) }
