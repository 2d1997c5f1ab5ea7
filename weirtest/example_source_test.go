package weirtest_test

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/weirtest"
)

func ExampleSQS() {
	event := weirtest.SQS(Order{ID: 1, Total: 20}, "as it stands")
	list := weir.EachMessage(func(_ context.Context, m *weir.Message) error {
		fmt.Printf("%s %s\n", m.ID, m.Payload)
		return nil
	})
	weirtest.Run(context.Background(), weir.SQS(list), event).WantDone(t)
	// Output:
	// 6f1f1a4c-93d5-4b6e-8c5e-000000000001 {"id":1,"total":20}
	// 6f1f1a4c-93d5-4b6e-8c5e-000000000002 as it stands
}

func ExampleFIFO() {
	event := weirtest.FIFO(weirtest.In("anna", Order{ID: 1}, Order{ID: 2, Total: 3}), weirtest.In("bert", Order{ID: 3, Total: 5}))
	res := weirtest.Run(context.Background(), weir.SQS(weir.Each(ship), weir.SkipGroup()), event)
	res.Want(t, weirtest.Failed, weirtest.Skipped, weirtest.Succeeded)
	// Output:
}

func ExampleIn() {
	show(weirtest.Kinesis(weirtest.In("user-7", "click")), `"partitionKey"`, `,`)
	show(weirtest.FIFO(weirtest.In("anna", "order")), `"MessageGroupId"`, `,`)
	// Output:
	// "partitionKey":"user-7"
	// "MessageGroupId":"anna"
}

func ExampleRecord() {
	event := weirtest.SQS(weirtest.Record{
		Value:             Order{ID: 1},
		ID:                "a-message",
		Attempt:           3,
		Attributes:        map[string]string{"AWSTraceHeader": "Root=1-5759e988-bd862e3fe1be46a994272793"},
		MessageAttributes: map[string]weir.MessageAttribute{"kind": {DataType: "String", String: "refund"}},
	})
	look := weir.EachMessage(func(_ context.Context, m *weir.Message) error {
		fmt.Println(m.ID, m.Attempt, m.TraceHeader(), m.MessageAttributes()["kind"].String)
		return nil
	})
	weirtest.Run(context.Background(), weir.SQS(look), event).WantDone(t)
	// Output:
	// a-message 3 Root=1-5759e988-bd862e3fe1be46a994272793 refund
}

func ExampleKinesis() {
	event := weirtest.Kinesis(weirtest.In("user-7", Order{ID: 1}, Order{ID: 2}), []byte{0xff})
	list := weir.EachMessage(func(_ context.Context, m *weir.Message) error {
		fmt.Printf("%s %q\n", m.OrderingKey, m.Payload)
		return nil
	})
	weirtest.Run(context.Background(), weir.Kinesis(list), event).WantDone(t)
	// Output:
	// user-7 "{\"id\":1,\"total\":0}"
	// user-7 "{\"id\":2,\"total\":0}"
	// key-3 "\xff"
}

// listChanges prints what a stream's Lambda sees.
var listChanges = weir.DynamoDB(weir.Each(func(_ context.Context, c weir.Change[Order]) error {
	fmt.Printf("%s %d", c.Kind, c.Keys.ID)
	if c.Old != nil {
		fmt.Print(" old ", *c.Old)
	}
	if c.New != nil {
		fmt.Print(" new ", *c.New)
	}
	if c.Expired {
		fmt.Print(" expired")
	}
	fmt.Println()
	return nil
}))

var orders = weirtest.Table{Key: "id"}

func ExampleDynamoDB() {
	event := weirtest.DynamoDB(orders,
		weirtest.Inserted(Order{ID: 1, Total: 20}),
		weirtest.Modified(Order{ID: 1, Total: 20}, Order{ID: 1, Total: 25}),
		weirtest.Removed(json.RawMessage(`{"id":{"N":"7"},"total":{"N":"1"}}`)),
	)
	weirtest.Run(context.Background(), listChanges, event).WantDone(t)
	// Output:
	// INSERT 1 new {1 20}
	// MODIFY 1 old {1 20} new {1 25}
	// REMOVE 7 old {7 1}
}

func ExampleInserted() {
	show(weirtest.DynamoDB(orders, weirtest.Inserted(Order{ID: 1, Total: 20})), `"Keys"`, `,"SequenceNumber"`)
	// Output:
	// "Keys":{"id":{"N":"1"}},"NewImage":{"id":{"N":"1"},"total":{"N":"20"}}
}

func ExampleModified() {
	show(weirtest.DynamoDB(orders, weirtest.Modified(Order{ID: 1}, Order{ID: 1, Total: 20})), `"Keys"`, `,"SequenceNumber"`)
	// Output:
	// "Keys":{"id":{"N":"1"}},"NewImage":{"id":{"N":"1"},"total":{"N":"20"}},"OldImage":{"id":{"N":"1"},"total":{"N":"0"}}
}

func ExampleRemoved() {
	show(weirtest.DynamoDB(orders, weirtest.Removed(Order{ID: 1})), `"Keys"`, `,"SequenceNumber"`)
	// Output:
	// "Keys":{"id":{"N":"1"}},"OldImage":{"id":{"N":"1"},"total":{"N":"0"}}
}

func ExampleExpired() {
	weirtest.Run(context.Background(), listChanges, weirtest.DynamoDB(orders, weirtest.Expired(Order{ID: 1, Total: 20}))).WantDone(t)
	// Output:
	// REMOVE 1 old {1 20} expired
}

func ExampleChange() {
	event := weirtest.DynamoDB(orders, weirtest.Change{
		New:  `{"total":{"N":"not a number"}}`,
		Keys: `{"id":{"N":"1"}}`,
	})
	res := weirtest.Run(context.Background(), listChanges, event)
	fmt.Println(res.Records[0].Err)
	// Output:
	// undecodable: new image: total: N "not a number" is not a number
}

func ExampleTable() {
	sessions := weirtest.Table{Key: "user", SortKey: "at", View: weirtest.KeysOnly}
	event := weirtest.DynamoDB(sessions, weirtest.Inserted(map[string]any{"user": "anna", "at": 3, "agent": "curl"}))
	show(event, `"dynamodb"`, `,"eventSourceARN"`)
	// Output:
	// "dynamodb":{"ApproximateCreationDateTime":1767323045.0,"Keys":{"at":{"N":"3"},"user":{"S":"anna"}},"SequenceNumber":"100000000000000000000001","SizeBytes":12,"StreamViewType":"KEYS_ONLY"}
}
