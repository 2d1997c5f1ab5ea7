package visibility_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/middleware/visibility"
)

// model runs a Lambda over a FIFO queue until all is done, and looks for what must not be: a message
// that is run before all those before it in its group are done, and a group that waits longer than its
// first message.
type model struct {
	rng    *rand.Rand
	queue  *fifo
	faults bool // of the Client, and invocations that die before they answer

	mu    sync.Mutex
	done  map[string]int // messages of each group
	wrong []string
}

func (m *model) blame(format string, args ...any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.wrong = append(m.wrong, fmt.Sprintf(format, args...))
}

func (m *model) chance(percent int) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.rng.IntN(100) < percent
}

// handle does a message, or fails in one of many ways.
func (m *model) handle(ctx context.Context, msg *weir.Message) error {
	var group string
	var n int
	for i := range len(msg.ID) {
		if msg.ID[i] == '-' {
			group = msg.ID[:i]
			fmt.Sscan(msg.ID[i+1:], &n)
		}
	}
	m.mu.Lock()
	if m.done[group] < n {
		m.wrong = append(m.wrong, fmt.Sprintf("%s is run after %d of its group", msg.ID, m.done[group]))
	}
	m.mu.Unlock()
	time.Sleep(20 * time.Millisecond)
	switch {
	case m.chance(15):
		return errNo
	case m.chance(5):
		return weir.RetryAfter(45*time.Second, errNo) // longer than the queue's timeout
	case m.chance(5):
		return weir.Abort(errNo)
	case m.chance(3):
		time.Sleep(time.Minute) // past the deadline
	}
	if ctx.Err() == nil {
		m.mu.Lock()
		m.done[group] = max(m.done[group], n+1)
		m.mu.Unlock()
	}
	return ctx.Err()
}

// ChangeVisibility is the queue's, with faults.
func (m *model) ChangeVisibility(ctx context.Context, arn string, entries []visibility.Entry) ([]visibility.Failure, error) {
	if m.faults && m.chance(10) {
		return nil, errors.New("no answer")
	}
	if m.faults && m.chance(20) && len(entries) > 1 { // some are changed
		failures, err := m.queue.ChangeVisibility(ctx, arn, entries[1:])
		for i := range failures {
			failures[i].Index++
		}
		return append(failures, visibility.Failure{Index: 0, Code: "RequestThrottled"}), err
	}
	failures, err := m.queue.ChangeVisibility(ctx, arn, entries)
	if m.faults && m.chance(10) {
		return nil, errors.New("the answer is lost")
	}
	return failures, err
}

// poll is one of Lambda's pollers.
func (m *model) poll(fn *weir.Lambda) {
	for !m.queue.empty() {
		batch := m.queue.receive()
		if len(batch) == 0 {
			time.Sleep(100 * time.Millisecond)
			continue
		}
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		answer, err := fn.Invoke(ctx, eventOf(batch))
		cancel()
		m.look(batch)
		switch {
		case m.faults && m.chance(5): // it dies
		case err == nil:
			m.queue.delete(doneOf(batch, answer))
		}
	}
}

// look checks that no message of a group stays longer than the first that is not done.
func (m *model) look(batch []*queued) {
	if m.faults {
		return // whose timeout could not be changed keeps it
	}
	m.queue.mu.Lock()
	defer m.queue.mu.Unlock()
	m.mu.Lock()
	defer m.mu.Unlock()
	first := map[string]time.Time{}
	for _, msg := range batch {
		if msg.n < m.done[msg.group] {
			continue
		}
		if until, ok := first[msg.group]; !ok {
			first[msg.group] = msg.visible
		} else if !msg.visible.Equal(until) {
			m.wrong = append(m.wrong, fmt.Sprintf("%s stays %v longer than the first of its group", msg.id(), msg.visible.Sub(until)))
		}
	}
}

// run returns what went wrong, and when all was done.
func run(t *testing.T, seed uint64, faults bool, client func(*model) visibility.Client, change func(*model), opts ...weir.SQSOption) (wrong []string, took time.Duration) {
	synctest.Test(t, func(t *testing.T) {
		m := &model{rng: rand.New(rand.NewPCG(seed, 0)), faults: faults, done: map[string]int{}, queue: &fifo{timeout: 30 * time.Second}}
		if change != nil {
			change(m)
		}
		next := map[string]int{}
		for range 60 {
			group := string(rune('a' + m.rng.IntN(6)))
			m.queue.msgs = append(m.queue.msgs, &queued{group: group, n: next[group]})
			next[group]++
		}
		if c := client(m); c != nil {
			opts = append(opts, visibility.BackOff(c, visibility.Schedule{Base: time.Second, Max: 8 * time.Second, Jitter: 0.5},
				visibility.OnError(func(context.Context, error) {})))
		}
		fn := weir.SQS(weir.EachMessage(m.handle), opts...)
		begin := time.Now()
		var pollers sync.WaitGroup
		for range 3 {
			pollers.Go(func() { m.poll(fn) })
		}
		pollers.Wait()
		took = time.Since(begin)
		time.Sleep(2 * time.Minute) // handlers that were left behind
		for group, n := range next {
			if m.done[group] != n {
				m.blame("group %s: %d of %d are done", group, m.done[group], n)
			}
		}
		wrong = m.wrong
	})
	return wrong, took
}

func itself(m *model) visibility.Client { return m }

// Whatever fails and whatever is lost, the order in a group stays. Without faults of the Client no
// group waits for more than its first message.
func TestFIFOModel(t *testing.T) {
	t.Parallel()
	base := rand.Uint64()
	var with, without time.Duration
	for i := range uint64(6) {
		seed := base + i
		for _, opts := range [][]weir.SQSOption{nil, {weir.SkipGroup()}, {weir.Concurrency(4)}, {weir.SkipGroup(), weir.Concurrency(4)}} {
			for _, faults := range []bool{false, true} {
				wrong, took := run(t, seed, faults, itself, nil, opts...)
				for _, w := range wrong {
					t.Errorf("seed %d, faults %v, %d options: %s", seed, faults, len(opts), w)
				}
				if !faults {
					with += took
				}
			}
			_, took := run(t, seed, false, func(*model) visibility.Client { return nil }, nil, opts...)
			without += took
		}
	}
	t.Logf("24 queues of 60 messages took %v with BackOff and %v without", with, without)
	if with > without*3/4 {
		t.Errorf("seed %d: %v with BackOff, %v without", base, with, without)
	}
}

// The model finds a group that waits too long, and an order that is broken.
func TestFIFOModelFinds(t *testing.T) {
	t.Parallel()
	long, early := 0, 0
	for seed := range uint64(10) {
		wrong, _ := run(t, seed, false, func(m *model) visibility.Client { return longer{m} }, nil)
		long += len(wrong)
		wrong, _ = run(t, seed, false, itself, func(m *model) { m.queue.unlocked = true })
		early += len(wrong)
	}
	if long == 0 || early == 0 {
		t.Errorf("%d groups that wait too long were found, %d that are out of order", long, early)
	}
}

// longer sets each timeout a second longer than the one before.
type longer struct{ *model }

func (l longer) ChangeVisibility(ctx context.Context, arn string, entries []visibility.Entry) ([]visibility.Failure, error) {
	for i := range entries {
		entries[i].Timeout += time.Duration(i) * time.Second
	}
	return l.model.ChangeVisibility(ctx, arn, entries)
}
