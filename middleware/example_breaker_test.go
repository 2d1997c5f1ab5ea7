package middleware_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/middleware"
	"github.com/weir-go/weir/weirtest"
)

// A service that is down is asked three times, and spared by the rest of the batch and for half a
// minute.
func ExampleBreaker() {
	ship := func(ctx context.Context, order string) error {
		fmt.Println("call for", order)
		return weir.Unavailable(errors.New("connection refused"))
	}
	fn := weir.SQS(weir.Each(ship), middleware.Breaker(middleware.Circuit{
		After:    3,
		CoolDown: 30 * time.Second,
		OnChange: func(ctx context.Context, c middleware.BreakerChange) {
			fmt.Printf("the breaker is %v after %d failures (%s): %v\n", c.To, c.Failures, c.Class, c.Err)
		},
	}))
	for range 2 {
		_, err := fn.Invoke(context.Background(), weirtest.SQS("a", "b", "c", "d", "e").JSON())
		var failed *weir.BatchError
		refused := 0
		if errors.As(err, &failed) {
			for _, r := range failed.Records {
				if errors.Is(r, middleware.ErrOpen) {
					refused++
				}
			}
		}
		fmt.Println("not run:", refused)
	}
	// Output:
	// call for a
	// call for b
	// call for c
	// the breaker is open after 3 failures (unavailable): unavailable: connection refused
	// not run: 2
	// not run: 5
}

// What is an outage is for the handler's author to say.
func ExampleCircuit() {
	errBank := errors.New("the bank is closed")
	circuit := middleware.Circuit{After: 2, Class: func(err error) string {
		if errors.Is(err, errBank) {
			return "bank"
		}
		return "" // any other failure is the record's own
	}}
	pay := func(ctx context.Context, amount int) error {
		fmt.Println("pay", amount)
		if amount < 0 {
			return errors.New("negative")
		}
		return errBank
	}
	fn := weir.SQS(weir.Each(pay), middleware.Breaker(circuit))
	_, _ = fn.Invoke(context.Background(), weirtest.SQS(1, -1, -1, 2, 3, 4).JSON())
	// Output:
	// pay 1
	// pay -1
	// pay -1
	// pay 2
}

// The handler finds out how many calls its service takes.
func ExampleAdaptive() {
	slowDown := errors.New("429 Too Many Requests")
	calls := 0
	ship := func(ctx context.Context, order string) error {
		if calls++; calls == 1 {
			return slowDown
		}
		return nil
	}
	fn := weir.SQS(weir.Each(ship), middleware.Adaptive(middleware.Limits{
		Most:      4, // as in weir.Concurrency(4), which is left out here to have a fixed order
		Throttled: func(err error) bool { return errors.Is(err, slowDown) },
		OnChange: func(ctx context.Context, c middleware.LimitChange) {
			fmt.Printf("call %d: %d at a time, before %d (%v)\n", calls, c.To, c.From, c.Err)
		},
	}))
	_, _ = fn.Invoke(context.Background(), weirtest.SQS("a", "b", "c", "d", "e", "f").JSON())
	// Output:
	// call 1: 2 at a time, before 4 (429 Too Many Requests)
	// call 3: 3 at a time, before 2 (<nil>)
	// call 6: 4 at a time, before 3 (<nil>)
}
