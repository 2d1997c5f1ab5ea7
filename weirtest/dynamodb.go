package weirtest

import (
	"encoding/json"
	"fmt"
	"time"
)

// DynamoDB builds an event of one shard of a table's stream, one record a change.
func DynamoDB(t Table, changes ...Change) Event {
	e := Event{
		idOf:   func(n int) string { return fmt.Sprintf("1%023d", n) },
		stream: true,
		arn:    "arn:aws:dynamodb:eu-west-1:" + account + ":table/table/stream/2026-01-01T00:00:00.000",
	}
	for i, c := range changes {
		entry := t.entry(c, fmt.Sprintf("weirtest: change %d: ", i))
		e.records = append(e.records, record{id: c.ID, time: c.Time, render: func(e Event, now record) any {
			return entry.at(e, now)
		}})
	}
	return e.numbered()
}

// Table is a table with a stream.
type Table struct {
	// Key and SortKey name the attributes of the items' keys. SortKey may be empty.
	Key, SortKey string

	// View says which images the stream has, NewAndOldImages by default.
	View View
}

// View is a stream's view type.
type View string

// The view types, as DynamoDB names them.
const (
	NewAndOldImages View = "NEW_AND_OLD_IMAGES"
	NewImage        View = "NEW_IMAGE"
	OldImage        View = "OLD_IMAGE"
	KeysOnly        View = "KEYS_ONLY"
)

// Change is one change of an item: inserted when it has no Old, removed when it has no New,
// else modified. Items become attribute values by dynamodbav tags, as with MarshalMap of the
// AWS SDK; string, []byte and json.RawMessage are the JSON of an attribute map as it stands.
type Change struct {
	Old, New any

	// Expired makes a removal one by DynamoDB, since the item's time to live had passed.
	Expired bool

	// Keys is the item's key, for items that have no attributes to take it from.
	Keys any

	// ID is the sequence number.
	ID string

	// Time is when the item was written, Event.At's by default, cut to the second.
	Time time.Time
}

// Inserted is the change that a new item makes.
func Inserted(item any) Change { return Change{New: item} }

// Modified is the change from one state of an item to another.
func Modified(before, after any) Change { return Change{Old: before, New: after} }

// Removed is the change that a deletion makes.
func Removed(item any) Change { return Change{Old: item} }

// Expired is the change that DynamoDB makes when an item's time to live has passed.
func Expired(item any) Change { return Change{Old: item, Expired: true} }

type dynamoRecord struct {
	EventID        string          `json:"eventID"`
	EventName      string          `json:"eventName"`
	EventVersion   string          `json:"eventVersion"`
	EventSource    string          `json:"eventSource"`
	AWSRegion      string          `json:"awsRegion"`
	DynamoDB       dynamoData      `json:"dynamodb"`
	UserIdentity   *dynamoIdentity `json:"userIdentity,omitempty"`
	EventSourceARN string          `json:"eventSourceARN"`
}

type dynamoData struct {
	ApproximateCreationDateTime json.Number
	Keys                        json.RawMessage
	NewImage                    json.RawMessage `json:",omitempty"`
	OldImage                    json.RawMessage `json:",omitempty"`
	SequenceNumber              string
	SizeBytes                   int
	StreamViewType              View
}

type dynamoIdentity struct {
	Type        string `json:"type"`
	PrincipalID string `json:"principalId"`
}

// entry is the part of a record that its place in the event does not change.
func (t Table) entry(c Change, where string) dynamoRecord {
	if t.Key == "" {
		panic("weirtest: the Table has no Key")
	}
	r := dynamoRecord{EventName: "MODIFY", EventVersion: "1.1", EventSource: "aws:dynamodb"}
	d := &r.DynamoDB
	switch {
	case c.Old == nil && c.New == nil:
		panic(where + "it has neither an Old nor a New item")
	case c.Expired && c.New != nil:
		panic(where + "an expired item has no New")
	case c.Old == nil:
		r.EventName = "INSERT"
	case c.New == nil:
		r.EventName = "REMOVE"
	}
	if c.Expired {
		r.UserIdentity = &dynamoIdentity{"Service", "dynamodb.amazonaws.com"}
	}
	oldImage, newImage := image(c.Old, where), image(c.New, where)
	switch {
	case c.Keys != nil:
		d.Keys = image(c.Keys, where)
	case newImage != nil:
		d.Keys = t.keysOf(newImage, where)
	default:
		d.Keys = t.keysOf(oldImage, where)
	}
	if d.StreamViewType = t.View; t.View == "" {
		d.StreamViewType = NewAndOldImages
	}
	switch d.StreamViewType {
	case NewAndOldImages:
		d.NewImage, d.OldImage = newImage, oldImage
	case NewImage:
		d.NewImage = newImage
	case OldImage:
		d.OldImage = oldImage
	case KeysOnly:
	default:
		panic(fmt.Sprintf("weirtest: unknown View %q", t.View))
	}
	d.SizeBytes = size(d.Keys) + size(d.NewImage) + size(d.OldImage)
	return r
}

func (r dynamoRecord) at(e Event, now record) dynamoRecord {
	r.DynamoDB.SequenceNumber = now.identifier(e)
	r.DynamoDB.ApproximateCreationDateTime = json.Number(fmt.Sprintf("%d.0", now.sent(e).Unix()))
	r.EventID = hexMD5([]byte(r.DynamoDB.SequenceNumber))
	r.AWSRegion = e.region()
	r.EventSourceARN = e.arn
	return r
}

func (t Table) keysOf(image json.RawMessage, where string) json.RawMessage {
	var item map[string]json.RawMessage
	if err := json.Unmarshal(image, &item); err != nil {
		panic(where + "the item is no attribute map to take the key from, so the Change needs Keys")
	}
	keys := map[string]json.RawMessage{}
	for _, name := range []string{t.Key, t.SortKey} {
		if name == "" {
			continue
		}
		v, ok := item[name]
		if !ok {
			panic(fmt.Sprintf("%sthe item has no attribute %q, which the Table has as its key", where, name))
		}
		keys[name] = v
	}
	return marshal(keys)
}
