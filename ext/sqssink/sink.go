// Package sqssink sends dead letters to a queue of Amazon SQS, standard or FIFO, and sends records back
// to the queue that they came from.
//
//	sink := sqssink.New(sqs.NewFromConfig(cfg), "https://sqs.eu-west-1.amazonaws.com/111122223333/orders-dead")
//	lambda.Start(weir.SQS(weir.Each(ship), deadletter.To(sink, deadletter.MaxReceives(5))))
//
// The body of a message is the letter as package deadletter describes it. The client needs
// sqs:SendMessage.
package sqssink

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/weir-go/weir/middleware/deadletter"
)

// MaxBytes is what a message of SQS may have. Source: "Amazon SQS message quotas", Amazon SQS
// Developer Guide.
const MaxBytes = 1 << 20

// Client is what is called of an *sqs.Client.
type Client interface {
	SendMessage(context.Context, *sqs.SendMessageInput, ...func(*sqs.Options)) (*sqs.SendMessageOutput, error)
}

// Sink is a deadletter.Sink.
type Sink struct {
	client  Client
	url     string
	limit   int
	archive deadletter.Archive
	err     error
}

// Option changes how a Sink sends.
type Option func(*Sink)

// Limit is for a queue whose MaximumMessageSize is lower than MaxBytes, in bytes.
func Limit(n int) Option {
	return func(s *Sink) {
		if n < 1024 || n > MaxBytes {
			s.refuse("Limit(%d): it takes 1024 to %d bytes", n, MaxBytes)
		}
		s.limit = n
	}
}

// Archive takes letters that are too large for the queue, which then gets a letter that says where. Package
// s3sink has one. Without it their records fail.
func Archive(a deadletter.Archive) Option {
	return func(s *Sink) {
		if a == nil {
			s.refuse("Archive(nil): leave it out to fail what is too large")
		}
		s.archive = a
	}
}

// New makes a sink of the queue with a URL; one that ends in ".fifo" is FIFO.
func New(client Client, queueURL string, opts ...Option) *Sink {
	s := &Sink{client: client, url: queueURL, limit: MaxBytes}
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

func (s *Sink) refuse(format string, args ...any) {
	s.err = errors.Join(s.err, fmt.Errorf("sqssink: "+format, args...))
}

// Err says what is wrong with the way the sink was made. Nothing is sent then.
func (s *Sink) Err() error { return s.err }

// Send implements deadletter.Sink. On a FIFO queue, letters of one ordering key are one message group.
func (s *Sink) Send(ctx context.Context, l *deadletter.Letter) error {
	if s.err != nil {
		return s.err
	}
	data, err := l.Fit(ctx, s.limit, s.archive)
	if err != nil {
		return fmt.Errorf("sqssink: %s: %w", s.url, err)
	}
	body := string(data)
	in := &sqs.SendMessageInput{QueueUrl: &s.url, MessageBody: &body}
	address(in, l)
	if _, err := s.client.SendMessage(ctx, in); err != nil {
		return fmt.Errorf("sqssink: %s: %w", s.url, err)
	}
	return nil
}

// address puts a message of a FIFO queue into its group.
func address(in *sqs.SendMessageInput, l *deadletter.Letter) {
	if strings.HasSuffix(*in.QueueUrl, ".fifo") {
		group, dedup := l.GroupID(), l.DeduplicationID()
		in.MessageGroupId, in.MessageDeduplicationId = &group, &dedup
	}
}

// Redrive makes the message that brings a record to a queue once more: its body, its attributes, its trace
// and, on a FIFO queue, its group. It is another message with another ID: what knows records by that does
// not know it again. On a FIFO queue the same letter is sent once within five minutes,
// however often this is called.
func Redrive(l *deadletter.Letter, queueURL string) (*sqs.SendMessageInput, error) {
	data, err := l.Original()
	if err != nil {
		return nil, fmt.Errorf("sqssink: letter %s: %w", l.ID, err)
	}
	switch {
	case len(data) == 0:
		return nil, fmt.Errorf("sqssink: letter %s: the record is empty, which no message of SQS may be", l.ID)
	case !utf8.Valid(data):
		return nil, fmt.Errorf("sqssink: letter %s: the record is not UTF-8, as a message of SQS must be", l.ID)
	case len(data) > MaxBytes:
		return nil, fmt.Errorf("sqssink: letter %s: the record has %d bytes, and a message of SQS takes %d", l.ID, len(data), MaxBytes)
	}
	body := string(data)
	in := &sqs.SendMessageInput{QueueUrl: &queueURL, MessageBody: &body}
	address(in, l)
	for name, a := range l.MessageAttributes {
		if in.MessageAttributes == nil {
			in.MessageAttributes = map[string]types.MessageAttributeValue{}
		}
		v := types.MessageAttributeValue{DataType: &a.DataType}
		if strings.HasPrefix(a.DataType, "Binary") {
			v.BinaryValue = a.Binary
		} else {
			v.StringValue = &a.String
		}
		in.MessageAttributes[name] = v
	}
	for _, a := range l.Attributes {
		if kind := "String"; a.Name == string(types.MessageSystemAttributeNameAWSTraceHeader) {
			in.MessageSystemAttributes = map[string]types.MessageSystemAttributeValue{a.Name: {DataType: &kind, StringValue: &a.Value}}
		}
	}
	return in, nil
}
