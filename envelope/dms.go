package envelope

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/jsonscan"
)

// DMS sorts out what AWS Database Migration Service writes to a Kinesis stream or a Kafka topic: v
// gets the records of data, as they are, which DMSChange decodes.
//
//	weir.Kinesis(envelope.DMS(weir.Each(func(ctx context.Context, c envelope.DMSChange[Order]) error { ... })))
//
// Control records, which tell of tables that are created, changed, renamed or dropped, hold
// nothing and are done. Who wants them leaves DMS out and takes DMSChange as it comes: its
// Metadata.RecordType tells. What has no metadata of either kind is undecodable.
//
// Source: "Using Amazon Kinesis Data Streams as a target", AWS DMS User Guide.
func DMS(v weir.Verb) weir.Verb {
	return opening("DMS", v, func(m *weir.Message) ([]weir.Message, error) {
		kind, isDMS := "", false
		ok := members(m.Payload, func(s *jsonscan.Scanner, key string) bool {
			if key == "metadata" {
				kind = ""
				isDMS = members(value(s, m.Payload), func(s *jsonscan.Scanner, key string) bool {
					if key == "record-type" {
						kind = str(s)
					}
					return true
				})
			}
			return true
		})
		switch {
		case !ok:
			return nil, damaged("DMS", "not a JSON object")
		case !isDMS:
			return nil, damaged("DMS", "not a record of DMS: it has no metadata")
		case kind == "data":
			return one(m, m.Payload), nil
		case kind == "control":
			return nil, nil
		}
		return nil, damaged("DMS", "the record-type is %.40q, neither data nor control", kind)
	})
}

// DMSOperation is what happened to a row.
type DMSOperation string

// The operations of records of data. Those of control records are others, such as create-table.
const (
	DMSLoad   DMSOperation = "load" // the row was there when the task began
	DMSInsert DMSOperation = "insert"
	DMSUpdate DMSOperation = "update"
	DMSDelete DMSOperation = "delete"
)

// DMSChange is a change of a row, of whose columns E is made.
type DMSChange[E any] struct {
	Op DMSOperation

	// Before is the row as it was. Of an update it is there only if the task has
	// BeforeImageSettings, and then with the columns that these name; of a deletion it is what
	// DMS knows, the row or its primary key alone.
	Before *E

	// After is the row as it is: nil for a deletion.
	After *E

	Metadata DMSMetadata
}

// DMSMetadata is what DMS says about a change.
type DMSMetadata struct {
	RecordType      string    `json:"record-type"` // data or control
	Operation       string    `json:"operation"`
	Schema          string    `json:"schema-name"`
	Table           string    `json:"table-name"`
	Timestamp       time.Time `json:"timestamp"`        // when the record was made
	CommitTimestamp time.Time `json:"commit-timestamp"` // of the transaction, zero if the task does not tell
	StreamPosition  string    `json:"stream-position"`  // in the source's log

	TransactionID       string `json:"-"` // "" if the task does not tell
	TransactionRecordID string `json:"-"` // place in the transaction
}

// UnmarshalJSON reads metadata as DMS writes it. Numbers of transactions come as numbers or strings.
func (m *DMSMetadata) UnmarshalJSON(text []byte) error {
	type plain DMSMetadata
	var w struct {
		plain
		ID       json.RawMessage `json:"transaction-id"`
		RecordID json.RawMessage `json:"transaction-record-id"`
	}
	if err := json.Unmarshal(text, &w); err != nil {
		return err
	}
	*m = DMSMetadata(w.plain)
	m.TransactionID, m.TransactionRecordID = loose(w.ID), loose(w.RecordID)
	return nil
}

// loose is a string or a number as text.
func loose(text json.RawMessage) string {
	var s string
	switch {
	case len(text) == 0 || text[0] == 'n':
		return ""
	case json.Unmarshal(text, &s) == nil:
		return s
	}
	return string(text)
}

// UnmarshalJSON reads a record as DMS writes it.
func (c *DMSChange[E]) UnmarshalJSON(text []byte) error {
	var w struct {
		Data     *E           `json:"data"`
		Before   *E           `json:"before-image"`
		Metadata *DMSMetadata `json:"metadata"`
	}
	if err := json.Unmarshal(text, &w); err != nil {
		return err
	}
	if w.Metadata == nil {
		return errors.New("DMS: the record has no metadata")
	}
	*c = DMSChange[E]{Op: DMSOperation(w.Metadata.Operation), Before: w.Before, After: w.Data, Metadata: *w.Metadata}
	if w.Metadata.RecordType != "data" {
		return nil
	}
	switch {
	case w.Data == nil && (c.Op != DMSDelete || w.Before == nil):
		return errors.New("DMS: the record has no data")
	case c.Op != DMSDelete:
	case c.Before == nil:
		c.Before, c.After = c.After, nil
	default:
		c.After = nil
	}
	return nil
}
