package deadletter

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/weir-go/weir"
)

// Letter is a record that was given up, and why.
type Letter struct {
	// ID is the same each time that this record, or this part of it, is given up.
	ID string

	GivenUpAt time.Time
	Reason    Reason
	Policy    string // such as "MaxReceives(5)"; "" when the handler dropped the record

	Error      string   // its text; what is beyond 64 kB is cut off, and says so
	ErrorTypes []string // Go types of the error and of what it wraps, outermost first
	Stack      string   // of the goroutine that panicked

	Function  string // name and version of the Lambda function, as orders:42; "" elsewhere
	RequestID string

	// These are as in weir.Message.
	Source      string // SourceARN
	RecordID    string
	Part        string
	OrderingKey string
	Shard       string
	Time        time.Time
	Attempt     int
	Payload     []byte
	Kafka       *weir.KafkaRecord

	Attributes        []Attribute // system attributes, such as AWSTraceHeader, without the receipt handle
	MessageAttributes map[string]weir.MessageAttribute

	// Record is the original record as JSON, as it stood in the event: that which carried it, for
	// a part of one. It is nil when there was none, or RecordOmitted bytes were left out.
	Record        []byte
	RecordOmitted int

	// Elsewhere is where the whole letter is, such as s3://bucket/key, if this one points to it and
	// has no content of its own.
	Elsewhere string

	// Destination is set on what Lambda itself gave up.
	Destination *Destination
}

// Attribute is a system attribute of a record. A name may come more than once.
type Attribute struct{ Name, Value string }

// Reason says which kind of policy gave a record up.
type Reason string

// The reasons.
const (
	ReasonDropped     Reason = "dropped"     // by the handler or another policy of the Lambda's
	ReasonUndecodable Reason = "undecodable" // Undecodable
	ReasonPermanent   Reason = "permanent"   // Permanent
	ReasonReceives    Reason = "receives"    // MaxReceives
	ReasonAge         Reason = "age"         // MaxAge
	ReasonRule        Reason = "rule"        // When
	ReasonLambda      Reason = "lambda"      // the event source mapping, see Destination
)

// NewLetter makes the letter of a record that is given up because of err. It must be called before
// Invoke returns.
func NewLetter(m *weir.Message, err error) *Letter {
	l := about(m)
	l.GivenUpAt, l.Reason = time.Now().UTC(), ReasonDropped
	l.blame(err)
	return l
}

// about copies a record.
func about(m *weir.Message) *Letter {
	l := &Letter{
		RequestID: m.RequestID(),
		Source:    m.SourceARN, RecordID: m.ID, Part: m.Part, OrderingKey: m.OrderingKey, Shard: m.Shard,
		Time: m.Time, Attempt: m.Attempt, Payload: m.Payload, Kafka: m.Kafka,
	}
	if name := os.Getenv("AWS_LAMBDA_FUNCTION_NAME"); name != "" {
		l.Function = strings.TrimSuffix(name+":"+os.Getenv("AWS_LAMBDA_FUNCTION_VERSION"), ":")
	}
	if raw := m.Raw(); raw != "" {
		l.Record = []byte(raw)
		for name, value := range m.Attributes() {
			if name != "receiptHandle" {
				l.Attributes = append(l.Attributes, Attribute{name, value})
			}
		}
		if attrs := m.MessageAttributes(); len(attrs) > 0 {
			l.MessageAttributes = attrs
		}
	}
	l.ID = identity(l)
	return l
}

const (
	maxError = 64 << 10
	maxTypes = 32
)

// blame notes an error. Its methods are the user's code: one that panics must not keep the record
// from being put aside.
func (l *Letter) blame(err error) {
	if d, ok := err.(*weir.DropError); ok {
		err = d.Err
	}
	if g, ok := err.(*GaveUpError); ok {
		l.Reason, l.Policy, err = g.Reason, g.Policy, g.Err
	}
	l.Error = textOf(err)
	if len(l.Error) > maxError {
		l.Error = fmt.Sprintf("%s... (%d bytes in all)", strings.ToValidUTF8(l.Error[:maxError], ""), len(l.Error))
	}
	func() {
		defer func() { _ = recover() }()
		l.look(err)
	}()
}

func textOf(err error) (text string) {
	if err == nil {
		return "no reason given"
	}
	defer func() {
		if v := recover(); v != nil {
			text = fmt.Sprintf("%T, whose Error method panics", err)
		}
	}()
	return err.Error()
}

// look goes through an error and what it wraps.
func (l *Letter) look(err error) {
	for err != nil && len(l.ErrorTypes) < maxTypes {
		l.ErrorTypes = append(l.ErrorTypes, fmt.Sprintf("%T", err))
		if p, ok := err.(*weir.PanicError); ok && l.Stack == "" {
			l.Stack = string(p.Stack)
		}
		switch e := err.(type) {
		case interface{ Unwrap() error }:
			err = e.Unwrap()
		case interface{ Unwrap() []error }:
			for _, err := range e.Unwrap() {
				l.look(err)
			}
			return
		default:
			return
		}
	}
}

// TooLargeError says that a letter does not fit into its sink.
type TooLargeError struct{ Size, Limit int } // bytes

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("the letter has %d bytes, and its sink takes %d: give the sink an archive for such, or choose a sink that takes more, such as S3", e.Size, e.Limit)
}

// Fit is for sinks that take limit bytes. It encodes the letter; without Record if it is too large otherwise
// and Payload is what Record carries, or a part of it; and if it still is, it stores the letter in
// the archive, if that is not nil, and encodes one that points there, with as much of the error as fits.
func (l *Letter) Fit(ctx context.Context, limit int, a Archive) ([]byte, error) {
	whole, err := l.Encode()
	if err != nil || len(whole) <= limit {
		return whole, err
	}
	data, short := whole, *l
	if l.dispensable() {
		short.RecordOmitted, short.Record = len(l.Record), nil
		if data, err = short.Encode(); err != nil || len(data) <= limit {
			return data, err
		}
	}
	if a == nil {
		return nil, &TooLargeError{len(data), limit}
	}
	if short.Elsewhere, err = a.Store(ctx, l); err != nil {
		return nil, err
	}
	if short.Elsewhere == "" {
		return nil, errors.New("deadletter: the archive did not say where the letter is")
	}
	short.Payload, short.Attributes, short.MessageAttributes, short.Kafka = nil, nil, nil, nil
	short.Record, short.RecordOmitted = nil, 0
	if data, err = short.Encode(); err == nil && len(data) > limit {
		data, err = short.brief(limit)
	}
	return data, err
}

// brief encodes a letter that points to the whole one, and is too large for what it says of the error.
func (l *Letter) brief(limit int) ([]byte, error) {
	text, rest := l.Error, "... (the rest is in the whole letter)"
	l.Error, l.ErrorTypes, l.Stack = rest, nil, ""
	data, err := l.Encode()
	if err != nil {
		return nil, err
	}
	n := (limit - len(data)) / 6 // the most that JSON makes of a byte
	if n < 0 {
		return nil, &TooLargeError{len(data), limit}
	}
	if len(text) <= n {
		rest = ""
	}
	l.Error = strings.ToValidUTF8(text[:min(n, len(text))], "") + rest
	return l.Encode()
}

// Equal reports whether two letters say the same.
func (l *Letter) Equal(other *Letter) bool {
	a, err := l.Encode()
	b, err2 := other.Encode()
	return err == nil && err2 == nil && bytes.Equal(a, b)
}
