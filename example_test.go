package weir_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/weirtest"
)

// Order is what the examples' queues carry.
type Order struct {
	ID     string
	Amount int
}

// ship is a handler as users write them.
func ship(ctx context.Context, o Order) error {
	if o.Amount < 0 {
		return errors.New("negative amount")
	}
	fmt.Println("shipped", o.ID)
	return nil
}

// show runs a Lambda as AWS would and prints what became of each record.
func show(l *weir.Lambda, e weirtest.Event) {
	res := weirtest.Run(context.Background(), l, e)
	for i, r := range res.Records {
		if r.Err != nil {
			fmt.Printf("%d %s: %v\n", i+1, r.State, r.Err)
		} else {
			fmt.Println(i+1, r.State)
		}
	}
	if res.Err != nil {
		fmt.Println("the invocation failed")
	}
}

// A handler takes the decoded body. Its error retries its own record and no other.
func Example() {
	fn := weir.SQS(weir.Each(ship)) // lambda.Start(fn)

	event := weirtest.SQS(Order{"a", 10}, Order{"b", -1}, Order{"c", 20})
	response, err := fn.Invoke(context.Background(), event.JSON())
	fmt.Println(err, string(response) == `{"batchItemFailures":[{"itemIdentifier":"`+event.IDs()[1]+`"}]}`)
	// Output:
	// shipped a
	// shipped c
	// <nil> true
}

func ExampleSQS() {
	show(weir.SQS(weir.Each(ship)), weirtest.SQS(Order{"a", 10}, `{"ID":`, Order{"c", 20}))
	// Output:
	// shipped a
	// shipped c
	// 1 succeeded
	// 2 failed: undecodable: unexpected end of JSON input
	// 3 succeeded
}

// On a FIFO queue nothing overtakes a failed message.
func ExampleSQS_fifo() {
	show(weir.SQS(weir.Each(ship)), weirtest.FIFO(Order{"a", 10}, Order{"b", -1}, Order{"c", 20}))
	// Output:
	// shipped a
	// 1 succeeded
	// 2 failed: negative amount
	// 3 skipped: weir: not run, since an earlier record failed
}

func ExampleKinesis() {
	show(weir.Kinesis(weir.Each(ship)), weirtest.Kinesis(Order{"a", 10}, Order{"b", -1}, Order{"c", 20}))
	// Output:
	// shipped a
	// shipped c
	// 1 succeeded
	// 2 failed: negative amount
	// 3 succeeded
}

func ExampleDynamoDB() {
	type Item struct {
		ID    string `dynamodbav:"id"`
		Stock int    `dynamodbav:"stock"`
	}
	watch := func(ctx context.Context, c weir.Change[Item]) error {
		switch {
		case c.Expired:
			fmt.Println(c.Keys.ID, "expired")
		case c.Kind == weir.Modify:
			fmt.Println(c.Keys.ID, "went from", c.Old.Stock, "to", c.New.Stock)
		}
		return nil
	}
	items := weirtest.Table{Key: "id"}
	show(weir.DynamoDB(weir.Each(watch)), weirtest.DynamoDB(items,
		weirtest.Modified(Item{"tea", 7}, Item{"tea", 6}),
		weirtest.Expired(Item{"milk", 1})))
	// Output:
	// tea went from 7 to 6
	// milk expired
	// 1 succeeded
	// 2 succeeded
}

func ExampleNewImage() {
	type Item struct {
		ID    string `dynamodbav:"id"`
		Stock int    `dynamodbav:"stock"`
	}
	index := func(ctx context.Context, c weir.NewImage[Item]) error {
		if c.New == nil {
			fmt.Println(c.Kind, c.Keys.ID)
			return nil
		}
		fmt.Println(c.Kind, c.New.ID, "has", c.New.Stock)
		return nil
	}
	event := []byte(`{"Records":[
		{"eventSource":"aws:dynamodb","eventName":"MODIFY","dynamodb":{"SequenceNumber":"1","Keys":{"id":{"S":"tea"}},
			"OldImage":{"id":{"S":"tea"},"stock":{"N":"5"}},"NewImage":{"id":{"S":"tea"},"stock":{"N":"4"}}}},
		{"eventSource":"aws:dynamodb","eventName":"REMOVE","dynamodb":{"SequenceNumber":"2","Keys":{"id":{"S":"mate"}},
			"OldImage":{"id":{"S":"mate"},"stock":{"N":"0"}}}}]}`)
	response, err := weir.DynamoDB(weir.Each(index)).Invoke(context.Background(), event)
	fmt.Println(string(response), err)
	// Output:
	// MODIFY tea has 4
	// REMOVE mate
	// {"batchItemFailures":[]} <nil>
}

// T may be a string, for what is not JSON.
func ExampleEach() {
	line := func(ctx context.Context, text string) error {
		fmt.Println(text)
		return nil
	}
	show(weir.SQS(weir.Each(line)), weirtest.SQS("hello"))
	// Output:
	// hello
	// 1 succeeded
}

func ExampleEachMessage() {
	look := func(ctx context.Context, m *weir.Message) error {
		fmt.Printf("attempt %d of %s\n", m.Attempt, m.Payload)
		return nil
	}
	show(weir.SQS(weir.EachMessage(look)), weirtest.SQS(weirtest.Record{Value: "hello", Attempt: 3}))
	// Output:
	// attempt 3 of hello
	// 1 succeeded
}

// A bulk handler decides by record, or returns one error for all it has not decided.
func ExampleBatch() {
	insert := func(ctx context.Context, b *weir.BatchOf[Order]) error {
		fmt.Println("inserting", b.Len(), "rows")
		for r := range b.All() {
			if r.Value.Amount < 0 {
				b.Fail(r, errors.New("constraint violated"))
			}
		}
		return nil
	}
	show(weir.SQS(weir.Batch(insert)), weirtest.SQS(Order{"a", 10}, Order{"b", -1}))
	// Output:
	// inserting 2 rows
	// 1 succeeded
	// 2 failed: constraint violated
}

// When a bulk write can only say yes or no, Bisect finds the record that it stumbles over.
func ExampleBisect() {
	insert := func(ctx context.Context, b *weir.BatchOf[Order]) error {
		for _, o := range b.Values() {
			if o.Amount < 0 {
				return fmt.Errorf("%d rows refused", b.Len())
			}
		}
		return nil
	}
	show(weir.SQS(weir.Batch(insert, weir.Bisect())), weirtest.SQS(Order{"a", 1}, Order{"b", 2}, Order{"c", -1}, Order{"d", 3}))
	// Output:
	// 1 succeeded
	// 2 succeeded
	// 3 failed: 1 rows refused
	// 4 succeeded
}

// What is done stays done, even if the rest then fails.
func ExampleBatchOf_Done() {
	send := func(ctx context.Context, b *weir.BatchOf[string]) error {
		for r := range b.All() {
			if r.Value == "x" {
				return errors.New("connection lost")
			}
			b.Done(r)
		}
		return nil
	}
	show(weir.Kinesis(weir.Batch(send)), weirtest.Kinesis("a", "b", "x", "d"))
	// Output:
	// 1 succeeded
	// 2 succeeded
	// 3 failed: connection lost
	// 4 failed: connection lost
}

func ExampleFromContext() {
	audit := func(ctx context.Context, o Order) error {
		m, _ := weir.FromContext(ctx)
		fmt.Println(o.ID, "sent", m.Time.Format("15:04:05"), "to", m.SourceARN, "by", m.Attribute("SenderId"))
		return nil
	}
	event := weirtest.SQS(weirtest.Record{Value: Order{"a", 1}, Attributes: map[string]string{"SenderId": "AIDA"}})
	weirtest.Run(context.Background(), weir.SQS(weir.Each(audit)), event.From("arn:aws:sqs:eu-west-1:111122223333:orders"))
	// Output:
	// a sent 03:04:05 to arn:aws:sqs:eu-west-1:111122223333:orders by AIDA
}

func ExampleMessage_MessageAttributes() {
	look := func(ctx context.Context, m *weir.Message) error {
		fmt.Println(m.MessageAttributes()["kind"].String)
		return nil
	}
	kind := map[string]weir.MessageAttribute{"kind": {DataType: "String", String: "refund"}}
	weirtest.Run(context.Background(), weir.SQS(weir.EachMessage(look)), weirtest.SQS(weirtest.Record{Value: "x", MessageAttributes: kind}))
	// Output:
	// refund
}

// What is wrong with a Lambda can be known when the process starts.
func ExampleLambda_Err() {
	insert := func(ctx context.Context, b *weir.BatchOf[Order]) error { return nil }
	fmt.Println(weir.SQS(weir.Batch(insert), weir.Concurrency(4)).Err())
	// Output:
	// weir: Concurrency does not apply to Batch, which handles all records at once
}

func ExampleCompareSequenceNumbers() {
	fmt.Println(weir.CompareSequenceNumbers("9", "10"), weir.CompareSequenceNumbers("49650000000000000000000000000000000000000000000000000021", "49650000000000000000000000000000000000000000000000000014"))
	// Output:
	// -1 1
}

// A record that cannot be added is reported, with all behind it; the state is that before it.
func ExampleFold() {
	type Total struct{ Amount int }
	add := func(ctx context.Context, t Total, o Order) (Total, error) {
		if o.Amount < 0 {
			return t, errors.New("negative amount")
		}
		return Total{t.Amount + o.Amount}, nil
	}
	event := weirtest.Kinesis(Order{"a", 10}, Order{"b", -1}, Order{"c", 20}).InWindow(weir.WindowInfo{}, Total{5})
	res := weirtest.Run(context.Background(), weir.KinesisWindow(weir.Fold(add, nil)), event)
	fmt.Println(string(res.State), len(res.Retried()))
	// Output:
	// {"Amount":15} 2
}

func ExampleWindowFromContext() {
	type Seen struct{ Records int }
	add := func(ctx context.Context, s Seen, text string) (Seen, error) {
		w, _ := weir.WindowFromContext(ctx)
		fmt.Println(text, "is in the window from", w.Start.Format("15:04:05"))
		return Seen{s.Records + 1}, nil
	}
	weirtest.Run(context.Background(), weir.KinesisWindow(weir.Fold(add, nil)), weirtest.Kinesis("x").InWindow(weir.WindowInfo{}, nil))
	// Output:
	// x is in the window from 03:04:00
}

// The state of a window goes in and out of Lambda between its invocations.
func ExampleKinesisWindow() {
	type Totals struct{ Orders, Amount int }
	add := func(ctx context.Context, t Totals, o Order) (Totals, error) {
		return Totals{t.Orders + 1, t.Amount + o.Amount}, nil
	}
	closed := func(ctx context.Context, w weir.WindowInfo, t Totals) error {
		fmt.Printf("%v from %s: %d orders, %d\n", w.End.Sub(w.Start), w.Start.Format("15:04"), t.Orders, t.Amount)
		return nil
	}
	fn := weir.KinesisWindow(weir.Fold(add, closed))

	first := weirtest.Run(context.Background(), fn, weirtest.Kinesis(Order{"a", 10}, Order{"b", 20}).InWindow(weir.WindowInfo{}, nil))
	fmt.Println(string(first.State))
	weirtest.Run(context.Background(), fn, weirtest.Kinesis(Order{"c", 5}).InWindow(weir.WindowInfo{Final: true}, first.State))
	// Output:
	// {"Orders":2,"Amount":30}
	// 1m0s from 03:04: 3 orders, 35
}

func ExampleDynamoDBWindow() {
	type Item struct {
		ID string `dynamodbav:"id"`
	}
	add := func(ctx context.Context, changes map[string]int, c weir.Change[Item]) (map[string]int, error) {
		w, _ := weir.WindowFromContext(ctx)
		return map[string]int{w.ShardID: changes[w.ShardID] + 1}, nil
	}
	fn := weir.DynamoDBWindow(weir.Fold(add, nil))

	event := weirtest.DynamoDB(weirtest.Table{Key: "id"}, weirtest.Inserted(Item{"a"}), weirtest.Removed(Item{"a"}))
	res := weirtest.Run(context.Background(), fn, event.InWindow(weir.WindowInfo{ShardID: "shard-1"}, nil))
	fmt.Println(string(res.State))
	// Output:
	// {"shard-1":2}
}
