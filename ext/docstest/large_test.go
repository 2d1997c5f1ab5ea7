package docstest_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/ext/s3objects"
	"github.com/weir-go/weir/middleware/offload"
	"github.com/weir-go/weir/weirtest"
)

// buckets starts an S3 of this process and makes a bucket in it.
func buckets(ctx context.Context, name string) (client *s3.Client, stop func()) {
	server := httptest.NewServer(gofakes3.New(s3mem.New(), gofakes3.WithLogger(gofakes3.DiscardLog())).Server())
	client = s3.New(s3.Options{
		BaseEndpoint: &server.URL, UsePathStyle: true, Region: "eu-west-1",
		Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""),
	})
	if _, err := client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &name}); err != nil {
		log.Fatal(err)
	}
	return client, server.Close
}

// A producer puts the body into S3, the function gets it back.
func Example_large() {
	ctx := context.Background()
	client, stop := buckets(ctx, "orders-large")
	defer stop()

	// snippet:begin producer
	writer, err := offload.NewWriter(s3objects.New(client), "orders-large", offload.Prefix("incoming/"))
	if err != nil {
		log.Fatal(err)
	}
	message, err := s3objects.ForSQS(ctx, writer, &sqs.SendMessageInput{
		QueueUrl:    aws.String("https://sqs.eu-west-1.amazonaws.com/111122223333/orders"),
		MessageBody: aws.String(strings.Repeat("x", 300<<10)),
	}) // then: sqsClient.SendMessage(ctx, message)
	// snippet:end
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(*message.MessageBody) < 300, message.MessageAttributes["ExtendedPayloadSize"].StringValue != nil)

	count := func(ctx context.Context, body string) error {
		fmt.Println(len(body), "bytes")
		return nil
	}
	// snippet:begin consumer
	objects := s3objects.New(client)
	fn := weir.SQS(weir.Each(count), offload.Load(objects, offload.Buckets("orders-large/incoming/")))
	// snippet:end
	size := map[string]weir.MessageAttribute{"ExtendedPayloadSize": {DataType: "Number", String: "1"}}
	res := weirtest.Run(ctx, fn, weirtest.SQS(
		weirtest.Record{Value: *message.MessageBody, MessageAttributes: size},
		weirtest.Record{Value: offload.Pointer{Bucket: "secrets", Key: "k"}.Body(), MessageAttributes: size},
		"small"))
	for i, r := range res.Records {
		fmt.Println(i+1, r.State)
	}
	// Output:
	// true true
	// 307200 bytes
	// 5 bytes
	// 1 succeeded
	// 2 failed
	// 3 succeeded
}

// What does not fit into memory is read as it comes.
func Example_stream() {
	ctx := context.Background()
	client, stop := buckets(ctx, "orders-large")
	defer stop()
	objects := s3objects.New(client)
	p := offload.Pointer{Bucket: "orders-large", Key: "lines"}
	if err := objects.Put(ctx, p, strings.Repeat("line\n", 1000)); err != nil {
		log.Fatal(err)
	}
	// snippet:begin stream
	read := func(ctx context.Context, _ *weir.Message) error {
		content, err := offload.Open(ctx)
		if err != nil {
			return err
		}
		n, err := io.Copy(io.Discard, content) // whole only when read to its end
		fmt.Println(n, "bytes")
		return err
	}
	fn := weir.SQS(weir.EachMessage(read), offload.Load(objects, offload.Buckets("orders-large"), offload.Stream()))
	// snippet:end
	show(fn, weirtest.SQS(weirtest.Record{Value: p.Body(), MessageAttributes: map[string]weir.MessageAttribute{
		"ExtendedPayloadSize": {DataType: "Number", String: "5000"},
	}}))
	// Output:
	// 5000 bytes
	// 1 succeeded
}
