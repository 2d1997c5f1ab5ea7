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
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/weir-go/weir/ext/internal/sinkset"
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
	client Client
	queue  string
	set    sinkset.Settings
}

// Option changes how a Sink sends.
type Option func(*Sink)

// Limit is for a queue whose MaximumMessageSize is lower than MaxBytes, in bytes.
func Limit(n int) Option {
	return func(s *Sink) { s.set.Limit(n, MaxBytes) }
}

// Archive takes letters that are too large for the queue, which then gets a letter that says where. Package
// s3sink has one. Without it their records fail.
func Archive(a deadletter.Archive) Option {
	return func(s *Sink) { s.set.Archive(a) }
}

// New makes a sink of the queue with a URL; one that ends in ".fifo" is FIFO.
func New(client Client, queueURL string, opts ...Option) *Sink {
	s := &Sink{client: client, queue: queueURL, set: sinkset.New("sqssink", MaxBytes)}
	s.set.Client(client)
	if err := check(queueURL); err != nil {
		s.set.Refuse("%w", err)
	}
	sinkset.Apply(&s.set, s, opts)
	return s
}

// check refuses what is no URL of a queue, such as its name or ARN.
func check(queueURL string) error {
	if u, err := url.Parse(queueURL); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return fmt.Errorf("%q is no URL of a queue such as https://sqs.eu-west-1.amazonaws.com/111122223333/orders", queueURL)
	}
	return nil
}

// Err says what is wrong with the way the sink was made. Nothing is sent then.
func (s *Sink) Err() error {
	if s == nil {
		s = &Sink{}
	}
	return s.set.Err("sqssink")
}

// Send implements deadletter.Sink. On a FIFO queue, letters of one ordering key are one message group.
func (s *Sink) Send(ctx context.Context, l *deadletter.Letter) error {
	if err := s.Err(); err != nil {
		return err
	}
	data, err := s.set.Fit(ctx, l, 0)
	if err != nil {
		return fmt.Errorf("sqssink: %s: %w", s.queue, err)
	}
	body := string(data)
	in := &sqs.SendMessageInput{QueueUrl: &s.queue, MessageBody: &body}
	address(in, l)
	if _, err := s.client.SendMessage(ctx, in); err != nil {
		return fmt.Errorf("sqssink: %s: %w", s.queue, err)
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
// and its group, of a FIFO queue or of a fair one, between which it is not carried over. It is another message with another ID: what knows records by that does
// not know it again. On a FIFO queue the same letter is sent once within five minutes,
// however often this is called.
func Redrive(l *deadletter.Letter, queueURL string) (*sqs.SendMessageInput, error) {
	if l == nil {
		return nil, errors.New("sqssink: the letter is nil")
	}
	if err := check(queueURL); err != nil {
		return nil, fmt.Errorf("sqssink: %w", err)
	}
	data, err := l.Original()
	if err != nil {
		return nil, fmt.Errorf("sqssink: letter %s: %w", l.ID, err)
	}
	size := len(data)
	for name, a := range l.MessageAttributes {
		size += len(name) + len(a.DataType) + len(a.String) + len(a.Binary)
	}
	switch i := bytes.IndexFunc(data, refused); {
	case len(data) == 0:
		return nil, fmt.Errorf("sqssink: letter %s: the record is empty, which no message of SQS may be", l.ID)
	case size > MaxBytes:
		return nil, fmt.Errorf("sqssink: letter %s: the record has %d bytes with its attributes, and a message of SQS takes %d", l.ID, size, MaxBytes)
	case !utf8.Valid(data):
		return nil, fmt.Errorf("sqssink: letter %s: the record is not UTF-8, as a message of SQS must be", l.ID)
	case i >= 0:
		r, _ := utf8.DecodeRune(data[i:])
		return nil, fmt.Errorf("sqssink: letter %s: the record has the character %U at byte %d, which no message of SQS may have", l.ID, r, i)
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
		switch kind := "String"; {
		case a.Name == string(types.MessageSystemAttributeNameMessageGroupId) && in.MessageGroupId == nil && !strings.HasSuffix(l.Source, ".fifo"):
			in.MessageGroupId = &a.Value
		case a.Name == string(types.MessageSystemAttributeNameAWSTraceHeader):
			in.MessageSystemAttributes = map[string]types.MessageSystemAttributeValue{a.Name: {DataType: &kind, StringValue: &a.Value}}
		}
	}
	return in, nil
}

// refused reports whether SQS takes no message with a character. Source: "SendMessage", Amazon SQS API Reference.
func refused(r rune) bool {
	return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF
}
