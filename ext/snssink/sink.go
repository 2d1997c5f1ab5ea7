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
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"

	"github.com/weir-go/weir/ext/internal/sinkset"
	"github.com/weir-go/weir/middleware/deadletter"
)

// MaxBytes is what a message may have, attributes included, unless its topic's MaximumMessageSize says
// otherwise, which may be up to MostBytes. Source: "Publishing large messages with Amazon SNS", Amazon SNS
// Developer Guide.
const (
	MaxBytes  = 256 << 10
	MostBytes = 1 << 20
)

// Client is what is called of an *sns.Client.
type Client interface {
	Publish(context.Context, *sns.PublishInput, ...func(*sns.Options)) (*sns.PublishOutput, error)
}

// Sink is a deadletter.Sink.
type Sink struct {
	client Client
	topic  string
	set    sinkset.Settings
}

// Option changes how a Sink publishes.
type Option func(*Sink)

// Limit is for a topic whose MaximumMessageSize is not MaxBytes, in bytes.
func Limit(n int) Option {
	return func(s *Sink) { s.set.Limit(n, MostBytes) }
}

// Archive takes letters that are too large for the topic, which then gets a letter that says where. Package
// s3sink has one. Without it their records fail.
func Archive(a deadletter.Archive) Option {
	return func(s *Sink) { s.set.Archive(a) }
}

// New makes a sink of the topic with an ARN; one that ends in ".fifo" is FIFO.
func New(client Client, topicARN string, opts ...Option) *Sink {
	s := &Sink{client: client, topic: topicARN, set: sinkset.New("snssink", MaxBytes)}
	s.set.Client(client)
	if parts := strings.Split(topicARN, ":"); len(parts) != 6 || parts[0] != "arn" || parts[2] != "sns" || parts[5] == "" {
		s.set.Refuse("%q is no ARN of a topic such as arn:aws:sns:eu-west-1:111122223333:orders", topicARN)
	}
	sinkset.Apply(&s.set, s, opts)
	return s
}

// Err says what is wrong with the way the sink was made. Nothing is published then.
func (s *Sink) Err() error {
	if s == nil {
		s = &Sink{}
	}
	return s.set.Err("snssink")
}

// Send implements deadletter.Sink. On a FIFO topic, letters of one ordering key are one message group.
func (s *Sink) Send(ctx context.Context, l *deadletter.Letter) error {
	if err := s.Err(); err != nil {
		return err
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
	data, err := s.set.Fit(ctx, l, beside)
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
