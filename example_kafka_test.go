package weir_test

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/weirtest"
)

// A failure stops its partition, and no other; Lambda goes on from there.
func ExampleKafka() {
	fn := weir.Kafka(weir.Each(ship)) // lambda.Start(fn)

	event := weirtest.Kafka(
		weirtest.In("orders-0", Order{"a", 10}, Order{"b", -1}, Order{"c", 20}),
		weirtest.In("orders-1", Order{"d", 30}),
	)
	response, err := fn.Invoke(context.Background(), event.JSON())
	fmt.Println(string(response), err)
	// Output:
	// shipped a
	// shipped d
	// {"batchItemFailures":[{"itemIdentifier":{"partition":"orders-0","offset":1}}]} <nil>
}

// A Pair is key and value. What can be nil is nil where there is nothing.
func ExamplePair() {
	fn := weir.Kafka(weir.Each(func(ctx context.Context, p weir.Pair[string, *Order]) error {
		if p.Value == nil {
			fmt.Println("deleted", p.Key)
			return nil
		}
		fmt.Println("stored", p.Key, p.Value.Amount)
		return nil
	}))
	weirtest.Run(context.Background(), fn, weirtest.Kafka(
		weirtest.Record{Key: "anna", Value: Order{"a", 10}},
		weirtest.Record{Key: "bert", Value: nil}, // a tombstone
	))
	// Output:
	// stored anna 10
	// deleted bert
}

// What is of no use without a value drops its tombstones.
func ExampleErrTombstone() {
	drop := weir.OnUndecodable(func(ctx context.Context, m *weir.Message, err error) error {
		if errors.Is(err, weir.ErrTombstone) {
			return weir.Drop(err)
		}
		return err
	})
	show(weir.Kafka(weir.Each(ship), drop), weirtest.Kafka(Order{"a", 10}, nil))
	// Output:
	// shipped a
	// 1 succeeded
	// 2 dropped: dropped: undecodable: weir: the record is a tombstone, which this type cannot say: take a pointer to it
}

func ExampleDecodePair() {
	upper := func(b []byte) (string, error) { return strings.ToUpper(string(b)), nil }
	fn := weir.Kafka(weir.Each(func(ctx context.Context, p weir.Pair[string, Order]) error {
		fmt.Println(p.Key, p.Value.Amount)
		return nil
	}, weir.DecodePair[string, Order](upper, nil)))
	weirtest.Run(context.Background(), fn, weirtest.Kafka(weirtest.Record{Key: "anna", Value: Order{"a", 10}}))
	// Output:
	// ANNA 10
}

// The message says what Decode does not know, such as a registry's schema.
func ExampleDecodeMessage() {
	decode := func(m *weir.Message) (string, error) {
		s := m.Kafka.ValueSchema
		return fmt.Sprintf("%s %s: %s", s.DataFormat, s.SchemaID, m.Payload), nil
	}
	fn := weir.Kafka(weir.Each(func(ctx context.Context, text string) error {
		fmt.Println(text)
		return nil
	}, weir.DecodeMessage(decode)))
	weirtest.Run(context.Background(), fn, weirtest.Kafka(weirtest.Record{
		Value:       "...",
		ValueSchema: &weir.KafkaSchema{DataFormat: "AVRO", SchemaID: "7"},
	}))
	// Output:
	// AVRO 7: ...
}

// Headers are bytes, and a name may come twice.
func ExampleKafkaHeaders() {
	fn := weir.Kafka(weir.EachMessage(func(ctx context.Context, m *weir.Message) error {
		trace, ok := m.Kafka.Headers.Get("trace")
		fmt.Printf("%s %v\n", trace, ok)
		fmt.Printf("%s\n", m.Kafka.Headers.Values("via"))
		return nil
	}))
	weirtest.Run(context.Background(), fn, weirtest.Kafka(weirtest.Record{Value: "a", Headers: weir.KafkaHeaders{
		{Name: "via", Value: []byte("eu")}, {Name: "trace", Value: []byte("abc")}, {Name: "via", Value: []byte("us")},
	}}))
	// Output:
	// abc true
	// [eu us]
}

func ExampleKafkaRecord() {
	fn := weir.Kafka(weir.EachMessage(func(ctx context.Context, m *weir.Message) error {
		k := m.Kafka
		fmt.Println(m.ID, k.Topic, k.Partition, k.Offset, string(k.Key), k.TimestampType)
		return nil
	}))
	weirtest.Run(context.Background(), fn, weirtest.Kafka(weirtest.Record{ID: "orders-1@77", Key: "anna", Value: "a"}))
	// Output:
	// orders-1@77 orders 1 77 anna CREATE_TIME
}

// Without tombstones in mind, a type is safe: null is told from empty.
func ExampleMessage_Tombstone() {
	fn := weir.Kafka(weir.EachMessage(func(ctx context.Context, m *weir.Message) error {
		fmt.Println(len(m.Payload), m.Tombstone())
		return nil
	}))
	weirtest.Run(context.Background(), fn, weirtest.Kafka("", nil))
	// Output:
	// 0 false
	// 0 true
}

func ExampleContinueOnFailure() {
	fn := weir.Kafka(weir.Each(ship), weir.ContinueOnFailure())
	event := weirtest.Kafka(Order{"a", 10}, Order{"b", -1}, Order{"c", 20}, Order{"d", -4})
	response, _ := fn.Invoke(context.Background(), event.JSON())
	fmt.Println(string(response))
	// Output:
	// shipped a
	// shipped c
	// {"batchItemFailures":[{"itemIdentifier":{"partition":"topic-0","offset":1}},{"itemIdentifier":{"partition":"topic-0","offset":3}}]}
}

func ExampleReportEveryOffset() {
	fn := weir.Kafka(weir.Each(ship), weir.ReportEveryOffset())
	event := weirtest.Kafka(Order{"a", 10}, Order{"b", -1}, Order{"c", 20})
	response, _ := fn.Invoke(context.Background(), event.JSON())
	fmt.Println(string(response))
	// Output:
	// shipped a
	// {"batchItemFailures":[{"itemIdentifier":{"partition":"topic-0","offset":1}},{"itemIdentifier":{"partition":"topic-0","offset":2}}]}
}

func ExampleKafkaCluster() {
	where := weir.EachMessage(func(ctx context.Context, m *weir.Message) error {
		fmt.Println(m.SourceARN)
		return nil
	})
	event := weirtest.Kafka("a").From("broker-1:9092") // self-managed
	weirtest.Run(context.Background(), weir.Kafka(where), event)
	weirtest.Run(context.Background(), weir.Kafka(where, weir.KafkaCluster("orders-cluster")), event)
	// Output:
	// broker-1:9092
	// orders-cluster
}
