package weirtest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/weirtest"
)

type Order struct {
	ID    int `json:"id" dynamodbav:"id"`
	Total int `json:"total" dynamodbav:"total"`
}

func ship(_ context.Context, o Order) error {
	if o.Total == 0 {
		return errors.New("an order of nothing")
	}
	return nil
}

// t stands in for a test's *testing.T.
var t printer

type printer struct{}

func (printer) Helper() {}

func (printer) Errorf(format string, args ...any) { fmt.Printf(format+"\n", args...) }

// show prints a part of an event's only record.
func show(e weirtest.Event, from, to string) {
	_, rest, _ := strings.Cut(string(e.JSON()), from)
	part, _, _ := strings.Cut(rest, to)
	fmt.Println(from + part)
}

func Example() {
	event := weirtest.SQS(Order{ID: 1, Total: 20}, Order{ID: 2, Total: 5}, `{"id":`)
	res := weirtest.Run(context.Background(), weir.SQS(weir.Each(ship)), event)

	res.Want(t, weirtest.Succeeded, weirtest.Succeeded, weirtest.Failed)
	fmt.Println(errors.Is(res.Records[2].Err, weir.ErrUndecodable))
	fmt.Println(string(res.Response))
	// Output:
	// true
	// {"batchItemFailures":[{"itemIdentifier":"6f1f1a4c-93d5-4b6e-8c5e-000000000003"}]}
}

func ExampleRun() {
	res := weirtest.Run(context.Background(), weir.SQS(weir.Each(ship)), weirtest.SQS(Order{ID: 1, Total: 20}, Order{ID: 2}))
	for _, r := range res.Records {
		fmt.Println(r.ID, r.State, r.Err)
	}
	fmt.Println(res.Err)
	// Output:
	// 6f1f1a4c-93d5-4b6e-8c5e-000000000001 succeeded <nil>
	// 6f1f1a4c-93d5-4b6e-8c5e-000000000002 failed an order of nothing
	// <nil>
}

func ExampleResult_Want() {
	event := weirtest.FIFO(Order{ID: 1, Total: 20}, Order{ID: 2}, Order{ID: 3, Total: 5})
	res := weirtest.Run(context.Background(), weir.SQS(weir.Each(ship)), event)

	res.Want(t, weirtest.Succeeded, weirtest.Failed, weirtest.Succeeded)
	// Output:
	// 1 of 3 records did not end as wanted
	//     0  6f1f1a4c-93d5-4b6e-8c5e-000000000001  succeeded
	//     1  6f1f1a4c-93d5-4b6e-8c5e-000000000002  failed: an order of nothing
	// !   2  6f1f1a4c-93d5-4b6e-8c5e-000000000003  skipped, want succeeded: weir: not run, since an earlier record failed
	//   response: {"batchItemFailures":[{"itemIdentifier":"6f1f1a4c-93d5-4b6e-8c5e-000000000002"},{"itemIdentifier":"6f1f1a4c-93d5-4b6e-8c5e-000000000003"}]}
}

func ExampleResult_WantDone() {
	res := weirtest.Run(context.Background(), weir.SQS(weir.Each(ship)), weirtest.SQS(Order{ID: 1}))

	res.WantDone(t)
	// Output:
	// 1 of 1 records did not end as wanted
	// !   0  6f1f1a4c-93d5-4b6e-8c5e-000000000001  failed, want done: an order of nothing
	//   error: weir: 1 of 1 records failed (arn:aws:sqs:eu-west-1:123456789012:queue)
}

func ExampleResult_Retried() {
	res := weirtest.Run(context.Background(), weir.Kinesis(weir.Each(ship)), weirtest.Kinesis(Order{ID: 1}, Order{ID: 2, Total: 5}))
	fmt.Println(res.Retried())
	// Output:
	// [49650000000000000000000000000000000000000000000000000001]
}
