package weirtest_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/weirtest"
)

func ExampleKafka() {
	event := weirtest.Kafka(
		weirtest.In("orders-1", Order{ID: 1, Total: 20}, weirtest.Record{Key: "anna", Value: nil}),
		weirtest.Record{ID: "orders-2@77", Value: "as it stands", Headers: weir.KafkaHeaders{{Name: "trace", Value: []byte("abc")}}},
	)
	list := weir.EachMessage(func(_ context.Context, m *weir.Message) error {
		fmt.Printf("%s %q %q %v", m.ID, m.Kafka.Key, m.Payload, m.Tombstone())
		for _, h := range m.Kafka.Headers {
			fmt.Printf(" %s: %s", h.Name, h.Value)
		}
		fmt.Println()
		return nil
	})
	weirtest.Run(context.Background(), weir.Kafka(list), event).WantDone(t)
	// Output:
	// orders-1@0 "" "{\"id\":1,\"total\":20}" false
	// orders-1@1 "anna" "" true
	// orders-2@77 "" "as it stands" false trace: abc
}

// failing fails the records with these identifiers.
func failing(ids ...string) weir.Verb {
	return weir.EachMessage(func(_ context.Context, m *weir.Message) error {
		for _, id := range ids {
			if m.ID == id {
				return errors.New("no")
			}
		}
		return nil
	})
}

// What comes again of Kafka is each partition from its resume point on.
func TestKafkaAgain(t *testing.T) {
	t.Parallel()
	event := weirtest.Kafka(weirtest.In("a-0", 1, 2, 3), weirtest.In("a-1", 4, 5), weirtest.In("b-0", 6))
	res := weirtest.Run(t.Context(), weir.Kafka(failing("a-0@1", "a-1@3")), event)
	res.Want(t, weirtest.Succeeded, weirtest.Failed, weirtest.Skipped, weirtest.Failed, weirtest.Skipped, weirtest.Succeeded)
	assert.Equal(t, res.Retried(), []string{"a-0@1", "a-1@3"})
	again := event.Again(res.Retried()...)
	assert.Equal(t, again.IDs(), []string{"a-0@1", "a-0@2", "a-1@3", "a-1@4"})
	weirtest.Run(t.Context(), weir.Kafka(failing()), again).WantDone(t)
	next := weirtest.Kafka(weirtest.In("a-0", 7)).After(event)
	assert.Equal(t, next.IDs(), []string{"a-0@6"})

	unordered := weirtest.Kafka(weirtest.Record{ID: "a-0@9"}, weirtest.Record{ID: "a-0@7"}, weirtest.Record{ID: "a-0@8"})
	assert.Equal(t, unordered.Again("a-0@8").IDs(), []string{"a-0@9", "a-0@8"})
}

// A Lambda that answers what Lambda does not take has everything again.
func TestKafkaAnswersOfOtherMake(t *testing.T) {
	t.Parallel()
	event := weirtest.Kafka("a", "b", "c")
	for answer, want := range map[string][]string{
		`{"batchItemFailures":[{"itemIdentifier":{"partition":"topic-0","offset":1}}]}`:     {"topic-0@1"},
		`{"batchItemFailures":[{"itemIdentifier":{"partition":"topic-0","offset":3}}]}`:     event.IDs(),
		`{"batchItemFailures":[{"itemIdentifier":{"partition":"topic-1","offset":1}}]}`:     event.IDs(),
		`{"batchItemFailures":[{"itemIdentifier":{"partition":"topic-0"}}]}`:                event.IDs(),
		`{"batchItemFailures":[{"itemIdentifier":{"offset":1}}]}`:                           event.IDs(),
		`{"batchItemFailures":[{"itemIdentifier":"topic-0@1"}]}`:                            event.IDs(),
		`{"batchItemFailures":[{"itemIdentifier":{"partition":"topic-0","offset":"1"}}]}`:   event.IDs(),
		`{"batchItemFailures":[{"itemIdentifier":{"partition":"topic-0","offset":1.0e0}}]}`: event.IDs(),
		`{"batchItemFailures":[]}`: nil,
		``:                         nil,
	} {
		res := weirtest.Run(t.Context(), answers(answer), event)
		assert.Equal(t, res.Retried(), want, answer)
	}
	res := weirtest.Run(t.Context(), answers(`{"batchItemFailures":[{"itemIdentifier":{"partition":"topic-0","offset":1}}]}`), event)
	res.Want(t, weirtest.Succeeded, weirtest.Failed, weirtest.Failed)
	// Of SQS, an object is no identifier.
	queue := weirtest.SQS("a", "b")
	assert.Equal(t, weirtest.Run(t.Context(), answers(`{"batchItemFailures":[{"itemIdentifier":{"partition":"topic-0","offset":1}}]}`), queue).Retried(), queue.IDs())
}

type answers string

func (a answers) Invoke(context.Context, []byte) ([]byte, error) { return []byte(a), nil }

// A self-managed cluster has a name, but no ARN.
func TestSelfManagedKafka(t *testing.T) {
	t.Parallel()
	event := weirtest.Kafka("a").From("b-2:9092,b-1:9092")
	assert.Contains(t, string(event.JSON()), `{"eventSource":"SelfManagedKafka","bootstrapServers":"b-2:9092,b-1:9092","records":`)
	arn := ""
	look := weir.EachMessage(func(_ context.Context, m *weir.Message) error { arn = m.SourceARN; return nil })
	weirtest.Run(t.Context(), weir.Kafka(look), event).WantDone(t)
	assert.Equal(t, arn, "b-1:9092,b-2:9092")
}
