package docstest_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/middleware"
	"github.com/weir-go/weir/middleware/once"
	"github.com/weir-go/weir/middleware/visibility"
	"github.com/weir-go/weir/state/mem"
	"github.com/weir-go/weir/weirtest"
)

// The first two records find out that the database is down; the others do not wait for it.
func Example_breaker() {
	insert := func(ctx context.Context, o Order) error {
		fmt.Println("insert", o.ID)
		return errors.New("connection refused")
	}
	// snippet:begin breaker
	fn := weir.SQS(weir.Each(insert), middleware.Breaker(middleware.Circuit{After: 2}))
	// snippet:end
	res := weirtest.Run(context.Background(), fn, weirtest.SQS(Order{ID: "a"}, Order{ID: "b"}, Order{ID: "c"}, Order{ID: "d"}))
	for i, r := range res.Records {
		fmt.Println(i+1, r.State, errors.Is(r.Err, middleware.ErrOpen))
	}
	// Output:
	// insert a
	// insert b
	// 1 failed false
	// 2 failed false
	// 3 failed true
	// 4 failed true
}

// All of it at once, in the order that makes sense.
func Example_together() {
	rows, client := mem.New(), queue{}
	// snippet:begin together
	fn := weir.SQS(weir.Each(charge),
		weir.Concurrency(8),
		once.Use(once.New("charge", rows), once.Pointer("/ID")), // a duplicate asks nobody
		middleware.Breaker(middleware.Circuit{After: 5, CoolDown: 30 * time.Second}),
		middleware.Retry(middleware.Retries{Attempts: 3}), // the breaker counts records, not attempts
		middleware.Adaptive(middleware.Limits{Most: 8}),   // a pause between attempts takes no turn
		visibility.BackOff(client, visibility.Exponential(10*time.Second, 15*time.Minute)))
	// snippet:end
	show(fn, weirtest.SQS(Order{"o1", 10}, Order{"o1", 10}))
	// Output:
	// charged o1 10
	// 1 succeeded
	// 2 succeeded
}
