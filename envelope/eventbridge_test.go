package envelope_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/envelope"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/weirtest"
)

func ExampleEventBridge() {
	type Instance struct {
		ID    string `json:"instance-id"`
		State string `json:"state"`
	}
	changed := func(ctx context.Context, i Instance) error {
		e, _ := envelope.EventBridgeFromContext(ctx)
		fmt.Println(i.ID, i.State, "-", e.Source, e.DetailType, e.Resources)
		return nil
	}
	fn := weir.SQS(envelope.EventBridge(weir.Each(changed)))
	_, _ = fn.Invoke(context.Background(), weirtest.SQS(`{
		"version": "0", "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
		"detail-type": "EC2 Instance State-change Notification", "source": "aws.ec2",
		"account": "111122223333", "time": "2017-12-22T18:43:48Z", "region": "us-west-1",
		"resources": ["arn:aws:ec2:us-west-1:123456789012:instance/i-1234567890abcdef0"],
		"detail": {"instance-id": "i-1234567890abcdef0", "state": "terminated"}}`).JSON())
	// Output:
	// i-1234567890abcdef0 terminated - aws.ec2 EC2 Instance State-change Notification [arn:aws:ec2:us-west-1:123456789012:instance/i-1234567890abcdef0]
}

func TestEventBridge(t *testing.T) {
	t.Parallel()
	event := func(detail string) string { return `{"detail-type":"T","source":"s","detail":` + detail + `,"id":"i"}` }
	for _, detail := range []string{`{}`, `{"a":[1,"\u00e9"]}`, `[]`, `"x"`, `1`, `1.50`, `null`, `true`, "{\n\t\"detail\" : 1 }", strings.Repeat("[", 9000) + strings.Repeat("]", 9000)} {
		got, err := opened(t, envelope.EventBridge, event(" "+detail+" "))
		assert.NoError(t, err)
		assert.Equal(t, got, []string{detail})
	}
	got, err := opened(t, envelope.EventBridge, `{"detail":1,"source":"s","detail-type":"T","detail":2,"Detail":3}`)
	assert.NoError(t, err)
	assert.Equal(t, got, []string{"2"}, "the last one counts, spelt so")
	for payload, why := range map[string]string{
		"": "not a JSON object", " ": "not a JSON object", "x": "not a JSON object", "[]": "not a JSON object", "null": "not a JSON object",
		event(`{`): "not a JSON object", event(`{}`) + "x": "not a JSON object", event(strings.Repeat("[", 10001) + strings.Repeat("]", 10001)): "not a JSON object",
		`{}`:                                                             "it has no detail-type",
		`{"detail":{},"source":"s"}`:                                     "it has no detail-type",
		`{"detail":{},"detail-type":"T"}`:                                "it has no source",
		`{"source":"s","detail-type":"T"}`:                               "it has no detail",
		`{"source":null,"detail-type":"T","detail":1}`:                   "it has no source",
		`{"source":"s","detail-type":1,"detail":1}`:                      "it has no detail-type",
		`{"source":"s","Detail-Type":"T","detail":1}`:                    "it has no detail-type",
		`{"source":"s","detail-type":"T","source":{},"detail":1}`:        "it has no source",
		`{"source":"s","detail-type":"T","detail":{},"detail":` + "\x01": "not a JSON object",
	} {
		got, err := opened(t, envelope.EventBridge, payload)
		undecodable(t, got, err, "EventBridge", why)
	}
}

func TestEventBridgeFromContext(t *testing.T) {
	t.Parallel()
	body := `{"version":"0","id":"i","detail-type":"T\u0021","source":"aws.s3","account":"1","time":"2017-12-22T18:43:48Z","region":"r",
		"resources":["a","b"],"replay-name":"again","detail":{"bucket":{"name":"b"},"object":{"key":"a+b%20c é","size":5,"etag":"e","version-id":"v","sequencer":"00"},"reason":"PutObject"}}`
	n := 0
	check := func(ctx context.Context, o envelope.S3Detail) error {
		n++
		assert.Equal(t, o.Bucket.Name+" "+o.Object.Key+" "+o.Object.VersionID, "b a+b%20c é v")
		assert.Equal(t, o.Object.Size, 5)
		e, ok := envelope.EventBridgeFromContext(ctx)
		assert.Equal(t, ok, true)
		assert.Equal(t, e, envelope.EventBridgeEvent{ID: "i", Source: "aws.s3", DetailType: "T!", Time: time.Date(2017, 12, 22, 18, 43, 48, 0, time.UTC),
			Account: "1", Region: "r", Resources: []string{"a", "b"}, Version: "0", ReplayName: "again"})
		_, ok = envelope.SNSFromContext(ctx)
		assert.Equal(t, ok, false)
		return nil
	}
	weirtest.Run(t.Context(), weir.SQS(envelope.EventBridge(weir.Each(check))), weirtest.SQS(body)).WantDone(t)
	_, ok := envelope.EventBridgeFromContext(t.Context())
	assert.Equal(t, ok, false)
	// In a topic, both are found, whatever stands between.
	l := weir.SQS(envelope.SNS(envelope.Base64(envelope.Gzip(envelope.EventBridge(weir.EachMessage(func(ctx context.Context, m *weir.Message) error {
		n++
		e, ok := envelope.EventBridgeFromContext(ctx)
		assert.Equal(t, ok && e.ID == "i", true)
		s, ok := envelope.SNSFromContext(ctx)
		assert.Equal(t, ok && s.Subject == "My First Message", true)
		return nil
	}))))))
	weirtest.Run(t.Context(), l, weirtest.SQS(snsBody(to64(zip(body)), ""))).WantDone(t)
	assert.Equal(t, n, 2)
}

func FuzzEventBridge(f *testing.F) {
	f.Add(`{"detail-type":"T","source":"s","detail":{"a":1}}`)
	f.Add(`{"detail":1,"source":"s","detail-type":"T","detail":2,"Detail":3}`)
	f.Fuzz(func(t *testing.T, body string) {
		got, err := viaRunner(t, envelope.EventBridge, body)
		var w map[string]json.RawMessage
		whole := json.Unmarshal([]byte(body), &w) == nil && w != nil && strings.HasPrefix(string(w["detail-type"]), `"`) &&
			strings.HasPrefix(string(w["source"]), `"`) && w["detail"] != nil
		if (err == nil) != whole {
			t.Fatalf("%q: %v, want %v", body, err, whole)
		}
		if whole && got[0] != string(w["detail"]) {
			t.Fatalf("%q became %q", body, got)
		}
	})
}
