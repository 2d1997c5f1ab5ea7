package weir_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/weirtest"
)

// latest is a verb of its own: it handles only the newest record of each ordering key, and
// what becomes of that becomes of the older ones.
type latest struct{ handle weir.Handler }

func (v latest) Process(ctx context.Context, w *weir.Work) error {
	newest := map[string]*weir.Message{}
	for _, m := range w.All() {
		newest[m.OrderingKey] = m
	}
	outcome := map[string]error{}
	for key, m := range newest {
		outcome[key] = v.handle(ctx, m)
	}
	w.Decide(ctx, func(i int, m *weir.Message) error { return outcome[m.OrderingKey] })
	return nil
}

// A verb is a type with a Process method, which decides the records of a batch.
func ExampleVerb() {
	publish := func(ctx context.Context, m *weir.Message) error {
		fmt.Printf("published %s\n", m.Payload)
		return nil
	}
	show(weir.Kinesis(latest{publish}), weirtest.Kinesis(weirtest.In("door", "open", "closed", "locked")))
	// Output:
	// published locked
	// 1 succeeded
	// 2 succeeded
	// 3 succeeded
}

// activeMQ is Amazon MQ's event. Lambda takes no partial batch response from it.
var activeMQ = weir.Source{
	Name:         "Amazon MQ",
	AllOrNothing: true,
	Decode: func(event []byte) ([]weir.Message, error) {
		var e struct {
			EventSource, EventSourceARN string
			Messages                    []struct {
				MessageID string
				Data      []byte // base64
			}
		}
		if err := json.Unmarshal(event, &e); err != nil {
			return nil, fmt.Errorf("decode Amazon MQ event: %w", err)
		}
		if e.EventSource != "aws:mq" {
			return nil, fmt.Errorf("%w: it comes from %q, not from aws:mq", weir.ErrNotBatch, e.EventSource)
		}
		msgs := make([]weir.Message, len(e.Messages))
		for i, m := range e.Messages {
			msgs[i] = weir.Message{ID: m.MessageID, SourceARN: e.EventSourceARN, Payload: m.Data}
			if m.MessageID == "" {
				msgs[i].SetUndecodable(errors.New("no messageID"))
			}
		}
		return msgs, nil
	},
}

// A source is a literal with a Decode function. Its records take every verb.
func ExampleFrom() {
	fn := weir.From(activeMQ, weir.Each(ship), weir.StopOnFailure())

	event := `{"eventSource":"aws:mq","eventSourceArn":"arn:aws:mq:eu-west-1:111122223333:broker:b:b-1","messages":[
		{"messageID":"ID:1","data":"eyJJRCI6ImEiLCJBbW91bnQiOjF9"},
		{"messageID":"ID:2","data":"eyJJRCI6ImIiLCJBbW91bnQiOi0xfQ=="}]}`
	_, err := fn.Invoke(context.Background(), []byte(event))
	fmt.Println(err)
	// Output:
	// shipped a
	// weir: 1 of 2 records failed (arn:aws:mq:eu-west-1:111122223333:broker:b:b-1)
	//   1 x negative amount [ID:2]
}
