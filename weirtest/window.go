package weirtest

import (
	"encoding/json"
	"time"

	"github.com/weir-go/weir"
)

// InWindow makes the event one of a tumbling window, for weir.KinesisWindow and
// weir.DynamoDBWindow. What is zero in info is filled in: the window is the minute in which the
// first record was sent. state is what the previous invocation of the window returned,
// Result.State, or a value for it; nil starts the window.
func (e Event) InWindow(info weir.WindowInfo, state any) Event {
	if e.kafka {
		panic("weirtest: InWindow: Kafka has no tumbling windows")
	}
	if info.Start.IsZero() {
		first := e.start
		if len(e.records) > 0 {
			first = e.records[0].sent(e)
		}
		info.Start = first.Truncate(time.Minute)
	}
	if info.End.IsZero() {
		info.End = info.Start.Add(time.Minute)
	}
	w := &window{info: info, state: json.RawMessage("{}")}
	if state != nil {
		w.state = text(state)
	}
	e.window = w
	return e
}

type window struct {
	info  weir.WindowInfo
	state json.RawMessage
}

type windowEvent struct {
	Records []any
	Window  struct {
		Start string `json:"start"`
		End   string `json:"end"`
	} `json:"window"`
	State           json.RawMessage `json:"state"`
	ShardID         string          `json:"shardId"`
	EventSourceARN  string          `json:"eventSourceARN"`
	Final           bool            `json:"isFinalInvokeForWindow"`
	TerminatedEarly bool            `json:"isWindowTerminatedEarly"`
}

func (w *window) event(e Event, records []any) windowEvent {
	out := windowEvent{
		Records:         records,
		State:           w.state,
		ShardID:         e.shard(),
		EventSourceARN:  e.arn,
		Final:           w.info.Final,
		TerminatedEarly: w.info.TerminatedEarly,
	}
	if w.info.SourceARN != "" {
		out.EventSourceARN = w.info.SourceARN
	}
	out.Window.Start = w.info.Start.UTC().Format(time.RFC3339)
	out.Window.End = w.info.End.UTC().Format(time.RFC3339)
	return out
}

func (e Event) shard() string {
	if e.window != nil && e.window.info.ShardID != "" {
		return e.window.info.ShardID
	}
	return "shardId-000000000000"
}
