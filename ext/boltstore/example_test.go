package boltstore_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/weir-go/weir/ext/boltstore"
	"github.com/weir-go/weir/state"
	"go.etcd.io/bbolt"
)

func Example() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	db, err := bbolt.Open(filepath.Join(dir, "rows.db"), 0o600, &bbolt.Options{Timeout: time.Second})
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	store, err := boltstore.New(db) // the StoreIn of a pipeline
	if err != nil {
		log.Fatal(err)
	}

	// What a pipeline does with it: add to one row, and leave a receipt, together.
	ctx := context.Background()
	visits := state.Key{Kind: state.Value, Name: "visits"}
	receipt := state.Key{Kind: state.Receipt, Name: "shard-0"}
	commit := []state.Write{
		{Key: visits, Add: true, Delta: 3},
		{Key: receipt, Version: 0, Data: []byte("1 2 3"), Expires: time.Unix(1_800_000_000, 0)},
	}
	fmt.Println(store.Commit(ctx, "visits", commit))
	fmt.Println(store.Commit(ctx, "visits", commit)) // the receipt is there

	rows, err := store.Load(ctx, "visits", []state.Key{visits, receipt}, true)
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range rows {
		fmt.Printf("%s: %s\n", r.Name, r.Data)
	}

	n, err := store.Expire(ctx, time.Unix(1_800_000_000, 0)) // time.Now(), in a worker
	fmt.Println(n, "deleted,", err)
	// Output:
	// <nil>
	// boltstore: commit: row 2/"shard-0"/0: state: a row was changed by somebody else
	// visits: 3
	// shard-0: 1 2 3
	// 1 deleted, <nil>
}
