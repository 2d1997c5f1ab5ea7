package weir_test

import (
	"context"
	"errors"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/weirtest"
)

func ExampleDrop() {
	f := func(ctx context.Context, o Order) error {
		if o.Amount == 0 {
			return weir.Drop(errors.New("nothing to ship"))
		}
		return nil
	}
	show(weir.SQS(weir.Each(f)), weirtest.SQS(Order{"a", 0}, Order{"b", 1}))
	// Output:
	// 1 dropped: dropped: nothing to ship
	// 2 succeeded
}

func ExampleRetryAfter() {
	f := func(ctx context.Context, o Order) error {
		if o.Amount == 0 {
			return weir.RetryAfter(5*time.Minute, errors.New("warehouse closed"))
		}
		return nil
	}
	show(weir.SQS(weir.Each(f)), weirtest.SQS(Order{"a", 0}, Order{"b", 1}))
	// Output:
	// 1 failed: retry after 5m0s: warehouse closed
	// 2 succeeded
}

func ExampleAbort() {
	f := func(ctx context.Context, o Order) error {
		return weir.Abort(errors.New("database gone"))
	}
	show(weir.SQS(weir.Each(f)), weirtest.SQS(Order{"a", 0}, Order{"b", 1}))
	// Output:
	// 1 failed: aborted: database gone
	// 2 skipped: weir: not run, since the handler aborted the batch
	// the invocation failed
}

// What decodes but makes no sense can take the same way as what does not decode.
func ExampleUndecodable() {
	f := func(ctx context.Context, o Order) error {
		if o.ID == "" {
			return weir.Undecodable(errors.New("no ID"))
		}
		return nil
	}
	show(weir.SQS(weir.Each(f), weir.OnUndecodable(weir.DropUndecodable)), weirtest.SQS(Order{}, Order{"b", 1}))
	// Output:
	// 1 dropped: dropped: undecodable: no ID
	// 2 succeeded
}
