package awsevents

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/weir-go/weir"
)

var errNoRecord = errors.New("awsevents: the record as it came is not there: its source gives none, or the invocation has ended")

// SQS decodes a message, for weir.DecodeMessage where no verb of this package fits, such as in a
// pipeline. As all of these, it must be called before Invoke returns.
func SQS(m *weir.Message) (events.SQSMessage, error) {
	v, err := decode(sqsRecords, m)
	if err == nil && v.Body != string(m.Payload) { // Unwrap or a Middleware changed it
		v.Body = string(m.Payload)
	}
	return v, err
}

// Kinesis decodes a record; see SQS.
func Kinesis(m *weir.Message) (events.KinesisEventRecord, error) {
	v, err := decode(kinesisRecords, m)
	if err == nil && !bytes.Equal(v.Kinesis.Data, m.Payload) {
		v.Kinesis.Data = bytes.Clone(m.Payload) // which may be written to, as with aws-lambda-go
	}
	return v, err
}

// DynamoDB decodes a record; see SQS.
func DynamoDB(m *weir.Message) (events.DynamoDBEventRecord, error) {
	return decode(dynamoDBRecords, m)
}

// Kafka decodes a record; see SQS. One of a source that gives no record as it came, such as
// ext/kafkasource, is made of its weir.Message.
func Kafka(m *weir.Message) (events.KafkaRecord, error) {
	if m.Kafka != nil && m.Raw() == "" {
		return kafkaOf(m), nil
	}
	v, err := decode(kafkaRecords, m)
	if err != nil {
		return v, err
	}
	if was, err := base64.StdEncoding.DecodeString(v.Value); err != nil || string(was) != string(m.Payload) {
		v.Value = base64.StdEncoding.EncodeToString(m.Payload)
	}
	return v, nil
}

func kafkaOf(m *weir.Message) events.KafkaRecord {
	k := m.Kafka
	v := events.KafkaRecord{
		Topic: k.Topic, Partition: int64(k.Partition), Offset: k.Offset, TimestampType: k.TimestampType,
		Key: base64.StdEncoding.EncodeToString(k.Key), Value: base64.StdEncoding.EncodeToString(m.Payload),
	}
	if !m.Time.IsZero() {
		v.Timestamp = events.MilliSecondsEpochTime{Time: time.UnixMilli(m.Time.UnixMilli())}
	}
	for _, h := range k.Headers {
		v.Headers = append(v.Headers, map[string]events.JSONNumberBytes{h.Name: h.Value})
	}
	return v
}

// weir's decoders go by the rules of encoding/json.
var (
	sqsRecords      = weir.NewDecoder[events.SQSMessage]()
	kinesisRecords  = weir.NewDecoder[events.KinesisEventRecord]()
	dynamoDBRecords = weir.NewDecoder[events.DynamoDBEventRecord]()
	kafkaRecords    = weir.NewDecoder[events.KafkaRecord]()
)

// decode reads a record as it came. aws-lambda-go panics over some, such as a binary set of numbers.
func decode[T any](d *weir.Decoder[T], m *weir.Message) (v T, err error) {
	raw := m.Raw()
	if raw == "" {
		return v, errNoRecord
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("awsevents: aws-lambda-go panicked over the record: %v", p)
		}
	}()
	v, err = d.Decode(&weir.Message{Payload: []byte(raw)})
	if u := (*weir.UndecodableError)(nil); errors.As(err, &u) {
		err = u.Err
	}
	return v, err
}
