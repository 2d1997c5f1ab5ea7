// Package awsevents hands records over as the types of aws-lambda-go's events package, so that a
// handler written for those moves over by one line:
//
//	lambda.Start(weir.SQS(awsevents.EachSQS(ship))) // ship takes an events.SQSMessage
//
// A record's fields are what aws-lambda-go decodes them to, but each record is decoded by itself.
// One that aws-lambda-go cannot decode, for which it fails the whole event or panics, fails alone
// as undecodable (see weir.OnUndecodable). So does one that has no identity or payload, which
// aws-lambda-go hands over with empty fields; package weir says what it asks of a record.
//
// After weir.Unwrap, or a weir.Middleware that changed the payload, the payload's field (Body,
// Data, or Value in base64) is what Message.Payload is, and all others are those of the record as
// it came.
//
// Where a record's payload is all that counts, weir.Each and a type of yours cost less: see the
// benchmarks.
package awsevents

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-lambda-go/events"

	"github.com/weir-go/weir"
)

// EachSQS is weir.EachMessage for a function that takes the message as aws-lambda-go has it.
func EachSQS(f func(ctx context.Context, m events.SQSMessage) error) weir.Verb {
	return each("SQS", f, SQS)
}

// EachKinesis is weir.EachMessage for a function that takes the record as aws-lambda-go has it.
func EachKinesis(f func(ctx context.Context, r events.KinesisEventRecord) error) weir.Verb {
	return each("Kinesis", f, Kinesis)
}

// EachDynamoDB is weir.EachMessage for a function that takes the record as aws-lambda-go has it.
func EachDynamoDB(f func(ctx context.Context, r events.DynamoDBEventRecord) error) weir.Verb {
	return each("DynamoDB", f, DynamoDB)
}

// EachKafka is weir.EachMessage for a function that takes the record as aws-lambda-go has it: Key
// and Value are base64, and a tombstone's Value is "", as is an empty one's. For what those do not
// say, weir.FromContext has the message.
func EachKafka(f func(ctx context.Context, r events.KafkaRecord) error) weir.Verb {
	return each("Kafka", f, Kafka)
}

// BatchSQS is weir.Batch for a function that takes messages as aws-lambda-go has them.
func BatchSQS(f func(ctx context.Context, b *weir.BatchOf[events.SQSMessage]) error, opts ...weir.BatchOption) weir.Verb {
	return batch("SQS", f, SQS, opts)
}

// BatchKinesis is weir.Batch for a function that takes records as aws-lambda-go has them.
func BatchKinesis(f func(ctx context.Context, b *weir.BatchOf[events.KinesisEventRecord]) error, opts ...weir.BatchOption) weir.Verb {
	return batch("Kinesis", f, Kinesis, opts)
}

// BatchDynamoDB is weir.Batch for a function that takes records as aws-lambda-go has them.
func BatchDynamoDB(f func(ctx context.Context, b *weir.BatchOf[events.DynamoDBEventRecord]) error, opts ...weir.BatchOption) weir.Verb {
	return batch("DynamoDB", f, DynamoDB, opts)
}

// BatchKafka is weir.Batch for a function that takes records as aws-lambda-go has them; see
// EachKafka.
func BatchKafka(f func(ctx context.Context, b *weir.BatchOf[events.KafkaRecord]) error, opts ...weir.BatchOption) weir.Verb {
	return batch("Kafka", f, Kafka, opts)
}

func each[T any](source string, f func(context.Context, T) error, decode func(*weir.Message) (T, error)) weir.Verb {
	return &verb{weir.Each(f, weir.DecodeMessage(decode)), source}
}

func batch[T any](source string, f func(context.Context, *weir.BatchOf[T]) error, decode func(*weir.Message) (T, error), opts []weir.BatchOption) weir.Verb {
	if !slices.Contains(opts, nil) { // which weir.Batch refuses by its place
		opts = append([]weir.BatchOption{weir.DecodeMessage(decode)}, opts...)
	}
	return &verb{weir.Batch(f, opts...), source}
}

// verb is one for records of one source.
type verb struct {
	weir.Verb
	source string
}

// Check refuses weir's other sources, of which no record is what the function takes. What a
// weir.Runner is called says nothing of its records.
func (v *verb) Check(s weir.Setup) error {
	if s.Source != v.source && slices.Contains([]string{"SQS", "Kinesis", "DynamoDB", "Kafka"}, s.Source) {
		return fmt.Errorf("awsevents: a verb for records of %s was given to weir.%s: take Each%[2]s or Batch%[2]s", v.source, s.Source)
	}
	if c, ok := v.Verb.(weir.Checker); ok {
		return c.Check(s)
	}
	return nil
}
