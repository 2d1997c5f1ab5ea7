package weirtest

import (
	"time"

	"github.com/weir-go/weir"
)

// Record is a record of SQS or Kinesis, for when its value is not all that matters. Its
// fields are those of weir.Message; one that is zero is filled in.
type Record struct {
	// Value is the payload: string, []byte and json.RawMessage stand as they are, anything
	// else becomes JSON.
	Value any

	// ID is the message ID or the sequence number.
	ID string

	// OrderingKey is the message group or the partition key, see In. By default all
	// messages of a FIFO queue share one, each record of a stream has its own, and messages
	// of a standard queue have none.
	OrderingKey string

	// Time is when the record was sent or arrived, Event.At's by default.
	Time time.Time

	// Attempt is the receive count, from 1. SQS only.
	Attempt int

	// Attributes are system attributes of SQS, such as AWSTraceHeader, to add or replace; ""
	// takes one away. Kinesis has only encryptionType.
	Attributes map[string]string

	// MessageAttributes are those that the producer set. SQS only.
	MessageAttributes map[string]weir.MessageAttribute
}

// In gives values an ordering key: their message group or partition key. On a standard
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
