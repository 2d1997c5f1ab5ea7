package weir_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/weirtest"
)

// What is listed first is outermost.
func ExampleUse() {
	named := func(name string) weir.Middleware {
		return func(next weir.Handler) weir.Handler {
			return func(ctx context.Context, m *weir.Message) error {
				fmt.Println(name, "before")
				err := next(ctx, m)
				fmt.Println(name, "after:", err)
				return err
			}
		}
	}
	fn := weir.SQS(weir.Each(func(ctx context.Context, s string) error {
		fmt.Println("handler:", s)
		return errors.New("no")
	}), weir.Use(named("first"), named("second")))
	_, _ = fn.Invoke(context.Background(), weirtest.SQS("hello").JSON())
	// Output:
	// first before
	// second before
	// handler: hello
	// second after: no
	// first after: no
}

// Lambda knows the record that carried the others: it comes back with all of them.
func ExampleUnwrap() {
	lines := func(ctx context.Context, m *weir.Message) (inside []weir.Message, err error) {
		var texts []string
		if err := json.Unmarshal(m.Payload, &texts); err != nil {
			return nil, weir.Undecodable(err)
		}
		for i, t := range texts {
			inside = append(inside, m.WithPart(i, []byte(t)))
		}
		return inside, nil
	}
	ship := func(ctx context.Context, order string) error {
		m, _ := weir.FromContext(ctx)
		fmt.Println(m.ID, m.Part, order)
		if order == "bad" {
			return errors.New("out of stock")
		}
		return nil
	}
	fn := weir.SQS(weir.Unwrap(weir.Each(ship), lines))
	out, _ := fn.Invoke(context.Background(), weirtest.SQS(
		weirtest.Record{ID: "m1", Value: `["a","b"]`},
		weirtest.Record{ID: "m2", Value: `["bad","c"]`}).JSON())
	fmt.Println(string(out))
	// Output:
	// m1 0 a
	// m1 1 b
	// m2 0 bad
	// m2 1 c
	// {"batchItemFailures":[{"itemIdentifier":"m2"}]}
}

// A record that was received often enough is given up.
func ExampleOnFailure() {
	giveUp := func(ctx context.Context, m *weir.Message, err error) error {
		if m.Attempt >= 5 {
			return weir.Drop(err)
		}
		return err
	}
	fn := weir.SQS(weir.Each(func(context.Context, string) error { return errors.New("no") }),
		weir.OnFailure(giveUp))
	out, _ := fn.Invoke(context.Background(), weirtest.SQS(
		weirtest.Record{ID: "m1", Value: "x"},
		weirtest.Record{ID: "m2", Value: "x", Attempt: 5}).JSON())
	fmt.Println(string(out))
	// Output:
	// {"batchItemFailures":[{"itemIdentifier":"m1"}]}
}
