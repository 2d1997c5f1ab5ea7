package deadletter

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
)

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
