package once_test

import (
	"context"
	"fmt"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/middleware/once"
	"github.com/weir-go/weir/state/mem"
	"github.com/weir-go/weir/weirtest"
)

// The second delivery of a record is done without a run. In production the store is one of
// dynamostore, redisstore, pgstore or boltstore.
func Example() {
	ship := func(ctx context.Context, o order) error {
		fmt.Println("ship", o.ID)
		return nil
	}
	store := once.New("ship", mem.New())
	fn := weir.SQS(weir.Each(ship), once.Use(store, once.MessageID()))

	event := weirtest.SQS(order{ID: "A-1"}, order{ID: "A-2"})
	for range 2 {
		out, _ := fn.Invoke(context.Background(), event.JSON())
		fmt.Println(string(out))
	}
	// Output:
	// ship A-1
	// ship A-2
	// {"batchItemFailures":[]}
	// {"batchItemFailures":[]}
}

// A producer that sends a message twice gives it two identifiers: the order's own tells.
func ExamplePointer() {
	ship := func(ctx context.Context, o order) error {
		fmt.Println("ship", o.ID)
		return nil
	}
	fn := weir.SQS(weir.Each(ship), once.Use(once.New("ship", mem.New()), once.Pointer("/id")))
	res := weirtest.Run(context.Background(), fn, weirtest.SQS(`{"id":"A-1"}`, `{"id":"A-1"}`, `{"amount":7}`))
	for _, r := range res.Records {
		fmt.Println(r.State, r.Err)
	}
	// Output:
	// ship A-1
	// succeeded <nil>
	// succeeded <nil>
	// failed permanent: once: the record has no key: Pointer("/id") found nothing, null or "": correct the producer, or say RunWithoutKey
}

func ExampleDo() {
	ship := func(ctx context.Context, o order) error {
		fmt.Println("ship", o.ID)
		return nil
	}
	id := func(o order) string { return o.ID }
	store := once.New("ship", mem.New(), once.Validate(once.Pointer("/amount")))
	fn := weir.SQS(weir.Each(once.Do(store, id, ship)))

	res := weirtest.Run(context.Background(), fn, weirtest.SQS(order{"A-1", 20}, order{"A-1", 20}, order{"A-1", 99}))
	for _, r := range res.Records {
		fmt.Println(r.State, r.Err)
	}
	// Output:
	// ship A-1
	// succeeded <nil>
	// succeeded <nil>
	// failed permanent: once: the key was used before, with other content (key by Do's key function, content by Pointer("/amount"))
}

// What comes after the charge may run for every delivery: it gets the first one's result.
func ExampleResult() {
	charges := 0
	charge := func(ctx context.Context, o order) (string, error) {
		charges++
		return fmt.Sprintf("receipt %d for %s", charges, o.ID), nil
	}
	id := func(o order) string { return o.ID }
	chargeOnce := once.Result(once.New("charge", mem.New()), id, charge)
	fn := weir.SQS(weir.Each(func(ctx context.Context, o order) error {
		receipt, err := chargeOnce(ctx, o)
		if err != nil {
			return err
		}
		fmt.Println("publish", receipt)
		return nil
	}))
	_, _ = fn.Invoke(context.Background(), weirtest.SQS(order{ID: "A-1"}, order{ID: "A-2"}, order{ID: "A-1"}).JSON())
	// Output:
	// publish receipt 1 for A-1
	// publish receipt 2 for A-2
	// publish receipt 1 for A-1
}
