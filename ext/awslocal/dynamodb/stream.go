package dynamodb

import (
	"fmt"
	"slices"
	"time"
)

// streamLife is how long a stream keeps records. Source: "Change data capture for DynamoDB
// Streams", DynamoDB Developer Guide.
const streamLife = 24 * time.Hour

type streamSpecification struct {
	StreamEnabled  bool
	StreamViewType string `json:",omitempty"`
}

// stream is a table's changes, in one shard. The server's lock guards it.
type stream struct {
	schema
	table   string
	label   string
	view    string
	created time.Time
	ended   time.Time // when the table was deleted
	first   uint64    // the sequence number at which it began
	last    uint64    // the sequence number of its newest record
	trimmed uint64    // the newest sequence number that is not kept any more
	records []streamRecord
}

// streamRecord is a change of an item, which is kept for 24 hours.
type streamRecord struct {
	sequence       uint64
	at             time.Time
	event          string
	keys, old, new item
	who            *identity
}

// identity is who made a change, if it was DynamoDB itself.
type identity struct {
	PrincipalID string `json:"PrincipalId"`
	Type        string
}

// newStream makes the stream that a new table is to have, if any.
func (s *Server) newStream(t *table, in *streamSpecification) (*stream, error) {
	if in == nil {
		return nil, nil
	}
	switch in.StreamViewType {
	case "KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES":
	case "":
		if !in.StreamEnabled {
			return nil, nil
		}
		fallthrough
	default:
		return nil, invalid("StreamViewType %q: it must be KEYS_ONLY, NEW_IMAGE, OLD_IMAGE or NEW_AND_OLD_IMAGES", in.StreamViewType)
	}
	if !in.StreamEnabled {
		return nil, invalid("StreamViewType is only for StreamEnabled: true")
	}
	s.serial++
	st := &stream{schema: t.schema, table: t.name, view: in.StreamViewType, created: t.created, first: s.serial, last: s.serial}
	for at := t.created; ; at = at.Add(time.Millisecond) { // a table of this name may have had one just now
		st.label = at.UTC().Format("2006-01-02T15:04:05.000")
		if s.streams[st.arn()] == nil {
			break
		}
	}
	s.streams[st.arn()] = st
	return st, nil
}

func (st *stream) arn() string { return tableARN(st.table) + "/stream/" + st.label }

// shard is the name of the stream's only shard.
func (st *stream) shard() string {
	return fmt.Sprintf("shardId-%020d-%08x", st.created.UnixMilli(), st.first)
}

func (st *stream) specification() streamSpecification { return streamSpecification{true, st.view} }

// close ends a stream with its table.
func (st *stream) close(now time.Time) {
	if st != nil {
		st.ended = now
	}
}

// record notes a change, unless nothing changed.
func (st *stream) record(s *Server, at time.Time, keys, old, new item, who *identity) {
	if st == nil || old == nil && new == nil || old != nil && new != nil && old.equal(new) {
		return
	}
	s.serial++
	r := streamRecord{s.serial, at, "MODIFY", keys, old, new, who}
	if old == nil {
		r.event = "INSERT"
	} else if new == nil {
		r.event = "REMOVE"
	}
	st.last = s.serial
	st.records = append(st.records, r)
}

// trim forgets what is too old.
func (st *stream) trim(now time.Time) {
	n := 0
	for n < len(st.records) && now.Sub(st.records[n].at) >= streamLife {
		st.trimmed = st.records[n].sequence
		n++
	}
	st.records = slices.Delete(st.records, 0, n)
}

// sequence writes a sequence number.
func sequence(n uint64) string { return fmt.Sprintf("3%020d", n) }

// size is what counts as SizeBytes.
func (r streamRecord) size(view string) int {
	n := r.keys.size()
	if view != "KEYS_ONLY" && view != "NEW_IMAGE" {
		n += r.old.size()
	}
	if view != "KEYS_ONLY" && view != "OLD_IMAGE" {
		n += r.new.size()
	}
	return n
}

// describe is a record as the protocol has it.
func (r streamRecord) describe(view string) map[string]any {
	change := map[string]any{
		"ApproximateCreationDateTime": r.at.Unix(), "Keys": r.keys,
		"SequenceNumber": sequence(r.sequence), "SizeBytes": r.size(view), "StreamViewType": view,
	}
	if r.old != nil && (view == "OLD_IMAGE" || view == "NEW_AND_OLD_IMAGES") {
		change["OldImage"] = r.old
	}
	if r.new != nil && (view == "NEW_IMAGE" || view == "NEW_AND_OLD_IMAGES") {
		change["NewImage"] = r.new
	}
	out := map[string]any{
		"eventID": fmt.Sprintf("%032x", r.sequence), "eventName": r.event, "eventVersion": "1.1",
		"eventSource": "aws:dynamodb", "awsRegion": region, "dynamodb": change,
	}
	if r.who != nil {
		out["userIdentity"] = r.who
	}
	return out
}
