package avrodecode_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/ext/avrodecode"
	"github.com/weir-go/weir/ext/registry"
	"github.com/weir-go/weir/weirtest"
)

func schemaOf(text string) func(context.Context, registry.ID) (registry.Schema, error) {
	return func(context.Context, registry.ID) (registry.Schema, error) {
		return registry.Schema{Type: "AVRO", Text: text}, nil
	}
}

func ship(ctx context.Context, o Order) error {
	fmt.Println("shipped", o.ID, o.Amount)
	return nil
}

// A record that is no Avro is one failure, and Lambda goes on from there.
func ExampleNew() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Println("asked for", r.URL.Path)
		fmt.Fprintf(w, `{"schema": %q}`, order)
	}))
	defer server.Close()

	reg, err := registry.Confluent(server.URL)
	if err != nil {
		panic(err)
	}
	orders, err := avrodecode.New[Order](reg)
	if err != nil {
		panic(err)
	}
	fn := weir.Kafka(weir.Each(ship, weir.DecodeMessage(orders.Value))) // lambda.Start(fn)

	res := weirtest.Run(context.Background(), fn, weirtest.Kafka(
		[]byte("\x00\x00\x00\x00\x2a\x02a\x14"),
		[]byte("\x00\x00\x00\x00\x2a\x02b\x28"),
		[]byte("no Avro"),
	))
	fmt.Println(string(res.Response))
	// Output:
	// asked for /schemas/ids/42
	// shipped a 10
	// shipped b 20
	// {"batchItemFailures":[{"itemIdentifier":{"partition":"topic-0","offset":2}}]}
}

// What the writer did not know yet has the reader's default.
func ExampleReader() {
	type OrderV2 struct {
		ID       string `avro:"id"`
		Amount   int64  `avro:"amount"`
		Currency string `avro:"currency"`
	}
	reg, _ := registry.New(schemaOf(order))
	orders, err := avrodecode.New[OrderV2](reg, avrodecode.Reader(`{
		"type": "record", "name": "Order", "namespace": "shop", "fields": [
			{"name": "id", "type": "string"},
			{"name": "amount", "type": "long"},
			{"name": "currency", "type": "string", "default": "EUR"}
		]}`))
	if err != nil {
		panic(err)
	}
	fmt.Println(orders.Bytes([]byte("\x00\x00\x00\x00\x2a\x02a\x14")))
	// Output:
	// {a 10 EUR} <nil>
}
