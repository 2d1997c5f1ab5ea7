package redisstore_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/weir-go/weir/ext/redisstore"
	"github.com/weir-go/weir/state"
)

var sum = state.Key{Kind: state.Value, Name: "sum"}

func load(t *testing.T, s state.Store, pipeline string, k state.Key) state.Row {
	t.Helper()
	rows, err := s.Load(t.Context(), pipeline, []state.Key{k}, true)
	if err != nil {
		t.Fatal(err)
	}
	return rows[0]
}

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

// What was added before a sum overflowed is as it was, to the version and the time to live.
func TestAddsTakenBack(t *testing.T) {
	t.Parallel()
	c := client(t, address(t))
	s, pipeline := redisstore.New(c), own("p")
	at := func(name string) state.Key { return state.Key{Kind: state.Value, Name: name} }
	hour := time.Now().Add(time.Hour).Truncate(time.Second)
	err := s.Commit(t.Context(), pipeline, []state.Write{
		{Key: at("number"), Add: true, Delta: 9007199254740993, Expires: hour}, // no double holds it
		{Key: at("written"), Data: []byte("-40")},
		{Key: at("least"), Add: true, Delta: math.MinInt64},
		{Key: at("text"), Data: []byte("text")},
	})
	if err != nil {
		t.Fatal(err)
	}
	before := load(t, s, pipeline, at("number"))
	err = s.Commit(t.Context(), pipeline, []state.Write{
		{Key: at("number"), Add: true, Delta: 1},
		{Key: at("new"), Add: true, Delta: 1, Expires: hour},
		{Key: at("text"), Version: load(t, s, pipeline, at("text")).Version, Data: []byte("other")},
		{Key: at("written"), Add: true, Delta: math.MinInt64 + 40},
		{Key: at("least"), Add: true, Delta: -1},
		{Key: at("behind"), Add: true, Delta: 1},
	})
	if !errors.Is(err, state.ErrOverflow) || !strings.Contains(err.Error(), `"least"`) {
		t.Errorf("overflow: %v", err)
	}
	if after := load(t, s, pipeline, at("number")); after.Version != before.Version || !after.Expires.Equal(hour) {
		t.Errorf("the number was %+v, and is %+v", before, after)
	}
	for name, want := range map[string]string{"number": "9007199254740993", "written": "-40", "least": "-9223372036854775808", "text": "text", "new": "", "behind": ""} {
		r := load(t, s, pipeline, at(name))
		exists, err := c.Exists(t.Context(), "{weir/"+pipeline+"}1:0:"+name).Result()
		if string(r.Data) != want || (r.Version != 0) != (want != "") || (exists == 1) != (want != "") || err != nil {
			t.Errorf("%s is %+v, and there is %d, %v; want %q", name, r, exists, err, want)
		}
	}
	if ttl := c.TTL(t.Context(), "{weir/"+pipeline+"}1:0:number").Val(); ttl < 59*time.Minute {
		t.Errorf("the number is deleted in %v", ttl)
	}
}

// Lua decides what a number is, since servers differ in what they add to.
func TestNumbers(t *testing.T) {
	t.Parallel()
	s, pipeline := redisstore.New(client(t, address(t))), own("p")
	for text, ok := range map[string]bool{
		"0": true, "-1": true, "10": true, "999999999999999999": true, "9223372036854775806": true, "-9223372036854775808": true,
		"": false, "-": false, "-0": false, "00": false, "01": false, "-01": false, "+1": false, " 1": false, "1 ": false, "1\n": false, "1\x00": false, "1.0": false, "1e3": false, "0x1": false,
		"9223372036854775808": false, "-9223372036854775809": false, "9999999999999999999": false, "10000000000000000000": false,
	} {
		k := state.Key{Kind: state.Value, Name: text}
		if err := s.Commit(t.Context(), pipeline, []state.Write{{Key: k, Data: []byte(text)}}); err != nil {
			t.Fatal(err)
		}
		err := s.Commit(t.Context(), pipeline, []state.Write{{Key: k, Add: true, Delta: 1}})
		if ok && err != nil || !ok && !errors.Is(err, state.ErrNotNumber) {
			t.Errorf("adding to %q: %v", text, err)
		}
	}
}

// Names that keys could be mixed up by, or placed by.
func TestNamesApart(t *testing.T) {
	t.Parallel()
	s, pre := redisstore.New(client(t, address(t))), own("")
	names := []string{"", "}", "{", "{}", "a", "a}", "a%7D", "a}1:0:a", "1:0:", "a:", "%", "%25", "\x00", "\xff", "a*", "a?", "[a]", "\\"}
	keys := make([]state.Key, 0, 2*len(names))
	for _, n := range names {
		keys = append(keys, state.Key{Kind: state.Value, Name: n}, state.Key{Kind: state.Value, Name: n, At: -1})
	}
	for _, p := range names {
		var writes []state.Write
		for i, k := range keys {
			writes = append(writes, state.Write{Key: k, Data: fmt.Append(nil, p, i), Expires: time.Now().Add(time.Minute)})
		}
		if err := s.Commit(t.Context(), pre+p, writes); err != nil { // conflicts with itself if two are one
			t.Fatalf("%q: %v", p, err)
		}
	}
	for _, p := range names {
		rows, err := s.Load(t.Context(), pre+p, keys, true)
		if err != nil {
			t.Fatal(err)
		}
		want := map[state.Key]bool{}
		for i, r := range rows {
			if want[keys[i]] = true; string(r.Data) != fmt.Sprint(p, i) {
				t.Errorf("pipeline %q, row %+v: %q", p, r.Key, r.Data)
			}
		}
		for r, err := range s.List(t.Context(), pre+p, state.Value) {
			if err != nil {
				t.Fatal(err)
			}
			if !want[r.Key] {
				t.Errorf("pipeline %q lists %+v", p, r.Key)
			}
			delete(want, r.Key)
		}
		if len(want) != 0 {
			t.Errorf("pipeline %q does not list %v", p, want)
		}
	}
}

// More rows than one script reads, and a server with keys of others.
func TestLoadAndListMany(t *testing.T) {
	t.Parallel()
	s := redisstore.New(client(t, address(t)))
	pipeline := own("*?[a]\\p^")
	const n = 2500
	soon := time.Now().Add(time.Minute).Truncate(time.Second)
	keys := make([]state.Key, n)
	for begin := 0; begin < n; begin += 500 {
		var writes []state.Write
		for i := begin; i < begin+500; i++ {
			keys[i] = state.Key{Kind: state.Value, Name: fmt.Sprint(i % 7), At: int64(i)}
			writes = append(writes, state.Write{Key: keys[i], Data: fmt.Append(nil, i), Expires: soon})
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
		if seen[r.Key] != 0 || !r.Expires.Equal(soon) {
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

// The rights that the package's doc asks for are enough.
func TestRights(t *testing.T) {
	t.Parallel()
	addr := address(t)
	admin, user := client(t, addr), "weir"+strings.ReplaceAll(own(""), "/", "")
	rule := strings.Fields("acl setuser " + user + " on >secret ~{weir/* +evalsha +eval +hmget +hset +hincrby +hdel +del +expireat +persist +scan +get +set +time")
	args := make([]any, len(rule))
	for i, r := range rule {
		args[i] = r
	}
	if err := admin.Do(t.Context(), args...).Err(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { admin.Do(context.Background(), "acl", "deluser", user) })
	c := redis.NewClient(&redis.Options{Addr: addr, Username: user, Password: "secret"})
	t.Cleanup(func() { c.Close() })
	s, d, pipeline := redisstore.New(c), redisstore.NewDeduper(c), own("p")
	old, receipt := state.Key{Kind: state.Value, Name: "old"}, state.Key{Kind: state.Receipt}
	soon := time.Now().Add(time.Minute)
	for i, writes := range [][]state.Write{
		{{Key: sum, Add: true, Delta: 1, Expires: soon}, {Key: receipt}},
		{{Key: sum, Add: true, Delta: math.MaxInt64 - 1}, {Key: old, Data: []byte("1"), Expires: soon}},
		{{Key: old, Add: true, Delta: 1}, {Key: state.Key{Kind: state.Value, Name: "new"}, Add: true}, {Key: sum, Add: true, Delta: 1}}, // overflows
	} {
		if err := s.Commit(t.Context(), pipeline, writes); err != nil && !errors.Is(err, state.ErrOverflow) {
			t.Errorf("commit %d: %v", i, err)
		}
	}
	if r := load(t, s, pipeline, old); string(r.Data) != "1" {
		t.Errorf("the row is %+v", r)
	}
	for _, err := range s.List(t.Context(), pipeline, state.Value) {
		if err != nil {
			t.Error(err)
		}
	}
	claim(t, d, pipeline, "x", time.Minute, "1", "2")
	if err := errors.Join(d.Confirm(t.Context(), pipeline, "x", []string{"1"}, time.Minute), d.Release(t.Context(), pipeline, "x", []string{"2"})); err != nil {
		t.Error(err)
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
