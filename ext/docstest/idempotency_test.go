package docstest_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/ext/jmeskey"
	"github.com/weir-go/weir/middleware/once"
	"github.com/weir-go/weir/monoid"
	"github.com/weir-go/weir/pipeline"
	"github.com/weir-go/weir/state"
	"github.com/weir-go/weir/state/mem"
	"github.com/weir-go/weir/weirtest"
)

// Key is what tells two orders apart.
func (o Order) Key() string { return o.ID }

// charge calls a service that must not be called twice for an order.
func charge(ctx context.Context, o Order) error {
	fmt.Println("charged", o.ID, o.Cents)
	return nil
}

// An order that is sent twice, and delivered twice, is charged once.
func Example_once() {
	var rows state.Store = mem.New() // in production dynamostore, redisstore or pgstore
	// snippet:begin once
	keys := once.New("charge", rows)
	fn := weir.SQS(weir.Each(once.Do(keys, Order.Key, charge)))
	// snippet:end
	event := weirtest.SQS(Order{"o1", 10}, Order{"o2", 20}, Order{"o1", 10})
	show(fn, event)
	show(fn, event)
	// Output:
	// charged o1 10
	// charged o2 20
	// 1 succeeded
	// 2 succeeded
	// 3 succeeded
	// 1 succeeded
	// 2 succeeded
	// 3 succeeded
}

// The key may come out of the payload, for handlers that take no type of yours.
func Example_oncePointer() {
	rows := mem.New()
	send := func(ctx context.Context, m *weir.Message) error {
		fmt.Printf("sent %s\n", m.Payload)
		return nil
	}
	// snippet:begin oncePointer
	fn := weir.SQS(weir.EachMessage(send),
		once.Use(once.New("send", rows), once.Pointer("/order/id")))
	// snippet:end
	res := weirtest.Run(context.Background(), fn, weirtest.SQS(`{"order":{"id":7}}`, `{"order":{"id":7},"retry":true}`, `{"order":{}}`))
	for i, r := range res.Records {
		fmt.Println(i+1, r.State, errors.Is(r.Err, once.ErrNoKey))
	}
	// Output:
	// sent {"order":{"id":7}}
	// 1 succeeded false
	// 2 succeeded false
	// 3 failed true
}

// A JMESPath expression takes several values for the key; a second one tells other content apart.
func Example_onceJMESPath() {
	rows := mem.New()
	send := func(ctx context.Context, m *weir.Message) error {
		fmt.Printf("sent %s\n", m.Payload)
		return nil
	}
	// snippet:begin onceJMESPath
	keys := once.New("send", rows,
		once.Validate(jmeskey.Key("order.cents")), // the same order with another amount fails
		once.Cache(1000)) // of these, the store is not asked
	fn := weir.SQS(weir.EachMessage(send),
		once.Use(keys, jmeskey.Key("[shop, order.id]")))
	// snippet:end
	res := weirtest.Run(context.Background(), fn, weirtest.SQS(
		`{"shop":1,"order":{"id":7,"cents":10}}`, `{"shop":2,"order":{"id":7,"cents":10}}`, `{"shop":1,"order":{"id":7,"cents":11}}`))
	for i, r := range res.Records {
		fmt.Println(i+1, r.State, errors.Is(r.Err, once.ErrPayload))
	}
	// Output:
	// sent {"shop":1,"order":{"id":7,"cents":10}}
	// sent {"shop":2,"order":{"id":7,"cents":10}}
	// 1 succeeded false
	// 2 succeeded false
	// 3 failed true
}

// What a function returned is kept, and given to whoever comes later.
func Example_onceResult() {
	rows, charges := mem.New(), 0
	receiptFor := func(ctx context.Context, o Order) (string, error) {
		charges++
		return fmt.Sprintf("receipt %d for %s", charges, o.ID), nil
	}
	// snippet:begin onceResult
	charge := once.Result(once.New("charge", rows), Order.Key, receiptFor) // a func(context.Context, Order) (string, error)
	fn := weir.SQS(weir.Each(func(ctx context.Context, o Order) error {
		receipt, err := charge(ctx, o) // the second time, the first one's
		if err != nil {
			return err
		}
		fmt.Println("mail", receipt)
		return nil
	}))
	// snippet:end
	weirtest.Run(context.Background(), fn, weirtest.SQS(Order{"o1", 10}, Order{"o2", 20}, Order{"o1", 10}))
	// Output:
	// mail receipt 1 for o1
	// mail receipt 2 for o2
	// mail receipt 1 for o1
}

// A sum needs no key: what a record adds and the receipt that it did are one write.
func Example_revenue() {
	store := mem.New()
	// snippet:begin revenue
	revenue := &pipeline.Pipeline[Order, int64]{
		Name:      "revenue",
		Key:       func(Order) string { return "all" },
		Value:     func(o Order) int64 { return int64(o.Cents) },
		Aggregate: monoid.Sum[int64](),
		StoreIn:   store,
	}
	fn := weir.SQS(revenue)
	// snippet:end
	ctx := context.Background()
	event := weirtest.SQS(Order{"o1", 10}, Order{"o2", 20})
	for range 3 { // delivered three times
		weirtest.Run(ctx, fn, event)
	}
	r, err := revenue.Get(ctx, "all")
	fmt.Println(r.Value, err)
	// Output: 30 <nil>
}
