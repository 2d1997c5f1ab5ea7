package deadletter

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"strings"
)

// identity is what two letters of the same record have in common. A record without an identifier is
// known by its content.
func identity(l *Letter) string {
	h := sha256.New()
	add := func(part []byte) {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		h.Write(part)
	}
	add([]byte(l.Source))
	add([]byte(l.RecordID))
	add([]byte(l.Part))
	if l.RecordID == "" {
		add(l.Payload)
		add(l.Record)
	} else if in := within(l); in != "" {
		add([]byte(in))
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// within is where in its source a record's identifier is its own: sequence numbers are a shard's, and
// DynamoDB, which does not tell the shard, has those of an item. Those of SQS are their queue's, and
// Kafka's say the partition themselves.
func within(l *Letter) string {
	switch {
	case serviceOf(l.Source) == "sqs":
		return ""
	case l.Shard == "":
		return l.OrderingKey
	case strings.HasPrefix(l.RecordID, l.Shard+"@"):
		return ""
	}
	return l.Shard
}

// OriginID is the ID of a letter of the whole record: that of all letters of one record and of its parts,
// which Original and Event bring back all at once.
func (l *Letter) OriginID() string {
	if l.RecordID == "" {
		return l.ID
	}
	whole := *l
	whole.Part = ""
	return identity(&whole)
}

// GroupID is a message group for the letter on a FIFO queue or topic: the record's ordering key, so that
// letters stay in order, or else its own ID. A key that is no group name of SQS stands as its hash.
func (l *Letter) GroupID() string {
	key := l.OrderingKey
	if key == "" {
		key = l.ID
	}
	if len(key) <= 128 && key != "" && strings.IndexFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }) < 0 {
		return key
	}
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:16])
}

// DeduplicationID is for FIFO queues and topics: of this record given up at this time. So neither the SDK's
// own retries nor a redrive that is repeated within five minutes send it twice, and a record that was
// redriven and failed again is not taken for the letter of before.
func (l *Letter) DeduplicationID() string {
	return l.ID + "-" + strconv.FormatInt(l.GivenUpAt.UnixNano(), 36)
}
