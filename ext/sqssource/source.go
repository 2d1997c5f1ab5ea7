// Package sqssource reads a queue of Amazon SQS, standard or FIFO, for the workers of package
// streaming: for handlers that run on ECS or Kubernetes instead of Lambda.
//
//	source := sqssource.New(sqs.NewFromConfig(cfg), "https://sqs.eu-west-1.amazonaws.com/111122223333/orders")
//	err := streaming.Run(ctx, weir.Each(process), source, streaming.Concurrency(8))
//
// Messages are as weir.SQS makes them, with their attributes. The client needs the permissions
// sqs:ReceiveMessage, sqs:DeleteMessage, sqs:ChangeMessageVisibility and sqs:GetQueueAttributes.
//
// # What is promised
//
// A message is deleted when it is done. One that failed goes back, and is delivered again after
// its pause, or to the queue's dead letter queue by the queue's own redrive policy. While a
// message is held, waiting or at work, its visibility timeout is prolonged, for up to the twelve
// hours that SQS allows; a worker that dies holds it up for one such timeout.
//
// Of a FIFO queue each message group is a lane, in order. After a failure the rest of the group
// that is here goes back too, so that nothing overtakes.
//
// # Caveats
//
//   - Messages that SQS was about to answer with when the worker stopped are invisible for one
//     visibility timeout.
//   - Every message that is received counts as a delivery, also if it was given back unprocessed.
package sqssource

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/weir-go/weir/streaming"
)

// Client is what is called of an *sqs.Client.
type Client interface {
	ReceiveMessage(context.Context, *sqs.ReceiveMessageInput, ...func(*sqs.Options)) (*sqs.ReceiveMessageOutput, error)
	DeleteMessageBatch(context.Context, *sqs.DeleteMessageBatchInput, ...func(*sqs.Options)) (*sqs.DeleteMessageBatchOutput, error)
	ChangeMessageVisibilityBatch(context.Context, *sqs.ChangeMessageVisibilityBatchInput, ...func(*sqs.Options)) (*sqs.ChangeMessageVisibilityBatchOutput, error)
	GetQueueAttributes(context.Context, *sqs.GetQueueAttributesInput, ...func(*sqs.Options)) (*sqs.GetQueueAttributesOutput, error)
}

// Option changes how a Source reads.
type Option func(*Source)

// Receivers asks for messages up to n times at the same time, each for up to ten. The default is 1,
// which is good for a few hundred messages a second.
func Receivers(n int) Option {
	return func(s *Source) {
		if n < 1 {
			s.refuse("Receivers(%d): it takes 1 or more", n)
		}
		s.receivers = n
	}
}

// Visibility is for how long a message is another's to try when this worker dies. It is prolonged
// in time, so it need not be as long as a message may take. The default is the queue's.
func Visibility(d time.Duration) Option {
	return func(s *Source) {
		if d < time.Second || d > maxVisibility || d%time.Second != 0 {
			s.refuse("Visibility(%v): it takes whole seconds, from 1 s to 12 h", d)
		}
		s.visibility = d
	}
}

const maxVisibility = 12 * time.Hour

// Source is a streaming.Source.
type Source struct {
	client     Client
	url        string
	receivers  int
	visibility time.Duration
	errs       []error

	arn    string
	region string
	fifo   bool
	ctx    context.Context // of what goes on beside Poll and Settle
	end    context.CancelFunc
	beside sync.WaitGroup

	// Poll alone uses these, and Close after it.
	receiving context.Context
	halt      context.CancelFunc
	flying    int // receives that are under way
	asked     int // messages that they may bring
	results   chan received
	rest      []streaming.Fetch

	changing chan struct{} // full while one changes when messages become visible

	mu   sync.Mutex
	last int64 // offset
	held map[int64]*held
}

var _ streaming.Source = (*Source)(nil)

// New makes a source of the queue with a URL. Nothing is asked of the queue before the worker runs.
func New(client Client, queueURL string, opts ...Option) *Source {
	s := &Source{client: client, url: queueURL, receivers: 1, changing: make(chan struct{}, 1), held: map[int64]*held{}}
	if client == nil {
		s.refuse("the client is nil")
	}
	if queueURL == "" {
		s.refuse("the queue's URL is empty")
	}
	for i, o := range opts {
		if o == nil {
			s.refuse("option %d is nil", i)
			continue
		}
		o(s)
	}
	return s
}

func (s *Source) refuse(format string, args ...any) {
	s.errs = append(s.errs, fmt.Errorf("sqssource: "+format, args...))
}

// Kind implements streaming.Source: it is a Queue.
func (s *Source) Kind() streaming.Kind { return streaming.Queue }

// Open asks the queue what it is.
func (s *Source) Open(ctx context.Context, _ streaming.Owner) error {
	if err := errors.Join(s.errs...); err != nil {
		return err
	}
	out, err := s.client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl:       &s.url,
		AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameQueueArn, types.QueueAttributeNameVisibilityTimeout},
	})
	if err != nil {
		return fmt.Errorf("sqssource: %s: %w", s.url, err)
	}
	s.arn = out.Attributes[string(types.QueueAttributeNameQueueArn)]
	parts := strings.Split(s.arn, ":")
	if len(parts) != 6 {
		return fmt.Errorf("sqssource: %s: the queue says that its ARN is %q", s.url, s.arn)
	}
	s.region = parts[3]
	s.fifo = strings.HasSuffix(s.arn, ".fifo")
	if s.visibility == 0 {
		text := out.Attributes[string(types.QueueAttributeNameVisibilityTimeout)]
		seconds, err := strconv.Atoi(text)
		if err != nil {
			return fmt.Errorf("sqssource: %s: the queue says that its visibility timeout is %q", s.url, text)
		}
		if s.visibility = time.Duration(seconds) * time.Second; s.visibility == 0 {
			return fmt.Errorf("sqssource: %s: the queue's visibility timeout is 0, so that each message goes to all: give it one, or New the option Visibility", s.url)
		}
	}
	s.results = make(chan received, s.receivers)
	s.ctx, s.end = context.WithCancel(context.Background())
	s.receiving, s.halt = context.WithCancel(s.ctx)
	s.beside.Go(s.prolong)
	return nil
}

// Close gives back what was received and nobody has seen.
func (s *Source) Close(ctx context.Context) error {
	s.halt()
	for ; s.flying > 0; s.flying-- {
		r := <-s.results // soon, since its context has ended
		s.rest = append(s.rest, r.fetches...)
	}
	var back []streaming.Ack
	for _, f := range s.rest {
		for _, o := range f.Offsets {
			back = append(back, streaming.Ack{Lane: f.Lane, Offset: o, Return: true})
		}
	}
	err := s.Settle(ctx, back)
	s.end()
	s.beside.Wait()
	return err
}
