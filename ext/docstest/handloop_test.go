package docstest_test

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-lambda-go/events"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/ext/awsevents"
	"github.com/weir-go/weir/weirtest"
)

// snippet:begin before
func before(ctx context.Context, e events.SQSEvent) (events.SQSEventResponse, error) {
	var res events.SQSEventResponse
	for _, m := range e.Records {
		if err := handleMessage(ctx, m); err != nil {
			res.BatchItemFailures = append(res.BatchItemFailures,
				events.SQSBatchItemFailure{ItemIdentifier: m.MessageId})
		}
	}
	return res, nil
}

// snippet:end

func handleMessage(ctx context.Context, m events.SQSMessage) error {
	var o Order
	if err := json.Unmarshal([]byte(m.Body), &o); err != nil {
		return err
	}
	return ship(ctx, o)
}

// invoke calls a function of aws-lambda-go's types as lambda.Start would.
type invoke func(context.Context, events.SQSEvent) (events.SQSEventResponse, error)

func (f invoke) Invoke(ctx context.Context, event []byte) ([]byte, error) {
	var e events.SQSEvent
	if err := json.Unmarshal(event, &e); err != nil {
		return nil, err
	}
	res, err := f(ctx, e)
	if err != nil {
		return nil, err
	}
	return json.Marshal(res)
}

// On a FIFO queue the loop goes on after a failure: the second message overtakes the first.
func Example_handLoop() {
	event := weirtest.FIFO(Order{"a", -1}, Order{"b", 1})
	fmt.Println("the loop:")
	if _, err := invoke(before).Invoke(context.Background(), event.JSON()); err != nil {
		fmt.Println(err)
	}
	fmt.Println("weir:")
	// snippet:begin step1
	fn := weir.SQS(awsevents.EachSQS(handleMessage)) // lambda.Start(fn)
	// snippet:end
	show(fn, event)
	// Output:
	// the loop:
	// shipped b
	// weir:
	// 1 failed: negative amount
	// 2 skipped: weir: not run, since an earlier record failed
	// the invocation failed
}

// The second step: the type that the handler is about.
func Example_handLoopTyped() {
	// snippet:begin step2
	fn := weir.SQS(weir.Each(ship)) // ship takes a context and an Order
	// snippet:end
	show(fn, weirtest.SQS(Order{"a", -1}, "no JSON", Order{"c", 1}))
	// Output:
	// shipped c
	// 1 failed: negative amount
	// 2 failed: undecodable: invalid character 'o' in literal null (expecting 'u')
	// 3 succeeded
}

// A panic is one record's.
func Example_handLoopPanic() {
	show(weir.SQS(weir.Each(func(ctx context.Context, o Order) error {
		if o.Cents == 0 {
			panic("division by zero")
		}
		return nil
	})), weirtest.SQS(Order{"a", 0}, Order{"b", 1}))
	// Output:
	// 1 failed: panic: division by zero
	// 2 succeeded
}

// What the message has beside its body.
func Example_handLoopMessage() {
	// snippet:begin message
	handle := func(ctx context.Context, o Order) error {
		m, _ := weir.FromContext(ctx)
		fmt.Println(m.ID, m.Attempt, m.Attribute("SenderId") != "")
		return nil
	}
	// snippet:end
	weirtest.Run(context.Background(), weir.SQS(weir.Each(handle)), weirtest.SQS(weirtest.Record{ID: "m1", Value: Order{"a", 1}}))
	// Output: m1 1 true
}
