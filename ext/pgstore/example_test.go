package pgstore_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/weir-go/weir/ext/pgstore"
	"github.com/weir-go/weir/state"
)

func Example() {
	ctx := context.Background()
	pool, err := pgxpool.New(ctx, os.Getenv("DATABASE_URL"))
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()
	if err := pgstore.CreateTable(ctx, pool); err != nil { // in development
		log.Fatal(err)
	}
	store := pgstore.New(pool) // the StoreIn of a pipeline

	// What a pipeline does with it: add to one row, and leave a receipt, together.
	err = store.Commit(ctx, "visits", []state.Write{
		{Key: state.Key{Kind: state.Value, Name: "visits"}, Add: true, Delta: 3},
		{Key: state.Key{Kind: state.Receipt, Name: "shard-0"}, Version: 0, Data: []byte("1 2 3"), Expires: time.Now().Add(time.Hour)},
	})
	if err != nil {
		log.Fatal(err)
	}

	n, err := store.Expire(ctx, time.Now()) // now and then, in a worker
	fmt.Println(n, "rows deleted,", err)
}

// For the migrations of a service.
func ExampleSQL() {
	fmt.Print(pgstore.SQL(pgstore.Table("counts.rows")))
	// Output:
	// SELECT pg_advisory_xact_lock(8602258721650406770);
	// CREATE TABLE IF NOT EXISTS "counts"."rows" (
	//   pipeline bytea    NOT NULL,
	//   kind     smallint NOT NULL,
	//   name     bytea    NOT NULL,
	//   at       bigint   NOT NULL,
	//   version  bigint   NOT NULL,
	//   needs    bigint,
	//   number   bigint,
	//   data     bytea,
	//   expires  bigint, -- seconds since 1970
	//   PRIMARY KEY (pipeline, kind, name, at),
	//   CONSTRAINT weir_number_or_data CHECK ((number IS NULL) <> (data IS NULL))
	// ) WITH (fillfactor = 80);
	// CREATE INDEX IF NOT EXISTS "rows_expires" ON "counts"."rows" (expires) WHERE expires IS NOT NULL;
}
