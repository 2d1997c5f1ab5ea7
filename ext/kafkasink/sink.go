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

	"github.com/weir-go/weir/ext/internal/sinkset"
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
	client Client
	topic  string
	set    sinkset.Settings
}

// Option changes how a Sink produces.
type Option func(*Sink)

// Limit is how many bytes a key and a letter may have, if not MaxBytes: topic and client must agree with it.
func Limit(n int) Option {
	return func(s *Sink) { s.set.Limit(n, 0) }
}

// Archive takes letters that are too large for the topic, which then gets a letter that says where. Package
// s3sink has one. Without it their records fail.
func Archive(a deadletter.Archive) Option {
	return func(s *Sink) { s.set.Archive(a) }
}

// New makes a sink of a topic.
func New(client Client, topic string, opts ...Option) *Sink {
	s := &Sink{client: client, topic: topic, set: sinkset.New("kafkasink", MaxBytes)}
	s.set.Client(client)
	if topic == "" {
		s.set.Refuse("the topic is empty")
	}
	sinkset.Apply(&s.set, s, opts)
	return s
}

// Err says what is wrong with the way the sink was made. Nothing is produced then.
func (s *Sink) Err() error {
	if s == nil {
		s = &Sink{}
	}
	return s.set.Err("kafkasink")
}

// Send implements deadletter.Sink. It returns once the brokers have the letter, or its context ends: then they
// may get it all the same, since a client does not take back what it may have sent.
func (s *Sink) Send(ctx context.Context, l *deadletter.Letter) error {
	if err := s.Err(); err != nil {
		return err
	}
	key := keyOf(l)
	value, err := s.set.Fit(ctx, l, len(key))
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
		select {
		case err = <-done: // just in time
		default:
			err = context.Cause(ctx)
		}
	}
	if err != nil {
		return fmt.Errorf("kafkasink: %s: %w", s.topic, err)
	}
	return nil
}

func keyOf(l *deadletter.Letter) []byte {
	k := l.OriginalKafka()
	switch {
	case k != nil && k.Key != nil:
		return k.Key
	case l.OrderingKey != "":
		return []byte(l.OrderingKey)
	}
	return []byte(l.ID)
}

// Redrive makes the record that brings a record to a topic once more, by default its own: its key, its
// value, also a tombstone's, and its headers, as they were before anything was unwrapped. It is another
// record with another offset: what knows records by that does not know it again. Its partition is for the
// client to choose.
func Redrive(l *deadletter.Letter, topic string) (*kgo.Record, error) {
	if l == nil {
		return nil, errors.New("kafkasink: the letter is nil")
	}
	value, err := l.Original()
	if err != nil {
		return nil, fmt.Errorf("kafkasink: letter %s: %w", l.ID, err)
	}
	r, k := &kgo.Record{Topic: topic, Value: value}, l.OriginalKafka()
	switch {
	case k != nil:
		r.Key = k.Key
		for _, h := range k.Headers {
			r.Headers = append(r.Headers, kgo.RecordHeader{Key: h.Name, Value: h.Value})
		}
		if topic == "" {
			r.Topic = k.Topic
		}
	case l.OrderingKey != "":
		r.Key = []byte(l.OrderingKey)
	}
	if r.Topic == "" {
		return nil, fmt.Errorf("kafkasink: letter %s: it is of no topic, so one must be given", l.ID)
	}
	return r, nil
}
