package jsondecode_test

import (
	"context"
	"fmt"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/ext/jsondecode"
	"github.com/weir-go/weir/ext/registry"
	"github.com/weir-go/weir/weirtest"
)

// AWS Glue's registry, with a function in place of the SDK's client.
func ExampleNew() {
	reg, err := registry.Glue(func(ctx context.Context, id string) (registry.Schema, error) {
		fmt.Println("asked for", id)
		return registry.Schema{Type: "JSON", Text: order}, nil
	})
	if err != nil {
		panic(err)
	}
	orders, err := jsondecode.New[Order](reg)
	if err != nil {
		panic(err)
	}
	fn := weir.Kafka(weir.Each(func(ctx context.Context, o Order) error {
		fmt.Println("shipped", o.ID, o.Amount)
		return nil
	}, weir.DecodeMessage(orders.Value)))

	// In the SOURCE format, Lambda says the schema beside the record.
	schema := &weir.KafkaSchema{DataFormat: "JSON", SchemaID: "b7b4a7f0-9c96-4e4a-a687-fb5de9ef0c63"}
	res := weirtest.Run(context.Background(), fn, weirtest.Kafka(
		weirtest.Record{Value: Order{"a", 10}, ValueSchema: schema},
		weirtest.Record{Value: Order{"b", -1}, ValueSchema: schema},
	))
	fmt.Println(string(res.Response))
	// Output:
	// asked for b7b4a7f0-9c96-4e4a-a687-fb5de9ef0c63
	// shipped a 10
	// {"batchItemFailures":[{"itemIdentifier":{"partition":"topic-0","offset":1}}]}
}
