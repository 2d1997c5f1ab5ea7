// Package redisstore keeps the rows of pipelines in Redis, through a client of go-redis. It is
// tested with Redis 7.0, and uses nothing newer than Redis 5, so Valkey should do. Commits are
// atomic, so pipelines on it need no Deduper; for stores that do, the package has one.
//
// # Cost
//
// A Commit is one round trip: a script that makes a HMGET and a HSET a row, a HINCRBY for an
// add, and an EXPIREAT if the row expires. Nothing else runs on the server meanwhile: about 4 ms for
// the most it takes, 1,000 rows. A Load is one round trip for 1,000 rows. On the wire a row
// costs its data, both names, and about 100 bytes. In the server's memory it is a hash: its
// data, both names, and about 150 bytes.
//
// # What is promised
//
// The version of a row is a random number, so it stays unique through FLUSHALL and restored
// backups. Commits are sent once whatever the client's MaxRetries, so that one whose answer
// was lost is neither applied twice nor taken for a conflict with itself: it returns the
// client's error.
//
// Redis answers before a write is on disk or on a replica. A crash or a failover takes back
// the last Commits, those of all rows alike: no record counts twice for it, but records that
// were done can be missing. Set appendfsync to always, and min-replicas-to-write, as far as
// you want to pay. With a maxmemory, maxmemory-policy must be noeviction: others drop rows.
//
// # Keys
//
// Keys start with {weir/PIPELINE}, so that a cluster has those of a pipeline on one node. A user
// that is not the default one needs all of ~{weir/* +evalsha +eval +hmget +hset +hincrby +hdel
// +del +expireat +persist: without one of them a Commit could fail in its middle. List needs
// +scan, and a Deduper +get +set +time. The layout of keys and hashes is not API.
//
// # Expiry
//
// Redis deletes rows when they expire, by its own clock; nothing need be called. There is no
// state.Ranger: hashes have no order. List is there, at the cost of reading all keys of the
// server.
package redisstore

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/weir-go/weir/state"
)

// A script holds up the server, so there are limits to what one does.
const (
	maxRows  = 1000
	maxBytes = 16 << 20
)

// Store is a state.Store in Redis. It is also a state.Versioner and a state.Lister.
type Store struct{ client Client }

var (
	_ state.Store     = (*Store)(nil)
	_ state.Versioner = (*Store)(nil)
	_ state.Lister    = (*Store)(nil)
)

// New returns the store that a client reaches. Nothing need be created. The client stays the
// caller's to close.
func New(client Client) *Store { return &Store{client} }

// Caps says that all writes of a Commit are applied, or none, and that rows can be added to.
func (s *Store) Caps() state.Caps {
	return state.Caps{Atomic: state.PerBatch, Adds: true, MaxRows: maxRows, MaxBytes: maxBytes, MaxRow: maxBytes}
}

func rowKey(pre string, k state.Key) string {
	return kindPrefix(pre, k.Kind) + strconv.FormatInt(k.At, 10) + ":" + k.Name
}

func kindPrefix(pre string, k state.Kind) string { return pre + strconv.Itoa(int(k)) + ":" }

// parseKey reads what rowKey wrote behind kindPrefix.
func parseKey(kind state.Kind, s string) (state.Key, error) {
	at, name, _ := strings.Cut(s, ":")
	n, err := strconv.ParseInt(at, 10, 64)
	return state.Key{Kind: kind, Name: name, At: n}, err
}

// Load reads rows from masters, so they are always consistent.
func (s *Store) Load(ctx context.Context, pipeline string, keys []state.Key, _ bool) ([]state.Row, error) {
	rows := make([]state.Row, len(keys))
	pre := prefix(pipeline)
	for begin := 0; begin < len(keys); begin += maxRows {
		part := keys[begin:min(begin+maxRows, len(keys))]
		names := make([]string, len(part))
		for i, k := range part {
			names[i] = rowKey(pre, k)
		}
		reply, err := loadScript.run(ctx, s.client, names)
		if err == nil && len(reply) != len(part) {
			err = fmt.Errorf("redis answered with %d rows of %d", len(reply), len(part))
		}
		for i := 0; err == nil && i < len(part); i++ {
			rows[begin+i], err = row(part[i], reply[i])
		}
		if err != nil {
			return nil, fmt.Errorf("redisstore: load: %w", err)
		}
	}
	return rows, nil
}

// row reads a reply of version, expiry and data, each nil or a string.
func row(k state.Key, reply any) (state.Row, error) {
	r := state.Row{Key: k}
	fields, _ := reply.([]any)
	if len(fields) != 3 {
		return r, fmt.Errorf("row %s: redis answered with %v", text(k), reply)
	}
	if fields[0] == nil {
		return r, nil
	}
	version, _ := fields[0].(string)
	var err error
	if r.Version, err = strconv.ParseUint(version, 36, 64); err != nil {
		return r, fmt.Errorf("row %s: its version is damaged: %w", text(k), err)
	}
	if expires, ok := fields[1].(string); ok {
		seconds, err := strconv.ParseInt(expires, 10, 64)
		if err != nil {
			return r, fmt.Errorf("row %s: its expiry is damaged: %w", text(k), err)
		}
		r.Expires = time.Unix(seconds, 0).UTC()
	}
	if data, ok := fields[2].(string); ok {
		r.Data = []byte(data)
	}
	return r, nil
}

func text(k state.Key) string { return fmt.Sprintf("%d/%q/%d", k.Kind, k.Name, k.At) }

// Commit applies writes by one script, which is sent once.
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
	return slices.Repeat([]uint64{version}, len(writes)), nil
}

func (s *Store) commit(ctx context.Context, pipeline string, writes []state.Write, version uint64) error {
	pre := prefix(pipeline)
	keys := make([]string, len(writes))
	args := make([]any, 1, 1+3*len(writes))
	args[0] = strconv.FormatUint(version, 36)
	size := 0
	for i := range writes {
		w := &writes[i]
		keys[i] = rowKey(pre, w.Key)
		if w.Add {
			args = append(args, "+", strconv.FormatInt(w.Delta, 10))
		} else {
			args = append(args, strconv.FormatUint(w.Version, 36), w.Data)
			size += len(w.Data)
		}
		expires := ""
		if !w.Expires.IsZero() {
			expires = strconv.FormatInt(w.Expires.Unix(), 10)
		}
		args = append(args, expires)
	}
	if len(writes) > maxRows || size > maxBytes {
		return fmt.Errorf("redisstore: commit: %w: %d rows with %d bytes are more than Caps allows", state.ErrRefused, len(writes), size)
	}
	reply, err := commitScript.run(ctx, s.client, keys, args...)
	if err != nil {
		if _, ok := errors.AsType[redis.Error](err); ok && strings.Contains(err.Error(), "WRONGTYPE") {
			return fmt.Errorf("redisstore: commit: %w: a key of %s is something else's: %w", state.ErrRefused, pre, err)
		}
		return fmt.Errorf("redisstore: commit: %w", err)
	}
	return outcome(writes, reply)
}

func outcome(writes []state.Write, reply []any) error {
	if len(reply) != 2 {
		return fmt.Errorf("redisstore: commit: redis answered with %v", reply)
	}
	code, _ := reply[0].(int64) // 0 is none
	row, _ := reply[1].(int64)
	if code == applied {
		return nil
	}
	err := map[int64]error{conflict: state.ErrConflict, notNumber: state.ErrNotNumber, overflow: state.ErrOverflow}[code]
	if err == nil || row < 1 || row > int64(len(writes)) {
		return fmt.Errorf("redisstore: commit: redis answered with %v", reply)
	}
	return fmt.Errorf("redisstore: commit: row %s: %w", text(writes[row-1].Key), err)
}

func newVersion() uint64 {
	var b [8]byte
	for {
		_, _ = rand.Read(b[:]) // it cannot fail
		if v := binary.LittleEndian.Uint64(b[:]); v != 0 {
			return v
		}
	}
}

// List yields the rows of a kind. It scans all keys of the server that has the pipeline's, so
// it is slow where there are many others, and it keeps the names it has yielded, to yield each
// once. A cluster must not move the pipeline to another node meanwhile.
func (s *Store) List(ctx context.Context, pipeline string, kind state.Kind) iter.Seq2[state.Row, error] {
	return func(yield func(state.Row, error) bool) {
		pre := kindPrefix(prefix(pipeline), kind)
		pattern := escapePattern.Replace(pre) + "*"
		seen := map[state.Key]bool{}
		for cursor := "0"; ; {
			rows, next, err := s.page(ctx, pre, kind, cursor, pattern)
			if err != nil {
				yield(state.Row{}, fmt.Errorf("redisstore: list: %w", err))
				return
			}
			for _, r := range rows {
				if r.Version == 0 || seen[r.Key] { // it is gone, or Redis moves its tables
					continue
				}
				seen[r.Key] = true
				if !yield(r, nil) {
					return
				}
			}
			if cursor = next; cursor == "0" {
				return
			}
		}
	}
}

var escapePattern = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`)

func (s *Store) page(ctx context.Context, pre string, kind state.Kind, cursor, pattern string) (rows []state.Row, next string, err error) {
	reply, err := listScript.run(ctx, s.client, []string{pre}, cursor, pattern)
	if err != nil {
		return nil, "", err
	}
	if len(reply) == 2 {
		next, _ = reply[0].(string)
	}
	if next == "" {
		return nil, "", fmt.Errorf("redis answered with %v", reply)
	}
	found, _ := reply[1].([]any)
	for _, f := range found {
		fields, _ := f.([]any)
		if len(fields) != 3 {
			return nil, "", fmt.Errorf("redis answered with %v", f)
		}
		name, _ := fields[0].(string)
		k, err := parseKey(kind, strings.TrimPrefix(name, pre))
		if err != nil {
			return nil, "", fmt.Errorf("the key %q is something else's: %w", name, err)
		}
		r, err := row(k, []any{fields[1], fields[2], nil})
		if err != nil {
			return nil, "", err
		}
		rows = append(rows, r)
	}
	return rows, next, nil
}
