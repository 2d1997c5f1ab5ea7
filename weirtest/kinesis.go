package weirtest

import (
	"encoding/json"
	"fmt"
	"time"
)

// Kinesis builds an event of one shard of a Kinesis stream, one record a value. Values
// become JSON; string, []byte and json.RawMessage stand as they are. A value may also be a
// Record, or several from In; each record has a partition key of its own otherwise.
func Kinesis(values ...any) Event {
	e := Event{
		idOf:   func(n int) string { return fmt.Sprintf("4965%052d", n) },
		stream: true,
		arn:    "arn:aws:kinesis:eu-west-1:" + account + ":stream/stream",
	}
	for i, r := range list(values) {
		r.onlyKafka(i, "Kinesis")
		for name := range r.Attributes {
			if name != "encryptionType" {
				panic(fmt.Sprintf("weirtest: value %d: Kinesis has no attribute %s", i, name))
			}
		}
		if r.Attempt != 0 || r.MessageAttributes != nil {
			panic(fmt.Sprintf("weirtest: value %d: Kinesis has no Attempt and no MessageAttributes", i))
		}
		data := text(r.Value)
		e.records = append(e.records, record{id: r.ID, time: r.Time, render: func(e Event, now record) any {
			return kinesisEntry(e, now, r, data)
		}})
	}
	return e.numbered()
}

type kinesisRecord struct {
	Kinesis           kinesisData `json:"kinesis"`
	EventSource       string      `json:"eventSource"`
	EventVersion      string      `json:"eventVersion"`
	EventID           string      `json:"eventID"`
	EventName         string      `json:"eventName"`
	InvokeIdentityARN string      `json:"invokeIdentityArn"`
	AWSRegion         string      `json:"awsRegion"`
	EventSourceARN    string      `json:"eventSourceARN"`
}

type kinesisData struct {
	KinesisSchemaVersion        string      `json:"kinesisSchemaVersion"`
	PartitionKey                string      `json:"partitionKey"`
	SequenceNumber              string      `json:"sequenceNumber"`
	Data                        []byte      `json:"data"` // []byte is base64 in JSON
	ApproximateArrivalTimestamp json.Number `json:"approximateArrivalTimestamp"`
	EncryptionType              string      `json:"encryptionType,omitempty"`
}

func kinesisEntry(e Event, now record, r Record, data []byte) kinesisRecord {
	key := r.OrderingKey
	if key == "" {
		key = fmt.Sprintf("key-%d", now.number)
	}
	id := now.identifier(e)
	return kinesisRecord{
		Kinesis: kinesisData{
			KinesisSchemaVersion:        "1.0",
			PartitionKey:                key,
			SequenceNumber:              id,
			Data:                        append([]byte{}, data...), // nil would be null
			ApproximateArrivalTimestamp: arrival(now.sent(e)),
			EncryptionType:              r.Attributes["encryptionType"],
		},
		EventSource:       "aws:kinesis",
		EventVersion:      "1.0",
		EventID:           e.shard() + ":" + id,
		EventName:         "aws:kinesis:record",
		InvokeIdentityARN: "arn:aws:iam::" + account + ":role/function",
		AWSRegion:         e.region(),
		EventSourceARN:    e.arn,
	}
}

// arrival is a time in seconds with its milliseconds.
func arrival(t time.Time) json.Number {
	return json.Number(fmt.Sprintf("%d.%03d", t.Unix(), t.Nanosecond()/int(time.Millisecond)))
}
