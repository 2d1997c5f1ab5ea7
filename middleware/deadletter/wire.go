package deadletter

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/weir-go/weir"
)

// Version is of the letters that this package writes, and the highest that it reads.
const Version = 1

// wire is a letter as JSON; see the package's documentation.
type wire struct {
	Version    int        `json:"weirDeadLetter"`
	ID         text       `json:"letterId"`
	GivenUpAt  *moment    `json:"givenUpAt,omitempty"`
	Reason     Reason     `json:"reason"`
	Policy     text       `json:"policy,omitempty"`
	Error      text       `json:"error"`
	ErrorTypes []text     `json:"errorTypes,omitempty"`
	Stack      text       `json:"stack,omitempty"`
	Function   text       `json:"function,omitempty"`
	RequestID  text       `json:"requestId,omitempty"`
	Source     text       `json:"source,omitempty"`
	RecordID   text       `json:"id,omitempty"`
	Part       text       `json:"part,omitempty"`
	Ordering   text       `json:"orderingKey,omitempty"`
	Shard      text       `json:"shard,omitempty"`
	Time       *moment    `json:"time,omitempty"`
	Attempt    int        `json:"attempt,omitempty"`
	Payload    *octets    `json:"payload,omitempty"`
	Attributes []wireAttr `json:"attributes,omitempty"`
	Message    []wireMsg  `json:"messageAttributes,omitempty"`
	Kafka      *wireKafka `json:"kafka,omitempty"`
	Record     *nested    `json:"record,omitempty"`
	Omitted    int        `json:"recordOmitted,omitempty"`
	Elsewhere  text       `json:"elsewhere,omitempty"`
}

type wireAttr struct {
	Name  text `json:"name"`
	Value text `json:"value"`
}

type wireMsg struct {
	Name     text    `json:"name"`
	DataType text    `json:"dataType"`
	Value    text    `json:"value,omitempty"`
	Binary   *octets `json:"binary,omitempty"`
}

type wireKafka struct {
	Topic       text         `json:"topic"`
	Partition   int32        `json:"partition"`
	Offset      int64        `json:"offset"`
	Key         *octets      `json:"key,omitempty"`
	Headers     []wireHeader `json:"headers,omitempty"`
	Timestamp   text         `json:"timestampType,omitempty"`
	KeySchema   *wireSchema  `json:"keySchema,omitempty"`
	ValueSchema *wireSchema  `json:"valueSchema,omitempty"`
}

type wireHeader struct {
	Name  text    `json:"name"`
	Value *octets `json:"value,omitempty"`
}

type wireSchema struct {
	Format text `json:"dataFormat"`
	ID     text `json:"schemaId"`
}

// Encode writes the letter as JSON, on one line. What Lambda gave up keeps no Destination.
func (l *Letter) Encode() ([]byte, error) {
	w := wire{
		Version: Version, ID: text(l.ID), GivenUpAt: momentOf(l.GivenUpAt), Reason: l.Reason, Policy: text(l.Policy),
		Error: text(l.Error), Stack: text(l.Stack), Function: text(l.Function), RequestID: text(l.RequestID),
		Source: text(l.Source), RecordID: text(l.RecordID), Part: text(l.Part), Ordering: text(l.OrderingKey),
		Shard: text(l.Shard), Time: momentOf(l.Time), Attempt: l.Attempt, Payload: octetsOf(l.Payload),
		Omitted: l.RecordOmitted, Elsewhere: text(l.Elsewhere),
	}
	for _, t := range l.ErrorTypes {
		w.ErrorTypes = append(w.ErrorTypes, text(t))
	}
	for _, a := range l.Attributes {
		w.Attributes = append(w.Attributes, wireAttr{text(a.Name), text(a.Value)})
	}
	for _, name := range slices.Sorted(maps.Keys(l.MessageAttributes)) {
		a := l.MessageAttributes[name]
		w.Message = append(w.Message, wireMsg{text(name), text(a.DataType), text(a.String), octetsOf(a.Binary)})
	}
	if k := l.Kafka; k != nil {
		w.Kafka = &wireKafka{
			Topic: text(k.Topic), Partition: k.Partition, Offset: k.Offset, Key: octetsOf(k.Key), Timestamp: text(k.TimestampType),
			KeySchema: schemaOf(k.KeySchema), ValueSchema: schemaOf(k.ValueSchema),
		}
		for _, h := range k.Headers {
			w.Kafka.Headers = append(w.Kafka.Headers, wireHeader{text(h.Name), octetsOf(h.Value)})
		}
	}
	if l.Record != nil {
		w.Record = (*nested)(&l.Record)
	}
	data, err := quote(w)
	if err != nil {
		return nil, fmt.Errorf("deadletter: encode letter %s: %w", l.ID, err)
	}
	return escape(data), nil
}

// MarshalJSON is Encode, for letters within other JSON.
func (l Letter) MarshalJSON() ([]byte, error) { return l.Encode() }

// UnmarshalJSON reads what Encode has written.
func (l *Letter) UnmarshalJSON(data []byte) error {
	var w wire
	if err := json.Unmarshal(data, &w); err != nil {
		return err
	}
	switch {
	case w.Version == 0:
		return ErrNotLetter
	case w.Version != Version:
		return fmt.Errorf("%w: it has version %d, and this weir reads version %d", ErrNotLetter, w.Version, Version)
	case w.Attempt < 0 || w.Omitted < 0:
		return errors.New("a count below 0")
	}
	*l = Letter{
		ID: string(w.ID), GivenUpAt: timeOf(w.GivenUpAt), Reason: w.Reason, Policy: string(w.Policy), Error: string(w.Error),
		Stack: string(w.Stack), Function: string(w.Function), RequestID: string(w.RequestID), Source: string(w.Source),
		RecordID: string(w.RecordID), Part: string(w.Part), OrderingKey: string(w.Ordering), Shard: string(w.Shard),
		Time: timeOf(w.Time), Attempt: w.Attempt, Payload: bytesOf(w.Payload), RecordOmitted: w.Omitted, Elsewhere: string(w.Elsewhere),
	}
	for _, t := range w.ErrorTypes {
		l.ErrorTypes = append(l.ErrorTypes, string(t))
	}
	for _, a := range w.Attributes {
		l.Attributes = append(l.Attributes, Attribute{string(a.Name), string(a.Value)})
	}
	for _, a := range w.Message {
		if l.MessageAttributes == nil {
			l.MessageAttributes = map[string]weir.MessageAttribute{}
		}
		l.MessageAttributes[string(a.Name)] = weir.MessageAttribute{DataType: string(a.DataType), String: string(a.Value), Binary: bytesOf(a.Binary)}
	}
	if k := w.Kafka; k != nil {
		l.Kafka = &weir.KafkaRecord{
			Topic: string(k.Topic), Partition: k.Partition, Offset: k.Offset, Key: bytesOf(k.Key), TimestampType: string(k.Timestamp),
			KeySchema: k.KeySchema.schema(), ValueSchema: k.ValueSchema.schema(),
		}
		for _, h := range k.Headers {
			l.Kafka.Headers = append(l.Kafka.Headers, weir.KafkaHeader{Name: string(h.Name), Value: bytesOf(h.Value)})
		}
	}
	if w.Record != nil {
		l.Record = *w.Record
	}
	return nil
}

func momentOf(t time.Time) *moment {
	if t.IsZero() {
		return nil
	}
	return (*moment)(&t)
}

func timeOf(m *moment) time.Time {
	if m == nil {
		return time.Time{}
	}
	return time.Time(*m)
}

func octetsOf(b []byte) *octets {
	if b == nil {
		return nil
	}
	return (*octets)(&b)
}

func bytesOf(o *octets) []byte {
	if o == nil {
		return nil
	}
	return *o
}

func schemaOf(s *weir.KafkaSchema) *wireSchema {
	if s == nil {
		return nil
	}
	return &wireSchema{text(s.DataFormat), text(s.SchemaID)}
}

func (s *wireSchema) schema() *weir.KafkaSchema {
	if s == nil {
		return nil
	}
	return &weir.KafkaSchema{DataFormat: string(s.Format), SchemaID: string(s.ID)}
}
