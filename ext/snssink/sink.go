// Package snssink publishes dead letters to a topic of Amazon SNS, standard or FIFO.
//
//	sink := snssink.New(sns.NewFromConfig(cfg), "arn:aws:sns:eu-west-1:111122223333:orders-dead")
//	lambda.Start(weir.SQS(weir.Each(ship), deadletter.To(sink, deadletter.MaxReceives(5))))
//
// The message is the letter as package deadletter describes it, with the attributes weirReason and
// weirSource for filter policies. deadletter.Parse reads it behind a queue too, with raw delivery or without.
// The client needs sns:Publish.
package snssink

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"

	"github.com/weir-go/weir/middleware/deadletter"
)

// MaxBytes is what a message of SNS may have, attributes included. Source: "Publish", Amazon SNS API
// Reference.
const MaxBytes = 256 << 10

// Client is what is called of an *sns.Client.
type Client interface {
	Publish(context.Context, *sns.PublishInput, ...func(*sns.Options)) (*sns.PublishOutput, error)
}

// Sink is a deadletter.Sink.
type Sink struct {
	client  Client
	topic   string
	limit   int
	archive deadletter.Archive
	err     error
}

// Option changes how a Sink publishes.
type Option func(*Sink)

// Limit is how many bytes the topic takes, if not MaxBytes.
func Limit(n int) Option {
	return func(s *Sink) {
		if n < 1024 {
			s.refuse("Limit(%d): it takes 1024 bytes or more", n)
		}
		s.limit = n
	}
}

// Archive takes letters that are too large for the topic, which then gets a letter that says where. Package
// s3sink has one. Without it their records fail.
func Archive(a deadletter.Archive) Option {
	return func(s *Sink) {
		if a == nil {
			s.refuse("Archive(nil): leave it out to fail what is too large")
		}
		s.archive = a
	}
}

// New makes a sink of the topic with an ARN; one that ends in ".fifo" is FIFO.
func New(client Client, topicARN string, opts ...Option) *Sink {
	s := &Sink{client: client, topic: topicARN, limit: MaxBytes}
	if client == nil {
		s.refuse("the client is nil")
	}
	if topicARN == "" {
		s.refuse("the topic's ARN is empty")
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
	s.err = errors.Join(s.err, fmt.Errorf("snssink: "+format, args...))
}

// Err says what is wrong with the way the sink was made. Nothing is published then.
func (s *Sink) Err() error { return s.err }

// Send implements deadletter.Sink. On a FIFO topic, letters of one ordering key are one message group.
func (s *Sink) Send(ctx context.Context, l *deadletter.Letter) error {
	if s.err != nil {
		return s.err
	}
	kind, reason := "String", string(l.Reason)
	attrs := map[string]types.MessageAttributeValue{}
	beside := 0
	for name, value := range map[string]string{"weirReason": reason, "weirSource": l.Source} {
		if value != "" && strings.ToValidUTF8(value, "") == value {
			attrs[name] = types.MessageAttributeValue{DataType: &kind, StringValue: &value}
			beside += len(name) + len(kind) + len(value)
		}
	}
	data, err := l.Fit(ctx, s.limit-beside, s.archive)
	if err != nil {
		return fmt.Errorf("snssink: %s: %w", s.topic, err)
	}
	message := string(data)
	in := &sns.PublishInput{TopicArn: &s.topic, Message: &message, MessageAttributes: attrs}
	if strings.HasSuffix(s.topic, ".fifo") {
		group, dedup := l.GroupID(), l.DeduplicationID()
		in.MessageGroupId, in.MessageDeduplicationId = &group, &dedup
	}
	if _, err := s.client.Publish(ctx, in); err != nil {
		return fmt.Errorf("snssink: %s: %w", s.topic, err)
	}
	return nil
}
