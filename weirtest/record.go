package weirtest

import (
	"time"

	"github.com/weir-go/weir"
)

// Record is a record of SQS, Kinesis or Kafka, for when its value is not all that matters. Its
// fields are those of weir.Message; one that is zero is filled in.
type Record struct {
	// Value is the payload: string, []byte and json.RawMessage stand as they are, anything
	// else becomes JSON.
	Value any

	// ID is the message ID or the sequence number; of Kafka, partition and offset: orders-1@77.
	ID string

	// OrderingKey is the message group or the partition key, of Kafka topic and partition, see
	// In. By default all messages of a FIFO queue share one, each record of a stream has its own,
	// those of Kafka are in topic-0, and messages of a standard queue have none.
	OrderingKey string

	// Time is when the record was sent or arrived, Event.At's by default.
	Time time.Time

	// Attempt is the receive count, from 1. SQS only.
	Attempt int

	// Attributes are system attributes of SQS, such as AWSTraceHeader, to add or replace; ""
	// takes one away. Kinesis has only encryptionType, Kafka only timestampType.
	Attributes map[string]string

	// MessageAttributes are those that the producer set. SQS only.
	MessageAttributes map[string]weir.MessageAttribute

	// Key is a record's key, written as its value; nil is none. Kafka only, as are the rest.
	Key any

	Headers                weir.KafkaHeaders
	KeySchema, ValueSchema *weir.KafkaSchema
}

// In gives values an ordering key: their message group or partition key, or the topic and
// partition of Kafka, such as orders-1. On a standard
// queue it is the message group of fair queues. A value may be a Record.
func In(key string, values ...any) []Record {
	records := list(values)
	for i := range records {
		records[i].OrderingKey = key
	}
	return records
}

// list makes records of values, some of which may be records.
func list(values []any) []Record {
	var records []Record
	for _, v := range values {
		switch v := v.(type) {
		case []Record:
			records = append(records, v...)
		case Record:
			records = append(records, v)
		case Change:
			panic("weirtest: a Change is for DynamoDB")
		default:
			records = append(records, Record{Value: v})
		}
	}
	return records
}
