package registry_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/ext/registry"
	"github.com/weir-go/weir/weirtest"
)

func ExampleOpen() {
	f, err := registry.Open([]byte("\x00\x00\x00\x00\x2ahello"))
	fmt.Println(f.ID, string(f.Data), err)

	_, err = registry.Open([]byte("hello"))
	fmt.Println(err)
	// Output:
	// 42 hello <nil>
	// a payload that begins with byte 0x68: neither Confluent's framing (0x00) nor AWS Glue's (0x03)
}

func ExampleParseID() {
	fmt.Println(registry.ParseID("42"))
	fmt.Println(registry.ParseID("order-value"))
	// Output:
	// 42 <nil>
	// none schema id "order-value" is neither a number of 32 bits nor a UUID
}

// texts decodes a format of one's own: the schema is how to print the payload.
func texts(reg *registry.Registry) *registry.Decoder[string] {
	d, err := registry.NewDecoder(reg, "TEXT", func(s registry.Schema) (func([]byte) (string, error), error) {
		return func(data []byte) (string, error) { return fmt.Sprintf(s.Text, data), nil }, nil
	})
	if err != nil {
		panic(err)
	}
	return d
}

func example() *registry.Registry {
	reg, err := registry.New(func(ctx context.Context, id registry.ID) (registry.Schema, error) {
		switch id {
		case registry.ConfluentID(1):
			return registry.Schema{Type: "TEXT", Text: "<%s>"}, nil
		case registry.ConfluentID(2):
			return registry.Schema{}, errors.New("no route to host")
		}
		return registry.Schema{}, registry.ErrUnknownSchema
	})
	if err != nil {
		panic(err)
	}
	return reg
}

// A schema that does not exist is the record's fault; a registry that does not answer is not.
func ExampleNewDecoder() {
	d := texts(example())
	fn := weir.Kafka(weir.Each(func(ctx context.Context, text string) error {
		fmt.Println(text)
		return nil
	}, weir.DecodeMessage(d.Value)), weir.ContinueOnFailure(), weir.OnUndecodable(weir.DropUndecodable))

	res := weirtest.Run(context.Background(), fn, weirtest.Kafka(
		[]byte("\x00\x00\x00\x00\x01hello"),
		[]byte("\x00\x00\x00\x00\x02hello"),
		[]byte("\x00\x00\x00\x00\x03hello"),
	))
	for _, r := range res.Records {
		fmt.Println(r.State, r.Err)
	}
	// Output:
	// <hello>
	// succeeded <nil>
	// failed unavailable: schema 2: no route to host
	// dropped dropped: undecodable: schema 3: the registry does not know the schema
}

// The key is text, the value has a schema.
func ExamplePair() {
	d := texts(example())
	fn := weir.Kafka(weir.Each(func(ctx context.Context, p weir.Pair[string, string]) error {
		fmt.Println(p.Key, p.Value)
		return nil
	}, weir.DecodeMessage(registry.Pair[string](nil, d.Value))))
	weirtest.Run(context.Background(), fn, weirtest.Kafka(
		weirtest.Record{Key: "anna", Value: []byte("\x00\x00\x00\x00\x01hello")},
	))
	// Output:
	// anna <hello>
}

// A handler that takes the message waits for the schema under its context.
func ExampleDecoder_Read() {
	d := texts(example())
	fn := weir.Kafka(weir.EachMessage(func(ctx context.Context, m *weir.Message) error {
		text, err := d.Read(ctx, m)
		if err != nil {
			return err
		}
		fmt.Println(m.ID, text)
		return nil
	}))
	weirtest.Run(context.Background(), fn, weirtest.Kafka([]byte("\x00\x00\x00\x00\x01hello")))
	// Output:
	// topic-0@0 <hello>
}

func ExampleGlue() {
	// In place of the SDK's client: see Glue.
	getSchemaVersion := func(ctx context.Context, id string) (dataFormat, definition string, err error) {
		return "AVRO", `"string"`, nil
	}
	reg, err := registry.Glue(func(ctx context.Context, id string) (s registry.Schema, err error) {
		s.Type, s.Text, err = getSchemaVersion(ctx, id)
		return s, err
	})
	if err != nil {
		panic(err)
	}
	id, _ := registry.ParseID("b7b4a7f0-9c96-4e4a-a687-fb5de9ef0c63")
	s, err := reg.Schema(context.Background(), id)
	fmt.Println(s.Type, s.Text, err)
	// Output:
	// AVRO "string" <nil>
}
