package weir

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/weir-go/weir/internal/memory"
)

// Source describes an event source, for From. SQS, Kinesis, DynamoDB and Kafka are built in.
type Source struct {
	// Name stands in error texts, such as "Amazon MQ". Required.
	Name string

	// Decode splits an event into messages, in order, and gives each its ID and
	// Payload. The event is overwritten after the invocation: copy what is kept, but for
	// payloads, which weir copies if they are parts of the event. An error
	// fails the invocation; wrap ErrNotBatch when the event is of another source. A
	// message that cannot be read alone gets its error by SetUndecodable. Required.
	Decode func(event []byte) ([]Message, error)

	// AllOrNothing is for sources of which Lambda accepts no partial batch response:
	// one failed record then fails the invocation, and the whole batch is retried.
	AllOrNothing bool

	fifo bool // may be a FIFO queue

	partitioned bool                                     // a failure stops the records with its ordering key
	answer      func(*Work, *BatchError) ([]byte, error) // what is not a list of IDs, else nil
}

// From makes a Lambda of a source of your own.
//
// Messages with the same OrderingKey are kept in order under Concurrency; those without
// one stand alone.
func From(s Source, v Verb, opts ...FlowOption) *Lambda {
	c := newConfig()
	for i, o := range opts {
		if c.given(i, o) {
			o.applyFlow(c)
		}
	}
	if s.AllOrNothing && c.reportAll {
		c.refuse("ReportAll does not apply to %s, of which Lambda takes no partial batch response", s.Name)
	}
	if s.Name == "" || s.Decode == nil {
		c.refuse("From: a Source needs a Name and a Decode")
	}
	decode := s.Decode
	s.Decode = func(event []byte) ([]Message, error) { return decodeForeign(s.Name, decode, event) }
	return build(&s, v, c)
}

// decodeForeign keeps what a custom source does inside.
func decodeForeign(name string, decode func([]byte) ([]Message, error), event []byte) (msgs []Message, err error) {
	var refused error
	if died := guard(func() error { msgs, refused = decode(event); return nil }); died != nil {
		return nil, fmt.Errorf("weir: decode %s event: %w", name, died)
	}
	for i := range msgs {
		if m := &msgs[i]; memory.Within(m.Payload, event) { // decoded strings will be views of it
			m.Payload = bytes.Clone(m.Payload)
		}
	}
	return msgs, refused
}

// SetUndecodable marks a message that Decode could split off but not read. It fails as
// undecodable and its handler is not called.
func (m *Message) SetUndecodable(err error) {
	if err == nil {
		err = errors.New("no reason given")
	}
	m.bad = err
}
