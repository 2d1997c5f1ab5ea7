package pipeline

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/kpl"
	"github.com/weir-go/weir/internal/room"
	"github.com/weir-go/weir/state"
)

// prepare turns messages into records, calling the user's functions, until too little time is left
// to merge them.
func (e *engine[T, V]) prepare(ctx context.Context, b *batch[V], w *weir.Work) {
	p := preparer[T, V]{engine: e, b: b, ctx: ctx}
	if deadline, ok := ctx.Deadline(); ok { // a part of the time is for the store
		p.until = deadline.Add(-time.Until(deadline) / 4)
	}
	b.expect(w.Len())
	for _, m := range w.All() {
		b.msgs = append(b.msgs, m)
	}
	p.msgs = b.msgs
	if n := w.Concurrency(); n > 1 && len(p.msgs) > 1 {
		for _, m := range p.msgs {
			w.Started(ctx, m)
		}
		p.decodeAhead(n)
	} else {
		p.started = w.Started
	}
	for p.next < len(p.msgs) {
		p.some()
	}
}

// preparer is at work on the messages of a batch.
type preparer[T, V any] struct {
	*engine[T, V]
	b       *batch[V]
	ctx     context.Context
	until   time.Time // when to stop, zero for never
	msgs    []*weir.Message
	next    int
	ahead   []decoded[T]                               // nil if nothing was decoded ahead
	started func(ctx context.Context, m *weir.Message) // nil if the observers know
	share   room.Share                                 // of the last record that has user records
	sharer  string                                     // its ID
}

// some prepares messages until one panics, which fails that one.
func (p *preparer[T, V]) some() {
	recs, parts := 0, 0
	defer func() {
		if v := recover(); v != nil {
			p.b.rewind(recs, parts)
			p.b.fail(p.next, &weir.PanicError{Value: v, Stack: debug.Stack()})
			p.next++
		}
	}()
	for ; p.next < len(p.msgs); p.next++ {
		recs, parts = len(p.b.recs), len(p.b.parts)
		if p.next%16 == 0 {
			if err := p.late(); err != nil {
				for ; p.next < len(p.msgs); p.next++ {
					p.b.fail(p.next, err)
				}
				return
			}
		}
		m := p.msgs[p.next]
		if p.started != nil {
			p.started(p.ctx, m)
		}
		p.message(m)
	}
}

// fail adds a record that is not to be merged.
func (b *batch[V]) fail(owner int, err error) {
	b.recs = append(b.recs, rec[V]{owner: int32(owner), standing: failed, err: err})
}

// origin is what a record's receipt is filed by when it has no ID.
type origin struct {
	lane int32
	id   string
	time time.Time
}

// late says why no more is to be begun.
func (p *preparer[T, V]) late() error {
	if p.ctx.Err() != nil {
		return context.Cause(p.ctx)
	}
	if !p.until.IsZero() && !time.Now().Before(p.until) {
		return weir.ErrDeadlineNear
	}
	return nil
}

func (p *preparer[T, V]) message(m *weir.Message) {
	b, owner, from := p.b, p.next, origin{-1, m.ID, m.Time}
	if p.p.ID == nil {
		if m.ID == "" {
			b.fail(owner, errors.New("pipeline: the record has no identifier, so it could count twice"))
			return
		}
		if from.lane = b.laneOf(m.SourceARN, m.Shard); b.lanes[from.lane].table {
			from.id += "/" + m.OrderingKey // sequence numbers are a shard's, and the shard is not told
		}
	}
	if m.Part != "" {
		from.id += "/" + m.Part // as users has it
	}
	if m.Kafka == nil && kpl.Marked(m.Payload) && p.aggregated(m, from) {
		return
	}
	v, err := p.value(m)
	if err == nil {
		err = p.add(b, owner, v, from)
	}
	if err != nil {
		b.fail(owner, err)
	}
}

// value is the decoded message.
func (p *preparer[T, V]) value(m *weir.Message) (T, error) {
	if p.ahead != nil && p.ahead[p.next].tried {
		d := &p.ahead[p.next]
		return d.value, d.err
	}
	return p.decode(m)
}

// add puts a decoded record into the batch.
func (e *engine[T, V]) add(b *batch[V], owner int, v T, from origin) error {
	p := e.p
	when := from.time
	if p.Time != nil {
		when = p.Time(v)
	} else if when.IsZero() {
		when = e.now()
	}
	window, err := p.Window.at(when)
	if err != nil {
		return weir.Undecodable(err)
	}
	if p.Window.Retention > 0 && !e.now().Before(p.Window.expires(window)) {
		b.expired++
		return weir.Drop(fmt.Errorf("%w: it ended at %v", ErrWindowExpired, p.Window.start(window+1)))
	}
	r := rec[V]{owner: int32(owner), from: int32(len(b.parts)), page: -1, lane: from.lane, id: from.id, when: when}
	if p.ID != nil {
		if r.id = p.ID(v); r.id == "" {
			return weir.Undecodable(errors.New("pipeline: ID returned \"\", which would make all such records one"))
		}
		r.slot = slotOf(when, e.meta.Load().Stream)
	} else {
		slot := e.meta.Load().Stream
		if b.lanes[from.lane].queue {
			slot = e.meta.Load().Queue
		}
		r.slot = slotOf(from.time, slot)
	}
	b.seq++
	if p.Key != nil {
		err = b.part(p.Key(v), window)
	} else {
		for _, key := range p.Keys(v) {
			if err = b.part(key, window); err != nil {
				break
			}
		}
	}
	if err != nil {
		b.parts = b.parts[:r.from]
		return weir.Undecodable(err)
	}
	r.to = int32(len(b.parts))
	if r.to > r.from {
		r.value = p.Value(v)
	} else {
		r.standing = merged // into all of its no aggregates
	}
	b.recs = append(b.recs, r)
	return nil
}

// slotOf is the slot of time that a receipt is filed under.
func slotOf(t time.Time, millis int64) int64 {
	if t.IsZero() {
		return 0
	}
	return floorDiv(t.UnixMilli(), millis)
}

// part adds a key of the record that b.seq numbers, once.
func (b *batch[V]) part(key string, window int64) error {
	if len(key) > state.MaxName {
		return fmt.Errorf("pipeline: a key of %d bytes, more than %d, that begins with %.40q", len(key), state.MaxName, key)
	}
	i := b.aggregate(key, window)
	if b.aggs[i].rec != b.seq {
		b.aggs[i].rec = b.seq
		b.parts = append(b.parts, i)
	}
	return nil
}
