package envelope_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/envelope"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/weirtest"
)

// zip compresses each text as a gzip member.
func zip(texts ...string) []byte {
	var b bytes.Buffer
	for _, text := range texts {
		w := gzip.NewWriter(&b)
		_, _ = w.Write([]byte(text))
		_ = w.Close()
	}
	return b.Bytes()
}

func to64(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

// snsBody is what SNS delivers to a queue, as it writes it.
func snsBody(message, more string) string {
	return fmt.Sprintf(`{
  "Type" : "Notification",
  "MessageId" : "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
  "TopicArn" : "arn:aws:sns:us-west-2:123456789012:MyTopic",
  "Subject" : "My First Message",
  "Message" : %s,
  "Timestamp" : "2012-05-02T00:54:06.655Z",
  "SignatureVersion" : "1",
  "Signature" : "EXAMPLEw6JRN...",
  "SigningCertURL" : "https://sns.us-west-2.amazonaws.com/SimpleNotificationService-f3ecfb7224c7233fe7bb5f59f96de52f.pem",
  "UnsubscribeURL" : "https://sns.us-west-2.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=arn:aws:sns:us-west-2:123456789012:MyTopic:c9135db0-26c4-47ec-8998-413945fb5a96"%s
}`, quoted(message), more)
}

func quoted(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// seen are the payloads that came to the handler, with their parts.
type seen struct{ list []string }

func (s *seen) verb() weir.Verb {
	return weir.EachMessage(func(_ context.Context, m *weir.Message) error {
		what := string(m.Payload)
		if m.Part != "" {
			what = m.Part + ":" + what
		}
		s.list = append(s.list, what)
		return nil
	})
}

// opened returns what comes out of a payload in a queue; of what is undecodable, the error.
func opened(t testing.TB, wrap func(weir.Verb) weir.Verb, payload string) ([]string, error) {
	t.Helper()
	return taken(t, weir.SQS(wrap(weir.EachMessage(keep))), weirtest.SQS(payload))
}

// binary is opened for payloads that are no text, in a stream.
func binary(t testing.TB, wrap func(weir.Verb) weir.Verb, payload []byte) ([]string, error) {
	t.Helper()
	return taken(t, weir.Kinesis(wrap(weir.EachMessage(keep))), weirtest.Kinesis(payload))
}

type seenKey struct{}

func keep(ctx context.Context, m *weir.Message) error {
	s, _ := ctx.Value(seenKey{}).(*seen)
	what := string(m.Payload)
	if m.Part != "" {
		what = m.Part + ":" + what
	}
	s.list = append(s.list, what)
	return nil
}

func taken(t testing.TB, l *weir.Lambda, e weirtest.Event) ([]string, error) {
	t.Helper()
	assert.NoError(t, l.Err())
	var s seen
	res := weirtest.Run(context.WithValue(t.Context(), seenKey{}, &s), l, e)
	return s.list, res.Records[0].Err
}

func undecodable(t testing.TB, got []string, err error, parts ...string) {
	t.Helper()
	assert.Error(t, err, append(parts, "undecodable")...)
	assert.Equal(t, len(got), 0)
}

// The envelopes that take options, without any.
func unpack(v weir.Verb) weir.Verb   { return envelope.KPL(v) }
func notified(v weir.Verb) weir.Verb { return envelope.S3(v) }
