package envelope

import (
	"context"
	"encoding/base64"
	"strings"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/jsonscan"
)

// SNS opens notifications that an SNS topic delivers to a queue: v gets what was published. What
// was published beside it is found by SNSFromContext.
//
// With raw message delivery there is no envelope, and the record is handed on as it is. A record
// counts as enveloped if it is an object with Type "Notification", a MessageId, a TopicArn that is
// one of SNS, and a Message, all strings, spelt so and each there once: a body that merely has a
// field called Message is handed on too. Both kinds may come from one queue.
//
// A SubscriptionConfirmation or UnsubscribeConfirmation is undecodable: SNS confirms queues without
// one.
//
// Source: "HTTP/HTTPS notification JSON format" and "Amazon SNS raw message delivery", Amazon SNS
// Developer Guide.
func SNS(v weir.Verb) weir.Verb {
	return opening("SNS", v, func(m *weir.Message) ([]weir.Message, error) {
		var n notification
		if !n.read(m.Payload) {
			return one(m, m.Payload), nil
		}
		if n.kind != notificationType {
			return nil, damaged("SNS", "a %s of topic %s, not a notification", n.kind, n.topic)
		}
		return one(m, n.message), nil
	})
}

const (
	notificationType = "Notification"
	subscribeType    = "SubscriptionConfirmation"
	unsubscribeType  = "UnsubscribeConfirmation"
)

// notification is an envelope of SNS.
type notification struct {
	kind, id, topic string      // views of the payload where they can be
	message         []byte      // a view of it if it could stay as it is
	known           uint8       // which of them are there
	rest            *SNSMessage // to fill in, without message, what only few want to know; or nil
}

// read reports whether payload is an envelope of SNS. As soon as something cannot be, it ends.
func (n *notification) read(payload []byte) bool {
	if first, ok := start(payload); !ok || first != '{' {
		return false
	}
	complete := members(payload, func(s *jsonscan.Scanner, key string) bool {
		switch key {
		case "Type":
			n.kind = str(s)
			return n.once(1) && (n.kind == notificationType || n.kind == subscribeType || n.kind == unsubscribeType)
		case "MessageId":
			n.id = str(s)
			return n.once(2) && n.id != ""
		case "TopicArn":
			n.topic = str(s)
			return n.once(4) && isTopic(n.topic)
		case "Message":
			if s.Kind() != '"' {
				return false
			}
			if n.rest == nil { // else it is known already
				n.message = text(s, payload)
			}
			return n.once(8)
		}
		if n.rest != nil {
			n.rest.member(s, payload, key)
		}
		return true
	})
	return complete && n.known == 1|2|4|8
}

func (n *notification) once(bit uint8) bool {
	first := n.known&bit == 0
	n.known |= bit
	return first
}

// isTopic reports whether arn is one of SNS: arn:PARTITION:sns:REGION:ACCOUNT:NAME. What is behind
// sns is not looked at, for in samples, by which functions are tried out, it often is not there.
func isTopic(arn string) bool {
	rest, ok := strings.CutPrefix(arn, "arn:")
	if !ok {
		return false
	}
	_, rest, ok = strings.Cut(rest, ":")
	return ok && strings.HasPrefix(rest, "sns:") && len(rest) > len("sns:")
}

// start returns the first byte that is not white space.
func start(payload []byte) (first byte, ok bool) {
	for _, c := range payload {
		if c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			return c, true
		}
	}
	return 0, false
}

// text reads a string, as part of payload if it stands for itself, and otherwise as a copy, which
// is the only one that is made.
func text(s *jsonscan.Scanner, payload []byte) []byte {
	s.Space()
	from := s.Offset() + 1
	if plain, ok := s.Plain(); ok {
		to := from + len(plain)
		return payload[from:to:to]
	}
	// To look for the end first costs less than a room as large as all that is left.
	end := closing(payload, from)
	room := make([]byte, end-from+8)
	if n, ok := s.Unquote(room); ok {
		return room[:n:n]
	}
	return s.AppendString(room[:0])
}

// closing returns the offset of the quote that ends the string whose first byte is at i, or of the
// end of payload.
func closing(payload []byte, i int) int {
	for ; i < len(payload); i++ {
		switch payload[i] {
		case '"':
			return i
		case '\\':
			i++
		}
	}
	return len(payload)
}

// SNSMessage is what an SNS topic says about a notification, beside what was published.
type SNSMessage struct {
	MessageID      string
	TopicARN       string
	Subject        string // "" if none was given
	Timestamp      time.Time
	SequenceNumber string // of a FIFO topic, else ""

	// MessageAttributes are those that the publisher set, such as traceparent, or the
	// ExtendedPayloadSize of a message whose payload is in S3. With raw delivery they are the
	// queue's, see MessageAttributes.
	MessageAttributes map[string]weir.MessageAttribute
}

// SNSFromContext returns what SNS says about the record that a handler or an observer of records
// was called for. It reports false if the record did not come in an envelope of SNS, or SNS did
// not open it. The envelope is read again for each call.
func SNSFromContext(ctx context.Context) (SNSMessage, bool) {
	m, ok := weir.FromContext(ctx)
	if !ok {
		return SNSMessage{}, false
	}
	return SNSOf(ctx, m)
}

// SNSOf is SNSFromContext for a record of a Batch, or of a verb of your own, with the context that
// its function was called with.
func SNSOf(ctx context.Context, m *weir.Message) (SNSMessage, bool) {
	for carrier := range weir.Carriers(ctx, m) {
		var sns SNSMessage
		n := notification{rest: &sns}
		if n.read(carrier.Payload) {
			sns.MessageID, sns.TopicARN = strings.Clone(n.id), strings.Clone(n.topic)
			return sns, true
		}
	}
	return SNSMessage{}, false
}

// MessageAttributes returns what the producer said about a record: the message attributes of the
// nearest SNS envelope that it came in, or those of the SQS message if there is none. So they are
// found in the same way whether SNS delivers raw or not. ctx is as for SNSOf.
func MessageAttributes(ctx context.Context, m *weir.Message) map[string]weir.MessageAttribute {
	if sns, ok := SNSOf(ctx, m); ok {
		return sns.MessageAttributes
	}
	return m.MessageAttributes()
}

// member reads one of the members of an envelope that notification leaves out.
func (n *SNSMessage) member(s *jsonscan.Scanner, payload []byte, key string) {
	switch key {
	case "Subject":
		n.Subject = strings.Clone(str(s))
	case "SequenceNumber":
		n.SequenceNumber = strings.Clone(str(s))
	case "Timestamp":
		n.Timestamp, _ = time.Parse(time.RFC3339, str(s))
	case "MessageAttributes":
		n.MessageAttributes = snsAttributes(value(s, payload))
	}
}

// snsAttributes reads {"name":{"Type":"String","Value":"..."}}.
func snsAttributes(payload []byte) map[string]weir.MessageAttribute {
	attrs := map[string]weir.MessageAttribute{}
	members(payload, func(s *jsonscan.Scanner, name string) bool {
		var a weir.MessageAttribute
		var v string
		members(value(s, payload), func(s *jsonscan.Scanner, key string) bool {
			switch key {
			case "Type":
				a.DataType = strings.Clone(str(s))
			case "Value":
				v = strings.Clone(str(s))
			}
			return true
		})
		if strings.HasPrefix(a.DataType, "Binary") {
			if b, err := base64.StdEncoding.DecodeString(v); err == nil {
				a.Binary = b
			}
		} else {
			a.String = v
		}
		attrs[strings.Clone(name)] = a
		return true
	})
	return attrs
}
