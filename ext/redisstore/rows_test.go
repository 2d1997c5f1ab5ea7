package redisstore_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/weir-go/weir/ext/redisstore"
	"github.com/weir-go/weir/state"
)

// Redis deletes the row at its time, by the last write's Expires, and it comes back with a
// version it never had.
func TestExpiry(t *testing.T) {
	t.Parallel()
	c := client(t, address(t))
	s, pipeline := redisstore.New(c), own("p")
	key := "{weir/" + pipeline + "}1:0:sum"
	past, hour := time.Unix(1, 0), time.Now().Add(time.Hour)
	seen := map[uint64]bool{}
	for i, step := range []struct {
		w    state.Write
		ttl  bool
		gone bool
	}{
		{w: state.Write{Add: true, Delta: 1, Expires: hour}, ttl: true},
		{w: state.Write{Add: true, Delta: 1}},
		{w: state.Write{Expires: hour}, ttl: true},
		{w: state.Write{}},
		{w: state.Write{Expires: time.Unix(1<<40, 0)}}, // later than Redis can count
		{w: state.Write{Expires: hour}, ttl: true},
		{w: state.Write{Expires: time.Unix(1<<40, 0)}},
		{w: state.Write{Expires: past}, gone: true},
		{w: state.Write{Add: true, Expires: past}, gone: true},
		{w: state.Write{Expires: time.Unix(-5, 0)}, gone: true},
		{w: state.Write{}},
	} {
		before := load(t, s, pipeline, sum)
		step.w.Key, step.w.Version = sum, before.Version
		if err := s.Commit(t.Context(), pipeline, []state.Write{step.w}); err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
		r := load(t, s, pipeline, sum)
		if step.gone {
			if r.Version != 0 {
				t.Errorf("step %d: the row is still there", i)
			}
			continue
		}
		if seen[r.Version] {
			t.Errorf("step %d: version %d came before", i, r.Version)
		}
		seen[r.Version] = true
		if want := step.w.Expires.Truncate(time.Second); !r.Expires.Equal(want) {
			t.Errorf("step %d: it expires at %v, want %v", i, r.Expires, want)
		}
		ttl, err := c.TTL(t.Context(), key).Result()
		if err != nil || (ttl > 59*time.Minute && ttl <= time.Hour) != step.ttl || !step.ttl && ttl != -1 {
			t.Errorf("step %d: Redis deletes it in %v, %v", i, ttl, err)
		}
	}
}

// A deleted row that comes back is not what a writer had read.
func TestDeletedBetween(t *testing.T) {
	t.Parallel()
	c := client(t, address(t))
	s, pipeline := redisstore.New(c), own("p")
	write := func(version uint64) error {
		return s.Commit(t.Context(), pipeline, []state.Write{{Key: sum, Version: version, Data: []byte("same")}})
	}
	if err := write(0); err != nil {
		t.Fatal(err)
	}
	before := load(t, s, pipeline, sum)
	if err := c.Del(t.Context(), "{weir/"+pipeline+"}1:0:sum").Err(); err != nil {
		t.Fatal(err)
	}
	if err := write(before.Version); !errors.Is(err, state.ErrConflict) {
		t.Errorf("deleted: %v", err)
	}
	if err := write(0); err != nil {
		t.Fatal(err)
	}
	if err := write(before.Version); !errors.Is(err, state.ErrConflict) {
		t.Errorf("deleted and written: %v", err)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	c := client(t, address(t))
	s, pipeline := redisstore.New(c), own("p")
	if err := c.Set(t.Context(), "{weir/"+pipeline+"}1:0:taken", "x", time.Minute).Err(); err != nil {
		t.Fatal(err)
	}
	other := state.Write{Key: state.Key{Kind: state.Value, Name: "other"}, Add: true, Delta: 1}
	taken := state.Key{Kind: state.Value, Name: "taken"}
	many := make([]state.Write, s.Caps().MaxRows+1)
	for i := range many {
		many[i] = state.Write{Key: state.Key{Kind: state.Value, Name: "other", At: int64(i)}}
	}
	for name, writes := range map[string][]state.Write{
		"a key of another type":             {other, {Key: taken, Data: []byte("x")}},
		"adding to a key of another type":   {other, {Key: taken, Add: true, Delta: 1}},
		"more rows than one script takes":   many,
		"more bytes than one script takes":  {other, {Key: sum, Data: make([]byte, s.Caps().MaxBytes+1)}},
		"more bytes than it takes together": {other, {Key: sum, Data: make([]byte, s.Caps().MaxBytes)}, {Key: sum, Data: []byte{1}}},
	} {
		if err := s.Commit(t.Context(), pipeline, writes); !errors.Is(err, state.ErrRefused) {
			t.Errorf("%s: %v", name, err)
		}
		if load(t, s, pipeline, other.Key).Version != 0 {
			t.Errorf("%s: the row beside it was written", name)
		}
	}
	if _, err := s.Load(t.Context(), pipeline, []state.Key{taken}, true); err == nil {
		t.Error("a key of another type was read")
	}
	if err := s.Commit(t.Context(), pipeline, many[1:]); err != nil {
		t.Errorf("as many as Caps allows: %v", err)
	}
	large := []state.Write{{Key: sum, Data: bytes.Repeat([]byte{1}, s.Caps().MaxRow)}}
	if err := s.Commit(t.Context(), pipeline, large); err != nil || !bytes.Equal(load(t, s, pipeline, sum).Data, large[0].Data) {
		t.Errorf("as much as Caps allows: %v", err)
	}
}

// More rows than one script reads, and a server with keys of others.
func TestLoadAndListMany(t *testing.T) {
	t.Parallel()
	s := redisstore.New(client(t, address(t)))
	pipeline := own("*?[a]\\p^")
	const n = 2500
	keys := make([]state.Key, n)
	for begin := 0; begin < n; begin += 500 {
		var writes []state.Write
		for i := begin; i < begin+500; i++ {
			keys[i] = state.Key{Kind: state.Value, Name: fmt.Sprint(i % 7), At: int64(i)}
			writes = append(writes, state.Write{Key: keys[i], Data: fmt.Append(nil, i), Expires: time.Unix(1<<35, 0)})
		}
		for _, p := range []string{pipeline, strings.Replace(pipeline, "*", "x", 1)} {
			if err := s.Commit(t.Context(), p, writes); err != nil {
				t.Fatal(err)
			}
		}
	}
	rows, err := s.Load(t.Context(), pipeline, keys, false)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range rows {
		if r.Key != keys[i] || string(r.Data) != fmt.Sprint(i) {
			t.Fatalf("row %d is %+v", i, r)
		}
	}
	seen := map[state.Key]uint64{}
	for r, err := range s.List(t.Context(), pipeline, state.Value) {
		if err != nil {
			t.Fatal(err)
		}
		if seen[r.Key] != 0 || !r.Expires.Equal(time.Unix(1<<35, 0)) {
			t.Fatalf("row %+v", r)
		}
		seen[r.Key] = r.Version
	}
	for _, r := range rows {
		if seen[r.Key] != r.Version {
			t.Errorf("row %v is listed with version %d, want %d", r.Key, seen[r.Key], r.Version)
		}
	}
	if len(seen) != n {
		t.Errorf("%d rows are listed, want %d", len(seen), n)
	}
	for range s.List(t.Context(), pipeline, state.Value) {
		break
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range s.List(ctx, pipeline, state.Value) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
	}
}

// The server that .ci/serve.sh starts is a cluster: whatever mixes slots fails there.
func TestCluster(t *testing.T) {
	t.Parallel()
	addr := address(t)
	if info, err := client(t, addr).Info(t.Context(), "cluster").Result(); err != nil || !strings.Contains(info, "cluster_enabled:1") {
		t.Skip("the server at WEIR_REDIS is no cluster")
	}
	c := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{addr}, ReadOnly: true})
	t.Cleanup(func() { c.Close() })
	s := redisstore.New(c)
	for _, name := range []string{"", "{", "}", "{}", "a}b{c", "%7D"} {
		pipeline := name + own(name)
		writes := []state.Write{{Key: sum, Add: true, Delta: 1}, {Key: state.Key{Kind: state.Receipt, Name: "{x}"}}}
		if err := s.Commit(t.Context(), pipeline, writes); err != nil {
			t.Fatalf("%q: %v", pipeline, err)
		}
		if r := load(t, s, pipeline, sum); string(r.Data) != "1" {
			t.Errorf("%q: %q", pipeline, r.Data)
		}
		n := 0
		for r, err := range s.List(t.Context(), pipeline, state.Receipt) {
			if err != nil || r.Name != "{x}" {
				t.Errorf("%q: %+v, %v", pipeline, r, err)
			}
			n++
		}
		if n != 1 {
			t.Errorf("%q: %d receipts", pipeline, n)
		}
		claims, err := redisstore.NewDeduper(c).Claim(t.Context(), pipeline, "token", []string{"a", "{b}", "}c{"}, time.Minute)
		if err != nil || len(claims) != 3 {
			t.Errorf("%q: %v, %v", pipeline, claims, err)
		}
	}
}
