package envelopetest

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/weir-go/weir"
)

// beside are the fields that the structs have at a record's top level; weir.Message's Attribute
// looks at both levels, so a field in the wrong one is no difference.
var beside = []string{"awsRegion", "eventID", "eventName", "eventSource", "eventSourceARN", "eventVersion", "invokeIdentityArn",
	"messageId", "receiptHandle", "md5OfBody", "md5OfMessageAttributes"}

// attributes are those of a struct's strings that a record's exactly spelt keys set.
func attributes(record []byte, all map[string]string) map[string]string {
	plain, outer := map[string]int{}, map[string]int{}
	for _, p := range pairs(members(record), true) {
		plain[p[0]]++
	}
	for _, m := range members(record) {
		outer[m.key]++
	}
	maps.DeleteFunc(all, func(k, _ string) bool {
		return plain[k] != 1 || (outer[k] > 0) != slices.Contains(beside, k)
	})
	return all
}

func awsSQS(record []byte) (row, error) {
	var m events.SQSMessage
	if err := json.Unmarshal(record, &m); err != nil {
		return row{}, err
	}
	r := row{id: m.MessageId, arn: m.EventSourceARN, payload: []byte(m.Body), custom: map[string]weir.MessageAttribute{}}
	all := maps.Clone(m.Attributes)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, map[string]string{
		"messageId": m.MessageId, "receiptHandle": m.ReceiptHandle, "md5OfBody": m.Md5OfBody, "md5OfMessageAttributes": m.Md5OfMessageAttributes,
		"eventSource": m.EventSource, "eventSourceARN": m.EventSourceARN, "awsRegion": m.AWSRegion,
	})
	r.attrs = attributes(record, all)
	if s := m.Attributes["SentTimestamp"]; s != "" {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return row{}, err
		}
		r.time = time.UnixMilli(n)
	}
	if s := m.Attributes["ApproximateReceiveCount"]; s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			return row{}, err
		}
		r.attempt = n
	}
	r.key = is("")
	if strings.HasSuffix(m.EventSourceARN, ".fifo") {
		r.key = is(m.Attributes["MessageGroupId"])
	}
	for name, a := range m.MessageAttributes {
		w := weir.MessageAttribute{DataType: a.DataType, Binary: a.BinaryValue}
		if a.StringValue != nil {
			w.String = *a.StringValue
		}
		r.custom[name] = w
	}
	if unusual(record) {
		r.custom = nil
	}
	return r, nil
}

// unusual reports whether the message attributes are spelt in a way that only hand-written
// events have: encoding/json folds the case of keys and merges maps.
func unusual(record []byte) bool {
	for _, m := range members(record) {
		if strings.EqualFold(m.key, "messageAttributes") && m.kind() == '{' {
			if m.key != "messageAttributes" {
				return true
			}
			for _, attr := range members(m.value) {
				if attr.kind() != '{' {
					continue
				}
				inner := members(attr.value)
				if repeats(inner) {
					return true
				}
				for _, f := range inner {
					for _, name := range []string{"dataType", "stringValue", "binaryValue"} {
						if f.key != name && strings.EqualFold(f.key, name) {
							return true
						}
						if f.key == "binaryValue" && f.kind() == '[' {
							return true // bytes as a list of numbers
						}
					}
				}
			}
		}
	}
	return false
}

func awsKinesis(record []byte) (row, error) {
	var m events.KinesisEventRecord
	if err := json.Unmarshal(record, &m); err != nil {
		return row{}, err
	}
	return row{
		id: m.Kinesis.SequenceNumber, arn: m.EventSourceArn, key: is(m.Kinesis.PartitionKey), payload: append([]byte{}, m.Kinesis.Data...),
		time: m.Kinesis.ApproximateArrivalTimestamp.Time, slack: time.Millisecond,
		attrs: attributes(record, map[string]string{
			"awsRegion": m.AwsRegion, "eventID": m.EventID, "eventName": m.EventName, "eventSource": m.EventSource, "eventSourceARN": m.EventSourceArn,
			"eventVersion": m.EventVersion, "invokeIdentityArn": m.InvokeIdentityArn, "encryptionType": m.Kinesis.EncryptionType,
			"partitionKey": m.Kinesis.PartitionKey, "sequenceNumber": m.Kinesis.SequenceNumber, "kinesisSchemaVersion": m.Kinesis.KinesisSchemaVersion,
		}),
	}, nil
}

func awsDynamoDB(record []byte) (row, error) {
	var m events.DynamoDBEventRecord
	if err := unmarshal(record, &m); err != nil {
		return row{}, err
	}
	return row{
		id: m.Change.SequenceNumber, arn: m.EventSourceArn,
		key: func(text string) bool {
			var keys map[string]events.DynamoDBAttributeValue
			return text == "" && m.Change.Keys == nil || json.Unmarshal([]byte(text), &keys) == nil && reflect.DeepEqual(keys, m.Change.Keys)
		},
		time: m.Change.ApproximateCreationDateTime.Time, slack: time.Millisecond,
		attrs: attributes(record, map[string]string{
			"awsRegion": m.AWSRegion, "eventID": m.EventID, "eventName": m.EventName, "eventSource": m.EventSource, "eventSourceARN": m.EventSourceArn,
			"eventVersion": m.EventVersion, "SequenceNumber": m.Change.SequenceNumber, "StreamViewType": m.Change.StreamViewType,
			"SizeBytes": strconv.FormatInt(m.Change.SizeBytes, 10),
		}),
	}, nil
}

// structs decodes a whole event as a handler of aws-lambda-go would.
func (s *source) structs(event []byte) error {
	switch s {
	case sqs:
		return json.Unmarshal(event, new(events.SQSEvent))
	case kin:
		return json.Unmarshal(event, new(events.KinesisEvent))
	}
	return unmarshal(event, new(events.DynamoDBEvent))
}

// unmarshal takes a panic of aws-lambda-go's, as at {"BS":[{}]}, for an error.
func unmarshal(data []byte, v any) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("aws-lambda-go panics: %v", p)
		}
	}()
	return json.Unmarshal(data, v)
}
