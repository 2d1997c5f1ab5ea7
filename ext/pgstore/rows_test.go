package pgstore_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/weir-go/weir/ext/pgstore"
	"github.com/weir-go/weir/state"
)

func value(name string, at int64) state.Key {
	return state.Key{Kind: state.Value, Name: name, At: at}
}

func load(t *testing.T, s *pgstore.Store, k state.Key) state.Row {
	t.Helper()
	rows, err := s.Load(t.Context(), "p", []state.Key{k}, true)
	if err != nil {
		t.Fatal(err)
	}
	return rows[0]
}

func commit(t *testing.T, s *pgstore.Store, writes ...state.Write) {
	t.Helper()
	if err := s.Commit(t.Context(), "p", writes); err != nil {
		t.Fatal(err)
	}
}

// Whatever way of sending statements and whatever isolation a pool is set to.
func TestPools(t *testing.T) {
	t.Parallel()
	_, _, table := open(t)
	for _, mode := range []pgx.QueryExecMode{pgx.QueryExecModeCacheStatement, pgx.QueryExecModeCacheDescribe, pgx.QueryExecModeDescribeExec, pgx.QueryExecModeExec, pgx.QueryExecModeSimpleProtocol} {
		for _, isolation := range []string{"read committed", "serializable"} {
			name := fmt.Sprint(mode, ", ", isolation)
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := pgstore.New(connect(t, func(c *pgxpool.Config) {
					c.ConnConfig.DefaultQueryExecMode = mode
					c.ConnConfig.RuntimeParams["default_transaction_isolation"] = isolation
				}), table)
				hour := time.Now().Add(time.Hour).Truncate(time.Second)
				number, data, meta := value(name+"\x00\xff", math.MinInt64), value(name, math.MaxInt64), state.Key{Kind: state.Meta, Name: name}
				commit(t, s, state.Write{Key: number, Add: true, Delta: 1, Expires: hour}, state.Write{Key: data, Data: []byte{0, 255}}, state.Write{Key: meta})
				commit(t, s, state.Write{Key: number, Add: true, Delta: math.MaxInt64 - 1}, state.Write{Key: data, Version: load(t, s, data).Version, Expires: hour})
				if r := load(t, s, number); string(r.Data) != "9223372036854775807" || !r.Expires.IsZero() {
					t.Errorf("the number is %+v", r)
				}
				if r := load(t, s, data); len(r.Data) != 0 || !r.Expires.Equal(hour) {
					t.Errorf("the data are %+v", r)
				}
				for want, w := range map[error]state.Write{
					state.ErrConflict:  {Key: data, Data: []byte("x")},
					state.ErrOverflow:  {Key: number, Add: true, Delta: 1},
					state.ErrNotNumber: {Key: data, Add: true, Delta: 1},
				} {
					if err := s.Commit(t.Context(), "p", []state.Write{{Key: meta, Version: load(t, s, meta).Version, Data: []byte("x")}, w}); !errors.Is(err, want) {
						t.Errorf("%v, want %v", err, want)
					}
				}
				if r := load(t, s, meta); len(r.Data) != 0 {
					t.Error("a commit was applied in part")
				}
				n := 0
				for r, err := range s.Range(t.Context(), "p", state.Value, name, 0, math.MaxInt64, true) {
					if n++; err != nil || r.Key != data {
						t.Errorf("row %+v, %v", r, err)
					}
				}
				if n != 1 {
					t.Errorf("%d rows in range", n)
				}
				// Writers meet: they conflict, or come after each other, as nowhere else.
				var all sync.WaitGroup
				for range 4 {
					all.Go(func() {
						for done := 0; done < 10; {
							err := s.Commit(t.Context(), "p", []state.Write{{Key: value(name+"sum", 0), Add: true, Delta: 1}})
							if err == nil {
								done++
							} else if !errors.Is(err, state.ErrConflict) {
								t.Error(err)
								return
							}
						}
					})
				}
				all.Wait()
				if r := load(t, s, value(name+"sum", 0)); string(r.Data) != "40" {
					t.Errorf("the sum is %s", r.Data)
				}
			})
		}
	}
}

// Two commits of the same rows never wait for each other, in whatever order they come.
func TestNoDeadlock(t *testing.T) {
	t.Parallel()
	s, _, _ := open(t)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	var all sync.WaitGroup
	for g := range uint64(8) {
		all.Go(func() {
			random := rand.New(rand.NewPCG(seed, g))
			writes := make([]state.Write, 50)
			for i := range writes {
				writes[i] = state.Write{Key: value(fmt.Sprint(i%10), int64(i/10)), Add: true, Delta: 1}
			}
			for range 40 {
				random.Shuffle(len(writes), func(i, j int) { writes[i], writes[j] = writes[j], writes[i] })
				if err := s.Commit(t.Context(), "p", writes); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if r := load(t, s, value("3", 2)); string(r.Data) != "320" {
		t.Errorf("the sum is %s", r.Data)
	}
}

// fill writes rows at 0, 1, ...; every third has expired at second 1000.
func fill(t *testing.T, s *pgstore.Store, pipeline, name string, n int) {
	t.Helper()
	writes := make([]state.Write, n)
	for i := range writes {
		writes[i] = state.Write{Key: value(name, int64(i)), Data: fmt.Append(nil, "at ", i)}
		if i%3 == 0 {
			writes[i].Expires = time.Unix(1000, 0)
		}
	}
	if err := s.Commit(t.Context(), pipeline, writes); err != nil {
		t.Fatal(err)
	}
}

// The caller writes while it reads, with the pool's only connection.
func TestScansOverPages(t *testing.T) {
	t.Parallel()
	_, _, table := open(t)
	s := pgstore.New(connect(t, func(c *pgxpool.Config) { c.MaxConns = 1 }), table)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	fill(t, s, "p", "a", 1500)
	fill(t, s, "p", "a\x00", 3)
	fill(t, s, "p", "b", 1000)
	commit(t, s, state.Write{Key: value("a", math.MaxInt64)}, state.Write{Key: value("a", math.MinInt64)}, state.Write{Key: value("", math.MinInt64)})
	seen := map[state.Key]int{}
	for r, err := range s.List(ctx, "p", state.Value) {
		if err != nil {
			t.Fatal(err)
		}
		if seen[r.Key]++; len(seen)%500 == 0 {
			if err := s.Commit(ctx, "other", []state.Write{{Key: r.Key}}); err != nil {
				t.Fatal(err)
			}
		}
	}
	for k, n := range seen {
		if n != 1 {
			t.Errorf("%v was listed %d times", k, n)
		}
	}
	if len(seen) != 1500+3+1000+3 {
		t.Errorf("%d rows were listed", len(seen))
	}
	next := int64(1)
	for r, err := range s.Range(ctx, "p", state.Value, "a", 1, math.MaxInt64, false) {
		if err != nil {
			t.Fatal(err)
		}
		if next == 1500 {
			next = math.MaxInt64
		}
		if r.At != next || r.Name != "a" || r.At < 1500 && string(r.Data) != fmt.Sprint("at ", r.At) {
			t.Fatalf("row %+v, want %d", r, next)
		}
		if next++; next%100 == 0 {
			if err := s.Commit(ctx, "other", []state.Write{{Key: value("b", next)}}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if next != math.MinInt64 { // one more than the largest
		t.Errorf("the range ended at %d", next)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	for _, err := range s.List(ended, "p", state.Value) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
	}
}

func TestExpire(t *testing.T) {
	t.Parallel()
	s, _, _ := open(t)
	fill(t, s, "p", "a", 7500)
	fill(t, s, "q", "a", 4)
	old := load(t, s, value("a", 0))
	for _, step := range []struct {
		now     int64
		deleted int
	}{{999, 0}, {1000, 2500 + 2}, {1000, 0}, {1 << 40, 0}} {
		n, err := s.Expire(t.Context(), time.Unix(step.now, 0))
		if err != nil || n != step.deleted {
			t.Errorf("at %d: %d deleted, %v; want %d", step.now, n, err, step.deleted)
		}
	}
	left := 0
	for _, err := range s.List(t.Context(), "p", state.Value) {
		if left++; err != nil {
			t.Fatal(err)
		}
	}
	if left != 5000 {
		t.Errorf("%d rows are left", left)
	}
	// What comes back is not what a writer had read.
	back := state.Write{Key: old.Key, Version: old.Version, Data: old.Data}
	for _, what := range []string{"deleted", "deleted and written"} {
		if err := s.Commit(t.Context(), "p", []state.Write{back}); !errors.Is(err, state.ErrConflict) {
			t.Errorf("%s: %v", what, err)
		}
		if what == "deleted" {
			commit(t, s, state.Write{Key: old.Key, Data: old.Data})
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Expire(ctx, time.Now()); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// A commit that waits for another one's lock says so, and Expire passes by.
func TestLocked(t *testing.T) {
	t.Parallel()
	_, pool, table := open(t)
	s := pgstore.New(connect(t, func(c *pgxpool.Config) { c.ConnConfig.RuntimeParams["lock_timeout"] = "20ms" }), table)
	fill(t, s, "p", "a", 4)
	tx, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.Background()) }()
	inside := pgstore.New(tx, table) // nobody does, but it holds the lock
	if err := inside.Commit(t.Context(), "p", []state.Write{{Key: value("a", 0), Version: load(t, s, value("a", 0)).Version, Expires: time.Unix(1000, 0)}}); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(t.Context(), "p", []state.Write{{Key: value("a", 0), Version: 7}}); !errors.Is(err, state.ErrConflict) {
		t.Errorf("locked: %v", err)
	}
	if n, err := s.Expire(t.Context(), time.Unix(1000, 0)); n != 1 || err != nil {
		t.Errorf("Expire deleted %d rows, %v; want the one that is not locked", n, err)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	s, pool, _ := open(t)
	other := state.Write{Key: value("other", 0), Add: true, Delta: 1}
	random := make([]byte, 5000) // it must not be compressible
	chacha := rand.NewChaCha8([32]byte{1})
	_, _ = chacha.Read(random)
	for name, writes := range map[string][]state.Write{
		"a name that no index takes": {other, {Key: value(string(random), 0)}},
		"more bytes than Caps":       {other, {Key: value("a", 0), Data: make([]byte, s.Caps().MaxBytes)}, {Key: value("b", 0), Data: []byte{1}}},
	} {
		if err := s.Commit(t.Context(), "p", writes); !errors.Is(err, state.ErrRefused) {
			t.Errorf("%s: %v", name, err)
		}
		if load(t, s, other.Key).Version != 0 {
			t.Errorf("%s: the row beside it was written", name)
		}
	}
	if err := s.Commit(t.Context(), "p", []state.Write{{Key: other.Key, Version: math.MaxUint64}}); !errors.Is(err, state.ErrConflict) {
		t.Errorf("a version that no row has: %v", err)
	}
	absent := pgstore.New(pool, pgstore.Table("no_such_schema.no_such_table"))
	if err := absent.Commit(t.Context(), "p", []state.Write{other}); !errors.Is(err, state.ErrRefused) || !strings.Contains(err.Error(), "pgstore.SQL") {
		t.Errorf("no table: %v", err)
	}
	if _, err := absent.Load(t.Context(), "p", []state.Key{other.Key}, true); err == nil {
		t.Error("read without a table")
	}
}

func TestCreateTable(t *testing.T) {
	t.Parallel()
	pool := connect(t, nil)
	schema := fmt.Sprintf("Weir \"%x\"", rand.Uint64())
	quoted := pgx.Identifier{schema}.Sanitize()
	if _, err := pool.Exec(t.Context(), "CREATE SCHEMA "+quoted); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := pool.Exec(context.Background(), "DROP SCHEMA "+quoted+" CASCADE"); err != nil {
			t.Error(err)
		}
	})
	table := pgstore.Table(schema + `.a "table"; DROP TABLE x; --`)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if err := pgstore.CreateTable(t.Context(), pool, table); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	s := pgstore.New(pool, table)
	commit(t, s, state.Write{Key: value("a", 1), Data: []byte("x")})
	if r := load(t, s, value("a", 1)); string(r.Data) != "x" {
		t.Errorf("row %+v", r)
	}
	if err := pgstore.CreateTable(t.Context(), pool, pgstore.Table("no_such_schema.t")); err == nil {
		t.Error("a table in no schema")
	}
}
