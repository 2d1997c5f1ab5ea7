package offload

import (
	"context"
	"encoding/json"

	"github.com/weir-go/weir"
)

// The message attributes that mark a large message. Their value is the payload's size, which
// nobody relies on.
const (
	markerName = "ExtendedPayloadSize"
	legacyName = "SQSLargePayloadSize"
)

func reserved[V any](attributes map[string]V) (name string, ok bool) {
	for _, name := range []string{markerName, legacyName} {
		if _, ok := attributes[name]; ok {
			return name, true
		}
	}
	return "", false
}

// marked reports whether the sender marked the message. It reads a copy of the record.
func marked(ctx context.Context, m *weir.Message) bool {
	if _, ok := reserved(m.MessageAttributes()); ok {
		return true
	}
	// The payload may have been taken out of what SNS put around it, where its attributes are.
	for carrier := range weir.Carriers(ctx, m) {
		var n struct {
			Type              string
			MessageAttributes map[string]json.RawMessage
		}
		if json.Unmarshal(carrier.Payload, &n) != nil || n.Type != "Notification" {
			continue
		}
		if _, ok := reserved(n.MessageAttributes); ok {
			return true
		}
	}
	return false
}
