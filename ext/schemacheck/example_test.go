package schemacheck_test

import (
	"context"
	"fmt"
	"testing/fstest"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/ext/schemacheck"
	"github.com/weir-go/weir/weirtest"
)

// In a program the text is mostly one that go:embed reads.
const schema = `{
	"type": "object",
	"properties": {"id": {"type": "string"}, "lines": {"items": {"properties": {"amount": {"minimum": 1}}}}},
	"required": ["id"]
}`

type Order struct {
	ID    string
	Lines []struct{ Amount int }
}

func ExampleCheck() {
	fn := weir.SQS(weir.Each(func(_ context.Context, o Order) error {
		fmt.Println("shipped", o.ID)
		return nil
	}), schemacheck.Check(schemacheck.Text(schema)), weir.OnUndecodable(func(_ context.Context, m *weir.Message, err error) error {
		fmt.Println(m.ID, err)
		return err
	}))
	res := weirtest.Run(context.Background(), fn, weirtest.SQS(
		weirtest.Record{ID: "m1", Value: `{"id":"a","lines":[{"amount":1}]}`},
		weirtest.Record{ID: "m2", Value: `{"id":"b","lines":[{"amount":1},{"amount":0}]}`},
	))
	fmt.Println(string(res.Response))
	// Output:
	// shipped a
	// m2 undecodable: not valid by its schema: /lines/1/amount: minimum: got 0, want 1
	// {"batchItemFailures":[{"itemIdentifier":"m2"}]}
}

// Verbs that take a batch as a whole get the records that are valid.
func ExampleAround() {
	store := func(_ context.Context, b *weir.BatchOf[Order]) error {
		fmt.Println("stored", b.Len())
		return nil
	}
	fn := weir.SQS(schemacheck.Around(weir.Batch(store), schemacheck.Text(schema)))
	res := weirtest.Run(context.Background(), fn, weirtest.SQS(`{"id":"a"}`, weirtest.Record{ID: "m2", Value: `{"id":7}`}, `{"id":"c"}`))
	fmt.Println(string(res.Response))
	// Output:
	// stored 2
	// {"batchItemFailures":[{"itemIdentifier":"m2"}]}
}

func ExampleSchema_Validate() {
	s := schemacheck.Text(`{"properties": {"to": {"$ref": "address.json"}}}`,
		schemacheck.Reference("address.json", `{"required": ["city"]}`))
	fmt.Println(s.Validate([]byte(`{"to": {}}`)))
	// Output:
	// not valid by its schema: /to: required: missing property 'city'
}

// In a program, the file system is an embed.FS: schemas travel in the binary.
func ExampleFile() {
	schemas := fstest.MapFS{
		"schemas/order.json":   {Data: []byte(`{"properties": {"to": {"$ref": "address.json"}, "on": {"format": "uuid"}}}`)},
		"schemas/address.json": {Data: []byte(`{"required": ["city"]}`)},
	}
	s := schemacheck.File(schemas, "schemas/order.json", schemacheck.Draft("2019-09"), schemacheck.Formats())
	fmt.Println(s.Err())
	fmt.Println(s.Validate([]byte(`{"to": {}, "on": "tomorrow"}`)))
	// Output:
	// <nil>
	// not valid by its schema: /on: format: 'tomorrow' is not valid uuid: must have 5 elements; /to: required: missing property 'city'
}
