package weir

import (
	"context"
	"iter"
	"strings"
	"time"

	"github.com/weir-go/weir/internal/b64"
	"github.com/weir-go/weir/internal/jsonscan"
)

// Message is one record as it came, before its payload is decoded. Its fields may be kept
// after the invocation. A kept string keeps up to 32 kB of others alive and a kept *Message its
// whole batch, so strings.Clone what you hold for long. Nobody may write to Payload: decoded
// strings are views of it.
//
// Methods that read the record itself (Raw, Attribute, Attributes, MessageAttributes,
// TraceHeader) copy it first, and find nothing once Invoke has returned.
type Message struct {
	// ID is the item identifier by which Lambda knows the record: the messageId of SQS,
	// the sequence number of a stream. Kafka's is made of partition and offset: orders-1@77.
	ID string

	// SourceARN is the queue, stream, table stream or cluster the record came from; see
	// KafkaCluster.
	SourceARN string

	// OrderingKey says which records must stay in order: the message group of a FIFO
	// queue, the partition key of Kinesis, the item's Keys of DynamoDB as JSON,
	// topic and partition of Kafka.
	// It is empty on a standard queue.
	OrderingKey string

	// Shard is the shard of the Kinesis stream, such as shardId-000000000006, or the topic and
	// partition of Kafka, such as orders-1. It is empty for other sources, which do not say.
	Shard string

	// Payload is what T is decoded from: the body of SQS, the data of Kinesis after
	// base64, the value of Kafka. It is nil for DynamoDB, whose payload is Raw's, and for a
	// Tombstone.
	Payload []byte

	// Time is when the record was sent (SQS), arrived (Kinesis), was written
	// (DynamoDB, to the second), or as KafkaRecord.TimestampType says. It is zero when the event does not say.
	Time time.Time

	// Attempt counts deliveries from 1: ApproximateReceiveCount of SQS. It is 0 for
	// streams, which do not say.
	Attempt int

	// Part says which of several records this is that Unwrap took out of one, and which therefore
	// have its ID: "0" is the first. It is empty for a record that stands for itself, and "1/0" is
	// the first in the second of another.
	Part string

	// Kafka is what only a Kafka record has. It is nil for other sources.
	Kafka *KafkaRecord

	at    span         // of the record in the event
	index uint32       // in the batch
	bad   error        // why the envelope is damaged, or an *unopened
	item  *streamImage // DynamoDB only
	call  *invocation
}

// payload is what T is decoded from.
func (m *Message) payload() []byte {
	if m.item != nil {
		return []byte(m.Raw())
	}
	return m.Payload
}

// Raw returns a copy of the record as it stands in the event, as JSON. It is "" for a Source
// of one's own.
func (m *Message) Raw() string {
	if m.call == nil {
		return ""
	}
	return m.call.text(m.at)
}

type messageKey struct{}

// FromContext returns the record that a handler was called for.
func FromContext(ctx context.Context) (*Message, bool) {
	m, ok := ctx.Value(messageKey{}).(*Message)
	return m, ok
}

// WithMessage returns a context in which FromContext finds m. It is for a Middleware that hands on
// another message than it was given.
func WithMessage(ctx context.Context, m *Message) context.Context {
	return context.WithValue(ctx, messageKey{}, m)
}

type batchKey struct{}

// BatchFromContext yields the records of the batch that a handler's record is in, in order. It
// yields nothing if ctx is not that of a handler.
func BatchFromContext(ctx context.Context) iter.Seq[*Message] {
	w, ok := ctx.Value(batchKey{}).(*Work)
	if !ok {
		return func(func(*Message) bool) {}
	}
	return pointers(w.msgs)
}

// RequestID returns the invocation's AWS request id, "" when the context has none.
func (m *Message) RequestID() string {
	if m.call == nil {
		return ""
	}
	return requestID(m.call.ctx)
}

// Deadline returns when Lambda ends the invocation. The context of a handler ends earlier,
// by DeadlineReserve.
func (m *Message) Deadline() (time.Time, bool) {
	if m.call == nil {
		return time.Time{}, false
	}
	return m.call.ctx.Deadline()
}

// TraceHeader returns the X-Ray header that the producer sent with an SQS message, or "".
func (m *Message) TraceHeader() string { return m.Attribute("AWSTraceHeader") }

// Attribute returns a system attribute of an SQS message, such as SenderId, or a field of
// a stream record, such as eventID, eventName or encryptionType. It returns "" when there
// is none. Numbers come as written. Of several the last counts, and one in another case only
// where none is spelt so.
func (m *Message) Attribute(name string) (value string) {
	exact := false
	for k, v := range m.Attributes() {
		if k == name || !exact && strings.EqualFold(k, name) {
			value, exact = v, k == name
		}
	}
	return value
}

// Attributes yields the record's strings and numbers other than payload and key, at the top
// level and inside attributes, kinesis and dynamodb, in the order of the event.
func (m *Message) Attributes() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		if m.Kafka != nil {
			yield = butKeyAndValue(yield)
		}
		var s jsonscan.Scanner
		s.Reset(m.Raw())
		if s.Kind() == '{' {
			fields(&s, true, yield)
		}
	}
}

var nested = []string{"body", "data", "attributes", "kinesis", "dynamodb"}

func fields(s *jsonscan.Scanner, top bool, yield func(string, string) bool) bool {
	for s.Object(); s.MoreKeys(); {
		key := s.Key()
		known := fieldOf(key, nested)
		switch kind := s.Kind(); {
		case kind == '"' && (known == "body" || known == "data"):
			s.Skip()
		case kind == '"':
			if !yield(key, s.String()) {
				return false
			}
		case kind == '0':
			if !yield(key, s.Number()) {
				return false
			}
		case kind == '{' && top && (known == "attributes" || known == "kinesis" || known == "dynamodb"):
			if !fields(s, false, yield) {
				return false
			}
		default:
			s.Skip()
		}
	}
	return true
}

// MessageAttribute is an attribute that the producer of an SQS message set.
type MessageAttribute struct {
	DataType string // String, Number or Binary, with a label of the producer's behind a dot
	String   string // for String and Number
	Binary   []byte // for Binary; nil if it is not base64
}

// MessageAttributes returns the attributes that the producer of an SQS message set.
func (m *Message) MessageAttributes() map[string]MessageAttribute {
	attrs := map[string]MessageAttribute{}
	var s jsonscan.Scanner
	s.Reset(m.Raw())
	if s.Kind() != '{' {
		return attrs
	}
	for s.Object(); s.MoreKeys(); {
		if fieldOf(s.Key(), attributesField) != attributesField[0] || s.Kind() != '{' {
			s.Skip()
			continue
		}
		for s.Object(); s.MoreKeys(); {
			name := s.Key()
			switch s.Kind() {
			case '{':
				attrs[name] = messageAttribute(&s)
			case 'n':
				s.Null()
				attrs[name] = MessageAttribute{} // as in encoding/json
			default:
				s.Skip()
			}
		}
	}
	return attrs
}

var (
	attributesField = []string{"messageAttributes"}
	attributeFields = []string{"dataType", "stringValue", "binaryValue"}
)

func messageAttribute(s *jsonscan.Scanner) (a MessageAttribute) {
	for s.Object(); s.MoreKeys(); {
		key := fieldOf(s.Key(), attributeFields)
		if s.Kind() != '"' {
			s.Skip()
			continue
		}
		switch v := s.String(); key {
		case "dataType":
			a.DataType = v
		case "stringValue":
			a.String = v
		case "binaryValue":
			var err error
			if a.Binary, err = b64.AppendDecode(nil, v); err != nil {
				a.Binary = nil // rather nothing than a part
			}
		}
	}
	return a
}

// isFIFO goes by the queue's name: a message group alone proves nothing, since fair
// queues, which are standard queues, have groups too.
func isFIFO(arn string) bool { return strings.HasSuffix(arn, ".fifo") }
