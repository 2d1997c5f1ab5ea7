package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
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

// producer sends orders.
type producer struct {
	traces           traces
	writer           *offload.Writer
	orders, partners *mapping
	messages, large  int
}

// sendAll sends the orders, each as often and on such ways as it says, and the large ones by way
// of S3.
func (p *producer) sendAll(ctx context.Context, list []sale) error {
	for _, s := range list {
		for _, w := range s.sent {
			out := offload.Outgoing{Body: s.body(), Attributes: p.traces.checkout(ctx)}
			to := p.orders
			if w == byPartner {
				to, out.Body = p.partners, compress(out.Body)
			} else {
				p.large += count(p.writer.Large(out))
				var err error
				if out, err = p.writer.Offload(ctx, out); err != nil {
					return err
				}
			}
			if w == byTopic {
				out = publish(out, p.messages)
			}
			if err := to.queue.send(ctx, out.Body, out.Attributes); err != nil {
				return err
			}
			to.sent++
			p.messages++
		}
	}
	return nil
}

// publish is what becomes of a message on its way through a topic.
func publish(o offload.Outgoing, n int) offload.Outgoing {
	note := notification{
		Type: "Notification", MessageID: fmt.Sprintf("%08x-0000-5000-8000-000000000000", n),
		TopicArn: "arn:aws:sns:us-east-1:111122223333:orders", Message: o.Body, Timestamp: time.Now().UTC(),
		MessageAttributes: map[string]snsAttribute{},
	}
	for name, a := range o.Attributes {
		note.MessageAttributes[name] = snsAttribute{a.DataType, a.String}
	}
	text, _ := json.Marshal(note) // strings and times always marshal
	return offload.Outgoing{Body: string(text), Attributes: map[string]weir.MessageAttribute{}}
}

// compress is what partners do, since bodies of a queue are text.
func compress(body string) string {
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	_, _ = w.Write([]byte(body)) // a bytes.Buffer takes everything
	_ = w.Close()
	return base64.StdEncoding.EncodeToString(zipped.Bytes())
}
