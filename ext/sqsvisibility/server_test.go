package sqsvisibility

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/ext/internal/cutproxy"
	"github.com/weir-go/weir/middleware/visibility"
)

// server is a queue on the server at WEIR_SQS, or another's variable.
type server struct {
	*sqs.Client
	url, arn string
}

func newServer(t *testing.T) server {
	t.Helper()
	return newQueue(t, "sqs", "WEIR_SQS", "", nil)
}

// newFIFO makes a FIFO queue. Which server: sqs hands out several messages of a group at once, and does not
// lock the group; fauxqs locks it, and hands out one.
func newFIFO(t *testing.T, name, variable string) server {
	t.Helper()
	return newQueue(t, name, variable, ".fifo", map[string]string{"FifoQueue": "true"})
}

func newQueue(t *testing.T, name, variable, suffix string, attributes map[string]string) server {
	t.Helper()
	endpoint := os.Getenv(variable)
	if endpoint == "" {
		t.Skipf("skipped: %s is not set; bash .ci/serve.sh %s PORT starts a server and prints what to set it to", variable, name)
	}
	all := map[string]string{"VisibilityTimeout": "600"}
	maps.Copy(all, attributes)
	s := server{Client: at(endpoint)}
	q, err := s.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: p("q" + rand.Text() + suffix), Attributes: all})
	if err != nil {
		t.Fatal(err)
	}
	s.url = *q.QueueUrl
	a, err := s.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: &s.url, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameQueueArn}})
	if err != nil {
		t.Fatal(err)
	}
	s.arn = a.Attributes["QueueArn"]
	return s
}

func at(endpoint string) *sqs.Client {
	return sqs.New(sqs.Options{Region: "us-east-1", BaseEndpoint: &endpoint, Credentials: aws.CredentialsProviderFunc(
		func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "local", SecretAccessKey: "local"}, nil
		})})
}

func (s server) send(t *testing.T, bodies ...string) {
	t.Helper()
	for _, b := range bodies {
		if _, err := s.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &s.url, MessageBody: &b}); err != nil {
			t.Fatal(err)
		}
	}
}

// receive returns messages until there are n of them, or none comes for two seconds.
func (s server) receive(t *testing.T, n int) (got []types.Message) {
	t.Helper()
	for len(got) < n {
		out, err := s.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &s.url, MaxNumberOfMessages: int32(min(10, n-len(got))), WaitTimeSeconds: 2,
			MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameAll},
			//lint:ignore SA1019 older servers know only this
			AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameAll}})
		if err != nil {
			t.Fatal(err)
		}
		if len(out.Messages) == 0 {
			return got
		}
		got = append(got, out.Messages...)
	}
	return got
}

// event is what Lambda makes of messages. The receives are counted here unless they are 0, since
// local-aws-sqs counts each change of a timeout for one.
func (s server) event(receives int, msgs []types.Message) []byte {
	var records []any
	for _, m := range msgs {
		if receives > 0 {
			m.Attributes["ApproximateReceiveCount"] = strconv.Itoa(receives)
		}
		records = append(records, map[string]any{"messageId": m.MessageId, "receiptHandle": m.ReceiptHandle, "body": m.Body,
			"attributes": m.Attributes, "eventSource": "aws:sqs", "eventSourceARN": s.arn})
	}
	event, _ := json.Marshal(map[string]any{"Records": records})
	return event
}

// settle deletes what an answer does not list, as Lambda does.
func (s server) settle(t *testing.T, msgs []types.Message, answer []byte) {
	t.Helper()
	for _, m := range msgs {
		if bytes.Contains(answer, []byte(*m.MessageId)) {
			continue
		}
		if _, err := s.DeleteMessage(t.Context(), &sqs.DeleteMessageInput{QueueUrl: &s.url, ReceiptHandle: m.ReceiptHandle}); err != nil {
			t.Fatal(err)
		}
	}
}

func bodies(msgs []types.Message) string {
	var all []string
	for _, m := range msgs {
		all = append(all, *m.Body)
	}
	return strings.Join(all, " ")
}

// fn fails what begins with bad, and asks for an hour for what begins with later.
func (s server) fn(t *testing.T, c API, base time.Duration, opts ...Option) *weir.Lambda {
	return weir.SQS(weir.Each(func(_ context.Context, body string) error {
		switch {
		case strings.HasPrefix(body, "bad"):
			return errors.New("no")
		case strings.HasPrefix(body, "later"):
			return weir.RetryAfter(time.Hour, errors.New("not yet"))
		}
		return nil
	}), weir.ReportAll(), visibility.BackOff(New(c, opts...), visibility.Exponential(base, time.Hour),
		visibility.OnError(func(_ context.Context, err error) { t.Error(err) })))
}

// TestServer: on a real server, what failed comes back after its delay and not before, though the
// queue's own timeout is ten minutes; what asked for an hour does not, and what is done is gone.
func TestServer(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.send(t, "good", "bad", "later")
	msgs := s.receive(t, 3)
	want(t, "received", len(msgs), 3)
	fn := s.fn(t, s.Client, 2*time.Second)
	for i, delay := range []time.Duration{2 * time.Second, 4 * time.Second} {
		begin := time.Now()
		out, err := fn.Invoke(t.Context(), s.event(i+1, msgs))
		changed := time.Now()
		if err != nil {
			t.Fatal(err)
		}
		s.settle(t, msgs, out)
		for msgs = nil; len(msgs) == 0 && time.Since(begin) < time.Minute; {
			msgs = s.receive(t, 1)
		}
		if early, late := time.Since(begin), time.Since(changed); early < delay || late > delay+20*time.Second {
			t.Errorf("it is back after %v, want %v", early, delay)
		}
		want(t, "back", bodies(msgs), "bad")
	}
}

// TestServerMany: more than ten in one batch, and the URL as the server says it.
func TestServerMany(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for i := range 25 {
		s.send(t, fmt.Sprint("bad", i))
	}
	msgs := s.receive(t, 25)
	want(t, "received", len(msgs), 25)
	fn := s.fn(t, s.Client, time.Second, QueueURL(Lookup(s.Client)))
	if _, err := fn.Invoke(t.Context(), s.event(1, msgs)); err != nil {
		t.Fatal(err)
	}
	back := map[string]bool{}
	for begin := time.Now(); len(back) < 25 && time.Since(begin) < time.Minute; {
		for _, m := range s.receive(t, 25) {
			back[*m.Body] = true
		}
	}
	want(t, "back", len(back), 25)
}

// TestServerGone: handles of messages that were deleted, or never were, are nobody's trouble, and the
// others of the batch come back.
func TestServerGone(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.send(t, "bad1", "bad2")
	msgs := s.receive(t, 2)
	want(t, "received", len(msgs), 2)
	s.settle(t, msgs[:1], nil)
	if _, err := s.fn(t, s.Client, time.Second).Invoke(t.Context(), s.event(1, msgs)); err != nil {
		t.Fatal(err)
	}
	back := s.receive(t, 1)
	for begin := time.Now(); len(back) == 0 && time.Since(begin) < time.Minute; {
		back = s.receive(t, 1)
	}
	want(t, "back", bodies(back), *msgs[1].Body)
}

// TestServerLostAnswer: the server changed the timeout and its answer was lost. The SDK asks again,
// which changes nothing.
func TestServerLostAnswer(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.send(t, "bad")
	msgs := s.receive(t, 1)
	want(t, "received", len(msgs), 1)
	proxy := cutproxy.New(t, strings.TrimPrefix(os.Getenv("WEIR_SQS"), "http://"))
	calls := 0
	proxy.Rule(func(request []byte) (f cutproxy.Fate) {
		if bytes.Contains(request, []byte("ChangeMessageVisibilityBatch")) {
			calls++
		}
		if calls == 1 { // it may come in parts
			f.Answer = []byte("Successful")
		}
		return f
	})
	if _, err := s.fn(t, at("http://"+proxy.Addr()), 2*time.Second).Invoke(t.Context(), s.event(1, msgs)); err != nil {
		t.Fatal(err)
	}
	want(t, "asked", calls, 2)
	var back []types.Message
	for begin := time.Now(); len(back) == 0 && time.Since(begin) < time.Minute; {
		back = s.receive(t, 1)
	}
	want(t, "back", bodies(back), "bad")
}
