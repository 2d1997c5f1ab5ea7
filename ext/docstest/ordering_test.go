package docstest_test

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/weirtest"
)

// Each group's records run in order, whatever the groups do next to each other.
func Example_lanes() {
	var mu sync.Mutex
	ran := map[string][]string{}
	note := func(ctx context.Context, name string) error {
		m, _ := weir.FromContext(ctx)
		mu.Lock()
		defer mu.Unlock()
		ran[m.OrderingKey] = append(ran[m.OrderingKey], name)
		return nil
	}
	// snippet:begin lanes
	fn := weir.SQS(weir.Each(note), weir.Concurrency(16), weir.SkipGroup())
	// snippet:end
	show(fn, weirtest.FIFO(
		weirtest.In("north", "n1", "n2", "n3"),
		weirtest.In("south", "s1", "s2")))
	fmt.Println(ran["north"], ran["south"])
	// Output:
	// 1 succeeded
	// 2 succeeded
	// 3 succeeded
	// 4 succeeded
	// 5 succeeded
	// [n1 n2 n3] [s1 s2]
}

// On a standard queue there is no order to keep: records run as they can.
func Example_standardQueue() {
	var mu sync.Mutex
	var ran []string
	note := func(ctx context.Context, name string) error {
		mu.Lock()
		defer mu.Unlock()
		ran = append(ran, name)
		return nil
	}
	weirtest.Run(context.Background(), weir.SQS(weir.Each(note), weir.Concurrency(8)), weirtest.SQS("a", "b", "c"))
	fmt.Println(slices.Sorted(slices.Values(ran)))
	// Output: [a b c]
}

// Kinesis keeps the order of a partition key; Concurrency does too.
func Example_streamKeys() {
	var mu sync.Mutex
	last := map[string]int{}
	// snippet:begin sequence
	apply := func(ctx context.Context, version int) error {
		m, _ := weir.FromContext(ctx)
		mu.Lock()
		defer mu.Unlock()
		if version > last[m.OrderingKey] { // an older one that is delivered again changes nothing
			last[m.OrderingKey] = version
		}
		return nil
	}
	fn := weir.Kinesis(weir.Each(apply), weir.Concurrency(8), weir.StopOnFailure())
	// snippet:end
	event := weirtest.Kinesis(weirtest.In("anna", 1, 2, 3), weirtest.In("bert", 1, 2))
	for range 2 {
		weirtest.Run(context.Background(), fn, event)
	}
	fmt.Println(last["anna"], last["bert"])
	// Output: 3 2
}
