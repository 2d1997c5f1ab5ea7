package once_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/middleware/once"
	"github.com/weir-go/weir/state"
	"github.com/weir-go/weir/state/mem"
	"github.com/weir-go/weir/weirtest"
)

var (
	histories = flag.Int("histories", 300, "random histories")
	seed      = flag.Uint64("seed", 0, "seed of the first history, 0 for a new one")
)

// TestHistories runs random histories: records with few keys, delivered again and at the same time to
// several processes, which are killed between any two steps, whose store loses answers or applies late, and
// whose functions take longer than their leases. Whatever happens:
//
//   - two runs of a key do not overlap as long as the first one's lease holds,
//   - after a record was answered as done, its key does not run again,
//   - no two runs of a key are both completed,
//   - and no record is answered as done whose function never succeeded; in the end all are.
func TestHistories(t *testing.T) {
	t.Parallel()
	first := *seed
	if first == 0 {
		first = uint64(time.Now().UnixNano())
	}
	t.Logf("%d histories from -seed %d", *histories, first)
	var sum [numEvents]int
	for i := range *histories {
		synctest.Test(t, func(t *testing.T) {
			h := newHistory(first + uint64(i))
			h.run(t)
			if t.Failed() {
				t.Fatalf("replay it with -seed %d -histories 1", h.seed)
			}
			h.mu.Lock()
			defer h.mu.Unlock()
			for e, n := range h.events {
				sum[e] += n
			}
		})
	}
	for e, n := range sum {
		t.Logf("%s: %d", eventNames[e], n)
		if n == 0 && *histories >= 300 {
			t.Errorf("there was none with %q: the histories prove little", eventNames[e])
		}
	}
}

const (
	eventBefore = iota
	eventAfter
	eventLate
	eventConflict
	eventKill
	eventKillLate
	eventLoad
	eventRun
	eventTakeover // a run that began while another one, whose lease has ended, went on
	eventReplay
	eventBusy
	eventLost
	numEvents
)

var eventNames = [numEvents]string{"error before", "answer lost", "applied late", "conflict", "killed before", "killed after",
	"failed read", "run", "takeover", "replay", "in progress", "lease lost"}

var errKilled = errors.New("this process was killed")

type history struct {
	seed  uint64
	store *mem.Store
	odds  float64

	mu        sync.Mutex
	rand      *rand.Rand
	events    [numEvents]int
	running   map[string][]*attempt
	succeeded map[string]bool // a function
	done      map[string]bool // a record was answered
	completed map[string]int
	wrong     []string
}

// attempt is one run of a function.
type attempt struct{ lease time.Time }

func newHistory(seed uint64) *history {
	return &history{
		seed: seed, store: mem.New(), rand: rand.New(rand.NewPCG(seed, 1)), odds: 0.15,
		running: map[string][]*attempt{}, succeeded: map[string]bool{}, done: map[string]bool{}, completed: map[string]int{},
	}
}

func (h *history) n(n int) int { return int(h.some(time.Duration(n))) }

// some is a random time of up to d.
func (h *history) some(d time.Duration) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	return time.Duration(h.rand.Int64N(int64(d)))
}

func (h *history) complain(format string, args ...any) {
	h.wrong = append(h.wrong, fmt.Sprintf(format, args...))
}

// host is a process: a function with its Store, and a store that meets faults.
type host struct {
	h      *history
	lambda *weir.Lambda

	mu     sync.Mutex
	killed bool
}

type invocation struct {
	mu  sync.Mutex
	ran map[string]bool // identifiers of records whose function succeeded
}

type invocationKey struct{}

func (h *history) newHost() *host {
	p := &host{h: h}
	var opts []once.Option
	var lease time.Duration
	if h.n(3) == 0 {
		lease = 2*time.Second + h.some(6*time.Second)
		opts = append(opts, once.Lease(lease))
	}
	if h.n(3) == 0 {
		opts = append(opts, once.Cache(1+h.n(3)))
	}
	var in state.Store = p
	if h.n(2) == 0 {
		in = &versioner{p}
	}
	s := once.New("f", in, opts...)
	f := func(ctx context.Context, o order) error { return h.function(ctx, o, lease > 0) }
	settings := []weir.SQSOption{weir.Concurrency(1 + h.n(4))}
	if h.n(2) == 0 {
		p.lambda = weir.SQS(weir.Each(once.Do(s, order.key, f)), settings...)
	} else {
		key := once.KeyFunc(func(m *weir.Message) (string, error) { return string(m.Payload[7:8]), nil }) // the same as order.key
		p.lambda = weir.SQS(weir.Each(f), append(settings, once.Use(s, key))...)
	}
	return p
}

// function is the user's.
func (h *history) function(ctx context.Context, o order, leased bool) error {
	m, _ := weir.FromContext(ctx)
	end, _ := m.Deadline()
	end = end.Add(time.Second)
	if leased {
		if soft, _ := ctx.Deadline(); soft.Before(end) {
			end = soft // the lease's, or earlier
		}
	}
	me := &attempt{end}
	h.mu.Lock()
	h.events[eventRun]++
	if h.done[o.ID] {
		h.complain("%s runs again after it was done", o.ID)
	}
	for _, other := range h.running[o.ID] {
		if time.Now().Before(other.lease) {
			h.complain("%s runs although another run has %v left", o.ID, time.Until(other.lease))
		}
		h.events[eventTakeover]++
	}
	h.running[o.ID] = append(h.running[o.ID], me)
	h.mu.Unlock()
	ended := false
	defer func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.running[o.ID] = slices.DeleteFunc(h.running[o.ID], func(a *attempt) bool { return a == me })
		if ended {
			h.succeeded[o.ID] = true
			inv, _ := ctx.Value(invocationKey{}).(*invocation)
			inv.mu.Lock()
			inv.ran[m.ID] = true
			inv.mu.Unlock()
		}
	}()
	if takes := h.some(15 * time.Second); h.n(2) == 0 {
		time.Sleep(takes)
	} else {
		time.Sleep(takes / 10)
	}
	switch h.n(8) {
	case 0:
		return errBoom
	case 1:
		panic(errBoom)
	case 2:
		ended = true
		return weir.Drop(errBoom)
	}
	ended = true
	return nil
}

func (p *host) dead() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.killed
}

// draw decides whether a call meets a fault, and which.
func (p *host) draw(kinds ...int) (int, error) {
	if p.dead() {
		return 0, errKilled
	}
	p.h.mu.Lock()
	hit := p.h.rand.Float64() < p.h.odds
	p.h.mu.Unlock()
	if !hit {
		return -1, nil
	}
	kind := kinds[p.h.n(len(kinds))]
	p.h.mu.Lock()
	p.h.events[kind]++
	p.h.mu.Unlock()
	if kind == eventKill || kind == eventKillLate {
		p.mu.Lock()
		p.killed = true
		p.mu.Unlock()
	}
	return kind, nil
}

func (p *host) Caps() state.Caps { return p.h.store.Caps() }

func (p *host) Load(ctx context.Context, scope string, keys []state.Key, consistent bool) ([]state.Row, error) {
	time.Sleep(p.h.some(50 * time.Millisecond))
	kind, err := p.draw(eventLoad, eventKill)
	if err != nil || kind >= 0 {
		return nil, errors.Join(err, errDown)
	}
	rows, err := p.h.store.Load(ctx, scope, keys, consistent)
	time.Sleep(p.h.some(50 * time.Millisecond)) // others do something meanwhile
	return rows, err
}

// versioner is a host whose store tells the versions that it wrote.
type versioner struct{ *host }

func (p *versioner) CommitVersions(ctx context.Context, scope string, writes []state.Write) ([]uint64, error) {
	return p.commit(ctx, scope, writes)
}

func (p *host) Commit(ctx context.Context, scope string, writes []state.Write) error {
	_, err := p.commit(ctx, scope, writes)
	return err
}

func (p *host) commit(ctx context.Context, scope string, writes []state.Write) ([]uint64, error) {
	time.Sleep(p.h.some(50 * time.Millisecond))
	kind, err := p.draw(eventBefore, eventAfter, eventLate, eventConflict, eventKill, eventKillLate)
	switch {
	case err != nil:
		return nil, err
	case kind == eventBefore, kind == eventKill:
		return nil, errDown
	case kind == eventConflict:
		return nil, state.ErrConflict
	case kind == eventLate:
		later, wait := slices.Clone(writes), p.h.some(40*time.Second)
		go func() {
			time.Sleep(wait)
			_, _ = p.h.store.CommitVersions(context.WithoutCancel(ctx), scope, later)
		}()
		return nil, errDown
	}
	versions, err := p.h.store.CommitVersions(ctx, scope, writes)
	time.Sleep(p.h.some(50 * time.Millisecond))
	if err == nil && kind >= 0 || p.dead() {
		return nil, errDown
	}
	return versions, err
}

// run delivers all records until they are done.
func (h *history) run(t *testing.T) {
	hosts := make([]*host, 1+h.n(3))
	for i := range hosts {
		hosts[i] = h.newHost()
	}
	var mu sync.Mutex
	next := func() *host {
		mu.Lock()
		defer mu.Unlock()
		i := h.n(len(hosts))
		if hosts[i].dead() {
			hosts[i] = h.newHost()
		}
		return hosts[i]
	}
	var queues sync.WaitGroup
	for range 2 + h.n(4) {
		queues.Go(func() {
			left := make([]any, 1+h.n(5))
			for i := range left {
				left[i] = order{ID: string(rune('a' + h.n(3)))}
			}
			for tries := 0; len(left) > 0; tries++ {
				if tries > 200 {
					h.mu.Lock()
					h.complain("%v are never done", left)
					h.mu.Unlock()
					return
				}
				time.Sleep(h.some(20 * time.Second))
				if h.n(5) == 0 {
					h.store.Expire(time.Now())
				}
				left = h.deliver(next(), left)
				if tries == 20 {
					h.mu.Lock()
					h.odds = 0.02
					h.mu.Unlock()
				}
			}
		})
	}
	queues.Wait()
	time.Sleep(time.Hour) // those that were left behind
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, w := range h.wrong {
		t.Error(w)
	}
}

// deliver returns the records that are to come again.
func (h *history) deliver(p *host, records []any) (left []any) {
	inv := &invocation{ran: map[string]bool{}}
	ctx, cancel := context.WithTimeout(context.WithValue(context.Background(), invocationKey{}, inv), 3*time.Second+h.some(20*time.Second))
	defer cancel()
	r := weirtest.Run(ctx, p.lambda, weirtest.SQS(records...))
	if p.dead() {
		return records
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	inv.mu.Lock()
	defer inv.mu.Unlock()
	for i, o := range r.Records {
		v, _ := records[i].(order)
		switch {
		case errors.Is(o.Err, once.ErrInProgress):
			h.events[eventBusy]++
		case errors.Is(o.Err, once.ErrLeaseLost):
			h.events[eventLost]++
		}
		if o.State != ok && o.State != dropped {
			left = append(left, v)
			continue
		}
		if !h.succeeded[v.ID] {
			h.complain("%s is done, and never ran to its end", v.ID)
		}
		h.done[v.ID] = true
		if !inv.ran[o.ID] {
			h.events[eventReplay]++
		} else if h.completed[v.ID]++; h.completed[v.ID] > 1 {
			h.complain("%s was completed %d times", v.ID, h.completed[v.ID])
		}
	}
	return left
}
