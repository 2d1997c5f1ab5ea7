package streaming_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/metrics"
	"github.com/weir-go/weir/monoid"
	"github.com/weir-go/weir/pipeline"
	"github.com/weir-go/weir/state"
	"github.com/weir-go/weir/streaming"
	"github.com/weir-go/weir/streaming/memlog"
)

var errDown = errors.New("the store is down")

// order is what most tests count: amounts per customer.
type order struct {
	Customer string
	More     []string
	Amount   int64
}

// amounts adds up what customers order.
func amounts(store state.Store) *pipeline.Pipeline[order, int64] {
	return &pipeline.Pipeline[order, int64]{
		Name: "amounts", Value: func(o order) int64 { return o.Amount }, Aggregate: monoid.Sum[int64](), StoreIn: store,
		Keys: func(o order) []string {
			if o.Customer == "" {
				return nil
			}
			return append([]string{o.Customer}, o.More...)
		},
		Retry: pipeline.Retry{Base: time.Nanosecond, Max: time.Nanosecond},
	}
}

func payload(t testing.TB, v any) []byte {
	t.Helper()
	p, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// total sums up what the store has of customers.
func total(t *testing.T, p *pipeline.Pipeline[order, int64], customers ...string) (sum int64) {
	t.Helper()
	all, err := p.GetMany(t.Context(), customers, pipeline.Consistent())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range all {
		sum += r.Value
	}
	return sum
}

func want[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// faulty is a store into whose calls a test can step.
type faulty struct {
	state.Store
	mu     sync.Mutex
	n      int
	before func(n int, writes []state.Write) error // of a Commit, n counts from 1: nothing is applied
	after  func(n int, writes []state.Write) error
}

func (f *faulty) Commit(ctx context.Context, name string, writes []state.Write) error {
	if writes[0].Kind == state.Meta {
		return f.Store.Commit(ctx, name, writes)
	}
	f.mu.Lock()
	f.n++
	n := f.n
	f.mu.Unlock()
	if f.before != nil {
		if err := f.before(n, writes); err != nil {
			return err
		}
	}
	err := f.Store.Commit(ctx, name, writes)
	if err == nil && f.after != nil {
		err = f.after(n, writes)
	}
	return err
}

// numbers is a log of n records with the numbers from 0, dealt out to partitions in turn.
func numbers(n, partitions int) *memlog.Log {
	l := memlog.New("numbers", partitions)
	for i := range n {
		l.Append(i%partitions, fmt.Append(nil, i))
	}
	return l
}

// queue is a streaming.Source of a queue: what is returned is delivered again, groups keep their order.
type queue struct {
	mu       sync.Mutex
	waiting  []queued
	out      map[int64]queued
	deleted  []string
	returned []time.Duration
	last     int64
	total    int
	changed  chan struct{}
	settle   func(n int) error // what Settle returns, n counts from 1
	settles  int
}

type queued struct {
	id, group, body string
	attempt         int
	visible         time.Time
}

func newQueue(records ...queued) *queue {
	return &queue{waiting: records, total: len(records), out: map[int64]queued{}, changed: make(chan struct{})}
}

func (q *queue) Kind() streaming.Kind                        { return streaming.Queue }
func (q *queue) Open(context.Context, streaming.Owner) error { return nil }
func (q *queue) Close(context.Context) error                 { return nil }

func (q *queue) Poll(ctx context.Context, room streaming.Room) (fetches []streaming.Fetch, err error) {
	for {
		q.mu.Lock()
		var next time.Duration = time.Hour
		busy := map[string]bool{}
		for _, r := range q.out {
			busy[r.group] = r.group != ""
		}
		var rest []queued
		n := 0
		for _, r := range q.waiting {
			wait := time.Until(r.visible)
			if wait > 0 {
				next = min(next, wait)
			}
			if wait > 0 || busy[r.group] || n == room.Records {
				busy[r.group] = r.group != ""
				rest = append(rest, r)
				continue
			}
			n++
			q.last++
			r.attempt++
			q.out[q.last] = r
			fetches = append(fetches, streaming.Fetch{
				Lane:     streaming.Lane{Name: r.group},
				Messages: []weir.Message{{ID: r.id, SourceARN: "arn:aws:sqs:eu-west-1:1:q", Payload: []byte(r.body), Attempt: r.attempt}},
				Offsets:  []int64{q.last},
			})
		}
		q.waiting = rest
		done, changed := len(q.deleted) == q.total, q.changed
		q.mu.Unlock()
		switch {
		case n > 0:
			return fetches, nil
		case done:
			return nil, io.EOF
		}
		t := time.NewTimer(next)
		select {
		case <-changed:
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return nil, ctx.Err()
		}
		t.Stop()
	}
}

func (q *queue) Settle(_ context.Context, acks []streaming.Ack) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.settles++; q.settle != nil {
		if err := q.settle(q.settles); err != nil {
			return err
		}
	}
	back := []queued{}
	for _, a := range acks {
		r, ok := q.out[a.Offset]
		if !ok {
			continue
		}
		delete(q.out, a.Offset)
		if !a.Return {
			q.deleted = append(q.deleted, r.id)
			continue
		}
		q.returned = append(q.returned, a.Delay)
		r.visible = time.Now().Add(a.Delay)
		back = append(back, r)
	}
	q.waiting = append(back, q.waiting...)
	close(q.changed)
	q.changed = make(chan struct{})
	return nil
}

func recorded(name string, m *metrics.InMemory) int64 { return int64(m.Snapshot().Events[name]) }

// pausing is a script that can leave lanes out.
type pausing struct {
	script
	off  map[string]bool
	told []string
}

func (p *pausing) Pause(lanes ...streaming.Lane)  { p.tell("pause", true, lanes) }
func (p *pausing) Resume(lanes ...streaming.Lane) { p.tell("resume", false, lanes) }

func (p *pausing) tell(what string, off bool, lanes []streaming.Lane) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.off == nil {
		p.off = map[string]bool{}
	}
	for _, l := range lanes {
		p.off[l.Name] = off
		p.told = append(p.told, fmt.Sprint(what, " ", l.Name, " ", l.Epoch))
	}
}
