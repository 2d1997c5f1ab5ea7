// Package mem keeps pipelines' rows in memory: for tests, and for aggregates that need not
// outlive the process.
package mem

import (
	"bytes"
	"cmp"
	"context"
	"iter"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/weir-go/weir/state"
)

// Store is a state.Store, Versioner, Lister and Ranger in memory. A Commit costs a map access a row.
type Store struct {
	mu    sync.RWMutex
	pipes map[string]map[state.Key]row
	last  uint64 // version given out last
}

var (
	_ state.Store     = (*Store)(nil)
	_ state.Versioner = (*Store)(nil)
	_ state.Lister    = (*Store)(nil)
	_ state.Ranger    = (*Store)(nil)
)

type row struct {
	version uint64
	data    []byte // never written to
	number  int64
	isNum   bool
	expires time.Time
}

func (r row) row(k state.Key) state.Row {
	out := state.Row{Key: k, Version: r.version, Expires: r.expires}
	switch {
	case r.version == 0:
	case r.isNum:
		out.Data = strconv.AppendInt(nil, r.number, 10)
	default:
		out.Data = bytes.Clone(r.data)
	}
	return out
}

// New makes an empty store.
func New() *Store { return &Store{pipes: map[string]map[state.Key]row{}} }

// Caps says that batches are atomic, of any size.
func (s *Store) Caps() state.Caps { return state.Caps{Atomic: state.PerBatch, Adds: true} }

// Load reads rows. All reads are consistent, and of one moment.
func (s *Store) Load(ctx context.Context, pipeline string, keys []state.Key, _ bool) ([]state.Row, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	rows := make([]state.Row, len(keys))
	for i, k := range keys {
		rows[i] = s.pipes[pipeline][k].row(k)
	}
	return rows, nil
}

// Commit applies writes, all or none.
func (s *Store) Commit(ctx context.Context, pipeline string, writes []state.Write) error {
	_, err := s.commit(ctx, pipeline, writes)
	return err
}

// CommitVersions is Commit, and tells the versions that the rows have then: all the same.
func (s *Store) CommitVersions(ctx context.Context, pipeline string, writes []state.Write) ([]uint64, error) {
	version, err := s.commit(ctx, pipeline, writes)
	if err != nil {
		return nil, err
	}
	return slices.Repeat([]uint64{version}, len(writes)), nil
}

func (s *Store) commit(ctx context.Context, pipeline string, writes []state.Write) (version uint64, err error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	rows := s.pipes[pipeline]
	for _, w := range writes {
		if err := check(rows[w.Key], w); err != nil {
			return 0, err
		}
	}
	if rows == nil {
		rows = map[state.Key]row{}
		s.pipes[strings.Clone(pipeline)] = rows
	}
	s.last++
	for _, w := range writes {
		old, there := rows[w.Key]
		next := row{version: s.last, expires: w.Expires}
		if w.Add {
			base, _ := number(old)
			next.isNum, next.number = true, base+w.Delta
		} else {
			next.data = bytes.Clone(w.Data)
		}
		if !there {
			w.Name = strings.Clone(w.Name) // it may be a view of something large
		}
		rows[w.Key] = next
	}
	return s.last, nil
}

func check(old row, w state.Write) error {
	if !w.Add {
		if old.version != w.Version {
			return state.ErrConflict
		}
		return nil
	}
	base, ok := number(old)
	if !ok {
		return state.ErrNotNumber
	}
	if sum, _ := bits.Add64(uint64(base), uint64(w.Delta), 0); (base < 0) == (w.Delta < 0) && (int64(sum) < 0) != (base < 0) {
		return state.ErrOverflow
	}
	return nil
}

// number is what can be added to.
func number(r row) (n int64, ok bool) {
	if r.version == 0 || r.isNum {
		return r.number, true
	}
	n, err := strconv.ParseInt(string(r.data), 10, 64)
	return n, err == nil && strconv.FormatInt(n, 10) == string(r.data)
}

// List yields the rows of a kind there are at this moment, in ascending order.
func (s *Store) List(ctx context.Context, pipeline string, kind state.Kind) iter.Seq2[state.Row, error] {
	return s.some(ctx, pipeline, false, func(k state.Key) bool { return k.Kind == kind })
}

// Range yields the rows from one At to another that there are at this moment.
func (s *Store) Range(ctx context.Context, pipeline string, kind state.Kind, name string, from, to int64, _ bool) iter.Seq2[state.Row, error] {
	return s.some(ctx, pipeline, true, func(k state.Key) bool {
		return k.Kind == kind && k.Name == name && from <= k.At && k.At <= to
	})
}

func (s *Store) some(ctx context.Context, pipeline string, data bool, want func(state.Key) bool) iter.Seq2[state.Row, error] {
	return func(yield func(state.Row, error) bool) {
		s.mu.RLock()
		var rows []state.Row
		for k, r := range s.pipes[pipeline] {
			if want(k) {
				found := r.row(k)
				if !data {
					found.Data = nil
				}
				rows = append(rows, found)
			}
		}
		s.mu.RUnlock()
		slices.SortFunc(rows, func(a, b state.Row) int {
			return cmp.Or(strings.Compare(a.Name, b.Name), cmp.Compare(a.At, b.At))
		})
		for _, r := range rows {
			if err := ctx.Err(); err != nil {
				yield(state.Row{}, err)
				return
			}
			if !yield(r, nil) {
				return
			}
		}
	}
}

// Expire deletes the rows that have expired by now, and returns how many.
func (s *Store) Expire(now time.Time) (deleted int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, rows := range s.pipes {
		for k, r := range rows {
			if !r.expires.IsZero() && !now.Before(r.expires) {
				delete(rows, k)
				deleted++
			}
		}
	}
	return deleted
}
