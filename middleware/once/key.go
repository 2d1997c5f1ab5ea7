package once

import (
	"errors"
	"strconv"
	"strings"

	"github.com/weir-go/weir"
)

// Key finds the key of a record: records that have the same are one thing to do.
type Key struct {
	name    string // for errors, as it is written in code
	of      func(*weir.Message) (string, error)
	content func(*weir.Message) (string, error) // what Validate compares, where of finds less; or nil
	err     error                               // why it cannot be
}

var errNoKeyGiven = errors.New("once: no key: give MessageID, Pointer, or KeyFunc")

func (k Key) check() error {
	if k.err == nil && k.of == nil {
		return errNoKeyGiven
	}
	return k.err
}

// KeyFunc makes a Key of a function. An empty key is a missing one. Its error decides the record as
// a handler's does: say weir.Undecodable where the content is not what it should be. It may be
// called more than once for a record, and from several goroutines at a time.
func KeyFunc(f func(m *weir.Message) (string, error)) Key {
	if f == nil {
		return RefuseKey(errors.New("once: KeyFunc(nil)"))
	}
	return Key{name: "KeyFunc", of: f}
}

// RefuseKey makes a Key that cannot be, for packages that make keys and are given what makes no
// sense.
func RefuseKey(err error) Key { return Key{err: err} }

// MessageID takes the record itself for the key: its ID and Part, within its source and shard. So a
// record that is delivered again is known, and nothing else: what a producer sends twice has two
// messageIds on a queue, and two sequence numbers on a stream, and so has a message that was moved
// back from a dead letter queue. Where that matters, take something out of the content. A Kafka topic that was
// deleted and made again has the same offsets once more: give New another name then, or they are taken for known.
func MessageID() Key {
	return Key{name: "MessageID()", of: func(m *weir.Message) (string, error) {
		if m.ID == "" {
			return "", nil
		}
		var b strings.Builder
		b.WriteString(m.SourceARN)
		b.WriteByte('|')
		b.WriteString(m.Shard)
		b.WriteByte('|')
		if strings.ContainsAny(m.ID, `/|"`) { // of a source of one's own: a/0 is not the first part of a
			b.WriteString(strconv.Quote(m.ID))
		} else {
			b.WriteString(m.ID)
		}
		if m.Part != "" {
			b.WriteByte('/')
			b.WriteString(m.Part)
		}
		if m.Shard == "" && m.OrderingKey != "" {
			b.WriteByte('|')
			b.WriteString(m.OrderingKey) // DynamoDB's sequence numbers are a shard's, and the shard is not told
		}
		return b.String(), nil
	}}
}

// Payload takes all of the content for the key, byte by byte. On DynamoDB that is the record as it
// stands in the event.
func Payload() Key {
	return Key{name: "Payload()", of: func(m *weir.Message) (string, error) { return content(m), nil }}
}

// content is what a key is taken from: the payload, or the record on DynamoDB, which has none. Of any other
// source a record without a payload has no content: what carried it, it may share with others.
func content(m *weir.Message) string {
	if m.Payload == nil && m.Kafka == nil {
		if raw := m.Raw(); child(raw, "dynamodb") != "" {
			return raw
		}
	}
	return string(m.Payload)
}
