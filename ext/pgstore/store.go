// Package pgstore keeps the rows of pipelines in a table of PostgreSQL through pgx. It is tested
// with version 15. Commits are transactions, so pipelines on it need no Deduper.
//
// # Cost
//
// A Commit is one statement: one round trip, and one flush of the log. A Load of any number
// of rows is one round trip. The first of each on a connection prepares it with another. With the
// server on the same machine and no fsync, a Commit of 50 rows took 0.5 ms, and a Load of 50
// 0.3 ms.
//
// A row that is committed is written once, with an index entry if it is new, and another if
// it expires. On disk it takes its data, the pipeline's name and its own twice, and about 150
// bytes. VACUUM has as many dead rows to clear as were written again; the table's fillfactor
// keeps most of those on their page.
//
// # What is promised
//
// Statements are sent once: pgx does not repeat them. When an answer is lost, or a context
// ends, the rows may have been committed. Give the store a pool of the primary: a replica is
// behind. With synchronous_commit off, a crash takes back the last commits, those of all rows
// alike: no record counts twice for it, but records that were done can be missing.
//
// # Expiry
//
// Nothing is deleted until Expire is called, by a worker or a cron job.
//
// The layout of the table is not API.
package pgstore

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/weir-go/weir/state"
)

// DB is what the package needs of a *pgxpool.Pool.
type DB interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// maxBytes keeps a statement far from the 1 GB that PostgreSQL takes.
const maxBytes = 64 << 20

// Store is a state.Store in PostgreSQL. It is also a state.Versioner, Lister and Ranger.
type Store struct {
	db  DB
	sql statements
}

var (
	_ state.Store     = (*Store)(nil)
	_ state.Versioner = (*Store)(nil)
	_ state.Lister    = (*Store)(nil)
	_ state.Ranger    = (*Store)(nil)
)

// New returns the store in a table, which CreateTable or a migration must have created. The
// pool stays the caller's to close.
func New(db DB, opts ...Option) *Store { return &Store{db, configure(opts).statements()} }

// Caps says that all writes of a Commit are applied, or none, and that rows can be added to.
func (s *Store) Caps() state.Caps {
	return state.Caps{Atomic: state.PerBatch, Adds: true, MaxBytes: maxBytes, MaxRow: maxBytes}
}

// Load reads rows by one statement, so they are of one moment, and consistent on a primary.
func (s *Store) Load(ctx context.Context, pipeline string, keys []state.Key, _ bool) ([]state.Row, error) {
	out := make([]state.Row, len(keys))
	kinds, names, ats := make([]int16, len(keys)), make([][]byte, len(keys)), make([]int64, len(keys))
	for i, k := range keys {
		out[i].Key = k
		kinds[i], names[i], ats[i] = int16(k.Kind), []byte(k.Name), k.At
	}
	if len(keys) == 0 {
		return out, nil
	}
	var i int64
	var v values
	err := s.query(ctx, s.sql.load, []any{[]byte(pipeline), kinds, names, ats}, func(rows pgx.Rows) error {
		if err := rows.Scan(&i, &v.version, &v.number, &v.data, &v.expires); err != nil {
			return err
		}
		out[i-1] = v.row(keys[i-1])
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("pgstore: load: %w", err)
	}
	return out, nil
}

// query calls a function for each row.
func (s *Store) query(ctx context.Context, sql string, args []any, each func(pgx.Rows) error) error {
	rows, err := s.db.Query(ctx, sql, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// values are the columns of a row behind its key.
type values struct {
	version         int64
	number, expires pgtype.Int8
	data            []byte
}

func (v *values) row(k state.Key) state.Row {
	r := state.Row{Key: k, Version: uint64(v.version), Data: v.data}
	if v.number.Valid {
		r.Data = strconv.AppendInt(nil, v.number.Int64, 10)
	}
	if v.expires.Valid {
		r.Expires = time.Unix(v.expires.Int64, 0).UTC()
	}
	return r
}

// Commit applies writes by one statement.
func (s *Store) Commit(ctx context.Context, pipeline string, writes []state.Write) error {
	if len(writes) == 0 {
		return nil
	}
	return s.commit(ctx, pipeline, writes, newVersion())
}

// CommitVersions is Commit, and tells the versions that the rows have then: all the same.
func (s *Store) CommitVersions(ctx context.Context, pipeline string, writes []state.Write) ([]uint64, error) {
	if len(writes) == 0 {
		return nil, nil
	}
	version := newVersion()
	if err := s.commit(ctx, pipeline, writes, version); err != nil {
		return nil, err
	}
	return slices.Repeat([]uint64{uint64(version)}, len(writes)), nil
}

func (s *Store) commit(ctx context.Context, pipeline string, writes []state.Write, version int64) error {
	args, err := commitArgs(pipeline, writes, version)
	if err == nil {
		_, err = s.db.Exec(ctx, s.sql.commit, args...)
	}
	if err != nil {
		return fmt.Errorf("pgstore: commit: %w", classify(err))
	}
	return nil
}

// never is time.Time{}.Unix(): in the place of an expiry for rows that have none.
const never int64 = -62135596800

func commitArgs(pipeline string, writes []state.Write, version int64) ([]any, error) {
	n, size := len(writes), 0
	kinds, names, ats, needs := make([]int16, n), make([][]byte, n), make([]int64, n), make([]int64, n)
	numbers, data, expires := make([]int64, n), make([][]byte, n), make([]int64, n)
	for i := range writes {
		w := &writes[i]
		kinds[i], names[i], ats[i], expires[i] = int16(w.Kind), []byte(w.Name), w.At, w.Expires.Unix()
		if w.Add {
			needs[i], numbers[i] = -1, w.Delta
			continue
		}
		if w.Version > math.MaxInt64 { // no row has it
			return nil, fmt.Errorf("row %d/%q/%d: %w", w.Kind, w.Name, w.At, state.ErrConflict)
		}
		size += len(w.Data)
		needs[i] = int64(w.Version)
		if number, ok := decimal(w.Data); ok {
			numbers[i] = number // to be added to later, perhaps
		} else if data[i] = w.Data; w.Data == nil {
			data[i] = []byte{}
		}
	}
	if size > maxBytes {
		return nil, fmt.Errorf("%w: %d bytes are more than Caps allows", state.ErrRefused, size)
	}
	return []any{[]byte(pipeline), version, kinds, names, ats, needs, numbers, data, never, expires}, nil
}

// decimal reads what strconv.FormatInt writes, and nothing else.
func decimal(b []byte) (int64, bool) {
	if len(b) == 0 || len(b) > len("-9223372036854775808") {
		return 0, false
	}
	n, err := strconv.ParseInt(string(b), 10, 64)
	return n, err == nil && strconv.FormatInt(n, 10) == string(b)
}

func newVersion() int64 {
	var b [8]byte
	for {
		_, _ = rand.Read(b[:]) // it cannot fail
		if v := int64(binary.LittleEndian.Uint64(b[:]) >> 1); v != 0 {
			return v
		}
	}
}

// classify adds what an error of the server means for a commit. It answers with one before
// the statement has committed, so nothing was applied.
func classify(err error) error {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	if !ok || pg.Severity != "ERROR" && pg.SeverityUnlocalized != "ERROR" {
		return err
	}
	switch pg.Code {
	case "22012": // division by zero: commitSQL says so
		return state.ErrConflict
	case "40001", "40P01", "55P03", "23505": // serialization, deadlock, lock timeout, unique index
		return fmt.Errorf("%w: %w", state.ErrConflict, err)
	case "22003": // out of range
		return fmt.Errorf("%w: %w", state.ErrOverflow, err)
	case "23514": // a check constraint
		if pg.ConstraintName == onlyOne {
			return state.ErrNotNumber
		}
	case "42P01", "42703", "42P10", "3F000": // no such table, column, index, schema
		return fmt.Errorf("%w: run what pgstore.SQL returns: %w", state.ErrRefused, err)
	case "42501", "54000": // no right; a name too long for the index
		return fmt.Errorf("%w: %w", state.ErrRefused, err)
	}
	return err
}
