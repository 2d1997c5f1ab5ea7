package sqssource

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/streaming"
)

// server makes a queue on the server at WEIR_SQS.
func server(t *testing.T, suffix string, attributes map[string]string) (*sqs.Client, string) {
	t.Helper()
	endpoint := os.Getenv("WEIR_SQS")
	if endpoint == "" {
		t.Skip("skipped: WEIR_SQS is not set; bash .ci/serve.sh sqs PORT starts a server and prints what to set it to")
	}
	c := sqs.New(sqs.Options{Region: "us-east-1", BaseEndpoint: &endpoint, Credentials: aws.CredentialsProviderFunc(
		func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "local", SecretAccessKey: "local"}, nil
		})})
	q, err := c.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: p("q" + rand.Text() + suffix), Attributes: attributes})
	if err != nil {
		t.Fatal(err)
	}
	return c, *q.QueueUrl
}

// until runs a worker until something is so.
func until(t *testing.T, v weir.Verb, s *Source, so func() bool, opts ...streaming.Option) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), 60*time.Second)
	defer stop()
	go func() {
		for ctx.Err() == nil && !so() {
			time.Sleep(5 * time.Millisecond) // until a real server is done
		}
		stop()
	}()
	if err := streaming.Run(ctx, v, s, opts...); err != nil {
		t.Error(err)
	}
	if !so() {
		t.Error("the queue was not emptied within a minute")
	}
	want(t, "held at the end", len(s.held), 0)
}

// TestServer: each of 200 messages is done, those that fail after going back.
func TestServer(t *testing.T) {
	t.Parallel()
	c, url := server(t, "", nil)
	for i := range 20 {
		in := &sqs.SendMessageBatchInput{QueueUrl: &url}
		for j := range 10 {
			in.Entries = append(in.Entries, types.SendMessageBatchRequestEntry{Id: p(fmt.Sprint("i", j)), MessageBody: p(fmt.Sprintf(`"m%03d"`, i*10+j))})
		}
		if out, err := c.SendMessageBatch(t.Context(), in); err != nil || len(out.Failed) > 0 {
			t.Fatal(err, out)
		}
	}
	var mu sync.Mutex
	done := map[string]int{}
	until(t, weir.Each(func(ctx context.Context, name string) error {
		m, _ := weir.FromContext(ctx)
		if strings.HasSuffix(name, "7") && m.Attempt == 1 {
			return errors.New("not yet")
		}
		mu.Lock()
		defer mu.Unlock()
		done[name]++
		return nil
	}), New(c, url, Receivers(4)), func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(done) == 200
	}, streaming.Concurrency(4), streaming.Backoff(time.Millisecond, time.Millisecond))
	for name, n := range done {
		if n != 1 {
			t.Errorf("%s was done %d times", name, n)
		}
	}
	out, err := c.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &url, MaxNumberOfMessages: 10})
	if err != nil || len(out.Messages) > 0 {
		t.Errorf("afterwards there are %d messages, %v", len(out.Messages), err)
	}
}

// TestServerMessage: a message has what it has behind a Lambda.
func TestServerMessage(t *testing.T) {
	t.Parallel()
	c, url := server(t, ".fifo", map[string]string{"FifoQueue": "true"})
	trace := "Root=1-5759e988-bd862e3fe1be46a994272793"
	sent, err := c.SendMessage(t.Context(), &sqs.SendMessageInput{
		QueueUrl: &url, MessageBody: p("<body> ü"), MessageGroupId: p("g"), MessageDeduplicationId: p("d"),
		MessageAttributes: map[string]types.MessageAttributeValue{
			"text": {DataType: p("String.mine"), StringValue: p("a<b")}, "bytes": {DataType: p("Binary"), BinaryValue: []byte{0, 255}},
		},
		MessageSystemAttributes: map[string]types.MessageSystemAttributeValue{"AWSTraceHeader": {DataType: p("String"), StringValue: &trace}},
	})
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan *weir.Message, 1)
	until(t, weir.EachMessage(func(_ context.Context, m *weir.Message) error {
		got <- m
		return nil
	}), New(c, url), func() bool { return len(got) == 1 })
	m := <-got
	want(t, "ID", m.ID, *sent.MessageId)
	want(t, "payload", string(m.Payload), "<body> ü")
	want(t, "group", m.OrderingKey, "g")
	want(t, "attempt", m.Attempt, 1)
	want(t, "trace", m.TraceHeader(), trace)
	if age := time.Since(m.Time); age < -time.Minute || age > time.Minute {
		t.Errorf("it was sent %v ago", age)
	}
	a := m.MessageAttributes()
	want(t, "text", a["text"].DataType+" "+a["text"].String, "String.mine a<b")
	want(t, "bytes", string(a["bytes"].Binary), "\x00\xff")

	// The same record through a Lambda is the same message.
	event := `{"Records":[` + m.Raw() + `]}`
	var behind *weir.Message
	if _, err := weir.SQS(weir.EachMessage(func(_ context.Context, m *weir.Message) error {
		behind = m
		return nil
	})).Invoke(t.Context(), []byte(event)); err != nil {
		t.Fatal(err)
	}
	id := func(m *weir.Message) string {
		return fmt.Sprint(m.ID, m.SourceARN, m.OrderingKey, m.Shard, string(m.Payload), m.Time, m.Attempt)
	}
	want(t, "behind a Lambda", id(behind), id(m))
}

// TestServerGroups: the server delivers several messages of a group at once, in order.
func TestServerGroups(t *testing.T) {
	t.Parallel()
	c, url := server(t, ".fifo", map[string]string{"FifoQueue": "true", "ContentBasedDeduplication": "true"})
	for i := range 24 {
		if _, err := c.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &url, MessageBody: p(fmt.Sprintf(`"m%02d"`, i)), MessageGroupId: p(fmt.Sprint("g", i%2))}); err != nil {
			t.Fatal(err)
		}
	}
	var mu sync.Mutex
	got := map[string][]string{}
	n := 0
	until(t, weir.Each(func(ctx context.Context, name string) error {
		m, _ := weir.FromContext(ctx)
		mu.Lock()
		defer mu.Unlock()
		got[m.OrderingKey] = append(got[m.OrderingKey], name)
		n++
		return nil
	}), New(c, url), func() bool {
		mu.Lock()
		defer mu.Unlock()
		return n == 24
	}, streaming.Concurrency(2))
	for group, names := range got {
		if !slices.IsSorted(names) || len(names) != 12 {
			t.Errorf("%s: %v", group, names)
		}
	}
}
