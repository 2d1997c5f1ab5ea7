// Package boltstore keeps the rows of pipelines in a bbolt file: for one process, on a disk of
// its own. Commits are transactions, so pipelines on it need no Deduper.
//
// # Cost
//
// A Commit is one Update transaction, and they run one at a time: two fsyncs (bbolt's, of the
// pages and of the meta page), and each leaf page that has one of the rows is written anew, with
// those above it, 4 KB each on most systems. Beyond that, 100 rows took 70 µs in a small file and 800 µs with
// each row on a page of its own, on one 2.5 GHz core. A Load is one View transaction, which
// waits for nobody: 20 µs for 100 rows. A row in the file is its data, its name, the pipeline's
// name, 29 bytes, and bbolt's 16.
//
// So the larger the batches, the better: 10,000 records over 100 keys cost what 100 do.
//
// # Expiry
//
// Nothing is deleted until Expire is called, which a worker does now and then. The file does
// not shrink; bbolt uses the room again.
//
// # Caveats
//
// With bbolt's NoSync, a power failure can lose Commits that returned nil, or the file.
// bbolt knows no contexts: a Commit that waits for another one can not be cancelled.
// How the bucket is laid out is not API.
package boltstore

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/weir-go/weir/state"
	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// Bucket is the name of the bucket that has the rows of all pipelines.
const Bucket = "weir"

// A value is the row's version, when it expires, and its data.
const header = 8 + 8

// Store is a state.Store in a bbolt file. It is also a state.Versioner, Lister and Ranger.
type Store struct{ db *bbolt.DB }

var (
	_ state.Store     = (*Store)(nil)
	_ state.Versioner = (*Store)(nil)
	_ state.Lister    = (*Store)(nil)
	_ state.Ranger    = (*Store)(nil)
)

// New returns the store in an open file, and creates its bucket if there is none. The file
// may have other buckets, and stays the caller's to close.
func New(db *bbolt.DB) (*Store, error) {
	if db == nil {
		return nil, errors.New("boltstore: no database: open one with bbolt.Open")
	}
	s := &Store{db}
	var err error
	if db.IsReadOnly() {
		err = db.View(func(tx *bbolt.Tx) error {
			_, err := bucket(tx)
			return err
		})
	} else {
		err = db.Update(func(tx *bbolt.Tx) error {
			_, err := tx.CreateBucketIfNotExists([]byte(Bucket))
			return err
		})
	}
	if err != nil {
		return nil, fmt.Errorf("boltstore: %w", err)
	}
	return s, nil
}

func bucket(tx *bbolt.Tx) (*bbolt.Bucket, error) {
	if b := tx.Bucket([]byte(Bucket)); b != nil {
		return b, nil
	}
	return nil, fmt.Errorf("the file has no bucket %q: open it for writing and call New", Bucket)
}

// Caps says that all writes of a Commit are applied, or none, and that rows can be added to.
func (s *Store) Caps() state.Caps { return state.Caps{Atomic: state.PerBatch, Adds: true} }

// Load reads rows in one transaction, so they are always consistent.
func (s *Store) Load(ctx context.Context, pipeline string, keys []state.Key, _ bool) ([]state.Row, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("boltstore: load: %w", err)
	}
	rows := make([]state.Row, len(keys))
	err := s.db.View(func(tx *bbolt.Tx) error {
		b, err := bucket(tx)
		if err != nil {
			return err
		}
		var key []byte
		for i, k := range keys {
			key = appendKey(key[:0], pipeline, k)
			if rows[i], err = row(k, b.Get(key), true); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("boltstore: load: %w", err)
	}
	return rows, nil
}

// row returns the row of a value, nil for none, and copies its data if they are wanted.
func row(k state.Key, value []byte, data bool) (state.Row, error) {
	r := state.Row{Key: k}
	if value == nil {
		return r, nil
	}
	if len(value) < header {
		return r, fmt.Errorf("the row %s is damaged: it has %d bytes", text(k), len(value))
	}
	r.Version = binary.BigEndian.Uint64(value)
	r.Expires = time.Unix(expiry(value), 0).UTC()
	if data {
		r.Data = bytes.Clone(value[header:])
	}
	return r, nil
}

// expiry returns when the row of a value expires, in seconds. The zero time, which is never,
// comes back as it was.
func expiry(value []byte) int64 { return int64(binary.BigEndian.Uint64(value[8:])) }

func text(k state.Key) string { return fmt.Sprintf("%d/%q/%d", k.Kind, k.Name, k.At) }

// Commit applies writes in one transaction.
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
	if len(writes) == 0 {
		return 0, nil
	}
	if err = ctx.Err(); err == nil {
		err = s.db.Update(func(tx *bbolt.Tx) error {
			version, err = apply(tx, pipeline, writes)
			return err
		})
	}
	switch {
	case err == nil:
		return version, nil
	case errors.Is(err, berrors.ErrDatabaseReadOnly), errors.Is(err, berrors.ErrKeyTooLarge), errors.Is(err, berrors.ErrValueTooLarge):
		return 0, fmt.Errorf("boltstore: commit: %w: %w", state.ErrRefused, err)
	}
	return 0, fmt.Errorf("boltstore: commit: %w", err)
}

// apply puts the rows, and returns their version. An error takes back what it did.
func apply(tx *bbolt.Tx, pipeline string, writes []state.Write) (version uint64, err error) {
	b, err := bucket(tx)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", state.ErrRefused, err)
	}
	// The bucket counts its transactions, and so do the rows: no version comes twice.
	if version, err = b.NextSequence(); err != nil {
		return 0, err
	}
	size := 0
	for i := range writes {
		size += header + max(len(writes[i].Data), maxDecimal)
	}
	values := make([]byte, 0, size) // bbolt needs them until the end of the transaction
	var key []byte
	for i := range writes {
		w := &writes[i]
		key = appendKey(key[:0], pipeline, w.Key)
		old, begin := b.Get(key), len(values)
		values = binary.BigEndian.AppendUint64(values, version)
		values = binary.BigEndian.AppendUint64(values, uint64(w.Expires.Unix()))
		if values, err = appendData(values, w, old); err != nil {
			return 0, fmt.Errorf("row %s: %w", text(w.Key), err)
		}
		if err := b.Put(key, values[begin:len(values):len(values)]); err != nil {
			return 0, fmt.Errorf("row %s: %w", text(w.Key), err)
		}
	}
	return version, nil
}

const maxDecimal = len("-9223372036854775808")

// appendData appends what a write makes of a row's old value.
func appendData(dst []byte, w *state.Write, old []byte) ([]byte, error) {
	if old != nil && len(old) < header {
		return dst, fmt.Errorf("%w: it is damaged", state.ErrRefused)
	}
	if !w.Add {
		has := uint64(0)
		if old != nil {
			has = binary.BigEndian.Uint64(old)
		}
		if has != w.Version {
			return dst, state.ErrConflict
		}
		return append(dst, w.Data...), nil
	}
	sum := int64(0)
	if old != nil {
		var err error
		digits := string(old[header:])
		if sum, err = strconv.ParseInt(digits, 10, 64); err != nil || strconv.FormatInt(sum, 10) != digits {
			return dst, state.ErrNotNumber
		}
	}
	if w.Delta > 0 && sum > math.MaxInt64-w.Delta || w.Delta < 0 && sum < math.MinInt64-w.Delta {
		return dst, state.ErrOverflow
	}
	return strconv.AppendInt(dst, sum+w.Delta, 10), nil
}
