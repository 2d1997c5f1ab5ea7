package pipeline

import (
	"errors"
	"fmt"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/kpl"
	"github.com/weir-go/weir/state"
)

// prepare turns messages into records, calling the user's functions.
func (e *engine[T, V]) prepare(b *batch[V], w *weir.Work, started func(*weir.Message)) {
	next := 0
	for next < w.Len() {
		e.some(b, w, started, &next)
	}
}

// some prepares messages until one panics, which fails that one.
func (e *engine[T, V]) some(b *batch[V], w *weir.Work, started func(*weir.Message), next *int) {
	recs, parts := 0, 0
	defer func() {
		if v := recover(); v != nil {
			b.rewind(recs, parts)
			b.fail(*next, &weir.PanicError{Value: v, Stack: debug.Stack()})
			*next++
		}
	}()
	for i, m := range w.All() {
		if i < *next {
			continue
		}
		recs, parts = len(b.recs), len(b.parts)
		if started != nil {
			started(m)
		}
		e.message(b, i, m)
		*next = i + 1
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

func (e *engine[T, V]) message(b *batch[V], owner int, m *weir.Message) {
	from := origin{-1, m.ID, m.Time}
	if e.p.ID == nil {
		if m.ID == "" {
			b.fail(owner, errors.New("pipeline: the record has no identifier, so it could count twice"))
			return
		}
		from.lane = b.laneOf(m.SourceARN, m.Shard)
	}
	if m.Shard != "" {
		if users, aggregated, err := kpl.Split(m.Payload); aggregated {
			if err != nil {
				b.fail(owner, weir.Undecodable(err))
			}
			e.users(b, owner, m, users, from)
			return
		}
	}
	e.one(b, owner, m, from, -1)
}

// users are the user records of a record that the Kinesis Producer Library aggregated.
func (e *engine[T, V]) users(b *batch[V], owner int, m *weir.Message, users []kpl.Record, from origin) {
	for i, u := range users {
		part := *m
		part.Payload, part.OrderingKey = u.Data, u.PartitionKey
		from.id = m.ID + "/" + strconv.Itoa(i)
		e.one(b, owner, &part, from, i)
	}
}

// UserRecordError is the error of one user record of a record that the Kinesis Producer Library
// aggregated. The others go their own way; the record comes again until all are done.
type UserRecordError struct {
	Index        int // sub-sequence number
	PartitionKey string
	Data         []byte
	Err          error
}

func (u *UserRecordError) Error() string { return fmt.Sprintf("user record %d: %v", u.Index, u.Err) }

// Unwrap returns the cause.
func (u *UserRecordError) Unwrap() error { return u.Err }

// one prepares one record; sub is its number among user records, or -1.
func (e *engine[T, V]) one(b *batch[V], owner int, m *weir.Message, from origin, sub int) {
	v, err := e.decode(m)
	if err == nil {
		err = e.add(b, owner, v, from)
	}
	if err == nil {
		return
	}
	if sub >= 0 {
		err = &UserRecordError{sub, m.OrderingKey, m.Payload, err}
	}
	b.fail(owner, err)
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
		return fmt.Errorf("pipeline: a key of %d bytes, more than %d: %.40q...", len(key), state.MaxName, key)
	}
	i := b.aggregate(key, window)
	if b.aggs[i].rec != b.seq {
		b.aggs[i].rec = b.seq
		b.parts = append(b.parts, i)
	}
	return nil
}
