package envelope

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/room"
)

// roomy is an envelope that has room for each batch.
type roomy struct {
	what   string // for errors
	verb   weir.Verb
	limits limits
	open   func(m *weir.Message, s *room.Share) ([]weir.Message, error)
}

func (v *roomy) Check(s weir.Setup) error {
	if c, ok := opening(v.what, v.verb, nothingIn).(weir.Checker); ok {
		return c.Check(s)
	}
	return nil
}

func nothingIn(*weir.Message) ([]weir.Message, error) { return nil, nil }

func (v *roomy) Process(ctx context.Context, w *weir.Work) error {
	p := &packing{roomy: v, room: newRoom(v.limits)}
	p.gather(w)
	p.openAll(ctx, w.Concurrency())
	return opening(v.what, v.verb, p.opened).Process(ctx, w)
}

// packing is a batch that is opened before anybody sees it, so that what has room does not depend
// on who was faster: it goes to the first records. What Lambda knows as one record has room for all
// that is in it or for nothing, since it comes back with all of it.
type packing struct {
	*roomy
	room *room.Room
	all  []packed // in order
	of   map[*weir.Message]place
	full atomic.Int64 // behind this one nothing is opened, which would overtake
}

// packed is what Lambda delivered as one record.
type packed struct {
	in    []*weir.Message
	out   []content // of each
	share room.Share
	tried bool
	err   error // for lack of room
}

// place is where a message is.
type place struct {
	packed *packed
	at     int
}

// content is what was in a message.
type content struct {
	parts    []weir.Message
	err      error
	panicked any
	done     bool // false if the opener called runtime.Goexit
}

func (p *packing) gather(w *weir.Work) {
	in := make([]*weir.Message, 0, w.Len())
	records := 0
	first := func(i int) bool { return i == 0 || in[i].ID == "" || in[i].ID != in[i-1].ID } // parts stand together
	for _, m := range w.All() {
		if m.Tombstone() {
			continue // which opened is never asked for
		}
		if in = append(in, m); first(len(in) - 1) {
			records++
		}
	}
	out := make([]content, len(in))
	p.all, p.of = make([]packed, 0, records), make(map[*weir.Message]place, len(in))
	for from := 0; from < len(in); {
		to := from + 1
		for to < len(in) && !first(to) {
			to++
		}
		p.all = append(p.all, packed{in: in[from:to], out: out[from:to], share: room.Share{Room: p.room}})
		for i, m := range in[from:to] {
			p.of[m] = place{&p.all[len(p.all)-1], i}
		}
		from = to
	}
	p.full.Store(int64(len(p.all)))
}

// opened hands out what has been opened.
func (p *packing) opened(m *weir.Message) ([]weir.Message, error) {
	at := p.of[m]
	k := at.packed
	switch {
	case k == nil || k.err == nil && !k.tried: // the time was up
		return nil, noRoom(p.what)
	case k.err != nil:
		return nil, k.err
	}
	c := &k.out[at.at]
	switch {
	case c.panicked != nil:
		panic(c.panicked)
	case !c.done:
		runtime.Goexit()
	}
	return c.parts, c.err
}

// openAll opens the batch. When there was not room for all, what stands behind the first that found
// none gives way to it.
func (p *packing) openAll(ctx context.Context, workers int) {
	p.openFrom(ctx, 0, workers)
	from := p.full.Load()
	if from == int64(len(p.all)) {
		return
	}
	for i := from + 1; i < int64(len(p.all)); i++ {
		p.all[i].empty()
	}
	if workers > 1 { // which may have had, at some time, what it lacked
		p.full.Store(int64(len(p.all)))
		p.openFrom(ctx, from, 1)
	}
	for i := p.full.Load(); i < int64(len(p.all)); i++ {
		p.all[i].empty()
		p.all[i].err = noRoom(p.what)
	}
}

func (p *packing) openFrom(ctx context.Context, from int64, workers int) {
	var next atomic.Int64
	next.Store(from)
	var all sync.WaitGroup
	for range min(workers, len(p.all)) {
		all.Add(1)
		go p.work(ctx, &next, &all)
	}
	all.Wait()
}

// work opens one record after the other. An opener that calls runtime.Goexit ends it, and another
// one goes on.
func (p *packing) work(ctx context.Context, next *atomic.Int64, all *sync.WaitGroup) {
	finished := false
	defer func() {
		if !finished {
			go p.work(ctx, next, all)
			return
		}
		all.Done()
	}()
	for {
		i := next.Add(1) - 1
		if i >= p.full.Load() || ctx.Err() != nil {
			finished = true
			return
		}
		p.fill(i)
	}
}

// fill opens a record.
func (p *packing) fill(i int64) {
	k := &p.all[i]
	k.tried, k.err = true, nil
	for n := range k.in {
		if err := p.fillOne(k, n); err != nil {
			k.empty()
			if k.err = err; errors.Is(err, ErrNoRoom) {
				p.filledUp(i)
			}
			return
		}
	}
}

// fillOne opens a message; its error is for lack of room.
func (p *packing) fillOne(k *packed, n int) (full error) {
	c, before := &k.out[n], k.share.Took()
	defer func() {
		if c.panicked = recover(); c.panicked != nil || c.err != nil || !c.done {
			k.share.Back(before)
		}
	}()
	c.parts, c.err = p.open(k.in[n], &k.share)
	c.done = true
	switch {
	case errors.Is(c.err, room.ErrAlone):
		return alone(p.what, p.limits)
	case errors.Is(c.err, room.ErrNone):
		return noRoom(p.what)
	}
	return nil
}

// filledUp notes that a record found no room.
func (p *packing) filledUp(i int64) {
	for old := p.full.Load(); i < old && !p.full.CompareAndSwap(old, i); old = p.full.Load() {
	}
}

// empty throws away what was opened.
func (k *packed) empty() {
	k.share.Back(0)
	clear(k.out)
	k.tried = false
}
