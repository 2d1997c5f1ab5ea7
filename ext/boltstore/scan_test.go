package boltstore_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/weir-go/weir/ext/boltstore"
	"github.com/weir-go/weir/state"
)

// fill writes n rows of a name at 0, 1, ...; every third has expired at second 1000.
func fill(t *testing.T, s *boltstore.Store, pipeline, name string, n, size int) {
	t.Helper()
	writes := make([]state.Write, n)
	for i := range writes {
		writes[i] = state.Write{Key: state.Key{Kind: state.Value, Name: name, At: int64(i)}, Data: bytes.Repeat([]byte{byte(i)}, size)}
		if i%3 == 0 {
			writes[i].Expires = time.Unix(1000, 0)
		}
	}
	if err := s.Commit(t.Context(), pipeline, writes); err != nil {
		t.Fatal(err)
	}
}

func list(t *testing.T, s *boltstore.Store, pipeline string) (n int) {
	t.Helper()
	for _, err := range s.List(t.Context(), pipeline, state.Value) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}

// Rows are written while others are looked at: a transaction held open for the reader would
// keep the file from growing, and the two would wait for each other.
func TestCommitWithinList(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	fill(t, s, "p", "a", 2000, 100)
	seen := map[state.Key]int{}
	for r, err := range s.List(t.Context(), "p", state.Value) {
		if err != nil {
			t.Fatal(err)
		}
		if seen[r.Key]++; len(seen)%50 == 0 {
			fill(t, s, "q", fmt.Sprint(len(seen)), 20, 100_000)
		}
	}
	for at := range int64(2000) {
		if n := seen[state.Key{Kind: state.Value, Name: "a", At: at}]; n != 1 {
			t.Fatalf("row %d came %d times", at, n)
		}
	}
}

func TestRangeOverPages(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 10, 300_000} { // the last passes the bytes of a page first
		s, _ := open(t)
		n := 600
		if size > 1000 {
			n = 20
		}
		fill(t, s, "p", "a", n, size)
		fill(t, s, "p", "b", 3, size)
		next := int64(1)
		for r, err := range s.Range(t.Context(), "p", state.Value, "a", 1, int64(n)+10, false) {
			if err != nil {
				t.Fatal(err)
			}
			if r.At != next || r.Name != "a" || !bytes.Equal(r.Data, bytes.Repeat([]byte{byte(next)}, size)) {
				t.Fatalf("size %d: got row %q %d with %d bytes, want %d", size, r.Name, r.At, len(r.Data), next)
			}
			next++
		}
		if next != int64(n) {
			t.Errorf("size %d: %d rows, want %d", size, next, n)
		}
	}
}

// Names that keys could be mixed up by.
func TestNamesApart(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	names := []string{"", "\x00", "\x00\x00", "\x00\x01", "\x00\xff", "\x01", "a", "a\x00", "a\x00\x01", "a\x00\xff", "a\x01", "b", "\xff"}
	for _, p := range names {
		for _, kind := range []state.Kind{state.Value, state.Receipt, 0, 255} {
			var writes []state.Write
			for _, n := range names {
				for _, at := range []int64{math.MinInt64, -1, 0, math.MaxInt64} {
					k := state.Key{Kind: kind, Name: n, At: at}
					writes = append(writes, state.Write{Key: k, Data: fmt.Appendf(nil, "%q %v", p, k)})
				}
			}
			if err := s.Commit(t.Context(), p, writes); err != nil { // conflicts with itself if two are one
				t.Fatalf("%q: %v", p, err)
			}
		}
	}
	for _, p := range names {
		for _, kind := range []state.Kind{state.Value, state.Receipt, 0, 255} {
			var ranged []state.Row
			for _, n := range names { // they are in ascending order
				for r, err := range s.Range(t.Context(), p, kind, n, math.MinInt64, math.MaxInt64, true) {
					if err != nil {
						t.Fatal(err)
					}
					if want := fmt.Sprintf("%q %v", p, r.Key); string(r.Data) != want || r.Name != n || r.Kind != kind {
						t.Errorf("row %+v: %s, want %s", r.Key, r.Data, want)
					}
					r.Data = nil
					ranged = append(ranged, r)
				}
			}
			var listed []state.Row
			for r, err := range s.List(t.Context(), p, kind) {
				if err != nil {
					t.Fatal(err)
				}
				listed = append(listed, r)
			}
			if len(ranged) != 4*len(names) || !reflect.DeepEqual(ranged, listed) {
				t.Errorf("pipeline %q, kind %d: %d rows are listed, %d in ranges", p, kind, len(listed), len(ranged))
			}
		}
	}
}

func TestScanEnds(t *testing.T) {
	t.Parallel()
	s, db := open(t)
	fill(t, s, "p", "a", 1000, 1)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	var last error
	for _, err := range s.List(ctx, "p", state.Value) {
		if last = err; err == nil {
			n++
			cancel()
		}
	}
	if !errors.Is(last, context.Canceled) || n == 0 || n == 1000 {
		t.Errorf("cancelled after 1 row: %d rows, then %v", n, last)
	}
	for range s.List(t.Context(), "p", state.Value) {
		break
	}
	if err := db.Close(); err != nil { // waits for transactions
		t.Fatal(err)
	}
	n = 0
	for _, err := range s.List(t.Context(), "p", state.Value) {
		n++
		if last = err; err == nil {
			t.Error("a row of a closed file")
		}
	}
	if n != 1 || last == nil {
		t.Errorf("closed: %d times, %v", n, last)
	}
}

func TestExpire(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	fill(t, s, "p", "a", 15_000, 1)
	fill(t, s, "q", "a", 4, 1)
	for _, step := range []struct {
		now           int64
		deleted, left int
	}{{999, 0, 15_000}, {1000, 5000 + 2, 10_000}, {1000, 0, 10_000}, {1 << 40, 0, 10_000}} {
		n, err := s.Expire(t.Context(), time.Unix(step.now, 0))
		if err != nil || n != step.deleted {
			t.Errorf("at %d: %d deleted, %v; want %d", step.now, n, err, step.deleted)
		}
		if n := list(t, s, "p"); n != step.left {
			t.Errorf("at %d: %d left, want %d", step.now, n, step.left)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Expire(ctx, time.Now()); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// A row that is written again while Expire is at work stays.
func TestExpireLeavesRenewed(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	k := state.Key{Kind: state.Value, Name: "k"}
	write := func(expires int64) {
		for {
			err := s.Commit(t.Context(), "p", []state.Write{{Key: k, Version: version(t, s, k), Expires: time.Unix(expires, 0)}})
			if err == nil {
				return
			}
			if !errors.Is(err, state.ErrConflict) {
				t.Fatal(err)
			}
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	defer all.Wait()
	defer cancel()
	for range 2 {
		all.Go(func() {
			for ctx.Err() == nil {
				if _, err := s.Expire(ctx, time.Unix(1000, 0)); err != nil && !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
			}
		})
	}
	for i := range 500 {
		write(1000)
		write(2000)
		if version(t, s, k) == 0 {
			t.Fatalf("round %d: the row is gone", i)
		}
	}
}

// A row comes back with a version it never had, so that who read it before it was deleted
// cannot take it for the same.
func TestVersionsAfterExpire(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	k := state.Key{Kind: state.Receipt, Name: "r"}
	seen := map[uint64]bool{}
	for range 50 {
		if err := s.Commit(t.Context(), "p", []state.Write{{Key: k, Expires: time.Unix(1, 0)}}); err != nil {
			t.Fatal(err)
		}
		v := version(t, s, k)
		if v == 0 || seen[v] {
			t.Fatalf("version %d came before", v)
		}
		seen[v] = true
		if n, err := s.Expire(t.Context(), time.Unix(1, 0)); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		if err := s.Commit(t.Context(), "p", []state.Write{{Key: k, Version: v}}); !errors.Is(err, state.ErrConflict) {
			t.Fatalf("the deleted row was replaced: %v", err)
		}
	}
}

func version(t *testing.T, s *boltstore.Store, k state.Key) uint64 {
	t.Helper()
	rows, err := s.Load(t.Context(), "p", []state.Key{k}, true)
	if err != nil {
		t.Fatal(err)
	}
	return rows[0].Version
}
