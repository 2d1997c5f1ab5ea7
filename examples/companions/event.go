package main

import (
	"crypto/md5"
	"encoding/json"
	"fmt"
	"strconv"
)

type record struct {
	MessageID         string               `json:"messageId"`
	ReceiptHandle     string               `json:"receiptHandle"`
	Body              string               `json:"body"`
	Attributes        map[string]string    `json:"attributes"`
	MessageAttributes map[string]attribute `json:"messageAttributes"`
	MD5OfBody         string               `json:"md5OfBody"`
	EventSource       string               `json:"eventSource"`
	EventSourceARN    string               `json:"eventSourceARN"`
	AWSRegion         string               `json:"awsRegion"`
}

type attribute struct {
	StringValue string `json:"stringValue,omitempty"`
	BinaryValue []byte `json:"binaryValue,omitempty"`
	DataType    string `json:"dataType"`
}

// event is what Lambda makes of a batch.
func event(arn string, batch []received) []byte {
	records := make([]record, len(batch))
	for i, m := range batch {
		r := record{
			MessageID: m.id, ReceiptHandle: m.receipt, Body: m.body,
			Attributes: map[string]string{
				"ApproximateReceiveCount": strconv.Itoa(m.count),
				"SentTimestamp":           strconv.FormatInt(m.sent.UnixMilli(), 10),
			},
			MessageAttributes: map[string]attribute{},
			MD5OfBody:         fmt.Sprintf("%x", md5.Sum([]byte(m.body))),
			EventSource:       "aws:sqs", EventSourceARN: arn, AWSRegion: region,
		}
		for name, a := range m.attributes {
			r.MessageAttributes[name] = attribute{a.String, a.Binary, a.DataType}
		}
		records[i] = r
	}
	text, _ := json.Marshal(map[string]any{"Records": records}) // strings always marshal
	return text
}
