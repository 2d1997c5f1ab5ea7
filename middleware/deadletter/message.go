package deadletter

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/weir-go/weir"
)

// Errors of letters that cannot give their record back.
var (
	// ErrElsewhere matches the error for a letter that only points to where the whole one is.
	ErrElsewhere = errors.New("deadletter: the letter only says where the whole one is")

	// ErrNoContent matches the error for a letter that never had the record's content, as those that
	// Lambda sends to a queue or topic, and for one whose original record was left out.
	ErrNoContent = errors.New("deadletter: the letter does not have the original record")
)

// Message gives the record back, as its handler had it: with the same identity, so that a pipeline
// recognises what it has counted already. Hand it to a Runner with the verb that it failed under:
//
//	m, err := letter.Message()
//	out := weir.NewRunner("redrive", verb).Run(ctx, []weir.Message{*m})
//
// Of a record that Unwrap took out of another it is the part: use the verb inside of Unwrap. Records of
// DynamoDB have images, which only Event gives back.
func (l *Letter) Message() (*weir.Message, error) {
	if err := l.hasContent(); err != nil {
		return nil, err
	}
	m := &weir.Message{
		ID: l.RecordID, SourceARN: l.Source, OrderingKey: l.OrderingKey, Shard: l.Shard, Payload: bytes.Clone(l.Payload),
		Time: l.Time, Attempt: l.Attempt, Part: l.Part, Kafka: l.Kafka,
	}
	record := l.Record
	if record == nil {
		record, _ = l.rebuild() // what cannot be has no attributes either
	}
	if record != nil {
		m.SetRaw(bytes.Clone(record))
	}
	return m, nil
}

func (l *Letter) hasContent() error {
	switch {
	case l.Elsewhere != "":
		return fmt.Errorf("%w: %s", ErrElsewhere, l.Elsewhere)
	case l.Payload == nil && l.Record == nil && l.Kafka == nil:
		if l.Destination != nil {
			return fmt.Errorf("%w: it tells of %s", ErrNoContent, l.Destination.Range)
		}
		return ErrNoContent
	}
	return nil
}

// Original is the payload as the source had it, to be sent there again: the body of SQS, the data
// of Kinesis, the value of Kafka. For a record that was unwrapped it is the envelope, so all parts
// of it will come again. It is nil for a tombstone. A worker's letters have no Record, so there it is
// what the handler had, also behind an Opener that hands on one record.
func (l *Letter) Original() ([]byte, error) {
	if err := l.hasContent(); err != nil {
		return nil, err
	}
	if l.Record == nil {
		if l.Part != "" {
			return nil, fmt.Errorf("%w, which carried this part: use Message", ErrNoContent)
		}
		return bytes.Clone(l.Payload), nil
	}
	payload, ok := original(l.Record)
	if !ok {
		return nil, fmt.Errorf("%w: its record has no body, data or value; Event has what DynamoDB's has", ErrNoContent)
	}
	return payload, nil
}

// original reads the payload of a record of Lambda's. A tombstone's is nil.
func original(record []byte) (payload []byte, ok bool) {
	var r struct {
		Body    *string
		Kinesis struct{ Data *[]byte }
		Value   *[]byte
		Topic   *string
	}
	if json.Unmarshal(record, &r) != nil {
		return nil, false
	}
	switch {
	case r.Body != nil:
		return []byte(*r.Body), true
	case r.Kinesis.Data != nil:
		return append([]byte{}, *r.Kinesis.Data...), true
	case r.Topic != nil && r.Value == nil:
		return nil, true
	case r.Topic != nil:
		return append([]byte{}, *r.Value...), true
	}
	return nil, false
}

// same tells nil from what is empty.
func same(a, b []byte) bool { return bytes.Equal(a, b) && (a == nil) == (b == nil) }

// dispensable reports whether Record says nothing that the other fields do not, or is that of
// a whole of which this is a part.
func (l *Letter) dispensable() bool {
	if len(l.Record) == 0 {
		return false
	}
	if l.Part != "" {
		return true
	}
	payload, ok := original(l.Record)
	return ok && same(payload, l.Payload) && sameKafka(l.Kafka, l.OriginalKafka())
}

// Event gives the record back as an event of Lambda with this record alone, for a Lambda of weir or
// the function itself. Of a record that was unwrapped it has the one that carried it.
func (l *Letter) Event() ([]byte, error) {
	if err := l.hasContent(); err != nil {
		return nil, err
	}
	record := l.Record
	if record == nil {
		var err error
		if record, err = l.rebuild(); err != nil {
			return nil, err
		}
	}
	if l.Kafka == nil {
		return slices.Concat([]byte(`{"Records":[`), record, []byte(`]}`)), nil
	}
	lane, err := quote(l.Kafka.Topic + "-" + strconv.Itoa(int(l.Kafka.Partition)))
	if err != nil {
		return nil, err
	}
	source, err := quote(l.Source)
	if err != nil {
		return nil, err
	}
	head := `{"eventSource":"SelfManagedKafka","bootstrapServers":` + string(source)
	if strings.HasPrefix(l.Source, "arn:") {
		head = `{"eventSource":"aws:kafka","eventSourceArn":` + string(source)
	}
	return slices.Concat([]byte(head+`,"records":{`), lane, []byte(`:[`), record, []byte(`]}}`)), nil
}

// rebuild makes a record of the letter's fields, where the original was left out.
func (l *Letter) rebuild() ([]byte, error) {
	if l.Part != "" {
		return nil, fmt.Errorf("%w, which carried this part: use Message", ErrNoContent)
	}
	switch {
	case l.Kafka != nil:
		return l.kafkaRecord()
	case serviceOf(l.Source) == "sqs":
		return l.sqsRecord()
	case serviceOf(l.Source) == "kinesis":
		return l.kinesisRecord()
	}
	return nil, fmt.Errorf("%w, and %q is no source whose records can be made anew", ErrNoContent, l.Source)
}

// serviceOf is the third part of an ARN.
func serviceOf(arn string) string {
	parts := strings.SplitN(arn, ":", 4)
	if len(parts) < 4 || parts[0] != "arn" {
		return ""
	}
	return parts[2]
}

func (l *Letter) sqsRecord() ([]byte, error) {
	type value struct {
		DataType string  `json:"dataType"`
		String   *string `json:"stringValue,omitempty"`
		Binary   []byte  `json:"binaryValue,omitempty"`
	}
	messages := map[string]value{}
	for name, a := range l.MessageAttributes {
		v := value{DataType: a.DataType, Binary: a.Binary}
		if a.Binary == nil {
			v.String = &a.String
		}
		messages[name] = v
	}
	attrs := map[string]string{}
	for _, a := range l.Attributes {
		if a.Name[:min(1, len(a.Name))] == strings.ToUpper(a.Name[:min(1, len(a.Name))]) { // as those inside attributes
			attrs[a.Name] = a.Value
		}
	}
	return quote(map[string]any{
		"messageId": l.RecordID, "body": string(l.Payload), "attributes": attrs, "messageAttributes": messages,
		"eventSource": "aws:sqs", "eventSourceARN": l.Source,
	})
}

func (l *Letter) kinesisRecord() ([]byte, error) {
	k := map[string]any{"partitionKey": l.OrderingKey, "sequenceNumber": l.RecordID, "data": l.Payload}
	if !l.Time.IsZero() {
		k["approximateArrivalTimestamp"] = json.RawMessage(fmt.Sprintf("%d.%03d", l.Time.Unix(), l.Time.Nanosecond()/1e6))
	}
	return quote(map[string]any{
		"kinesis":     k,
		"eventSource": "aws:kinesis", "eventName": "aws:kinesis:record", "eventID": l.Shard + ":" + l.RecordID, "eventSourceARN": l.Source,
	})
}
