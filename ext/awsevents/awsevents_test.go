package awsevents_test

import (
	"context"
	"encoding/base64"
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/ext/awsevents"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/weirtest"
)

func nothing[T any](context.Context, T) error { return nil }

func TestWrongSource(t *testing.T) {
	t.Parallel()
	sqs, kinesis := awsevents.EachSQS(nothing[events.SQSMessage]), awsevents.EachKinesis(nothing[events.KinesisEventRecord])
	dynamo, kafka := awsevents.EachDynamoDB(nothing[events.DynamoDBEventRecord]), awsevents.EachKafka(nothing[events.KafkaRecord])
	batch := awsevents.BatchDynamoDB(func(context.Context, *weir.BatchOf[events.DynamoDBEventRecord]) error { return nil })
	for _, l := range []*weir.Lambda{weir.SQS(sqs), weir.Kinesis(kinesis), weir.DynamoDB(dynamo), weir.DynamoDB(batch), weir.Kafka(kafka)} {
		assert.NoError(t, l.Err())
	}
	for want, l := range map[string]*weir.Lambda{
		"a verb for records of SQS was given to weir.Kinesis: take EachKinesis or BatchKinesis": weir.Kinesis(sqs),
		"a verb for records of Kinesis was given to weir.DynamoDB: take EachDynamoDB or":        weir.DynamoDB(kinesis),
		"a verb for records of DynamoDB was given to weir.Kafka: take EachKafka or BatchKafka":  weir.Kafka(dynamo),
		"a verb for records of Kafka was given to weir.SQS: take EachSQS or BatchSQS":           weir.SQS(kafka),
		"a verb for records of DynamoDB was given to weir.SQS":                                  weir.SQS(batch),
		"the verb was given a nil function":                                                     weir.SQS(awsevents.EachSQS(nil)),
		"Batch: option 0 is nil":                                                                weir.SQS(awsevents.BatchSQS(func(context.Context, *weir.BatchOf[events.SQSMessage]) error { return nil }, nil)),
		"Concurrency does not apply to Batch":                                                   weir.DynamoDB(batch, weir.Concurrency(2)),
	} {
		assert.Error(t, l.Err(), want)
	}
	inside := weir.Unwrap(kinesis, func(context.Context, *weir.Message) ([]weir.Message, error) { return nil, nil })
	assert.Error(t, weir.SQS(inside).Err(), "a verb for records of Kinesis was given to weir.SQS")
	assert.NoError(t, weir.Kinesis(inside).Err())
}

// One record that aws-lambda-go cannot decode, or panics over, fails alone.
func TestOneBadRecord(t *testing.T) {
	t.Parallel()
	const event = `{"Records":[
		{"eventSource":"aws:dynamodb","dynamodb":{"SequenceNumber":"1","NewImage":{"a":{"BS":[1]}}}},
		{"eventSource":"aws:dynamodb","dynamodb":{"SequenceNumber":"2","NewImage":{"a":{"S":1}}}},
		{"eventSource":"aws:dynamodb","dynamodb":{"SequenceNumber":"3","NewImage":{"a":{"S":"x"}}}}]}`
	var causes []error
	judge := weir.OnUndecodable(func(_ context.Context, _ *weir.Message, err error) error {
		causes = append(causes, err)
		return err
	})
	seen := ""
	each := awsevents.EachDynamoDB(func(_ context.Context, r events.DynamoDBEventRecord) error {
		seen += r.Change.NewImage["a"].String()
		return nil
	})
	batch := awsevents.BatchDynamoDB(func(_ context.Context, b *weir.BatchOf[events.DynamoDBEventRecord]) error {
		for _, r := range b.Values() {
			seen += r.Change.NewImage["a"].String()
		}
		return nil
	})
	for _, v := range []weir.Verb{each, batch} {
		causes, seen = nil, ""
		out, err := weir.DynamoDB(v, judge).Invoke(t.Context(), []byte(event))
		assert.NoError(t, err)
		assert.Equal(t, string(out), `{"batchItemFailures":[{"itemIdentifier":"1"},{"itemIdentifier":"2"}]}`)
		assert.Equal(t, seen, "x")
		assert.Equal(t, len(causes), 2)
		assert.Error(t, causes[0], "aws-lambda-go panicked over the record: ")
		assert.Error(t, causes[1], "S type should contain a string")
	}
}

// What stands in a record is the handler's record: its payload, and the rest as it came.
func TestChangedPayload(t *testing.T) {
	t.Parallel()
	upper := weir.Use(func(next weir.Handler) weir.Handler {
		return func(ctx context.Context, m *weir.Message) error {
			changed := m.With([]byte("changed"))
			return next(weir.WithMessage(ctx, &changed), &changed)
		}
	})
	var got []string
	take := func(s string) error { got = append(got, s); return nil }
	invoke := func(l *weir.Lambda, e weirtest.Event) {
		t.Helper()
		assert.NoError(t, l.Err())
		out, err := l.Invoke(t.Context(), e.JSON())
		assert.NoError(t, err)
		assert.Equal(t, string(out), `{"batchItemFailures":[]}`)
	}
	sqs := awsevents.EachSQS(func(_ context.Context, m events.SQSMessage) error { return take(m.MessageId + m.Body) })
	kinesis := awsevents.EachKinesis(func(_ context.Context, r events.KinesisEventRecord) error {
		data := string(r.Kinesis.Data)
		clear(r.Kinesis.Data) // it is the handler's
		return take(r.Kinesis.PartitionKey + data)
	})
	kafka := awsevents.EachKafka(func(_ context.Context, r events.KafkaRecord) error {
		value, err := base64.StdEncoding.DecodeString(r.Value)
		return errors.Join(err, take(r.Topic+string(value)))
	})
	invoke(weir.SQS(sqs, upper), weirtest.SQS(weirtest.Record{ID: "m", Value: "x"}))
	invoke(weir.Kinesis(kinesis, upper), weirtest.Kinesis(weirtest.Record{OrderingKey: "k", Value: "x"}))
	invoke(weir.Kafka(kafka, upper), weirtest.Kafka(weirtest.Record{OrderingKey: "t-0", Value: "x"}))
	two := func(_ context.Context, m *weir.Message) ([]weir.Message, error) {
		return []weir.Message{m.WithPart(0, []byte("a")), m.WithPart(1, []byte("b"))}, nil
	}
	invoke(weir.SQS(weir.Unwrap(sqs, two)), weirtest.SQS(weirtest.Record{ID: "m", Value: "x"}))
	assert.Equal(t, got, []string{"mchanged", "kchanged", "tchanged", "ma", "mb"})
}

// A long-running worker's records may have no text.
func TestRunner(t *testing.T) {
	t.Parallel()
	at := time.UnixMilli(1760000000123)
	var got events.KafkaRecord
	r := weir.NewRunner("worker", awsevents.EachKafka(func(_ context.Context, r events.KafkaRecord) error { got = r; return nil }))
	assert.NoError(t, r.Err())
	o := r.Run(t.Context(), []weir.Message{{ID: "t-1@7", Payload: []byte("v"), Time: at, Kafka: &weir.KafkaRecord{
		Topic: "t", Partition: 1, Offset: 7, Key: []byte("k"), TimestampType: "CREATE_TIME", Headers: weir.KafkaHeaders{{Name: "h", Value: []byte{200}}},
	}}})
	assert.Equal(t, o.AllDone(), true)
	assert.Equal(t, got, events.KafkaRecord{
		Topic: "t", Partition: 1, Offset: 7, Timestamp: events.MilliSecondsEpochTime{Time: at}, TimestampType: "CREATE_TIME", Key: "aw==", Value: "dg==",
		Headers: []map[string]events.JSONNumberBytes{{"h": {200}}},
	})

	o = weir.NewRunner("worker", awsevents.EachSQS(nothing[events.SQSMessage])).Run(t.Context(), []weir.Message{{ID: "1", Payload: []byte("v")}})
	_, err := o.Of(0)
	assert.Equal(t, errors.Is(err, weir.ErrUndecodable), true)
	assert.Error(t, err, "the record as it came is not there")
}
