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

func logsBody(kind, events string) string {
	return `{"messageType":"` + kind + `","owner":"111111111111","logGroup":"CloudTrail/logs","logStream":"s\u0031",` +
		`"subscriptionFilters":["Destination"],"logEvents":` + events + `}`
}

func ExampleCloudWatchLogs() {
	onEvent := func(ctx context.Context, e envelope.LogEvent) error {
		fmt.Println(e.LogGroup, e.Time().UTC().Format(time.RFC3339), e.Message)
		return nil
	}
	type Line struct{ Level, Msg string }
	onLine := func(ctx context.Context, l Line) error {
		fmt.Println(l.Level, l.Msg)
		return nil
	}
	event := weirtest.Kinesis(zip(logsBody("DATA_MESSAGE", `[
		{"id":"1","timestamp":1432826855000,"message":"{\"level\":\"warn\",\"msg\":\"slow\"}"},
		{"id":"2","timestamp":1432826856000,"message":"{\"level\":\"info\",\"msg\":\"done\"}"}]`))).JSON()
	_, _ = weir.Kinesis(envelope.CloudWatchLogs(weir.Each(onEvent))).Invoke(context.Background(), event)
	_, _ = weir.Kinesis(envelope.CloudWatchLogs(weir.Each(onLine), envelope.MessageOnly())).Invoke(context.Background(), event)
	// Output:
	// CloudTrail/logs 2015-05-28T15:27:35Z {"level":"warn","msg":"slow"}
	// CloudTrail/logs 2015-05-28T15:27:36Z {"level":"info","msg":"done"}
	// warn slow
	// info done
}

func logs(v weir.Verb) weir.Verb { return envelope.CloudWatchLogs(v) }

func logMessages(v weir.Verb) weir.Verb { return envelope.CloudWatchLogs(v, envelope.MessageOnly()) }

func TestCloudWatchLogs(t *testing.T) {
	t.Parallel()
	var got []envelope.LogEvent
	l := weir.Kinesis(envelope.CloudWatchLogs(weir.Each(func(_ context.Context, e envelope.LogEvent) error {
		got = append(got, e)
		return nil
	})))
	events := `[ {"id":"1","timestamp":5,"message":"a\n"} , {"extractedFields":{"f":"v"},"message":"","id":"2"},{},{ } ]`
	weirtest.Run(t.Context(), l, weirtest.Kinesis(
		zip(logsBody("CONTROL_MESSAGE", `[{"id":"","timestamp":1,"message":"CWL CONTROL MESSAGE: Checking health of destination Kinesis stream."}]`)),
		zip(logsBody("DATA_MESSAGE", events)),
		zip(`{"logEvents":[{},{"id":"9"}],"messageType":"DATA_MESSAGE"}`),
		zip(logsBody("DATA_MESSAGE", `[]`)),
	)).WantDone(t)
	like := func(e envelope.LogEvent) envelope.LogEvent {
		e.Owner, e.LogGroup, e.LogStream, e.SubscriptionFilters = "111111111111", "CloudTrail/logs", "s1", []string{"Destination"}
		return e
	}
	assert.Equal(t, got, []envelope.LogEvent{
		like(envelope.LogEvent{ID: "1", Timestamp: 5, Message: "a\n"}),
		like(envelope.LogEvent{ID: "2", ExtractedFields: map[string]string{"f": "v"}}),
		like(envelope.LogEvent{}), like(envelope.LogEvent{}), {}, {ID: "9"},
	})
	texts, err := binary(t, logMessages, zip(logsBody("DATA_MESSAGE", `[{"message":"a\u00e9"},{"message":"b","x":[1]}]`)))
	assert.NoError(t, err)
	assert.Equal(t, texts, []string{"0:aé", "1:b"})
	for text, why := range map[string]string{
		"": "not a JSON object", "[]": "not a JSON object", "{": "not a JSON object", "{}": `messageType is ""`, `{"MessageType":"DATA_MESSAGE"}`: `messageType is ""`,
		logsBody("OTHER", "[]"): `messageType is "OTHER"`, logsBody("DATA_MESSAGE", "{}"): "no list", logsBody("DATA_MESSAGE", "[1]"): "no list",
		`{"messageType":"DATA_MESSAGE"}`: "no list", logsBody("DATA_MESSAGE", `null`): "no list",
	} {
		got, err := binary(t, logs, zip(text))
		undecodable(t, got, err, "CloudWatch Logs", why)
	}
	for _, events := range []string{`[{}]`, `[{"message":1}]`, `[{"message":"a"},{"message":null}]`} {
		got, err := binary(t, logMessages, zip(logsBody("DATA_MESSAGE", events)))
		undecodable(t, got, err, "has no message")
	}
	plain, err := binary(t, logs, []byte(logsBody("DATA_MESSAGE", "[]")))
	undecodable(t, plain, err, "gzip: not compressed")
	plain, err = binary(t, func(v weir.Verb) weir.Verb { return envelope.CloudWatchLogs(v, envelope.MaxBytes(100)) }, zip(logsBody("DATA_MESSAGE", `[{"message":"`+strings.Repeat("a", 100)+`"}]`)))
	undecodable(t, plain, err, "more than the 100 of MaxBytes")
}

// FuzzCloudWatchLogs: the payloads mean what encoding/json finds in the whole.
func FuzzCloudWatchLogs(f *testing.F) {
	f.Add(logsBody("DATA_MESSAGE", `[{"id":"1","timestamp":5,"message":"a"},{}]`))
	f.Add(logsBody("CONTROL_MESSAGE", `[]`))
	f.Add(`{"messageType":"DATA_MESSAGE","logEvents":[ { } ]}`)
	f.Fuzz(func(t *testing.T, text string) {
		got, err := viaRunner(t, logs, string(zip(text)))
		var w map[string]json.RawMessage
		var kind string
		var events []map[string]json.RawMessage
		if json.Unmarshal([]byte(text), &w) != nil {
			if err == nil {
				t.Fatalf("%q became %q", text, got)
			}
			return
		}
		if json.Unmarshal(w["messageType"], &kind) != nil || kind != "DATA_MESSAGE" || json.Unmarshal(w["logEvents"], &events) != nil || err != nil {
			assert.Equal(t, len(got), 0)
			return
		}
		assert.Equal(t, len(got), len(events))
		for i, e := range events {
			var m map[string]json.RawMessage
			assert.NoError(t, json.Unmarshal([]byte(strings.TrimPrefix(got[i], fmt.Sprint(i, ":"))), &m))
			for _, shared := range []string{"owner", "logGroup", "logStream", "subscriptionFilters", "policyLevel"} {
				if v, ok := w[shared]; ok && e[shared] == nil {
					e[shared] = v
				}
			}
			assert.Equal(t, m, e)
		}
	})
}
