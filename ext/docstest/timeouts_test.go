package docstest_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/weirtest"
)

// The second record would take for ever. Lambda has an answer before the deadline, and the first
// record does not run again.
func Example_deadline() {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	// snippet:begin deadline
	call := func(ctx context.Context, o Order) error {
		if o.ID == "slow" {
			<-ctx.Done() // as an HTTP client would that was given the context
			return context.Cause(ctx)
		}
		return nil
	}
	fn := weir.SQS(weir.Each(call), weir.DeadlineReserve(time.Second)) // as by default, with more than 10 s left
	// snippet:end
	res := weirtest.Run(ctx, fn, weirtest.SQS(Order{ID: "quick"}, Order{ID: "slow"}, Order{ID: "later"}))
	for i, r := range res.Records {
		fmt.Println(i+1, r.State, errors.Is(r.Err, weir.ErrDeadlineNear))
	}
	fmt.Println(len(res.Retried()), "come again")
	// Output:
	// 1 succeeded false
	// 2 failed true
	// 3 skipped true
	// 2 come again
}

// One slow record leaves the others their time.
func Example_recordTimeout() {
	call := func(ctx context.Context, o Order) error {
		if o.ID == "slow" {
			<-ctx.Done()
			return ctx.Err()
		}
		return nil
	}
	// snippet:begin recordTimeout
	fn := weir.SQS(weir.Each(call), weir.RecordTimeout(20*time.Millisecond))
	// snippet:end
	show(fn, weirtest.SQS(Order{ID: "slow"}, Order{ID: "quick"}))
	// Output:
	// 1 failed: weir: the record took longer than RecordTimeout: context deadline exceeded
	// 2 succeeded
}
