package deliver

import (
	"crypto/md5"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// message is a record in a queue.
type message struct {
	index    int
	record   Record
	id       string
	sequence string // of a FIFO queue
	receives int
	first    time.Time // when it was received first
	visible  time.Time // when it may be received again
}

type sqsRecord struct {
	MessageID         string           `json:"messageId"`
	ReceiptHandle     string           `json:"receiptHandle"`
	Body              string           `json:"body"`
	Attributes        sqsAttributes    `json:"attributes"`
	MessageAttributes struct{}         `json:"messageAttributes"`
	MD5OfAttributes   *json.RawMessage `json:"md5OfMessageAttributes,omitempty"`
	MD5OfBody         string           `json:"md5OfBody"`
	EventSource       string           `json:"eventSource"`
	EventSourceARN    string           `json:"eventSourceARN"`
	AWSRegion         string           `json:"awsRegion"`
}

type sqsAttributes struct {
	ReceiveCount    string `json:"ApproximateReceiveCount"`
	Sent            string `json:"SentTimestamp"`
	SequenceNumber  string `json:"SequenceNumber,omitempty"`
	MessageGroupID  string `json:"MessageGroupId,omitempty"`
	SenderID        string `json:"SenderId"`
	DeduplicationID string `json:"MessageDeduplicationId,omitempty"`
	FirstReceived   string `json:"ApproximateFirstReceiveTimestamp"`
}

// newMessages puts the records into a queue.
func newMessages(records []Record, seed uint64, fifo bool) []*message {
	list := make([]*message, len(records))
	for i, r := range records {
		list[i] = &message{index: i, record: r, id: messageID(seed, i)}
		if fifo {
			list[i].sequence = fmt.Sprintf("188%017d", (i+1)*256)
		}
	}
	return list
}

// messageID is a UUID.
func messageID(seed uint64, i int) string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], seed)
	binary.BigEndian.PutUint64(b[8:], uint64(i))
	id := md5.Sum(b[:])
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}

// event is the message as JSON, as just received. wide says that the mapping takes batches
// of more than 10, with which AWS writes an attribute that it otherwise leaves out.
func (m *message) event(arn string, wide bool) []byte {
	r := sqsRecord{
		MessageID:     m.id,
		ReceiptHandle: m.receipt(),
		Body:          m.record.Data,
		Attributes: sqsAttributes{
			ReceiveCount:  strconv.Itoa(m.receives),
			Sent:          strconv.FormatInt(m.record.Time.UnixMilli(), 10),
			SenderID:      "AIDAIENQZJOLO23YVJ4VO",
			FirstReceived: strconv.FormatInt(m.first.UnixMilli(), 10),
		},
		MD5OfBody:      fmt.Sprintf("%x", md5.Sum([]byte(m.record.Data))),
		EventSource:    "aws:sqs",
		EventSourceARN: arn,
		AWSRegion:      region,
	}
	if m.sequence != "" {
		r.Attributes.SequenceNumber, r.Attributes.MessageGroupID = m.sequence, m.record.Key
		r.Attributes.DeduplicationID = fmt.Sprintf("%x", sha256.Sum256([]byte(m.record.Data)))
	}
	if wide {
		null := json.RawMessage("null")
		r.MD5OfAttributes = &null
	}
	text, _ := json.Marshal(r) // strings always marshal
	return text
}

// receipt is a new handle for each receive.
func (m *message) receipt() string {
	sum := sha512.Sum512([]byte(m.id + strconv.Itoa(m.receives)))
	return "AQEB" + base64.StdEncoding.EncodeToString(sum[:])
}
