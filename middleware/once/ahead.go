package once

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/state"
)

// ahead is what is known of the keys of one batch: they are read together, before the first record
// runs. It is no more than a hint, but for keys that are completed.
type ahead struct {
	s   *Store
	key Key

	begun atomic.Bool
	read  chan struct{} // closed when keys are there
	keys  map[*weir.Message]string

	mu   sync.Mutex
	rows map[string]*state.Row // nil if there is nothing to know
}

// keyOf returns a record's key, having read those of its batch.
func (a *ahead) keyOf(ctx context.Context, m *weir.Message) (string, error) {
	if a.begun.CompareAndSwap(false, true) {
		a.readAll(ctx)
	}
	select {
	case <-a.read:
	default:
		select {
		case <-a.read:
		case <-ctx.Done():
			return "", weir.Unavailable(context.Cause(ctx)) // the store is slow
		}
	}
	if key, ok := a.keys[m]; ok {
		return key, nil
	}
	return a.key.of(m)
}

// row is what is known of a row.
func (a *ahead) row(name string) *state.Row {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.rows[name]
}

// learn notes that a key is completed, for records that have it, too.
func (a *ahead) learn(key string, out outcome) {
	if out.err != nil || a.keys == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	k := rowOf(key)
	if row := a.rows[k.Name]; row == nil || row.Version == 0 {
		a.rows[k.Name] = &state.Row{Key: k, Version: 1, Data: out.entry.encode()}
	}
}

func newAhead(s *Store, key Key) *ahead { return &ahead{s: s, key: key, read: make(chan struct{})} }

// readAll loads the rows of the batch. Without them every record finds out by itself.
func (a *ahead) readAll(ctx context.Context) {
	defer close(a.read)
	n := 0
	for range weir.BatchFromContext(ctx) {
		n++
	}
	if n < 2 {
		return
	}
	a.keys = make(map[*weir.Message]string, n)
	a.rows = make(map[string]*state.Row, n)
	asked := make([]state.Key, 0, n)
	for m := range weir.BatchFromContext(ctx) {
		key, ok := a.guess(m)
		if !ok {
			continue
		}
		a.keys[m] = key
		row := rowOf(key)
		if _, twice := a.rows[row.Name]; !twice && key != "" {
			a.rows[row.Name] = nil
			asked = append(asked, row)
		}
	}
	// What is completed stays so, and all else is checked by the write: an old state will do.
	rows, err := a.s.in.Load(ctx, a.s.scope, asked, false)
	if err != nil || len(rows) != len(asked) {
		return
	}
	for i := range rows {
		a.rows[rows[i].Name] = &rows[i]
	}
}

// guess finds the key of a record whose turn has not come. What goes wrong is said when it does.
func (a *ahead) guess(m *weir.Message) (key string, ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	key, err := a.key.of(m)
	return key, err == nil
}
