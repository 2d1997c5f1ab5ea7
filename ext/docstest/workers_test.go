package docstest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/ext/sqssource"
	"github.com/weir-go/weir/middleware/deadletter"
	"github.com/weir-go/weir/streaming"
	"github.com/weir-go/weir/streaming/health"
	"github.com/weir-go/weir/streaming/memlog"
)

// partitions is a log with an order for each letter, which ends.
func partitions(names ...string) *memlog.Log {
	log := unended(names...)
	log.End()
	return log
}

func unended(names ...string) *memlog.Log {
	log := memlog.New("orders", len(names))
	for i, orders := range names {
		for _, o := range orders {
			log.Append(i, fmt.Appendf(nil, `{"ID":"%c","Cents":%d}`, o, map[bool]int{true: -1, false: 1}[o == 'b']))
		}
	}
	return log
}

// try says which attempt it is.
func try(ctx context.Context, o Order) error {
	m, _ := weir.FromContext(ctx)
	fmt.Println(m.ID, o.ID, "attempt", m.Attempt)
	if o.Cents < 0 {
		return errors.New("negative amount")
	}
	return nil
}

// A partition waits for its failed record, another does not.
func Example_inPlace() {
	ctx, source := context.Background(), partitions("abc", "d").Group().Member()
	putAside := func(m *weir.Message, err error) error {
		fmt.Println("letter:", m.ID, err)
		return nil
	}
	// snippet:begin inPlace
	err := streaming.Run(ctx, weir.Each(try), source,
		streaming.Attempts(3),
		streaming.Backoff(10*time.Millisecond, time.Second),
		streaming.DeadLetter(func(ctx context.Context, m *weir.Message, err error) error {
			return putAside(m, err) // the record is done once this returns nil
		}))
	// snippet:end
	fmt.Println(err)
	// Output:
	// orders-0@0 a attempt 1
	// orders-0@1 b attempt 1
	// orders-1@0 d attempt 1
	// orders-0@1 b attempt 2
	// orders-0@1 b attempt 3
	// letter: orders-0@1 negative amount
	// orders-0@2 c attempt 1
	// <nil>
}

// The policies and letters that a Lambda would have.
func Example_letters() {
	ctx, source := context.Background(), partitions("abc").Group().Member()
	sink := deadletter.Func(func(_ context.Context, l *deadletter.Letter) error {
		fmt.Println("letter:", l.Reason, l.Error)
		return nil
	})
	err := streaming.Run(ctx, weir.Each(try), source,
		streaming.Handling(deadletter.To(sink, deadletter.Undecodable(), deadletter.MaxReceives(2))))
	fmt.Println(err)
	// Output:
	// orders-0@0 a attempt 1
	// orders-0@1 b attempt 1
	// orders-0@1 b attempt 2
	// letter: receives negative amount
	// orders-0@2 c attempt 1
	// <nil>
}

// The signal comes while the first order is at work; another worker goes on behind it.
func Example_sigterm() {
	log := unended("acd")
	group := log.Group()
	var worker *streaming.Worker
	terminate := func() {
		_ = syscall.Kill(os.Getpid(), syscall.SIGTERM)
		for worker.Status().State != streaming.Draining {
			time.Sleep(time.Millisecond)
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	slow := func(ctx context.Context, o Order) error {
		fmt.Println("begun", o.ID)
		terminate() // as ECS and Kubernetes do
		fmt.Println("done", o.ID, ctx.Err())
		return nil
	}
	worker = streaming.NewWorker(weir.Each(slow), group.Member(), streaming.BatchRecords(1))
	err := worker.Run(ctx)
	fmt.Println(err, "after", group.Committed(0))
	log.End()
	err = streaming.Run(context.Background(), weir.Each(ship), group.Member())
	fmt.Println(err, "after", group.Committed(0))
	// Output:
	// begun a
	// done a <nil>
	// <nil> after 1
	// shipped c
	// shipped d
	// <nil> after 3
}

// What the pages say while the database is down, and after that.
func Example_health() {
	source := partitions("ac").Group().Member()
	var pages http.Handler
	look := func(path string) {
		w := httptest.NewRecorder()
		pages.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		text, _ := io.ReadAll(w.Result().Body)
		fmt.Println(path, w.Code, strings.TrimSpace(string(text)))
	}
	asked := 0
	insert := func(ctx context.Context, o Order) error {
		if asked++; asked == 1 {
			return weir.Unavailable(errors.New("connection refused"))
		}
		fmt.Println("insert", o.ID)
		look("/livez")
		look("/readyz")
		return nil
	}
	w := streaming.NewWorker(weir.Each(insert), source, streaming.BatchRecords(1))
	pages = health.Handler(w)
	fmt.Println(w.Run(context.Background()))
	// Output:
	// insert a
	// /livez 200 ok
	// /readyz 503 paused: unavailable: connection refused
	// insert c
	// /livez 200 ok
	// /readyz 200 ok
	// <nil>
}

// A queue with one message.
func Example_queue() {
	client := &oneMessage{}
	ctx, stop := context.WithCancel(context.Background())
	process := func(ctx context.Context, o Order) error {
		defer stop() // the program would wait for SIGTERM
		return ship(ctx, o)
	}
	// snippet:begin queue
	source := sqssource.New(client, "https://sqs.eu-west-1.amazonaws.com/111122223333/orders",
		sqssource.Receivers(4),
		sqssource.Visibility(time.Minute)) // prolonged while a message is at work
	err := streaming.Run(ctx, weir.Each(process), source,
		streaming.Name("orders"),
		streaming.Concurrency(8), // batches at a time: process has to bear it
		streaming.BatchRecords(2),
		streaming.Handling(weir.RecordTimeout(30*time.Minute)))
	// snippet:end
	fmt.Println(err, "deleted", client.deleted)
	// Output:
	// shipped a
	// <nil> deleted 1
}

// oneMessage is SQS with a message in its queue.
type oneMessage struct {
	received atomic.Bool
	deleted  int
}

func (*oneMessage) GetQueueAttributes(context.Context, *sqs.GetQueueAttributesInput, ...func(*sqs.Options)) (*sqs.GetQueueAttributesOutput, error) {
	return &sqs.GetQueueAttributesOutput{Attributes: map[string]string{"QueueArn": "arn:aws:sqs:eu-west-1:111122223333:orders"}}, nil
}

func (q *oneMessage) ReceiveMessage(ctx context.Context, _ *sqs.ReceiveMessageInput, _ ...func(*sqs.Options)) (*sqs.ReceiveMessageOutput, error) {
	if q.received.Swap(true) {
		<-ctx.Done() // a long poll
		return nil, ctx.Err()
	}
	return &sqs.ReceiveMessageOutput{Messages: []types.Message{{
		MessageId: aws.String("1"), ReceiptHandle: aws.String("h"), Body: aws.String(`{"ID":"a"}`),
		Attributes: map[string]string{"ApproximateReceiveCount": "1", "SentTimestamp": "1760000000123"},
	}}}, nil
}

func (q *oneMessage) DeleteMessageBatch(_ context.Context, in *sqs.DeleteMessageBatchInput, _ ...func(*sqs.Options)) (*sqs.DeleteMessageBatchOutput, error) {
	q.deleted += len(in.Entries)
	return &sqs.DeleteMessageBatchOutput{}, nil
}

func (*oneMessage) ChangeMessageVisibilityBatch(context.Context, *sqs.ChangeMessageVisibilityBatchInput, ...func(*sqs.Options)) (*sqs.ChangeMessageVisibilityBatchOutput, error) {
	return &sqs.ChangeMessageVisibilityBatchOutput{}, nil
}
