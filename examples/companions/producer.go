package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/middleware/offload"
)

// notification is what SNS makes of a message for a queue.
type notification struct {
	Type              string
	MessageID         string `json:"MessageId"`
	TopicArn          string
	Message           string
	Timestamp         time.Time
	MessageAttributes map[string]snsAttribute `json:",omitempty"`
}

type snsAttribute struct{ Type, Value string }

// sendAll sends the orders, the large ones by way of S3, and returns how many messages that were.
func sendAll(ctx context.Context, q queue, w *offload.Writer, list []sale) (sent, large int, err error) {
	for _, s := range list {
		for range 1 + count(s.twice) {
			out, err := w.Offload(ctx, offload.Outgoing{Body: s.body()})
			if err != nil {
				return sent, large, err
			}
			large += count(len(out.Attributes) > 0)
			if !s.raw {
				out = publish(out, sent)
			}
			if err := q.send(ctx, out.Body, out.Attributes); err != nil {
				return sent, large, err
			}
			sent++
		}
	}
	return sent, large, nil
}

// publish is what becomes of a message on its way through a topic.
func publish(o offload.Outgoing, n int) offload.Outgoing {
	note := notification{
		Type: "Notification", MessageID: fmt.Sprintf("%08x-0000-5000-8000-000000000000", n),
		TopicArn: "arn:aws:sns:us-east-1:111122223333:orders", Message: o.Body, Timestamp: time.Now().UTC(),
	}
	for name, a := range o.Attributes {
		note.MessageAttributes = map[string]snsAttribute{name: {a.DataType, a.String}}
	}
	text, _ := json.Marshal(note) // strings and times always marshal
	return offload.Outgoing{Body: string(text), Attributes: map[string]weir.MessageAttribute{}}
}

func count(yes bool) int {
	if yes {
		return 1
	}
	return 0
}
