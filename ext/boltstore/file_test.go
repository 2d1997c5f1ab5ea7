package boltstore_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/weir-go/weir/ext/boltstore"
	"github.com/weir-go/weir/state"
	"go.etcd.io/bbolt"
)

func open(t testing.TB) (*boltstore.Store, *bbolt.DB) {
	t.Helper()
	db, err := bbolt.Open(filepath.Join(t.TempDir(), "rows.db"), 0o600, &bbolt.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	s, err := boltstore.New(db)
	if err != nil {
		t.Fatal(err)
	}
	return s, db
}

func TestReopened(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "rows.db")
	k := state.Key{Kind: state.Value, Name: "k", At: -5}
	reopen := func(opts *bbolt.Options) (*boltstore.Store, *bbolt.DB, error) {
		db, err := bbolt.Open(path, 0o600, opts)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		s, err := boltstore.New(db)
		return s, db, err
	}
	seen := map[uint64]bool{}
	for range 5 {
		s, db, err := reopen(nil)
		if err != nil {
			t.Fatal(err)
		}
		before := version(t, s, k)
		if err := s.Commit(t.Context(), "p", []state.Write{{Key: k, Version: before, Data: []byte("x")}}); err != nil {
			t.Fatal(err)
		}
		v := version(t, s, k)
		if seen[v] || v == before {
			t.Fatalf("version %d came before", v)
		}
		seen[v] = true
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	s, _, err := reopen(&bbolt.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	if !seen[version(t, s, k)] {
		t.Error("read-only: the row is not there")
	}
	if err := s.Commit(t.Context(), "p", []state.Write{{Key: k}}); !errors.Is(err, state.ErrRefused) {
		t.Errorf("read-only: %v", err)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	s, db := open(t)
	long := []state.Write{{Key: state.Key{Kind: state.Value, Name: "short"}}, {Key: state.Key{Kind: state.Value, Name: strings.Repeat("x", 1<<15)}}}
	if err := s.Commit(t.Context(), "p", long); !errors.Is(err, state.ErrRefused) {
		t.Errorf("a long name: %v", err)
	}
	if v := version(t, s, long[0].Key); v != 0 {
		t.Error("the row beside the long name was written")
	}
	damage := func(value string) {
		err := db.Update(func(tx *bbolt.Tx) error {
			b := tx.Bucket([]byte(boltstore.Bucket))
			k, _ := b.Cursor().First()
			return b.Put(k, []byte(value))
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	k := state.Key{Kind: state.Value, Name: "k"}
	if err := s.Commit(t.Context(), "p", []state.Write{{Key: k}}); err != nil {
		t.Fatal(err)
	}
	for _, value := range []string{"", "123456789012345"} {
		damage(value)
		if _, err := s.Load(t.Context(), "p", []state.Key{k}, true); err == nil {
			t.Error("a damaged row was read")
		}
		for _, w := range []state.Write{{Key: k}, {Key: k, Add: true}} {
			if err := s.Commit(t.Context(), "p", []state.Write{w}); !errors.Is(err, state.ErrRefused) {
				t.Errorf("over a damaged row: %v", err)
			}
		}
	}
	if err := db.Update(func(tx *bbolt.Tx) error { return tx.DeleteBucket([]byte(boltstore.Bucket)) }); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(t.Context(), "p", []state.Write{{Key: k}}); !errors.Is(err, state.ErrRefused) {
		t.Errorf("without its bucket: %v", err)
	}
	if _, err := s.Load(t.Context(), "p", []state.Key{k}, true); err == nil {
		t.Error("read without its bucket")
	}
	if _, err := boltstore.New(nil); err == nil {
		t.Error("a store without a file")
	}
}
