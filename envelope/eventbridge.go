package envelope

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/jsonscan"
)

// EventBridge opens the events that a rule of EventBridge puts into a queue or a stream: v gets the
// detail, as it stands in the event. What else the event says is found by EventBridgeFromContext.
//
// An event is an object with a detail-type and a source, both strings, and a detail. What is not,
// is undecodable. A target whose input is only a part of the event, or transformed, needs no
// envelope if that is the detail.
//
// Notifications of S3 that come by EventBridge have an S3Detail:
//
//	weir.SQS(envelope.EventBridge(weir.Each(func(ctx context.Context, o envelope.S3Detail) error { ... })))
//
// Source: "Event structure reference", Amazon EventBridge User Guide.
func EventBridge(v weir.Verb) weir.Verb {
	return opening("EventBridge", v, func(m *weir.Message) ([]weir.Message, error) {
		detail, err := readEvent(m.Payload, nil)
		if err != nil {
			return nil, err
		}
		return one(m, detail), nil
	})
}

// EventBridgeEvent is what EventBridge says about a detail.
type EventBridgeEvent struct {
	ID         string
	Source     string
	DetailType string
	Time       time.Time
	Account    string
	Region     string
	Resources  []string // ARNs
	Version    string
	ReplayName string // of the replay that sent it from an archive, else ""
}

// readEvent returns the detail of an event. Of a key that is there twice the last one counts, as in
// encoding/json.
func readEvent(payload []byte, e *EventBridgeEvent) (detail []byte, err error) {
	hasType, hasSource := false, false
	ok := members(payload, func(s *jsonscan.Scanner, key string) bool {
		switch key {
		case "detail":
			detail = value(s, payload)
			return true
		case "detail-type":
			hasType = s.Kind() == '"'
		case "source":
			hasSource = s.Kind() == '"'
		}
		if e != nil {
			e.member(s, payload, key)
		}
		return true
	})
	switch {
	case !ok:
		return nil, damaged("EventBridge", "not a JSON object")
	case !hasType:
		return nil, damaged("EventBridge", "not an event: it has no detail-type")
	case !hasSource:
		return nil, damaged("EventBridge", "not an event: it has no source")
	case detail == nil:
		return nil, damaged("EventBridge", "not an event: it has no detail")
	}
	return detail, nil
}

func (e *EventBridgeEvent) member(s *jsonscan.Scanner, payload []byte, key string) {
	switch key {
	case "id":
		e.ID = strings.Clone(str(s))
	case "source":
		e.Source = strings.Clone(str(s))
	case "detail-type":
		e.DetailType = strings.Clone(str(s))
	case "time":
		e.Time, _ = time.Parse(time.RFC3339, str(s))
	case "account":
		e.Account = strings.Clone(str(s))
	case "region":
		e.Region = strings.Clone(str(s))
	case "version":
		e.Version = strings.Clone(str(s))
	case "replay-name":
		e.ReplayName = strings.Clone(str(s))
	case "resources":
		e.Resources = nil
		_ = json.Unmarshal(value(s, payload), &e.Resources)
	}
}

// EventBridgeFromContext returns what EventBridge says about the record that a handler or an
// observer of records was called for. It reports false if the record did not come in an event. The
// event is read again for each call.
func EventBridgeFromContext(ctx context.Context) (EventBridgeEvent, bool) {
	m, ok := weir.FromContext(ctx)
	if !ok {
		return EventBridgeEvent{}, false
	}
	return EventBridgeOf(ctx, m)
}

// EventBridgeOf is EventBridgeFromContext for a record of a Batch, or of a verb of your own, with
// the context that its function was called with.
func EventBridgeOf(ctx context.Context, m *weir.Message) (EventBridgeEvent, bool) {
	for carrier := range weir.Carriers(ctx, m) {
		var e EventBridgeEvent
		if _, err := readEvent(carrier.Payload, &e); err == nil {
			return e, true
		}
	}
	return EventBridgeEvent{}, false
}
