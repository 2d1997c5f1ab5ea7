package envelope_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/envelope"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/weirtest"
)

func ExampleSNS() {
	type Order struct{ ID string }
	ship := func(ctx context.Context, o Order) error {
		sns, wrapped := envelope.SNSFromContext(ctx)
		fmt.Println(o.ID, wrapped, sns.TopicARN, sns.MessageAttributes["traceparent"].String)
		return nil
	}
	fn := weir.SQS(envelope.SNS(weir.Each(ship)))
	_, _ = fn.Invoke(context.Background(), weirtest.SQS(
		`{"Type":"Notification","MessageId":"m","TopicArn":"arn:aws:sns:eu-west-1:123456789012:orders",
		  "Message":"{\"ID\":\"A7\"}","Timestamp":"2026-01-02T03:04:05.678Z",
		  "MessageAttributes":{"traceparent":{"Type":"String","Value":"00-abc"}}}`,
		`{"ID":"delivered raw"}`).JSON())
	// Output:
	// A7 true arn:aws:sns:eu-west-1:123456789012:orders 00-abc
	// delivered raw false
}

func TestSNS(t *testing.T) {
	t.Parallel()
	for _, message := range []string{"plain", "", " ", `{"a":"\u00e9 <&> \"x\""}`, "line\nbreak\ttab", "é 日本 😀", strings.Repeat(`{"a":1},`, 5000), "\u2028\x7f\x00"} {
		got, err := opened(t, envelope.SNS, snsBody(message, ""))
		assert.NoError(t, err)
		assert.Equal(t, got, []string{message})
	}
	for escaped, want := range map[string]string{
		`\ud83d\ude00`: "😀", `\ud83d`: "\ufffd", `\u0041\/\b`: "A/\b", `\\\"`: `\"`, `\\`: `\`,
	} {
		got, err := opened(t, envelope.SNS, strings.Replace(snsBody("@@", ""), "@@", escaped, 1))
		assert.NoError(t, err)
		assert.Equal(t, got, []string{want})
	}
}

// What is not an envelope of SNS in every way is the application's own.
func TestSNSRaw(t *testing.T) {
	t.Parallel()
	body := snsBody("hello", "")
	without := func(key string) string { return strings.Replace(body, `"`+key+`"`, `"X`+key+`"`, 1) }
	cut := body[:len(body)-1]
	for _, raw := range []string{
		"", " ", "text", "[1]", "null", `"Notification"`, "{", "{}", "{}{}",
		`{"Message":"x"}`, `{"Type":"Notification","Message":"x"}`,
		`{"Type":"Notification","MessageId":"m","Message":"x","TopicArn":"orders"}`,
		`{"Type":"Notification","MessageId":"m","Message":"x","TopicArn":"arn:aws:sqs:eu-west-1:1:q"}`,
		`{"Type":"Notification","MessageId":"m","Message":"x","TopicArn":"arn:aws:sns:"}`,
		`{"Type":"Notification","MessageId":"m","Message":"x","TopicArn":"sns:eu-west-1:1:t"}`,
		without("Type"), without("MessageId"), without("TopicArn"), without("Message"),
		strings.Replace(body, `"Message"`, `"message"`, 1),
		strings.Replace(body, `"Type"`, `"TYPE"`, 1),
		strings.Replace(body, "Notification", "notification", 1),
		strings.Replace(body, quoted("hello"), `{"not":"a string"}`, 1),
		strings.Replace(body, quoted("hello"), `null`, 1),
		cut, body + "x", body + body,
		cut + `,"Message":"twice"}`, cut + `,"Type":"Notification"}`, cut + `,"Type":null}`,
		cut + `,"a":` + strings.Repeat("[", 10001) + strings.Repeat("]", 10001) + "}",
	} {
		got, err := opened(t, envelope.SNS, raw)
		assert.NoError(t, err)
		assert.Equal(t, got, []string{raw})
	}
	// What SNS may add one day changes nothing.
	got, err := opened(t, envelope.SNS, cut+`,"message":"m","New":{"a":[1,{"Message":"n"}]},"Deep":`+strings.Repeat("[", 9000)+strings.Repeat("]", 9000)+"}")
	assert.NoError(t, err)
	assert.Equal(t, got, []string{"hello"})
}

func TestSNSConfirmation(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"SubscriptionConfirmation", "UnsubscribeConfirmation"} {
		got, err := opened(t, envelope.SNS, strings.Replace(snsBody("x", ""), "Notification", kind, 1))
		undecodable(t, got, err, kind, "arn:aws:sns:us-west-2:123456789012:MyTopic")
	}
}

func TestSNSFromContext(t *testing.T) {
	t.Parallel()
	attrs := `,
  "SequenceNumber" : "10000000000000003000",
  "MessageAttributes" : {
    "ExtendedPayloadSize" : {"Type":"Number","Value":"300000"},
    "bin" : {"Type":"Binary.jpg","Value":"aGk="},
    "bad" : {"Type":"Binary","Value":"***"},
    "list" : {"Type":"String.Array","Value":"[\"a\"]"},
    "\u00e9" : {"Value":"v","Type":"String","type":"x"},
    "none" : null
  }`
	want := envelope.SNSMessage{
		MessageID: "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324", TopicARN: "arn:aws:sns:us-west-2:123456789012:MyTopic",
		Subject: "My First Message", Timestamp: time.Date(2012, 5, 2, 0, 54, 6, 655e6, time.UTC), SequenceNumber: "10000000000000003000",
		MessageAttributes: map[string]weir.MessageAttribute{
			"ExtendedPayloadSize": {DataType: "Number", String: "300000"}, "bin": {DataType: "Binary.jpg", Binary: []byte("hi")},
			"bad": {DataType: "Binary"}, "list": {DataType: "String.Array", String: `["a"]`}, "é": {DataType: "String", String: "v"}, "none": {},
		},
	}
	ofQueue := weirtest.Record{Value: snsBody("two", attrs), MessageAttributes: map[string]weir.MessageAttribute{"queue": {DataType: "String", String: "q"}}}
	event := weirtest.SQS("raw", ofQueue)
	check := func(ctx context.Context, m *weir.Message) {
		sns, ok := envelope.SNSOf(ctx, m)
		if raw := string(m.Payload) == "raw"; ok == raw {
			t.Errorf("%s: %v", m.Payload, ok)
		} else if !raw {
			assert.Equal(t, sns, want)
			assert.Equal(t, envelope.MessageAttributes(ctx, m), want.MessageAttributes)
		} else {
			assert.Equal(t, len(envelope.MessageAttributes(ctx, m)), 0)
		}
	}
	each := func(ctx context.Context, m *weir.Message) error {
		check(ctx, m)
		sns, ok := envelope.SNSFromContext(ctx)
		direct, also := envelope.SNSOf(ctx, m)
		assert.Equal(t, sns, direct)
		assert.Equal(t, ok, also)
		return nil
	}
	replace := func(next weir.Handler) weir.Handler { // as a middleware that fetches a payload does
		return func(ctx context.Context, m *weir.Message) error {
			other := m.With(slices.Clone(m.Payload))
			return next(weir.WithMessage(ctx, &other), &other)
		}
	}
	n := 0
	count := func(ctx context.Context, m *weir.Message) error { n++; return each(ctx, m) }
	weirtest.Run(t.Context(), weir.SQS(envelope.SNS(halves(weir.EachMessage(count))), weir.Use(replace)), event).WantDone(t)
	assert.Equal(t, n, 3)
	weirtest.Run(t.Context(), weir.SQS(envelope.SNS(halves(weir.Batch(func(ctx context.Context, b *weir.BatchOf[string]) error {
		for r := range b.All() {
			check(ctx, r.Message)
		}
		return nil
	})))), event).WantDone(t)

	_, ok := envelope.SNSFromContext(t.Context())
	assert.Equal(t, ok, false)
	_, ok = envelope.SNSOf(t.Context(), &weir.Message{})
	assert.Equal(t, ok, false)
	// The record itself is no envelope that it came in.
	weirtest.Run(t.Context(), weir.SQS(weir.EachMessage(func(ctx context.Context, m *weir.Message) error {
		_, ok := envelope.SNSFromContext(ctx)
		assert.Equal(t, ok, false)
		assert.Equal(t, envelope.MessageAttributes(ctx, m)["queue"].String, "q")
		return nil
	})), weirtest.SQS(ofQueue)).WantDone(t)
}

// halves makes two records of each but the one whose payload is raw.
func halves(v weir.Verb) weir.Verb {
	return weir.Unwrap(v, func(_ context.Context, m *weir.Message) ([]weir.Message, error) {
		if string(m.Payload) == "raw" {
			return []weir.Message{m.With(m.Payload)}, nil
		}
		return []weir.Message{m.WithPart(0, []byte("a")), m.WithPart(1, []byte("b"))}, nil
	})
}

// FuzzSNS compares with encoding/json, which tells keys by case too when it reads into a map.
func FuzzSNS(f *testing.F) {
	f.Add(snsBody("hello\n\"", ""))
	f.Add(`{"Type":"Notification","MessageId":"m","Message":"x","TopicArn":"arn:aws:sns:eu-west-1:1:t"}`)
	f.Add(`{"Type":"Notification","MessageId":"m","Message":"` + "\xff" + `\ud800","TopicArn":"arn:aws:sns:eu-west-1:1:t","Message":"y"}`)
	f.Fuzz(func(t *testing.T, body string) {
		got, err := viaRunner(t, envelope.SNS, body)
		var w map[string]json.RawMessage
		var kind, id, topic, message *string
		whole := json.Unmarshal([]byte(body), &w) == nil && w != nil &&
			json.Unmarshal(w["Type"], &kind) == nil && json.Unmarshal(w["MessageId"], &id) == nil &&
			json.Unmarshal(w["TopicArn"], &topic) == nil && json.Unmarshal(w["Message"], &message) == nil &&
			kind != nil && id != nil && topic != nil && message != nil
		switch {
		case err != nil:
			if !whole || !strings.HasSuffix(*kind, "Confirmation") {
				t.Fatalf("%q: %v", body, err)
			}
		case got[0] != body && (!whole || *kind != "Notification" || got[0] != *message):
			t.Fatalf("%q became %q", body, got)
		case got[0] == body && whole && *kind == "Notification" && *id != "" && *message != body && *topic == "arn:aws:sns:eu-west-1:1:t" && unique(body):
			t.Fatalf("%q was not opened", body)
		}
	})
}

// unique reports whether no key of an object comes twice.
func unique(body string) bool {
	d := json.NewDecoder(strings.NewReader(body))
	keys := map[string]bool{}
	_, _ = d.Token()
	for d.More() {
		k, _ := d.Token()
		key, _ := k.(string)
		if keys[key] {
			return false
		}
		keys[key] = true
		var skip json.RawMessage
		if d.Decode(&skip) != nil {
			return false
		}
	}
	return true
}

// viaRunner is opened for any bytes.
func viaRunner(t testing.TB, wrap func(weir.Verb) weir.Verb, payload string) (got []string, err error) {
	t.Helper()
	var s seen
	out := weir.NewRunner("test", wrap(s.verb())).Run(t.Context(), []weir.Message{{ID: "1", Payload: []byte(payload)}})
	_, err = out.Of(0)
	return s.list, err
}

func asItIs(v weir.Verb) weir.Verb { return v }

func BenchmarkSNS(b *testing.B) {
	message := `{"id":"order-1","customer":"c-17","lines":[{"sku":"a","n":1},{"sku":"b","n":2}],"note":"` + strings.Repeat("x", 200) + `"}`
	for _, c := range []struct {
		name string
		wrap func(weir.Verb) weir.Verb
		body string
	}{
		{"plain", asItIs, message},
		{"raw", envelope.SNS, message},
		{"wrapped", envelope.SNS, snsBody(message, "")},
		{"unopened", asItIs, snsBody(message, "")},
	} {
		b.Run(c.name, func(b *testing.B) {
			const n = 10
			values := make([]any, n)
			for i := range values {
				values[i] = c.body
			}
			event := weirtest.SQS(values...).JSON()
			fn := weir.SQS(c.wrap(weir.EachMessage(func(context.Context, *weir.Message) error { return nil })))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := fn.Invoke(b.Context(), event); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/record")
		})
	}
}
