package docstest_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/middleware"
	"github.com/weir-go/weir/middleware/visibility"
	"github.com/weir-go/weir/weirtest"
)

// queue is a visibility.Client that says what it is told.
type queue struct{}

func (queue) ChangeVisibility(_ context.Context, _ string, entries []visibility.Entry) ([]visibility.Failure, error) {
	for _, e := range entries {
		fmt.Println("a: visible again in", e.Timeout)
	}
	return nil, nil
}

// A record fails three times within the invocation, and then comes back later than it did before.
func Example_backOff() {
	client := queue{}
	ship := func(ctx context.Context, o Order) error {
		fmt.Println("try", o.ID)
		return errors.New("connection reset")
	}
	// snippet:begin backOff
	fn := weir.SQS(weir.Each(ship),
		middleware.Retry(middleware.Retries{Attempts: 3, Base: time.Millisecond}),
		visibility.BackOff(client, visibility.Exponential(2*time.Second, 15*time.Minute)))
	// snippet:end
	res := weirtest.Run(context.Background(), fn, weirtest.SQS(weirtest.Record{Value: Order{"a", 1}, Attempt: 3}))
	if res.Err != nil {
		fmt.Println("the invocation failed")
	}
	// Output:
	// try a
	// try a
	// try a
	// a: visible again in 8s
	// the invocation failed
}
