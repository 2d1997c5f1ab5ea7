package s3objects_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/ext/s3objects"
	"github.com/weir-go/weir/middleware/offload"
	"github.com/weir-go/weir/weirtest"
)

// A producer puts a large body into S3, and a function gets it as if SQS had delivered it.
func Example() {
	ctx := context.Background()
	client, stop, err := fake(ctx, plainly) // s3.NewFromConfig(cfg)
	defer stop()
	if err != nil {
		fmt.Println(err)
		return
	}
	objects := s3objects.New(client)

	w, err := offload.NewWriter(objects, "large", offload.Prefix("in/"))
	if err != nil {
		fmt.Println(err)
		return
	}
	in, err := s3objects.ForSQS(ctx, w, &sqs.SendMessageInput{MessageBody: aws.String(strings.Repeat("x", 300_000))})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(*in.MessageBody), "bytes are sent") // by client.SendMessage(ctx, in)

	fn := weir.SQS(weir.Each(func(ctx context.Context, text string) error {
		fmt.Println(len(text), "bytes are handled")
		return nil
	}), offload.Load(objects, offload.Buckets("large/in/")))
	size := in.MessageAttributes["ExtendedPayloadSize"]
	_, _ = fn.Invoke(ctx, weirtest.SQS(weirtest.Record{
		Value:             *in.MessageBody,
		MessageAttributes: map[string]weir.MessageAttribute{"ExtendedPayloadSize": {DataType: *size.DataType, String: *size.StringValue}},
	}).JSON())
	// Output:
	// 129 bytes are sent
	// 300000 bytes are handled
}
