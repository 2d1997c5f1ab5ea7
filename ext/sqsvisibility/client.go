// Package sqsvisibility changes the visibility timeouts of Amazon SQS messages for package visibility.
//
//	weir.SQS(weir.Each(ship),
//		visibility.BackOff(sqsvisibility.New(sqs.NewFromConfig(cfg)), visibility.Exponential(2*time.Second, 15*time.Minute)))
//
// The function needs the permission sqs:ChangeMessageVisibility for the queue.
package sqsvisibility

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/weir-go/weir/middleware/visibility"
)

// API is what is called of an *sqs.Client.
type API interface {
	ChangeMessageVisibilityBatch(context.Context, *sqs.ChangeMessageVisibilityBatchInput, ...func(*sqs.Options)) (*sqs.ChangeMessageVisibilityBatchOutput, error)
}

// Option changes what New makes.
type Option func(*Client)

// QueueURL finds the URL of the queue with an ARN. By default it is made of the ARN's parts:
// https://sqs.eu-west-1.amazonaws.com/111122223333/orders. What the function returns is remembered.
func QueueURL(f func(ctx context.Context, arn string) (string, error)) Option {
	return func(c *Client) {
		if f == nil {
			c.errs = append(c.errs, errors.New("sqsvisibility: QueueURL(nil): leave it out to have the URL made of the ARN"))
		}
		c.url = f
	}
}

// Client is a visibility.Client.
type Client struct {
	api  API
	url  func(ctx context.Context, arn string) (string, error)
	errs []error

	mu   sync.Mutex
	urls map[string]string // by ARN
}

var _ visibility.Client = (*Client)(nil)

// New makes a Client of an *sqs.Client.
func New(api API, opts ...Option) *Client {
	c := &Client{api: api, urls: map[string]string{}, url: func(_ context.Context, arn string) (string, error) { return queueURL(arn) }}
	if own, ok := api.(*sqs.Client); api == nil || ok && own == nil {
		c.errs = append(c.errs, errors.New("sqsvisibility: the client is nil: give sqs.NewFromConfig(cfg)"))
	}
	for i, o := range opts {
		if o == nil {
			c.errs = append(c.errs, fmt.Errorf("sqsvisibility: option %d is nil", i))
			continue
		}
		o(c)
	}
	return c
}

// Err says what is wrong with the way the Client was made. visibility.BackOff asks for it.
func (c *Client) Err() error {
	if c == nil || c.api == nil && len(c.errs) == 0 {
		return errors.New("sqsvisibility: a Client without settings: make it by sqsvisibility.New")
	}
	return errors.Join(c.errs...)
}

// ChangeVisibility implements visibility.Client.
func (c *Client) ChangeVisibility(ctx context.Context, arn string, entries []visibility.Entry) ([]visibility.Failure, error) {
	if err := c.Err(); err != nil {
		return nil, err
	}
	url, err := c.queue(ctx, arn)
	if err != nil {
		return nil, err
	}
	in := &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: &url}
	for i, e := range entries {
		id := strconv.Itoa(i)
		in.Entries = append(in.Entries, types.ChangeMessageVisibilityBatchRequestEntry{
			Id: &id, ReceiptHandle: &e.ReceiptHandle, VisibilityTimeout: int32(e.Timeout / time.Second)})
	}
	out, err := c.api.ChangeMessageVisibilityBatch(ctx, in)
	if err != nil {
		return nil, err
	}
	var failures []visibility.Failure
	for _, f := range out.Failed {
		i, err := strconv.Atoi(value(f.Id))
		if err != nil {
			i = -1
		}
		failures = append(failures, visibility.Failure{Index: i, Code: value(f.Code), Message: value(f.Message), SenderFault: f.SenderFault})
	}
	return failures, nil
}

// maxURLs bounds what is remembered. A function has one queue, or a few.
const maxURLs = 100

func (c *Client) queue(ctx context.Context, arn string) (string, error) {
	c.mu.Lock()
	url, ok := c.urls[arn]
	c.mu.Unlock()
	if ok {
		return url, nil
	}
	url, err := c.url(ctx, arn)
	if err != nil {
		return "", err
	}
	if url == "" {
		return "", fmt.Errorf("sqsvisibility: QueueURL gave no URL for %q", arn)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.urls) >= maxURLs {
		clear(c.urls)
	}
	c.urls[arn] = url
	return url, nil
}

func value(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
