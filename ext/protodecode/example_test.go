package protodecode_test

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/ext/protodecode"
	"github.com/weir-go/weir/weirtest"
)

// StringValue stands for a type that protoc-gen-go made. A tombstone is nil.
func ExampleNew() {
	names, err := protodecode.New[*wrapperspb.StringValue]()
	if err != nil {
		panic(err)
	}
	fn := weir.Kafka(weir.Each(func(ctx context.Context, name *wrapperspb.StringValue) error {
		fmt.Printf("%v %q\n", name == nil, name.GetValue())
		return nil
	}, weir.DecodeMessage(names.Value)))

	res := weirtest.Run(context.Background(), fn, weirtest.Kafka(
		[]byte("\x00\x00\x00\x00\x2a\x02\x0e\x0a\x04anna"),
		nil,
		[]byte("\x00\x00\x00\x00\x2a\x00\x0a\x04anna"), // says that it is a DoubleValue
	))
	fmt.Println(res.Records[2].Err)
	// Output:
	// false "anna"
	// true ""
	// undecodable: PROTOBUF of schema 42: it is another message of its file than google.protobuf.StringValue: see AnyMessage
}
