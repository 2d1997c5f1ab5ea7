package envelope

import (
	"encoding/json"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/jsonscan"
)

// Debezium opens what the connectors of Debezium write to a Kafka topic, or Debezium Server to a
// Kinesis stream or a queue: v gets the change events, which DebeziumChange decodes.
//
//	weir.Kafka(envelope.Debezium(weir.Each(func(ctx context.Context, c *envelope.DebeziumChange[Order]) error { ... })))
//
// With schemas in every message ({"schema":...,"payload":...}) v gets the payload, and likewise that
// of the key, in Message.Kafka.Key. Heartbeats, the
// beginnings and ends of transactions, and changes of schemas hold nothing and are done. What is
// none of those and has no op is undecodable: so are records that the transformation
// ExtractNewRecordState has made flat, which need no envelope.
//
// Behind each deletion comes a tombstone, unless the connector has tombstones.on.delete=false. On
// Kafka it is handed on as all are: to a handler that takes a pointer, as nil. Elsewhere, where
// Debezium Server writes an empty payload, it holds nothing and is done.
//
// Source: "Data change events" of each connector, Debezium reference documentation.
func Debezium(v weir.Verb) weir.Verb {
	return unwrap("Debezium", v, func(m *weir.Message) ([]weir.Message, error) {
		text := m.Payload
		switch {
		case m.Tombstone():
			return change(m, nil), nil
		case len(text) == 0 && m.Kafka == nil:
			return nil, nil
		}
		seen, ok := debeziumKeys(text)
		if ok && seen.only("schema", "payload") {
			if text = seen.payload; text == nil { // null: a tombstone
				if m.Kafka == nil {
					return nil, nil
				}
				return change(m, nil), nil
			}
			seen, ok = debeziumKeys(text)
		}
		switch {
		case !ok:
			return nil, damaged("Debezium", "not a JSON object")
		case seen.kind["op"] == '"':
			return change(m, text), nil
		case seen.only("ts_ms"), // a heartbeat
			seen.is("status", '"') && seen.is("id", '"') && seen.has("event_count", "data_collections"), // a transaction's begin or end
			seen.is("source", '{') && seen.is("tableChanges", '['):                                      // a change of a schema
			return nil, nil
		}
		return nil, damaged("Debezium", "not a change event: it has no op")
	})
}

// change is all that a record carries, with the payload of its key.
func change(m *weir.Message, payload []byte) []weir.Message {
	c := m.With(payload)
	if m.Kafka != nil && len(m.Kafka.Key) > 0 {
		if seen, ok := debeziumKeys(m.Kafka.Key); ok && seen.only("schema", "payload") {
			k := *m.Kafka
			k.Key = seen.payload
			c.Kafka = &k
		}
	}
	return []weir.Message{c}
}

// debeziumSeen is what events are told apart by. Only what a row of a table, made flat, cannot look
// like may count as holding nothing.
type debeziumSeen struct {
	kind    map[string]byte // of the values, as jsonscan tells them, of the keys that matter here
	others  bool            // there are other keys
	payload []byte          // as it stands, nil for null
}

func (d debeziumSeen) is(key string, kind byte) bool { return d.kind[key] == kind }

func (d debeziumSeen) has(keys ...string) bool {
	for _, k := range keys {
		if _, ok := d.kind[k]; !ok {
			return false
		}
	}
	return true
}

func (d debeziumSeen) only(keys ...string) bool {
	return !d.others && len(d.kind) == len(keys) && d.has(keys...)
}

func debeziumKeys(text []byte) (d debeziumSeen, ok bool) {
	d.kind = make(map[string]byte, 8)
	ok = members(text, func(s *jsonscan.Scanner, key string) bool {
		switch key {
		case "schema", "payload", "op", "ts_ms", "status", "id", "event_count", "data_collections", "source", "tableChanges":
		default:
			d.others = true
			return true
		}
		kind := s.Kind()
		if d.kind[key] = kind; key != "payload" {
			return true
		}
		if d.payload = nil; kind != 'n' {
			d.payload = value(s, text)
		}
		return true
	})
	return d, ok
}

// DebeziumOp is what happened to a row.
type DebeziumOp string

// The operations of Debezium.
const (
	DebeziumCreate   DebeziumOp = "c"
	DebeziumUpdate   DebeziumOp = "u"
	DebeziumDelete   DebeziumOp = "d"
	DebeziumRead     DebeziumOp = "r" // the row was there when the snapshot was taken
	DebeziumTruncate DebeziumOp = "t" // of the whole table, which has neither Before nor After
	DebeziumMessage  DebeziumOp = "m" // a message in the log of PostgreSQL: see DebeziumChange.Message
)

// DebeziumChange is a change of a row, of whose columns E is made. What else an event has, such as
// a connector's own position, is read by a type of one's own: it is plain JSON.
type DebeziumChange[E any] struct {
	Op          DebeziumOp           `json:"op"`
	Before      *E                   `json:"before"` // nil for a creation, or if the database does not tell
	After       *E                   `json:"after"`  // nil for a deletion
	Source      DebeziumSource       `json:"source"`
	Millis      int64                `json:"ts_ms"` // when the connector saw it, in milliseconds since 1970
	Transaction *DebeziumTransaction `json:"transaction"`
	Message     *DebeziumLogMessage  `json:"message"` // of DebeziumMessage only
}

// Time is when the connector saw the change.
func (c DebeziumChange[E]) Time() time.Time { return time.UnixMilli(c.Millis) }

// DebeziumSource says where a change comes from.
type DebeziumSource struct {
	Version   string           `json:"version"` // of Debezium
	Connector string           `json:"connector"`
	Name      string           `json:"name"`  // the topic prefix
	Millis    int64            `json:"ts_ms"` // when the database made the change, in milliseconds since 1970
	Snapshot  DebeziumSnapshot `json:"snapshot"`
	DB        string           `json:"db"`
	Schema    string           `json:"schema"`
	Table     string           `json:"table"`
}

// Time is when the database made the change.
func (s DebeziumSource) Time() time.Time { return time.UnixMilli(s.Millis) }

// DebeziumSnapshot says whether a change is of a snapshot: true, first, last, incremental and the
// like, and false or "" if not.
type DebeziumSnapshot string

// UnmarshalJSON reads a string or, as some versions write, a boolean.
func (s *DebeziumSnapshot) UnmarshalJSON(text []byte) error {
	switch string(text) {
	case "true", "false":
		*s = DebeziumSnapshot(text)
		return nil
	}
	return json.Unmarshal(text, (*string)(s))
}

// DebeziumTransaction is the transaction of a change, if the connector has
// provide.transaction.metadata=true.
type DebeziumTransaction struct {
	ID                  string `json:"id"`
	TotalOrder          int64  `json:"total_order"`
	DataCollectionOrder int64  `json:"data_collection_order"`
}

// DebeziumLogMessage is a message that an application wrote with pg_logical_emit_message.
type DebeziumLogMessage struct {
	Prefix  string `json:"prefix"`
	Content []byte `json:"content"` // base64, with binary.handling.mode=base64
}
