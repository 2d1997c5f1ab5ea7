package unwraptest

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/envelope"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/weirtest"
)

// samples are the events that aws-lambda-go is tested with.
func samples(t *testing.T, pattern string) map[string][]byte {
	t.Helper()
	dir, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/aws/aws-lambda-go").Output()
	assert.NoError(t, err)
	names, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(dir)), "events", "testdata", pattern))
	assert.NoError(t, err)
	found := map[string][]byte{}
	for _, name := range names {
		found[filepath.Base(name)], err = os.ReadFile(name)
		assert.NoError(t, err)
	}
	if len(found) == 0 {
		t.Fatalf("aws-lambda-go has no %s", pattern)
	}
	return found
}

func run(t *testing.T, v weir.Verb, e weirtest.Event) {
	t.Helper()
	weirtest.Run(t.Context(), weir.SQS(v), e).WantDone(t)
}

func TestS3(t *testing.T) {
	t.Parallel()
	n := 0
	for name, text := range samples(t, "s3-*event*.json") {
		var want events.S3Event
		if json.Unmarshal(text, &want) != nil || len(want.Records) == 0 {
			continue // of another kind
		}
		var got []envelope.S3Record
		run(t, envelope.S3(weir.Each(func(_ context.Context, r envelope.S3Record) error {
			got = append(got, r)
			return nil
		})), weirtest.SQS(string(text)))
		assert.Equal(t, len(got), len(want.Records), name)
		for i, w := range want.Records {
			n++
			assert.Equal(t, got[i], envelope.S3Record{
				EventName: w.EventName, EventTime: w.EventTime, Region: w.AWSRegion, Bucket: w.S3.Bucket.Name, BucketARN: w.S3.Bucket.Arn,
				Key: w.S3.Object.URLDecodedKey, VersionID: w.S3.Object.VersionID, Size: w.S3.Object.Size, ETag: w.S3.Object.ETag,
				Sequencer: w.S3.Object.Sequencer, EventVersion: w.EventVersion, ConfigurationID: w.S3.ConfigurationID,
				PrincipalID: w.PrincipalID.PrincipalID, SourceIP: w.RequestParameters.SourceIPAddress,
			}, name)
		}
	}
	if n < 4 {
		t.Errorf("only %d records were compared", n)
	}
}

func TestSNS(t *testing.T) {
	t.Parallel()
	for name, text := range samples(t, "*sns*.json") {
		var e events.SNSEvent
		if json.Unmarshal(text, &e) != nil {
			continue
		}
		for _, r := range e.Records {
			if r.SNS.Type == "" {
				continue // of another kind
			}
			body, err := json.Marshal(r.SNS)
			assert.NoError(t, err)
			n := 0
			run(t, envelope.SNS(weir.EachMessage(func(ctx context.Context, m *weir.Message) error {
				n++
				assert.Equal(t, string(m.Payload), r.SNS.Message, name)
				got, ok := envelope.SNSFromContext(ctx)
				assert.Equal(t, ok, true, name)
				assert.Equal(t, got.MessageID, r.SNS.MessageID)
				assert.Equal(t, got.TopicARN, r.SNS.TopicArn)
				assert.Equal(t, got.Subject, r.SNS.Subject)
				assert.Equal(t, got.Timestamp.Equal(r.SNS.Timestamp), true)
				assert.Equal(t, len(got.MessageAttributes), len(r.SNS.MessageAttributes))
				for key, a := range r.SNS.MessageAttributes {
					a, _ := a.(map[string]any)
					assert.Equal(t, any(got.MessageAttributes[key].DataType), a["Type"])
					if v := got.MessageAttributes[key]; strings.HasPrefix(v.DataType, "Binary") {
						text, _ := a["Value"].(string)
						want, err := base64.StdEncoding.DecodeString(text)
						if err != nil {
							want = nil // a sample's is not what SNS sends
						}
						assert.Equal(t, v.Binary, want)
					} else {
						assert.Equal(t, any(v.String), a["Value"])
					}
				}
				return nil
			})), weirtest.SQS(string(body)))
			assert.Equal(t, n, 1)
		}
	}
}

func TestEventBridge(t *testing.T) {
	t.Parallel()
	n := 0
	for _, pattern := range []string{"code*event.json", "ecr-*.json", "autoscaling-*.json"} {
		for name, text := range samples(t, pattern) {
			var want events.CloudWatchEvent
			if json.Unmarshal(text, &want) != nil || want.DetailType == "" {
				continue
			}
			n++
			run(t, envelope.EventBridge(weir.EachMessage(func(ctx context.Context, m *weir.Message) error {
				got, ok := envelope.EventBridgeFromContext(ctx)
				assert.Equal(t, ok, true, name)
				assert.Equal(t, got, envelope.EventBridgeEvent{ID: want.ID, Source: want.Source, DetailType: want.DetailType, Time: want.Time,
					Account: want.AccountID, Region: want.Region, Resources: want.Resources, Version: want.Version}, name)
				assert.Equal(t, string(m.Payload), string(want.Detail), name)
				return nil
			})), weirtest.SQS(string(text)))
		}
	}
	if n < 5 {
		t.Errorf("only %d events were compared", n)
	}
}

func TestCloudWatchLogs(t *testing.T) {
	t.Parallel()
	for _, text := range samples(t, "cloudwatch-logs-event.json") {
		var e events.CloudwatchLogsEvent
		assert.NoError(t, json.Unmarshal(text, &e))
		data, err := base64.StdEncoding.DecodeString(e.AWSLogs.Data)
		assert.NoError(t, err)
		want, err := e.AWSLogs.Parse()
		assert.NoError(t, err)
		var got []envelope.LogEvent
		l := weir.Kinesis(envelope.CloudWatchLogs(weir.Each(func(_ context.Context, e envelope.LogEvent) error {
			got = append(got, e)
			return nil
		})))
		weirtest.Run(t.Context(), l, weirtest.Kinesis(bytes.Clone(data))).WantDone(t)
		assert.Equal(t, len(got), len(want.LogEvents))
		for i, w := range want.LogEvents {
			g := got[i]
			g.ExtractedFields = nil // which aws-lambda-go does not know
			assert.Equal(t, g, envelope.LogEvent{Owner: want.Owner, LogGroup: want.LogGroup, LogStream: want.LogStream,
				SubscriptionFilters: want.SubscriptionFilters, ID: w.ID, Timestamp: w.Timestamp, Message: w.Message})
		}
	}
}
