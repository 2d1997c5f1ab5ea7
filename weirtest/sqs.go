package weirtest

import (
	"crypto/md5"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/weir-go/weir"
)

// SQS builds an event of a standard queue, one message a value. Values become JSON; string,
// []byte and json.RawMessage stand as they are. A value may also be a Record, or several
// from In.
func SQS(values ...any) Event {
	e := Event{
		idOf: func(n int) string { return fmt.Sprintf("6f1f1a4c-93d5-4b6e-8c5e-%012d", n) },
		arn:  "arn:aws:sqs:eu-west-1:" + account + ":queue",
	}
	for i, r := range list(values) {
		r.onlyKafka(i, "SQS")
		body := text(r.Value)
		if !utf8.Valid(body) {
			panic(fmt.Sprintf("weirtest: value %d is not UTF-8, as a message body must be", i))
		}
		e.records = append(e.records, record{id: r.ID, time: r.Time, render: func(e Event, now record) any {
			return message(e, now, r, string(body))
		}})
	}
	return e.numbered()
}

// FIFO is SQS for a FIFO queue. All messages are in one group, unless In or
// Record.OrderingKey says otherwise.
func FIFO(values ...any) Event {
	return SQS(values...).From("arn:aws:sqs:eu-west-1:" + account + ":queue.fifo")
}

type sqsRecord struct {
	MessageID              string                  `json:"messageId"`
	ReceiptHandle          string                  `json:"receiptHandle"`
	Body                   string                  `json:"body"`
	Attributes             map[string]string       `json:"attributes"`
	MessageAttributes      map[string]sqsAttribute `json:"messageAttributes"`
	MD5OfMessageAttributes json.RawMessage         `json:"md5OfMessageAttributes,omitempty"`
	MD5OfBody              string                  `json:"md5OfBody"`
	EventSource            string                  `json:"eventSource"`
	EventSourceARN         string                  `json:"eventSourceARN"`
	AWSRegion              string                  `json:"awsRegion"`
}

type sqsAttribute struct {
	StringValue      *string  `json:"stringValue,omitempty"`
	BinaryValue      []byte   `json:"binaryValue,omitempty"`
	StringListValues []string `json:"stringListValues"`
	BinaryListValues [][]byte `json:"binaryListValues"`
	DataType         string   `json:"dataType"`
}

func message(e Event, now record, r Record, body string) sqsRecord {
	id := now.identifier(e)
	attempt := max(r.Attempt, 1) + now.earlier
	handle := sha512.Sum512(fmt.Append(nil, id, attempt)) // each receive gives a new one
	m := sqsRecord{
		MessageID:         id,
		ReceiptHandle:     "AQEB" + base64.StdEncoding.EncodeToString(handle[:]),
		Body:              body,
		Attributes:        systemAttributes(e, now, r, body, attempt),
		MessageAttributes: map[string]sqsAttribute{},
		MD5OfBody:         hexMD5([]byte(body)),
		EventSource:       "aws:sqs",
		EventSourceARN:    e.arn,
		AWSRegion:         e.region(),
	}
	for name, a := range r.MessageAttributes {
		out := sqsAttribute{DataType: a.DataType, StringListValues: []string{}, BinaryListValues: [][]byte{}}
		if isBinary(a) {
			out.BinaryValue = a.Binary
		} else {
			out.StringValue = &a.String
		}
		m.MessageAttributes[name] = out
	}
	switch {
	case len(r.MessageAttributes) > 0:
		m.MD5OfMessageAttributes = marshal(attributesMD5(r.MessageAttributes))
	case len(e.records) > 10:
		m.MD5OfMessageAttributes = json.RawMessage("null") // seen with a BatchSize above 10
	}
	return m
}

func systemAttributes(e Event, now record, r Record, body string, attempt int) map[string]string {
	sent := now.sent(e).UnixMilli()
	attrs := map[string]string{
		"ApproximateReceiveCount":          strconv.Itoa(attempt),
		"SentTimestamp":                    strconv.FormatInt(sent, 10),
		"SenderId":                         "AIDAIENQZJOLO23YVJ4VO",
		"ApproximateFirstReceiveTimestamp": strconv.FormatInt(sent+4, 10),
	}
	if strings.HasSuffix(e.arn, ".fifo") {
		dedup := sha256.Sum256([]byte(body)) // as with content-based deduplication
		attrs["MessageGroupId"] = "group-1"
		attrs["MessageDeduplicationId"] = hex.EncodeToString(dedup[:])
		attrs["SequenceNumber"] = fmt.Sprintf("1885%016d", 256*now.number)
	}
	if r.OrderingKey != "" {
		attrs["MessageGroupId"] = r.OrderingKey
	}
	maps.Copy(attrs, r.Attributes)
	maps.DeleteFunc(attrs, func(_, v string) bool { return v == "" })
	return attrs
}

func isBinary(a weir.MessageAttribute) bool { return strings.HasPrefix(a.DataType, "Binary") }

// attributesMD5 is SQS's digest. Source: "Amazon SQS message metadata, calculating the MD5
// message digest for message attributes", Amazon SQS Developer Guide.
func attributesMD5(attrs map[string]weir.MessageAttribute) string {
	var b []byte
	add := func(part string) {
		b = binary.BigEndian.AppendUint32(b, uint32(len(part)))
		b = append(b, part...)
	}
	for _, name := range slices.Sorted(maps.Keys(attrs)) {
		a := attrs[name]
		add(name)
		add(a.DataType)
		if isBinary(a) {
			b = append(b, 2)
			add(string(a.Binary))
		} else {
			b = append(b, 1)
			add(a.String)
		}
	}
	return hexMD5(b)
}

func hexMD5(b []byte) string {
	sum := md5.Sum(b)
	return hex.EncodeToString(sum[:])
}
