package boltstore

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/weir-go/weir/state"
	"go.etcd.io/bbolt"
)

// A page is what is read of a file at a time, so that no transaction is held while the rows
// are looked at: it would keep bbolt from using freed pages, or stop a Commit for good.
const (
	pageRows  = 256
	pageBytes = 1 << 20
)

// List yields the rows of a kind by name and time. Rows written meanwhile may be in it.
func (s *Store) List(ctx context.Context, pipeline string, kind state.Kind) iter.Seq2[state.Row, error] {
	pre := appendText(nil, pipeline)
	first := append(bytes.Clone(pre), byte(kind))
	return s.scan(ctx, len(pre), first, func(key []byte) bool { return bytes.HasPrefix(key, first) }, false)
}

// Range yields the rows of a name whose At is in [from, to], in ascending order. What was
// committed before is in it; rows that are changed meanwhile come as before or after.
func (s *Store) Range(ctx context.Context, pipeline string, kind state.Kind, name string, from, to int64, _ bool) iter.Seq2[state.Row, error] {
	pre := appendNamePrefix(nil, pipeline, kind, name)
	first, last := appendTime(bytes.Clone(pre), from), appendTime(bytes.Clone(pre), to)
	return s.scan(ctx, len(appendText(nil, pipeline)), first, func(key []byte) bool { return bytes.Compare(key, last) <= 0 }, true)
}

// scan yields rows from a key on, as long as keys are in. Each key is parsed from pre on.
func (s *Store) scan(ctx context.Context, pre int, first []byte, in func(key []byte) bool, data bool) iter.Seq2[state.Row, error] {
	return func(yield func(state.Row, error) bool) {
		for next := first; next != nil; {
			rows, more, err := s.page(ctx, pre, next, in, data)
			if err != nil {
				yield(state.Row{}, fmt.Errorf("boltstore: read rows: %w", err))
				return
			}
			for _, r := range rows {
				if !yield(r, nil) {
					return
				}
			}
			next = more
		}
	}
}

// page reads rows from a key on, and returns the key to go on with, or nil.
func (s *Store) page(ctx context.Context, pre int, first []byte, in func(key []byte) bool, data bool) (rows []state.Row, next []byte, err error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	err = s.db.View(func(tx *bbolt.Tx) error {
		b, err := bucket(tx)
		if err != nil {
			return err
		}
		size := 0
		c := b.Cursor()
		for key, value := c.Seek(first); key != nil && in(key); key, value = c.Next() {
			if len(rows) == pageRows || size >= pageBytes {
				next = bytes.Clone(key)
				return nil
			}
			k, err := parseKey(key[pre:])
			if err != nil {
				return err
			}
			r, err := row(k, value, data)
			if err != nil {
				return err
			}
			rows = append(rows, r)
			size += len(r.Data)
		}
		return nil
	})
	return rows, next, err
}

// A step of Expire looks at so many rows, and then deletes at most so many.
const (
	stepRows    = 10_000
	stepDeletes = 1_000
)

// Expire deletes the rows of all pipelines that had expired at now, and says how many. It reads
// every row, in steps between which Commits run; call it from a worker, an hour or a day apart.
// After an error some may be deleted; call it again.
func (s *Store) Expire(ctx context.Context, now time.Time) (deleted int, err error) {
	for next := []byte{}; next != nil; {
		var n int
		if next, n, err = s.expireStep(ctx, next, now.Unix()); err != nil {
			return deleted, fmt.Errorf("boltstore: expire: %w", err)
		}
		deleted += n
	}
	return deleted, nil
}

// expireStep returns the key to go on with, or nil.
func (s *Store) expireStep(ctx context.Context, first []byte, now int64) (next []byte, deleted int, err error) {
	if err := ctx.Err(); err != nil {
		return nil, 0, err
	}
	var keys [][]byte
	err = s.db.View(func(tx *bbolt.Tx) error {
		b, err := bucket(tx)
		if err != nil {
			return err
		}
		seen := 0
		c := b.Cursor()
		for key, value := c.Seek(first); key != nil; key, value = c.Next() {
			if seen++; seen > stepRows || len(keys) == stepDeletes {
				next = bytes.Clone(key)
				return nil
			}
			if expired(value, now) {
				keys = append(keys, bytes.Clone(key))
			}
		}
		return nil
	})
	if err != nil || len(keys) == 0 {
		return next, 0, err
	}
	err = s.db.Update(func(tx *bbolt.Tx) error {
		b, err := bucket(tx)
		if err != nil {
			return err
		}
		for _, key := range keys {
			if !expired(b.Get(key), now) { // it was written in between
				continue
			}
			if err := b.Delete(key); err != nil {
				return err
			}
			deleted++
		}
		return nil
	})
	if err != nil {
		return nil, 0, err
	}
	return next, deleted, nil
}

// expired reports whether a value's row may be deleted. Damaged ones stay for Load to tell.
func expired(value []byte, now int64) bool {
	if len(value) < header {
		return false
	}
	at := expiry(value)
	return !time.Unix(at, 0).IsZero() && at <= now
}
