package sqssink_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/ext/internal/cutproxy"
	"github.com/weir-go/weir/ext/sqssink"
	"github.com/weir-go/weir/ext/sqssource"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/middleware/deadletter"
	"github.com/weir-go/weir/streaming"
	"github.com/weir-go/weir/weirtest"
)

// server makes a queue on the server at WEIR_SQS, reached through a proxy that can lose what is said.
func server(t *testing.T, attempts int) (*sqs.Client, string, *cutproxy.Proxy) {
	t.Helper()
	endpoint := os.Getenv("WEIR_SQS")
	if endpoint == "" {
		t.Skip("skipped: WEIR_SQS is not set; bash .ci/serve.sh sqs PORT starts a server and prints what to set it to")
	}
	p := cutproxy.New(t, strings.TrimPrefix(endpoint, "http://"))
	c := client("http://"+p.Addr(), attempts)
	return c, create(t, c), p
}

func client(endpoint string, attempts int) *sqs.Client {
	return sqs.New(sqs.Options{
		Region: "us-east-1", BaseEndpoint: &endpoint, RetryMaxAttempts: attempts,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "local", SecretAccessKey: "local"}, nil
		}),
	})
}

func create(t *testing.T, c *sqs.Client) string {
	t.Helper()
	q, err := c.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("q" + rand.Text())})
	if err != nil {
		t.Fatal(err)
	}
	return *q.QueueUrl
}

// receive takes all messages there are.
func receive(t *testing.T, c *sqs.Client, url string) (letters []deadletter.Letter) {
	t.Helper()
	for {
		out, err := c.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &url, MaxNumberOfMessages: 10, VisibilityTimeout: 600})
		assert.NoError(t, err)
		if len(out.Messages) == 0 {
			return letters
		}
		for _, m := range out.Messages {
			some, err := deadletter.Parse([]byte(*m.Body))
			assert.NoError(t, err)
			letters = append(letters, some...)
		}
	}
}

func sending(request []byte) bool { return bytes.Contains(request, []byte("AmazonSQS.SendMessage")) }

// The queue does not hear of a letter, or its answer is lost: the record fails and comes back. In the end it is
// in the queue, twice where the answer was lost, under one ID.
func TestServerFaults(t *testing.T) {
	t.Parallel()
	for name, fate := range map[string]cutproxy.Fate{"before": {Drop: true}, "after": {Answer: []byte("MessageId")}} {
		c, url, proxy := server(t, 1)
		var trouble atomic.Bool
		current := cutproxy.Fate{}
		proxy.Rule(func(request []byte) cutproxy.Fate {
			if bytes.HasPrefix(request, []byte("POST ")) { // and not the rest of what came before
				if current = (cutproxy.Fate{}); trouble.Load() && sending(request) {
					current = fate
				}
			}
			return current
		})
		event := weirtest.SQS("odd \uFFFE <x>\x01")
		sink := sqssink.New(c, url)
		trouble.Store(true)
		drop(t, event, sink).Want(t, weirtest.Failed)
		trouble.Store(false)
		drop(t, event.Again(event.IDs()...), sink).Want(t, weirtest.Dropped)
		letters := receive(t, c, url)
		want := map[string]int{"before": 1, "after": 2}[name]
		assert.Equal(t, len(letters), want, name)
		for _, l := range letters {
			assert.Equal(t, []string{l.ID, string(l.Payload)}, []string{letters[0].ID, "odd \uFFFE <x>\x01"}, name)
		}
	}
}

// TestServerRedrive: records go from a worker to the dead letters, from there to a queue again, and are
// done by the repaired worker, as they were. There are ten, since the server lets a receive wait for as many
// as it asks for.
func TestServerRedrive(t *testing.T) {
	t.Parallel()
	_, dead, _ := server(t, 3)
	c := client(os.Getenv("WEIR_SQS"), 3) // not through the proxy, which would wait for the receives at its end
	orders := create(t, c)
	const n = 10
	for range n {
		_, err := c.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &orders, MessageBody: aws.String("a lamp")})
		assert.NoError(t, err)
	}
	run := func(url string, v weir.Verb, so func() bool, opts ...weir.FlowOption) {
		t.Helper()
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		defer stop()
		go func() {
			for ctx.Err() == nil && !so() {
				time.Sleep(5 * time.Millisecond) // until a real server is done
			}
			stop()
		}()
		assert.NoError(t, streaming.Run(ctx, v, sqssource.New(c, url), streaming.Handling(opts...)))
		assert.Equal(t, so(), true, "it took a minute")
	}
	var sent, done atomic.Int64
	queue := sqssink.New(c, dead)
	run(orders, weir.Each(func(context.Context, string) error { return weir.Permanent(errNo) }), func() bool { return sent.Load() == n },
		deadletter.To(deadletter.Func(func(ctx context.Context, l *deadletter.Letter) error {
			defer sent.Add(1)
			return queue.Send(ctx, l)
		}), deadletter.Permanent()))
	letters := receive(t, c, dead)
	assert.Equal(t, len(letters), n)
	again := create(t, c)
	for i := range letters {
		assert.Equal(t, letters[i].Reason, deadletter.ReasonPermanent)
		in, err := sqssink.Redrive(&letters[i], again)
		assert.NoError(t, err)
		_, err = c.SendMessage(t.Context(), in)
		assert.NoError(t, err)
	}
	run(again, weir.Each(func(_ context.Context, order string) error {
		if order == "a lamp" {
			done.Add(1)
		}
		return nil
	}), func() bool { return done.Load() == n })
}
