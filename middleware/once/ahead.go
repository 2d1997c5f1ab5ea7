package once

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/state"
)

// window is how many records are read ahead together: the rows of one BatchGetItem.
const window = 100

// ahead is what is known of the keys of one batch: they are read together, before the first record
// of a window runs. It is no more than a hint, but for keys that are completed.
type ahead struct {
	s   *Store
	key Key

	first   latch
	records []*weir.Message
	place   map[*weir.Message]int
	guesses []guess
	windows []latch

	mu   sync.Mutex
	rows map[string]*state.Row // nil if there is nothing to know
}

// latch is what one does and others wait for. A sync.Once would do, but for waiting no longer
// than a context.
type latch struct {
	begun atomic.Bool
	done  chan struct{}
}

func newLatch() latch { return latch{done: make(chan struct{})} }

// do has the first caller do something, and the others wait for it.
func (l *latch) do(ctx context.Context, f func()) error {
	if l.begun.CompareAndSwap(false, true) {
		defer close(l.done)
		f()
		return nil
	}
	select {
	case <-l.done:
		return nil
	default:
	}
	select {
	case <-l.done:
		return nil
	case <-ctx.Done():
		return weir.Unavailable(context.Cause(ctx)) // the store is slow
	}
}

// guess is a key that was found ahead, and the payload that the record had then: a middleware
// outside of this one may have given it another since.
type guess struct {
	key     string
	payload []byte
	ok      bool
}

func same(a, b []byte) bool { return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0]) }

func newAhead(s *Store, key Key) *ahead { return &ahead{s: s, key: key, first: newLatch()} }

// keyOf returns a record's key, having read those of its window.
func (a *ahead) keyOf(ctx context.Context, m *weir.Message) (string, error) {
	if err := a.first.do(ctx, func() { a.count(ctx) }); err != nil {
		return "", err
	}
	i, ok := a.place[m]
	if !ok {
		return a.key.of(m)
	}
	if err := a.windows[i/window].do(ctx, func() { a.read(ctx, i/window*window) }); err != nil {
		return "", err
	}
	if g := &a.guesses[i]; g.ok && same(g.payload, m.Payload) {
		return g.key, nil
	}
	return a.key.of(m)
}

// count looks how many records the batch has. For one there is nothing to read together.
func (a *ahead) count(ctx context.Context) {
	for m := range weir.BatchFromContext(ctx) {
		a.records = append(a.records, m)
	}
	n := len(a.records)
	if n < 2 {
		return
	}
	a.guesses = make([]guess, n)
	a.rows = make(map[string]*state.Row, n)
	a.place = make(map[*weir.Message]int, n)
	for i, m := range a.records {
		a.place[m] = i
	}
	a.windows = make([]latch, (n+window-1)/window)
	for i := range a.windows {
		a.windows[i] = newLatch()
	}
}

// read loads the rows of a window. Without them every record finds out by itself.
func (a *ahead) read(ctx context.Context, from int) {
	to := min(from+window, len(a.records))
	asked := make([]state.Key, 0, to-from)
	for i := from; i < to; i++ {
		g := a.guess(a.records[i])
		if a.guesses[i] = g; g.key == "" {
			continue
		}
		row := rowOf(g.key)
		if a.isNew(row.Name) {
			asked = append(asked, row)
		}
	}
	if len(asked) == 0 {
		return
	}
	// What is completed stays so, and all else is checked by the write: an old state will do.
	rows, err := a.s.in.Load(ctx, a.s.scope, asked, false)
	if err != nil || len(rows) != len(asked) {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for i := range rows {
		if a.rows[rows[i].Name] == nil {
			a.rows[rows[i].Name] = &rows[i]
		}
	}
}

// isNew tells whether a row was not asked for yet, and notes that it is.
func (a *ahead) isNew(name string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	_, asked := a.rows[name]
	if !asked {
		a.rows[name] = nil
	}
	return !asked
}

// row is what is known of a row.
func (a *ahead) row(name string) *state.Row {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.rows[name]
}

// learn notes that a key is completed, for records that have it, too.
func (a *ahead) learn(key string, out outcome) {
	if out.err != nil || a.windows == nil {
		return
	}
	k := rowOf(key)
	a.mu.Lock()
	defer a.mu.Unlock()
	if row := a.rows[k.Name]; row == nil || row.Version == 0 {
		a.rows[k.Name] = &state.Row{Key: k, Version: 1, Data: out.entry.encode()}
	}
}

// guess finds the key of a record whose turn may not have come. What goes wrong is said when it
// does.
func (a *ahead) guess(m *weir.Message) (g guess) {
	defer func() {
		if recover() != nil {
			g = guess{}
		}
	}()
	key, err := a.key.of(m)
	return guess{key, m.Payload, err == nil}
}
