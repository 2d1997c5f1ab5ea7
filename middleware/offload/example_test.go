package offload_test

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/middleware/offload"
	"github.com/weir-go/weir/weirtest"
)

type order struct {
	ID    string
	Lines []string
}

func Example() {
	objects := bucketOf("key", `{"ID":"a1","Lines":["pen","ink"]}`) // s3objects.New(s3.NewFromConfig(cfg))
	ship := func(ctx context.Context, o order) error {
		fmt.Println("ship", o.ID, o.Lines)
		return nil
	}
	fn := weir.SQS(weir.Each(ship), offload.Load(objects, offload.Buckets("large")))

	out, _ := fn.Invoke(context.Background(), weirtest.SQS(
		order{ID: "a0"},
		weirtest.Record{
			Value:             `["software.amazon.payloadoffloading.PayloadS3Pointer",{"s3BucketName":"large","s3Key":"key"}]`,
			MessageAttributes: map[string]weir.MessageAttribute{"ExtendedPayloadSize": {DataType: "Number", String: "33"}},
		},
		weirtest.Record{
			ID:                "m3",
			Value:             `["software.amazon.payloadoffloading.PayloadS3Pointer",{"s3BucketName":"secrets","s3Key":"key"}]`,
			MessageAttributes: map[string]weir.MessageAttribute{"ExtendedPayloadSize": {DataType: "Number", String: "33"}},
		}).JSON())
	fmt.Println(string(out))
	// Output:
	// ship a0 []
	// ship a1 [pen ink]
	// {"batchItemFailures":[{"itemIdentifier":"m3"}]}
}

// Batch and pipelines have no middleware: for them all large messages are loaded before.
func ExampleUnwrap() {
	objects := bucketOf("key", `{"ID":"a1"}`) // s3objects.New(s3.NewFromConfig(cfg))
	store := func(ctx context.Context, b *weir.BatchOf[order]) error {
		fmt.Println("store", b.Values())
		return nil
	}
	fn := weir.SQS(offload.Unwrap(weir.Batch(store), objects, offload.Buckets("large")))
	_, _ = fn.Invoke(context.Background(), weirtest.SQS(order{ID: "a0"}, large("m2", "key")).JSON())
	// Output:
	// store [{a0 []} {a1 []}]
}

// A handler that reads its object piece by piece needs no memory for it.
func ExampleStream() {
	objects := bucketOf("key", "a large file") // s3objects.New(s3.NewFromConfig(cfg))
	handle := func(ctx context.Context, m *weir.Message) error {
		r, err := offload.Open(ctx)
		if err != nil {
			return err
		}
		n, err := io.Copy(io.Discard, r)
		fmt.Println(n, "bytes")
		return err
	}
	fn := weir.SQS(weir.EachMessage(handle), offload.Load(objects, offload.Buckets("large"), offload.Stream()))
	_, _ = fn.Invoke(context.Background(), weirtest.SQS("small", large("m2", "key")).JSON())
	// Output:
	// 5 bytes
	// 12 bytes
}

// A message comes back although its object was deleted: it was done.
func ExampleDeleteAfter() {
	objects := bucketOf("key", "content") // s3objects.New(s3.NewFromConfig(cfg))
	handle := func(ctx context.Context, text string) error {
		fmt.Println("handle", text)
		return nil
	}
	fn := weir.SQS(weir.Each(handle), weir.ReportAll(),
		offload.Load(objects, offload.Buckets("large")),
		offload.DeleteAfter(objects, nil),
		weir.OnFailure(func(ctx context.Context, m *weir.Message, err error) error {
			if errors.Is(err, offload.ErrMissing) {
				return weir.Drop(err)
			}
			return err
		}))
	for range 2 {
		out, _ := fn.Invoke(context.Background(), weirtest.SQS(large("m1", "key")).JSON())
		fmt.Println(string(out), len(objects.keys()), "objects")
	}
	// Output:
	// handle content
	// {"batchItemFailures":[]} 0 objects
	// {"batchItemFailures":[]} 0 objects
}

// A producer puts the body of a large message aside, and a function gets it back.
func ExampleWriter() {
	ctx := context.Background()
	objects := bucketOf() // s3objects.New(s3.NewFromConfig(cfg))
	w, err := offload.NewWriter(objects, "large", offload.Prefix("in/"), offload.Threshold(1000))
	if err != nil {
		fmt.Println(err)
		return
	}
	out, err := w.Offload(ctx, offload.Outgoing{Body: text(2000)})
	if err != nil {
		fmt.Println(err)
		return
	}
	p, _ := offload.ParsePointer([]byte(out.Body))
	fmt.Println(p.Bucket, p.Key[:3], out.Attributes)

	fn := weir.SQS(weir.Each(func(ctx context.Context, text string) error {
		fmt.Println(len(text), "bytes")
		return nil
	}), offload.Load(objects, offload.Buckets("large/in/")))
	_, _ = fn.Invoke(ctx, weirtest.SQS(weirtest.Record{Value: out.Body, MessageAttributes: out.Attributes}).JSON())
	// Output:
	// large in/ map[ExtendedPayloadSize:{Number 2000 []}]
	// 2000 bytes
}
