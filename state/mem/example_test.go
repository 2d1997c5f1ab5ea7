package mem_test

import (
	"context"
	"fmt"
	"time"

	"github.com/weir-go/weir/state"
	"github.com/weir-go/weir/state/mem"
)

// Rows are written on condition that they are as they were read.
func ExampleNew() {
	ctx, store := context.Background(), mem.New()
	key := state.Key{Kind: state.Value, Name: "ORD"}
	fmt.Println(store.Commit(ctx, "departures", []state.Write{{Key: key, Data: []byte("1")}}))
	fmt.Println(store.Commit(ctx, "departures", []state.Write{{Key: key, Data: []byte("2")}})) // it exists by now
	rows, err := store.Load(ctx, "departures", []state.Key{key}, true)
	fmt.Println(string(rows[0].Data), err)
	// Output:
	// <nil>
	// state: a row was changed by somebody else
	// 1 <nil>
}

// Who is told the version that a commit made need not read the row to write it again.
func ExampleStore_CommitVersions() {
	ctx, store := context.Background(), mem.New()
	write := state.Write{Key: state.Key{Kind: state.Value, Name: "ORD"}, Data: []byte("1")}
	versions, err := store.CommitVersions(ctx, "departures", []state.Write{write})
	fmt.Println(len(versions), err)
	write.Version, write.Data = versions[0], []byte("2")
	fmt.Println(store.Commit(ctx, "departures", []state.Write{write}))
	// Output:
	// 1 <nil>
	// <nil>
}

// Rows that have expired stay until they are deleted.
func ExampleStore_Expire() {
	ctx, store := context.Background(), mem.New()
	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	err := store.Commit(ctx, "departures", []state.Write{{Key: state.Key{Kind: state.Value}, Data: []byte("1"), Expires: at}})
	fmt.Println(err, store.Expire(at.Add(-time.Second)), store.Expire(at))
	// Output: <nil> 0 1
}

// A claim is pending until it is confirmed.
func ExampleNewDeduper() {
	ctx, d, id := context.Background(), mem.NewDeduper(), []string{"record-1"}
	first, _ := d.Claim(ctx, "departures", "process A", id, time.Minute)
	second, _ := d.Claim(ctx, "departures", "process B", id, time.Minute)
	err := d.Confirm(ctx, "departures", "process A", id, time.Hour)
	third, _ := d.Claim(ctx, "departures", "process B", id, time.Minute)
	fmt.Println(first[0] == state.Claimed, second[0] == state.Busy, third[0] == state.Done, err)
	// Output: true true true <nil>
}
