package sqssource

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/streaming"
)

// servers are programs that speak the protocol of SQS, each by other people, with what they are known
// to do otherwise than SQS. Of FIFO queues each has one half right.
var servers = []struct {
	name, variable string
	differences    map[string]string // by check
}{
	{"sqs", "WEIR_SQS", map[string]string{
		"group is locked":                     "it hands out further messages of a group of which some are in flight",
		"groups stay in order, with failures": "so what is behind a failure overtakes",
		"failed head holds up":                "so another worker overtakes",
		"attempts are counted":                "it counts changes of a visibility timeout too",
	}},
	{"fauxqs", "WEIR_FAUXQS", map[string]string{
		"several of a group in a fetch": "it hands out one message of a group per receive",
		"trace":                         "it does not keep system attributes that are sent",
		"characters beyond U+FFFF":      "it refuses them",
	}},
}

// TestServers asks each server whose endpoint is in the environment. A check that is listed as a
// difference must fail, every other must pass: so the lists stay true.
func TestServers(t *testing.T) {
	t.Parallel()
	for _, server := range servers {
		t.Run(server.name, func(t *testing.T) {
			t.Parallel()
			endpoint := endpoint(t, server.name, server.variable)
			names := map[string]bool{}
			for _, c := range checks {
				names[c.name] = true
				t.Run(c.name, func(t *testing.T) {
					t.Parallel()
					err := c.run(newBed(t, endpoint))
					why, known := server.differences[c.name]
					switch {
					case known && err == nil:
						t.Errorf("passes, though it is known to differ (%s): take it off the list", why)
					case known:
						t.Logf("differs as known (%s): %v", why, err)
					case err != nil:
						t.Error(err)
					}
				})
			}
			for name := range server.differences {
				if !names[name] {
					t.Errorf("no check is called %q: take it off the list of differences", name)
				}
			}
		})
	}
}

func endpoint(t *testing.T, name, variable string) string {
	t.Helper()
	endpoint := os.Getenv(variable)
	if endpoint == "" {
		t.Skipf("skipped: %s is not set; bash .ci/serve.sh %s PORT starts a server and prints what to set it to", variable, name)
	}
	return endpoint
}

// bed is a server to make queues on.
type bed struct {
	*sqs.Client
	ctx context.Context
}

func newBed(t *testing.T, endpoint string) bed {
	return bed{ctx: t.Context(), Client: sqs.New(sqs.Options{
		Region: "us-east-1", BaseEndpoint: &endpoint, Credentials: aws.CredentialsProviderFunc(
			func(context.Context) (aws.Credentials, error) {
				return aws.Credentials{AccessKeyID: "local", SecretAccessKey: "local"}, nil
			}),
	})}
}

// queue makes a queue, FIFO if its suffix says so.
func (b bed) queue(suffix string, attributes map[string]string) (url string, err error) {
	if suffix != "" {
		all := map[string]string{"FifoQueue": "true"}
		for name, a := range attributes {
			all[name] = a
		}
		attributes = all
	}
	q, err := b.CreateQueue(b.ctx, &sqs.CreateQueueInput{QueueName: p("q" + rand.Text() + suffix), Attributes: attributes})
	if err != nil {
		return "", err
	}
	return *q.QueueUrl, nil
}

// send sends messages, with a group one after another.
func (b bed) send(url, group string, bodies ...string) error {
	for _, body := range bodies {
		in := &sqs.SendMessageInput{QueueUrl: &url, MessageBody: &body}
		if group != "" {
			in.MessageGroupId, in.MessageDeduplicationId = &group, p(rand.Text())
		}
		if _, err := b.SendMessage(b.ctx, in); err != nil {
			return err
		}
	}
	return nil
}

// filled makes a queue with messages.
func (b bed) filled(suffix string, attributes map[string]string, group string, names ...string) (url string, err error) {
	if url, err = b.queue(suffix, attributes); err != nil {
		return "", err
	}
	return url, b.send(url, group, names...)
}

// others is what another consumer gets within some seconds.
func (b bed) others(url string, seconds int32) ([]string, error) {
	out, err := b.ReceiveMessage(b.ctx, &sqs.ReceiveMessageInput{QueueUrl: &url, MaxNumberOfMessages: 10, WaitTimeSeconds: seconds,
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameAll}})
	if err != nil {
		return nil, err
	}
	var bodies []string
	for _, m := range out.Messages {
		bodies = append(bodies, *m.Body)
	}
	return bodies, nil
}

// journal is what handlers have done, by group.
type journal struct {
	mu   sync.Mutex
	done map[string][]string
	n    int
	want int
	full chan struct{} // closed when as many are done as are wanted
}

func newJournal(want int) *journal {
	return &journal{done: map[string][]string{}, want: want, full: make(chan struct{})}
}

func (j *journal) add(m *weir.Message, name string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.done[m.OrderingKey] = append(j.done[m.OrderingKey], name)
	if j.n++; j.n == j.want {
		close(j.full)
	}
}

// work runs a worker until a channel is closed.
func (b bed) work(v weir.Verb, s *Source, full <-chan struct{}, opts ...streaming.Option) error {
	ctx, stop := context.WithTimeout(b.ctx, time.Minute)
	defer stop()
	go func() {
		select {
		case <-full:
		case <-ctx.Done():
		}
		stop()
	}()
	err := streaming.Run(ctx, v, s, opts...)
	select {
	case <-full:
	default:
		err = errors.Join(err, errors.New("it was not done within a minute"))
	}
	if len(s.held) > 0 {
		err = errors.Join(err, fmt.Errorf("%d messages are still held at the end", len(s.held)))
	}
	return err
}

// poll polls a source until a Poll brings something, or none does for some time.
func (b bed) poll(s *Source, records int, d time.Duration) (fetches []streaming.Fetch, err error) {
	ctx, cancel := context.WithTimeout(b.ctx, d)
	defer cancel()
	for len(fetches) == 0 && ctx.Err() == nil {
		if fetches, err = s.Poll(ctx, streaming.Room{Records: records, Bytes: 1 << 20}); err != nil && ctx.Err() == nil {
			return nil, err
		}
	}
	return fetches, nil
}

// payloads are what fetches brought, in order.
func payloads(fetches []streaming.Fetch) (all []string) {
	for _, f := range fetches {
		for _, m := range f.Messages {
			all = append(all, string(m.Payload))
		}
	}
	return all
}

// acks settles fetches.
func acks(fetches []streaming.Fetch, back bool, delay time.Duration) (all []streaming.Ack) {
	for _, f := range fetches {
		for _, o := range f.Offsets {
			all = append(all, streaming.Ack{Lane: f.Lane, Offset: o, Return: back, Delay: delay})
		}
	}
	return all
}
