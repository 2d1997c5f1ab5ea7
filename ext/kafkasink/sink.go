// Package kafkasink produces dead letters to a Kafka topic, and makes records for the topic that they
// came from.
//
//	client, err := kgo.NewClient(kgo.SeedBrokers("broker-1:9092"))
//	sink := kafkasink.New(client, "orders-dead")
//	lambda.Start(weir.Kafka(weir.Each(ship), deadletter.To(sink, deadletter.MaxAge(time.Hour))))
//
// The value of a record is the letter as package deadletter describes it. Its key is the original
// record's, or its ordering key, so that letters of one key stay in order. The headers weir-letter-id and
// weir-reason say what it is without a look into it.
package kafkasink

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/weir-go/weir/middleware/deadletter"
)

// MaxBytes is what a record may have by the defaults of brokers (message.max.bytes) and of kgo, with
// some room for what is around it.
const MaxBytes = 1_000_000 - 4_096

// Client is what is called of a *kgo.Client. It should wait for all replicas in sync, as it does by
// default.
type Client interface {
	Produce(ctx context.Context, r *kgo.Record, promise func(*kgo.Record, error))
}

// Sink is a deadletter.Sink.
type Sink struct {
	client  Client
	topic   string
	limit   int
	archive deadletter.Archive
	err     error
}

// Option changes how a Sink produces.
type Option func(*Sink)

// Limit is how many bytes a key and a letter may have, if not MaxBytes: topic and client must agree with it.
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

// New makes a sink of a topic.
func New(client Client, topic string, opts ...Option) *Sink {
	s := &Sink{client: client, topic: topic, limit: MaxBytes}
	if client == nil {
		s.refuse("the client is nil")
	}
	if topic == "" {
		s.refuse("the topic is empty")
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
	s.err = errors.Join(s.err, fmt.Errorf("kafkasink: "+format, args...))
}

// Err says what is wrong with the way the sink was made. Nothing is produced then.
func (s *Sink) Err() error { return s.err }

// Send implements deadletter.Sink. It returns once the brokers have the letter, or its context ends: then they
// may get it all the same, since a client does not take back what it may have sent.
func (s *Sink) Send(ctx context.Context, l *deadletter.Letter) error {
	if s.err != nil {
		return s.err
	}
	key := keyOf(l)
	value, err := l.Fit(ctx, s.limit-len(key), s.archive)
	if err != nil {
		return fmt.Errorf("kafkasink: %s: %w", s.topic, err)
	}
	r := &kgo.Record{Topic: s.topic, Key: key, Value: value, Headers: []kgo.RecordHeader{
		{Key: "weir-letter-id", Value: []byte(l.ID)}, {Key: "weir-reason", Value: []byte(l.Reason)},
	}}
	done := make(chan error, 1)
	s.client.Produce(ctx, r, func(_ *kgo.Record, err error) { done <- err })
	select {
	case err = <-done:
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	if err != nil {
		return fmt.Errorf("kafkasink: %s: %w", s.topic, err)
	}
	return nil
}

func keyOf(l *deadletter.Letter) []byte {
	switch {
	case l.Kafka != nil && l.Kafka.Key != nil:
		return l.Kafka.Key
	case l.OrderingKey != "":
		return []byte(l.OrderingKey)
	}
	return []byte(l.ID)
}

// Redrive makes the record that brings a record to a topic once more, by default its own: its key, its
// value, also a tombstone's, and its headers. It is another record with another offset: what knows
// records by that does not know it again. Its partition is for the client to choose.
func Redrive(l *deadletter.Letter, topic string) (*kgo.Record, error) {
	value, err := l.Original()
	if err != nil {
		return nil, fmt.Errorf("kafkasink: letter %s: %w", l.ID, err)
	}
	r := &kgo.Record{Topic: topic, Value: value}
	switch {
	case l.Kafka != nil:
		r.Key = l.Kafka.Key
		for _, h := range l.Kafka.Headers {
			r.Headers = append(r.Headers, kgo.RecordHeader{Key: h.Name, Value: h.Value})
		}
		if topic == "" {
			r.Topic = l.Kafka.Topic
		}
	case l.OrderingKey != "":
		r.Key = []byte(l.OrderingKey)
	}
	if r.Topic == "" {
		return nil, fmt.Errorf("kafkasink: letter %s: it is of no topic, so one must be given", l.ID)
	}
	return r, nil
}
