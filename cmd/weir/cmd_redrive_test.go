package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"

	lib "github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/middleware/deadletter"
)

// lettersIn writes letters of records to a file.
func lettersIn(t *testing.T, payloads ...string) string {
	t.Helper()
	var b bytes.Buffer
	for _, p := range payloads {
		l := deadletter.NewLetter(&lib.Message{ID: "id-" + p, Payload: []byte(p)}, lib.Permanent(errors.New("no \x1b[31m "+p)))
		l.GivenUpAt = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
		data, err := l.Encode()
		assert.NoError(t, err)
		b.Write(append(data, '\n'))
	}
	name := filepath.Join(t.TempDir(), "letters.jsonl")
	assert.NoError(t, os.WriteFile(name, b.Bytes(), 0o600))
	return name
}

// fakeQueue takes messages until one that it refuses.
type fakeQueue struct {
	sent   []string
	refuse string
	stop   context.CancelFunc
}

func (q *fakeQueue) SendMessage(_ context.Context, in *sqs.SendMessageInput, _ ...func(*sqs.Options)) (*sqs.SendMessageOutput, error) {
	if *in.MessageBody == q.refuse {
		if q.stop != nil {
			q.stop()
		}
		return nil, errors.New("throttled")
	}
	q.sent = append(q.sent, *in.MessageBody)
	return &sqs.SendMessageOutput{}, nil
}

const ordersURL = "https://sqs.eu-west-1.amazonaws.com/1/orders"

func TestRedriveLists(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{}, {"--queue", ordersURL, "--dry-run"}} {
		var out, errs bytes.Buffer
		code := run(t.Context(), append(append([]string{"redrive"}, args...), lettersIn(t, "a", "b", "a")), nil, &out, &errs)
		assert.Equal(t, code, exitOK, errs.String())
		assert.Equal(t, out.String(), `2026-01-02 03:04:05  id-a  dropped  permanent: no ?[31m a
2026-01-02 03:04:05  id-b  dropped  permanent: no ?[31m b
2026-01-02 03:04:05  id-a  dropped  permanent: no ?[31m a  (of the same record as another)
3 letters, nothing was sent
`)
	}
	name := lettersIn(t, "a")
	data, err := os.ReadFile(name)
	assert.NoError(t, err)
	var out, errs bytes.Buffer
	code := run(t.Context(), []string{"redrive", "-"}, io.MultiReader(bytes.NewReader(data[:30]), strings.NewReader("\n"), bytes.NewReader(data)), &out, &errs)
	assert.Equal(t, code, exitFindings)
	assert.Contains(t, out.String(), "id-a", "1 letter, nothing was sent")
	assert.Contains(t, errs.String(), "line 1: deadletter: not a letter")
}

// A queue that fails in the midst: the run says how to go on, and going on sends the rest.
func TestRedriveGoesOn(t *testing.T) {
	t.Parallel()
	for _, interrupted := range []bool{false, true} {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		q := &fakeQueue{refuse: "c"}
		if interrupted {
			q.stop = cancel
		}
		c := redriveConfig{queue: ordersURL, files: []string{lettersIn(t, "a", "b", "a", "c", "d")}}
		var out, errs bytes.Buffer
		err := runRedrive(ctx, stdio{nil, &out, &errs}, c, q)
		assert.Equal(t, strings.Join(q.sent, ""), "ab")
		assert.Contains(t, errs.String(), "2 sent; go on with --skip 3")
		if interrupted {
			assert.Equal(t, err, context.Canceled)
		} else {
			assert.Error(t, err, "letters.jsonl, letter 4: throttled")
		}
		q.refuse, c.skip = "", 3
		assert.NoError(t, runRedrive(t.Context(), stdio{nil, &out, &errs}, c, q))
		assert.Equal(t, strings.Join(q.sent, ""), "abcd")
		assert.Contains(t, out.String(), "2 sent to "+ordersURL)
	}
}

// Nothing is sent unless all can be.
func TestRedriveAllOrNothing(t *testing.T) {
	t.Parallel()
	q := &fakeQueue{}
	var out, errs bytes.Buffer
	err := runRedrive(t.Context(), stdio{nil, &out, &errs}, redriveConfig{queue: ordersURL, files: []string{lettersIn(t, "a", "\xff")}}, q)
	assert.Equal(t, err, errFindings)
	assert.Contains(t, errs.String(), "letter 2: sqssink: letter ", "not UTF-8")
	assert.Contains(t, out.String(), "nothing was sent")
	assert.Equal(t, len(q.sent), 0)
}

// Sequence numbers are a shard's: two records that have one are two. Parts of one record are one.
func TestRedriveOfShards(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	for _, m := range []lib.Message{
		{ID: "1", Shard: "shardId-0", Payload: []byte("a")}, {ID: "1", Shard: "shardId-1", Payload: []byte("b")},
		{ID: "2", Shard: "shardId-0", Part: "0", Payload: []byte("c")}, {ID: "2", Shard: "shardId-0", Part: "1", Payload: []byte("d")},
	} {
		m.SourceARN = "arn:aws:kinesis:eu-west-1:1:stream/s"
		if m.Part != "" {
			m.SetRaw([]byte(`{"kinesis":{"data":"Y2Q="}}`))
		}
		data, err := deadletter.NewLetter(&m, errors.New("no")).Encode()
		assert.NoError(t, err)
		b.Write(append(data, '\n'))
	}
	q := &fakeQueue{}
	var out, errs bytes.Buffer
	assert.NoError(t, runRedrive(t.Context(), stdio{&b, &out, &errs}, redriveConfig{queue: ordersURL, files: []string{"-"}}, q))
	assert.Equal(t, strings.Join(q.sent, " "), "a b cd")
}

// What stands in a file says nothing to the terminal, also where it is an error.
func TestRedrivePrintable(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`{"weirDeadLetter":1,"letterId":"\u001b[31m","reason":"dropped","error":"\u001b[31m","id":"\u001b[31m","payload":""}`,
		`{"weirDeadLetter":1,"letterId":"a","reason":"dropped","error":"no","elsewhere":"s3://\u001b[31m"}`,
		`{"requestContext":{"condition":"RetryAttemptsExhausted"},"payload":{"eventSource":"\u001b[31m","Records":[]}}`,
		"\x1b[31m",
	} {
		var out, errs bytes.Buffer
		err := runRedrive(t.Context(), stdio{strings.NewReader(text), &out, &errs}, redriveConfig{queue: ordersURL, files: []string{"-"}}, &fakeQueue{})
		assert.Equal(t, err, errFindings)
		if shown := out.String() + errs.String(); strings.Contains(shown, "\x1b") || errs.Len() == 0 {
			t.Errorf("%q", shown)
		}
	}
}

// A letter that points to another needs that one, wherever it is given: in a directory, as S3 has it.
func TestRedriveElsewhere(t *testing.T) {
	t.Parallel()
	whole := deadletter.NewLetter(&lib.Message{ID: "1", Payload: []byte("a")}, errors.New("no"))
	pointer := *whole
	pointer.Payload, pointer.Elsewhere = nil, "s3://dead/2026/1.json"
	dir := t.TempDir()
	write := func(name string, l *deadletter.Letter) string {
		data, err := l.Encode()
		assert.NoError(t, err)
		assert.NoError(t, os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o700))
		assert.NoError(t, os.WriteFile(filepath.Join(dir, name), data, 0o600))
		return filepath.Join(dir, name)
	}
	queue := write("queue.json", &pointer)
	var out, errs bytes.Buffer
	q := &fakeQueue{}
	assert.Equal(t, runRedrive(t.Context(), stdio{nil, &out, &errs}, redriveConfig{queue: ordersURL, files: []string{queue}}, q), errFindings)
	assert.Contains(t, errs.String(), "queue.json, letter 1: the letter only says that the whole one is s3://dead/2026/1.json: copy that")

	object := filepath.Dir(filepath.Dir(write("objects/2026/1.json", whole)))
	for _, files := range [][]string{{queue, object}, {object, queue}, {object, object, queue, queue}} {
		out.Reset()
		errs.Reset()
		q := &fakeQueue{}
		assert.NoError(t, runRedrive(t.Context(), stdio{nil, &out, &errs}, redriveConfig{queue: ordersURL, files: files}, q))
		assert.Equal(t, strings.Join(q.sent, " "), "a")
		assert.Equal(t, strings.Count(out.String(), "same record as another"), len(files)-1)
	}
}

// Requests are signed for the region of the queue, whatever kind of host it has.
func TestQueueClient(t *testing.T) {
	t.Parallel()
	env := func(name string) string {
		return map[string]string{"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_DEFAULT_REGION": "ap-south-1"}[name]
	}
	for host, want := range map[string]string{
		"sqs.eu-west-1.amazonaws.com":                           "eu-west-1 <nil>",
		"sqs.cn-north-1.amazonaws.com.cn":                       "cn-north-1 <nil>",
		"sqs.eusc-de-east-1.amazonaws.eu":                       "eusc-de-east-1 <nil>",
		"queue.amazonaws.com":                                   "us-east-1 <nil>",
		"eu-west-1.queue.amazonaws.com":                         "eu-west-1 <nil>",
		"sqs.eu-west-1.api.aws":                                 "eu-west-1 https://sqs.eu-west-1.api.aws",
		"sqs-fips.us-west-2.amazonaws.com":                      "us-west-2 https://sqs-fips.us-west-2.amazonaws.com",
		"vpce-0a-b.sqs.eu-west-1.vpce.amazonaws.com":            "eu-west-1 https://vpce-0a-b.sqs.eu-west-1.vpce.amazonaws.com",
		"vpce-0a-b-eu-west-1a.sqs.eu-west-1.vpce.amazonaws.com": "eu-west-1 https://vpce-0a-b-eu-west-1a.sqs.eu-west-1.vpce.amazonaws.com",
		"sqs.eu-west-1.amazonaws.com.example.org":               "ap-south-1 https://sqs.eu-west-1.amazonaws.com.example.org",
		"localhost:4566":                                        "ap-south-1 https://localhost:4566",
	} {
		c, err := queueClient("https://"+host+"/111122223333/orders", env)
		assert.NoError(t, err)
		endpoint := "<nil>"
		if c.Options().BaseEndpoint != nil {
			endpoint = *c.Options().BaseEndpoint
		}
		assert.Equal(t, c.Options().Region+" "+endpoint, want, host)
	}
}

func TestRedriveUsage(t *testing.T) {
	t.Parallel()
	name := lettersIn(t, "a")
	for _, args := range [][]string{{}, {"--skip", "-1", name}, {"--skip", "2", name}, {"--queue", "orders", name}, {"--what", name}} {
		var out, errs bytes.Buffer
		assert.Equal(t, run(t.Context(), append([]string{"redrive"}, args...), nil, &out, &errs), exitUsage, strings.Join(args, " "))
	}
	var out, errs bytes.Buffer
	assert.Equal(t, run(t.Context(), []string{"redrive", name + ".not"}, nil, &out, &errs), exitFindings)
	assert.Contains(t, errs.String(), "no such file")
	_, err := queueClient(ordersURL, func(string) string { return "" })
	assert.Error(t, err, "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set")
}

// What goes over the wire, to a host that is not AWS's.
func TestRedriveSends(t *testing.T) {
	t.Parallel()
	var bodies []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in struct{ MessageBody, QueueUrl string }
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			t.Error(err)
		}
		bodies = append(bodies, r.Header.Get("X-Amz-Target")+" "+in.MessageBody)
		_, _ = io.WriteString(w, `{"MessageId":"m","MD5OfMessageBody":"0cc175b9c0f1b6a831c399e269772661"}`)
	}))
	defer server.Close()
	queue := server.URL + "/1/orders"
	c, err := queueClient(queue, func(name string) string { return "local" })
	assert.NoError(t, err)
	var out, errs bytes.Buffer
	assert.NoError(t, runRedrive(t.Context(), stdio{nil, &out, &errs}, redriveConfig{queue: queue, files: []string{lettersIn(t, "a")}}, c))
	assert.Equal(t, strings.Join(bodies, "|"), "AmazonSQS.SendMessage a")
	assert.Contains(t, out.String(), "1 sent to "+queue)
}
