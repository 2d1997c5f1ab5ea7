package sqsvisibility

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/middleware/visibility"
)

func (s server) sendTo(t *testing.T, group string, bodies ...string) {
	t.Helper()
	for _, b := range bodies {
		if _, err := s.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &s.url, MessageBody: &b, MessageGroupId: &group, MessageDeduplicationId: p(rand.Text())}); err != nil {
			t.Fatal(err)
		}
	}
}

// groups fails the messages that begin with bad until they have come that often, and notes what was done.
func (s server) groups(t *testing.T, delay time.Duration, attempts int, done *[]string) *weir.Lambda {
	return weir.SQS(weir.EachMessage(func(_ context.Context, m *weir.Message) error {
		if strings.HasPrefix(string(m.Payload), "bad") && m.Attempt < attempts {
			return errors.New("no")
		}
		*done = append(*done, string(m.Payload))
		return nil
	}), weir.ReportAll(), visibility.BackOff(New(s.Client, QueueURL(Lookup(s.Client))), visibility.Exponential(delay, time.Hour),
		visibility.OnError(func(_ context.Context, err error) { t.Error(err) })))
}

// TestServerHead: on a server that locks groups, the first of a group fails twice. It comes back after 2 and
// then 4 seconds, though the queue's timeout is ten minutes; what is behind it comes after it, and another
// group is not held up. Nobody but the server counts the receives.
func TestServerHead(t *testing.T) {
	t.Parallel()
	s := newFIFO(t, "fauxqs", "WEIR_FAUXQS")
	s.sendTo(t, "a", "bad0", "a1", "a2")
	s.sendTo(t, "b", "b0", "b1", "b2")
	var done []string
	var failed []time.Duration // between the failures of the first, and to its end
	fn := s.groups(t, 2*time.Second, 3, &done)
	var last time.Time
	for begin := time.Now(); len(done) < 6 && time.Since(begin) < time.Minute; {
		out, err := s.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &s.url, MaxNumberOfMessages: 10, WaitTimeSeconds: 10,
			MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameAll}})
		if err != nil {
			t.Fatal(err)
		}
		if slices.ContainsFunc(out.Messages, func(m types.Message) bool { return *m.Body == "bad0" }) {
			if !last.IsZero() {
				failed = append(failed, time.Since(last))
			}
			last = time.Now()
		}
		if len(out.Messages) == 0 {
			continue
		}
		answer, err := fn.Invoke(t.Context(), s.event(0, out.Messages))
		if err != nil {
			t.Fatal(err)
		}
		s.settle(t, out.Messages, answer)
	}
	want(t, "done", fmt.Sprint(done), "[b0 b1 b2 bad0 a1 a2]")
	want(t, "returns of the first", len(failed), 2)
	for i, d := range failed {
		if least := 2 * time.Second << i; d < least || d > least+20*time.Second {
			t.Errorf("return %d came after %v, want %v", i+1, d, least)
		}
	}
}

// TestServerGroup: on a server that hands out a group at once, all behind the failed one waits as long as
// that, and comes back in order. What was done before it does not come back.
func TestServerGroup(t *testing.T) {
	t.Parallel()
	s := newFIFO(t, "sqs", "WEIR_SQS")
	s.sendTo(t, "a", "a0", "bad1", "a2", "a3")
	var done []string
	fn := s.groups(t, 2*time.Second, 2, &done)
	msgs := s.receive(t, 4)
	want(t, "received", bodies(msgs), "a0 bad1 a2 a3")
	begin := time.Now()
	answer, err := fn.Invoke(t.Context(), s.event(1, msgs))
	if err != nil {
		t.Fatal(err)
	}
	s.settle(t, msgs, answer)
	want(t, "done", fmt.Sprint(done), "[a0]")
	for msgs = nil; len(msgs) == 0 && time.Since(begin) < time.Minute; {
		msgs = s.receive(t, 3)
	}
	if d := time.Since(begin); d < 2*time.Second {
		t.Errorf("it is back after %v", d)
	}
	want(t, "back", bodies(msgs), "bad1 a2 a3")
	if _, err := fn.Invoke(t.Context(), s.event(2, msgs)); err != nil {
		t.Fatal(err)
	}
	want(t, "done in the end", fmt.Sprint(done), "[a0 bad1 a2 a3]")
}
