package docstest_test

import (
	"context"
	"fmt"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/middleware/once"
	"github.com/weir-go/weir/state/mem"
	"github.com/weir-go/weir/weirtest"
)

func Example_powertools() {
	// snippet:begin sqs
	fn := weir.SQS(weir.Each(ship), weir.ReportAll()) // lambda.Start(fn)
	// snippet:end
	show(fn, weirtest.SQS(Order{"a", -1}, Order{"b", -2}))
	// Output:
	// 1 failed: negative amount
	// 2 failed: negative amount
}

func Example_powertoolsParallel() {
	quiet := func(ctx context.Context, o Order) error { return nil }
	// snippet:begin parallel
	fn := weir.SQS(weir.Each(quiet), weir.Concurrency(10))
	// snippet:end
	show(fn, weirtest.SQS(Order{"a", 1}, Order{"b", 2}))
	// Output:
	// 1 succeeded
	// 2 succeeded
}

func Example_powertoolsFIFO() {
	// snippet:begin fifo
	fn := weir.SQS(weir.Each(ship), weir.SkipGroup())
	// snippet:end
	show(fn, weirtest.FIFO(weirtest.In("north", Order{"n", -1}), weirtest.In("south", Order{"s", 1})))
	// Output:
	// shipped s
	// 1 failed: negative amount
	// 2 succeeded
}

// hooks are an observer: what success_handler and failure_handler were overridden for.
//
// snippet:begin hooks
type hooks struct{}

func (hooks) RecordSucceeded(ctx context.Context, m *weir.Message) error {
	fmt.Println("done", m.ID)
	return nil // an error fails the record
}

func (hooks) RecordFailed(ctx context.Context, m *weir.Message, err error) error {
	fmt.Println("failed", m.ID, err)
	return nil // an error is logged
}

// snippet:end

func Example_powertoolsHooks() {
	quiet := func(ctx context.Context, o Order) error {
		if o.Cents < 0 {
			return fmt.Errorf("negative amount")
		}
		return nil
	}
	fn := weir.SQS(weir.Each(quiet), weir.Observe(hooks{}))
	weirtest.Run(context.Background(), fn, weirtest.SQS(
		weirtest.Record{ID: "m1", Value: Order{"a", 1}}, weirtest.Record{ID: "m2", Value: Order{"b", -1}}))
	// Output:
	// done m1
	// failed m2 negative amount
}

func Example_powertoolsIdempotency() {
	rows := mem.New()
	// snippet:begin idempotency
	keys := once.New("ship", rows)
	fn := weir.SQS(weir.Each(once.Do(keys, Order.Key, ship)))
	// snippet:end
	weirtest.Run(context.Background(), fn, weirtest.SQS(Order{"a", 1}, Order{"a", 1}))
	// Output: shipped a
}
