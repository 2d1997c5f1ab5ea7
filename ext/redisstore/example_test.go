package redisstore_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/weir-go/weir/ext/redisstore"
	"github.com/weir-go/weir/state"
)

func Example() {
	server := miniredis.NewMiniRedis() // yours is elsewhere
	if err := server.Start(); err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	client := redis.NewClient(&redis.Options{Addr: server.Addr()})
	defer client.Close()
	store := redisstore.New(client) // the StoreIn of a pipeline

	// What a pipeline does with it: add to one row, and leave a receipt, together.
	ctx := context.Background()
	visits := state.Key{Kind: state.Value, Name: "visits"}
	receipt := state.Key{Kind: state.Receipt, Name: "shard-0"}
	commit := []state.Write{
		{Key: visits, Add: true, Delta: 3},
		{Key: receipt, Version: 0, Data: []byte("1 2 3"), Expires: time.Now().Add(time.Hour)},
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
	// Output:
	// <nil>
	// redisstore: commit: row 2/"shard-0"/0: state: a row was changed by somebody else
	// visits: 3
	// shard-0: 1 2 3
}

func ExampleDeduper() {
	server := miniredis.NewMiniRedis() // yours is elsewhere
	if err := server.Start(); err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	client := redis.NewClient(&redis.Options{Addr: server.Addr()})
	defer client.Close()
	deduper := redisstore.NewDeduper(client)

	ctx := context.Background()
	names := []string{"claimed", "done", "busy"}
	show := func(token string, ids ...string) {
		claims, err := deduper.Claim(ctx, "orders", token, ids, time.Minute)
		if err != nil {
			log.Fatal(err)
		}
		for i, c := range claims {
			fmt.Printf("%s for %s: %s\n", ids[i], token, names[c])
		}
	}
	show("first", "order-1", "order-2")
	fmt.Println(deduper.Confirm(ctx, "orders", "first", []string{"order-1"}, 24*time.Hour))
	show("second", "order-1", "order-2", "order-3")
	// Output:
	// order-1 for first: claimed
	// order-2 for first: claimed
	// <nil>
	// order-1 for second: done
	// order-2 for second: busy
	// order-3 for second: claimed
}
