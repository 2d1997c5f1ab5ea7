package visibility_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/middleware/visibility"
	"github.com/weir-go/weir/weirtest"
)

// printer stands for sqsvisibility.New(client).
type printer struct{}

func (printer) ChangeVisibility(_ context.Context, _ string, entries []visibility.Entry) ([]visibility.Failure, error) {
	for _, e := range entries {
		fmt.Println("comes back in", e.Timeout)
	}
	return nil, nil
}

// The third failure of a message waits four times as long as its first, unless its error knows better.
func ExampleBackOff() {
	ship := func(ctx context.Context, order string) error {
		switch order {
		case "slow down":
			return weir.RetryAfter(time.Minute, errors.New("429 Too Many Requests"))
		case "bad":
			return errors.New("500 Internal Server Error")
		}
		return nil
	}
	fn := weir.SQS(weir.Each(ship),
		visibility.BackOff(printer{}, visibility.Exponential(2*time.Second, 15*time.Minute)))
	out, err := fn.Invoke(context.Background(), weirtest.SQS(
		weirtest.Record{ID: "m1", Value: "good"},
		weirtest.Record{ID: "m2", Value: "bad", Attempt: 3},
		weirtest.Record{ID: "m3", Value: "slow down", Attempt: 1}).JSON())
	fmt.Println(string(out), err)
	// Output:
	// comes back in 8s
	// comes back in 1m0s
	// {"batchItemFailures":[{"itemIdentifier":"m2"},{"itemIdentifier":"m3"}]} <nil>
}

// Message groups wait for their first message that is not done. The group that failed does not hold up
// the others: they are back at once.
func ExampleBackOff_fIFO() {
	ship := func(ctx context.Context, order string) error {
		if order == "bad" {
			return errors.New("out of stock")
		}
		return nil
	}
	fn := weir.SQS(weir.Each(ship),
		visibility.BackOff(printer{}, visibility.Exponential(2*time.Second, 15*time.Minute)))
	_, _ = fn.Invoke(context.Background(), weirtest.FIFO(
		weirtest.In("ann", "good", "bad", "behind it"), weirtest.In("bob", "another's")).JSON())
	// Output:
	// comes back in 2s
	// comes back in 2s
	// comes back in 0s
}

// Schedule has what Exponential leaves out.
func ExampleSchedule() {
	s := visibility.Schedule{Base: 10 * time.Second, Max: 5 * time.Minute, Factor: 3}
	for n := range 5 {
		fmt.Print(s.Delay(n+1), " ")
	}
	// Output: 10s 30s 1m30s 4m30s 5m0s
}
