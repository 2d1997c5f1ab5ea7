package offload_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/envelope"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/middleware/deadletter"
	"github.com/weir-go/weir/middleware/offload"
	"github.com/weir-go/weir/weirtest"
)

// notified is what SNS delivers of a message, with the attribute of large ones.
func notified(message string) string {
	text, _ := json.Marshal(message)
	return fmt.Sprintf(`{"Type":"Notification","MessageId":"1","TopicArn":"arn:aws:sns:eu-west-1:1:t","Message":%s,`+
		`"MessageAttributes":{"ExtendedPayloadSize":{"Type":"Number","Value":"5"}}}`, text)
}

// enclosed is a large message in SNS.
func enclosed(key string) string { return notified(at(key).Body()) }

// gate fails the n-th record, counted from 1, before anything behind it sees it.
func gate(n int, err error) weir.FlowOption {
	return weir.Use(func(next weir.Handler) weir.Handler {
		i := 0
		return func(ctx context.Context, m *weir.Message) error {
			if i++; i == n {
				return err
			}
			return next(ctx, m)
		}
	})
}

// An object stays that a record needs which never came to Load, in an envelope or not.
func TestDeleteAfterSparesWhatWasNotLoaded(t *testing.T) {
	t.Parallel()
	sns := func(b *bucket) weir.Verb { return envelope.SNS(weir.Each(outcomes)) }
	plain := func(b *bucket) weir.Verb { return weir.Each(outcomes) }
	throttled, dropped := errors.New("throttled"), weir.Drop(errors.New("not wanted"))
	for name, tc := range map[string]struct {
		verb   func(b *bucket) weir.Verb
		event  weirtest.Event
		before []weir.SQSOption
		left   map[string]bool
	}{
		"plain":            {plain, weirtest.SQS(large("a", "1"), large("b", "1"), large("c", "2")), []weir.SQSOption{gate(2, throttled)}, map[string]bool{"1": true}},
		"plain, dropped":   {plain, weirtest.SQS(large("a", "1"), large("b", "1"), large("c", "2")), []weir.SQSOption{gate(2, dropped)}, map[string]bool{"1": true}},
		"SNS":              {sns, weirtest.SQS(enclosed("1"), enclosed("1"), enclosed("2")), []weir.SQSOption{gate(2, throttled)}, map[string]bool{"1": true}},
		"SNS, dropped":     {sns, weirtest.SQS(enclosed("1"), enclosed("1"), enclosed("2")), []weir.SQSOption{gate(2, dropped)}, map[string]bool{"1": true}},
		"SNS, small":       {sns, weirtest.SQS(enclosed("1"), notified("small"), enclosed("2")), []weir.SQSOption{gate(2, throttled)}, map[string]bool{}},
		"SNS, not run":     {sns, weirtest.FIFO(enclosed("2"), enclosed("1"), enclosed("2"), enclosed("3")), []weir.SQSOption{gate(2, throttled)}, map[string]bool{"1": true, "2": true, "3": true}},
		"SNS, not opened":  {sns, weirtest.SQS(enclosed("1"), `{"Type":"SubscriptionConfirmation","MessageId":"1","TopicArn":"arn:aws:sns:eu-west-1:1:t","Message":"m"}`), nil, map[string]bool{"1": true, "2": true, "3": true}},
		"SNS, raw":         {sns, weirtest.SQS(large("a", "1"), large("b", "1"), enclosed("2")), []weir.SQSOption{gate(2, throttled)}, map[string]bool{"1": true}},
		"SNS, all is done": {sns, weirtest.SQS(enclosed("1"), "raw", enclosed("2")), nil, map[string]bool{}},
		"unwrapped": {func(b *bucket) weir.Verb {
			return envelope.SNS(offload.Unwrap(weir.Batch(func(_ context.Context, batch *weir.BatchOf[string]) error {
				for item := range batch.All() {
					if item.Message.ID == "m2" {
						batch.Fail(item, throttled)
					}
				}
				return nil
			}), b, buckets))
		}, weirtest.SQS(enclosed("1"), weirtest.Record{ID: "m2", Value: enclosed("1")}, enclosed("2")), nil, map[string]bool{"1": true}},
		"hidden by a middleware": {plain, weirtest.SQS(
			marked("a", base64.StdEncoding.EncodeToString([]byte(at("1").Body()))), marked("b", base64.StdEncoding.EncodeToString([]byte(at("1").Body()))),
		), []weir.SQSOption{gate(2, throttled), weir.Use(func(next weir.Handler) weir.Handler {
			return func(ctx context.Context, m *weir.Message) error {
				text, err := base64.StdEncoding.DecodeString(string(m.Payload))
				if err != nil {
					return err
				}
				own := m.With(text)
				return next(weir.WithMessage(ctx, &own), &own)
			}
		})}, map[string]bool{"1": true, "2": true, "3": true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := bucketOf("1", "ok", "2", "ok", "3", "ok")
			opts := tc.before
			if name != "unwrapped" {
				opts = append(opts, offload.Load(b, buckets))
			}
			weirtest.Run(t.Context(), weir.SQS(tc.verb(b), append(opts, offload.DeleteAfter(b, none(t)))...), tc.event)
			left := b.keys()
			if name != "hidden by a middleware" && name != "SNS, not run" && name != "SNS, not opened" {
				delete(left, "3") // which none of them names
			}
			assert.Equal(t, left, tc.left)
		})
	}
}

// A message that comes twice is a dead letter at once, as DeleteAfter says.
func TestDeleteAfterAndDeadLetters(t *testing.T) {
	t.Parallel()
	b := bucketOf("1", "ok")
	var letters []string
	fn := weir.SQS(weir.Each(outcomes), offload.Load(b, buckets), offload.DeleteAfter(b, none(t)),
		deadletter.To(deadletter.Func(func(_ context.Context, l *deadletter.Letter) error {
			letters = append(letters, l.Error)
			return nil
		}), deadletter.Permanent()))
	for range 2 {
		weirtest.Run(t.Context(), fn, weirtest.SQS(large("a", "1")))
	}
	assert.Equal(t, len(letters), 1)
	assert.Error(t, errors.New(letters[0]), "the object is not there")
}
