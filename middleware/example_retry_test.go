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

// What passes in a moment is tried again at once; what does not pass is left to the queue.
func ExampleRetry() {
	calls := 0
	ship := func(ctx context.Context, order string) error {
		switch calls++; {
		case order == "nonsense":
			return weir.Permanent(errors.New("there is no such order"))
		case calls == 1:
			return errors.New("throttled")
		}
		return nil
	}
	fn := weir.SQS(weir.Each(ship), middleware.Retry(middleware.Retries{
		Attempts: 4,
		Base:     time.Millisecond,
		OnRetry: func(ctx context.Context, m *weir.Message, attempt int, err error, pause time.Duration) {
			fmt.Printf("%s: attempt %d: %v\n", m.ID, attempt, err)
		},
	}))
	out, _ := fn.Invoke(context.Background(), weirtest.SQS(
		weirtest.Record{ID: "m1", Value: "a lamp"},
		weirtest.Record{ID: "m2", Value: "nonsense"}).JSON())
	fmt.Println(calls, "calls")
	fmt.Println(string(out))
	// Output:
	// m1: attempt 1: throttled
	// 3 calls
	// {"batchItemFailures":[{"itemIdentifier":"m2"}]}
}
