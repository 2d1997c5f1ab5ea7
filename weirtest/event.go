package weirtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Event is a batch as AWS sends it to a function. Its methods leave it as it is and return
// a changed copy.
type Event struct {
	idOf    func(number int) string
	stream  bool // Kinesis or DynamoDB, which retry everything from a failure on
	kafka   bool // which does so in each partition
	arn     string
	start   time.Time
	records []record
	window  *window
}

const account = "123456789012"

// record is a record of any source.
type record struct {
	number  int    // of the source's records, from 1: identifier and time follow from it
	id      string // "" for the number's
	lane    string // topic and partition of Kafka
	time    time.Time
	earlier int // deliveries before this event
	render  func(e Event, r record) any
}

// epoch is when the first record of an event was sent, see Event.At.
var epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func (r record) identifier(e Event) string {
	if r.id != "" {
		return r.id
	}
	if e.kafka {
		return fmt.Sprintf("%s@%d", r.lane, r.number-1)
	}
	return e.idOf(r.number)
}

func (r record) sent(e Event) time.Time {
	if !r.time.IsZero() {
		return r.time
	}
	return e.start.Add(time.Duration(r.number-1) * 10 * time.Millisecond)
}

// numbered numbers the records of a new event.
func (e Event) numbered() Event {
	e.start = epoch
	for i := range e.records {
		e.records[i].number = i + 1
	}
	return e
}

// Len returns the number of records.
func (e Event) Len() int { return len(e.records) }

// IDs returns the identifiers by which Lambda knows the records: message IDs of SQS, sequence
// numbers of streams, and of Kafka partitions with offsets: orders-1@77.
func (e Event) IDs() []string {
	ids := make([]string, len(e.records))
	for i, r := range e.records {
		ids[i] = r.identifier(e)
	}
	return ids
}

// JSON returns the event as the function gets it.
func (e Event) JSON() []byte {
	if e.kafka {
		return e.kafkaJSON()
	}
	records := make([]any, len(e.records))
	for i, r := range e.records {
		records[i] = r.render(e, r)
	}
	if e.window != nil {
		return marshal(e.window.event(e, records))
	}
	return marshal(struct{ Records []any }{records})
}

// From makes the event come from another queue, stream, table stream or cluster. A queue whose ARN
// ends in ".fifo" is FIFO.
func (e Event) From(arn string) Event {
	e.arn = arn
	return e
}

// At makes t the time of the first record, instead of 2 January 2026, 03:04:05 UTC. Each
// further record follows 10 milliseconds later, but those with a Time of their own.
func (e Event) At(t time.Time) Event {
	e.start = t
	return e
}

// After makes the event one that follows previous: identifiers, sequence numbers and times
// go on where those of previous end. Without it, two events number their records alike.
func (e Event) After(previous Event) Event {
	last := 0
	for _, r := range previous.records {
		last = max(last, r.number)
	}
	e.start = previous.start
	e.records = slices.Clone(e.records)
	for i := range e.records {
		e.records[i].number += last
	}
	return e
}

// Again is the delivery that follows when these records failed: of SQS the same ones with
// their receive count raised, of a stream all from the first of them on, of Kafka all from the
// first of them on in each partition. Result.Retried says which failed. It panics when the event has no such record.
func (e Event) Again(ids ...string) Event {
	known := e.IDs()
	for _, id := range ids {
		if !slices.Contains(known, id) {
			panic(fmt.Sprintf("weirtest: Again: the event has no record %q", id))
		}
	}
	behind := map[string]bool{}
	if e.kafka {
		behind = e.behind(ids)
	}
	var again []record
	for i, r := range e.records {
		if slices.Contains(ids, known[i]) || e.stream && len(again) > 0 || behind[known[i]] {
			r.earlier++
			again = append(again, r)
		}
	}
	e.records = again
	return e
}

func (e Event) region() string {
	if parts := strings.Split(e.arn, ":"); len(parts) > 3 {
		return parts[3]
	}
	return "eu-west-1"
}

func marshal(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic("weirtest: " + err.Error())
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// text is a value as it is sent: texts and bytes as they are, anything else as JSON.
func text(v any) []byte {
	switch v := v.(type) {
	case string:
		return []byte(v)
	case []byte:
		return v
	case json.RawMessage:
		return v
	}
	return marshal(v)
}
