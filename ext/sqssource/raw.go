package sqssource

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// record is a message as it stands in an event of Lambda.
type record struct {
	MessageID         string               `json:"messageId"`
	ReceiptHandle     string               `json:"receiptHandle"`
	Body              string               `json:"body"`
	Attributes        map[string]string    `json:"attributes"`
	MessageAttributes map[string]attribute `json:"messageAttributes"`
	MD5OfBody         string               `json:"md5OfBody"`
	MD5OfAttributes   string               `json:"md5OfMessageAttributes,omitempty"`
	EventSource       string               `json:"eventSource"`
	EventSourceARN    string               `json:"eventSourceARN"`
	AWSRegion         string               `json:"awsRegion"`
}

type attribute struct {
	StringValue      *string  `json:"stringValue,omitempty"`
	BinaryValue      []byte   `json:"binaryValue,omitempty"`
	StringListValues []string `json:"stringListValues"`
	BinaryListValues [][]byte `json:"binaryListValues"`
	DataType         string   `json:"dataType"`
}

// raw is what Message.Attribute and its kind read.
func (s *Source) raw(m types.Message) []byte {
	r := record{
		MessageID: value(m.MessageId), ReceiptHandle: value(m.ReceiptHandle), Body: value(m.Body), Attributes: m.Attributes,
		MessageAttributes: map[string]attribute{}, MD5OfBody: value(m.MD5OfBody), MD5OfAttributes: value(m.MD5OfMessageAttributes),
		EventSource: "aws:sqs", EventSourceARN: s.arn, AWSRegion: s.region,
	}
	for name, a := range m.MessageAttributes {
		r.MessageAttributes[name] = attribute{a.StringValue, a.BinaryValue, []string{}, [][]byte{}, value(a.DataType)}
	}
	data, err := json.Marshal(r)
	if err != nil {
		return nil // strings and bytes can always be marshalled
	}
	return data
}

func value(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func millis(text string) time.Time {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.UnixMilli(n).UTC()
}

// count is a delivery's number, at least 1.
func count(text string) int {
	n, _ := strconv.Atoi(text)
	return max(1, n)
}
