package pgstore_test

import (
	"context"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/weir-go/weir/ext/pgstore"
)

// address returns how the real server is reached.
func address(t testing.TB) string {
	t.Helper()
	dsn := os.Getenv("WEIR_POSTGRES")
	if dsn == "" {
		t.Skip("WEIR_POSTGRES is not set: start a server with .ci/serve.sh postgres 5491, and set WEIR_POSTGRES to what it prints")
	}
	return dsn
}

// connect makes a pool. Change may adapt how it connects.
func connect(t testing.TB, change func(*pgxpool.Config)) *pgxpool.Pool {
	t.Helper()
	c, err := pgxpool.ParseConfig(address(t))
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(c)
	}
	pool, err := pgxpool.NewWithConfig(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// open makes a store with a table of its own.
func open(t testing.TB) (*pgstore.Store, *pgxpool.Pool, pgstore.Option) {
	t.Helper()
	pool := connect(t, nil)
	name := "test_" + strconv.FormatUint(rand.Uint64(), 36)
	table := pgstore.Table(name)
	if err := pgstore.CreateTable(t.Context(), pool, table); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := pool.Exec(context.Background(), "DROP TABLE IF EXISTS "+pgx.Identifier{name}.Sanitize()); err != nil {
			t.Error(err)
		}
	})
	return pgstore.New(pool, table), pool, table
}
