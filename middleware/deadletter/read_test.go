package deadletter_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/middleware/deadletter"
	"github.com/weir-go/weir/weirtest"
)

// readAll describes what Read yields.
func readAll(r io.Reader) (got []string) {
	for l, err := range deadletter.Read(r) {
		var at *deadletter.LineError
		switch {
		case errors.As(err, &at):
			got = append(got, fmt.Sprintf("line %d: %v", at.Line, errors.Is(err, deadletter.ErrNotLetter)))
		case err != nil:
			got = append(got, "error")
		default:
			got = append(got, l.RecordID)
		}
	}
	return got
}

const one, two = `{"weirDeadLetter":1,"id":"1","payload":"x"}`, `{"weirDeadLetter":1,"id":"2","payload":"y"}`

func wrapped(text string) string { return strconv.Quote(text) }

func TestRead(t *testing.T) {
	t.Parallel()
	pretty := strings.NewReplacer(`{`, "{\n  ", `,`, ",\n  ", `}`, "\n}").Replace
	for _, tt := range []struct{ text, want string }{
		{"", ""},
		{"\n\n \r\n", ""},
		{one, "1"},
		{one + "\n" + two + "\n", "1|2"},
		{"\xef\xbb\xbf" + one + "\r\n\r\n" + two, "1|2"},
		{one[:20] + "\n" + two, "line 1: true|2"},
		{one + "\n" + two[:20], "1|line 2: true"},
		{pretty(one), "1"},
		{pretty(one) + "\n" + pretty(two) + two + "\n" + one, "1|2|2|1"},
		{"[" + one + "," + two + "]", "1|2"},
		{"[\n" + one + ",\n" + two + "\n]\n" + one, "1|2|1"},
		{"[" + one + ",7," + two + "]", "1|2|line 1: true"},
		{"[]\n" + one, "1"},
		{"{\n" + one, "line 1: true|1"},
		{`{"Type":"Notification","MessageId":"m","Message":` + wrapped(one) + `}`, "1"},
		{`{"Messages":[{"Body":` + wrapped(one) + `},{"Body":"x"},{},{"Body":` + wrapped(`{"Type":"Notification","Message":`+wrapped(two)+`}`) + `}]}`, "1|2|line 1: true"},
		{`{"Messages":[]}`, "line 1: true"},
		{`{"Type":"SubscriptionConfirmation","Message":` + wrapped(one) + `}`, "line 1: true"},
		{"{\n\"a\"", "line 1: true"},
		{"{\n", "line 1: true"},
		{`{"weirDeadLetter":2,"id":"1"}` + "\n" + one, "line 1: true|1"},
		{`{"id":"1"}` + "\nnull\n7\n\"x\"\n" + one, "line 1: true|line 2: true|line 3: true|line 4: true|1"},
		{`{"weirDeadLetter":1,"id":7}` + "\n" + one, "line 1: true|1"},
		{`{"weirDeadLetter":1,"attempt":-7}` + "\n" + one, "line 1: true|1"},
	} {
		if got := strings.Join(readAll(strings.NewReader(tt.text)), "|"); got != tt.want {
			t.Errorf("%s\ngot  %s\nwant %s", tt.text, got, tt.want)
		}
		if got := strings.Join(readAll(iotest.OneByteReader(strings.NewReader(tt.text))), "|"); got != tt.want {
			t.Errorf("byte by byte: %s\ngot  %s\nwant %s", tt.text, got, tt.want)
		}
	}
	broken := io.MultiReader(strings.NewReader(one+"\n"), iotest.ErrReader(errNo))
	assert.Equal(t, strings.Join(readAll(broken), "|"), "1|line 1: false")
	for range deadletter.Read(strings.NewReader(one + "\n" + two)) {
		break
	}
}

const failureHead = `{"requestContext":{"requestId":"r1","functionArn":"arn:aws:lambda:eu-west-1:111122223333:function:f","condition":"RetryAttemptsExhausted","approximateInvokeCount":3},
 "responseContext":{"statusCode":200,"executedVersion":"$LATEST","functionError":null},"version":"1.0","timestamp":"2026-01-02T03:04:05.678Z",
 "KinesisBatchInfo":{"shardId":"shardId-000000000001","startSequenceNumber":"4960","endSequenceNumber":"4961",
 "approximateArrivalOfFirstRecord":"2026-01-02T03:03:59.001Z","approximateArrivalOfLastRecord":"2026-01-02T03:04:00.120Z","batchSize":3,"streamArn":"arn:aws:kinesis:eu-west-1:1:stream/s"}`

// What Lambda writes to an on-failure destination: with the batch, nested or as a text, or without.
func TestParseFailure(t *testing.T) {
	t.Parallel()
	event := weirtest.Kinesis("a", "b").JSON()
	for _, payload := range []string{string(event), quoted(t, string(event))} {
		letters, err := deadletter.Parse([]byte(failureHead + `,"payload":` + payload + `}`))
		assert.NoError(t, err)
		seen, raws, _ := dropAll(t, "Kinesis", event)
		assert.Equal(t, len(letters), 2)
		for i, l := range letters {
			assert.Equal(t, []any{l.Reason, l.Error, l.RequestID, l.Destination.Invocations, l.GivenUpAt.Format(time.RFC3339Nano)},
				[]any{deadletter.ReasonLambda, "RetryAttemptsExhausted", "r1", 3, "2026-01-02T03:04:05.678Z"})
			m, err := l.Message()
			assert.NoError(t, err)
			assert.Equal(t, view(m), seen[i])
			assert.Equal(t, m.Raw(), raws[i])
		}
	}
	letters, err := deadletter.Parse([]byte(failureHead + `}`))
	assert.NoError(t, err)
	assert.Equal(t, len(letters), 1)
	_, err = letters[0].Message()
	assert.Error(t, err, "it tells of 3 records of arn:aws:kinesis:eu-west-1:1:stream/s, shardId-000000000001, 4960 to 4961")
	assert.Equal(t, errors.Is(err, deadletter.ErrNoContent), true)
	assert.Equal(t, letters[0].Destination.Range.To.Format(time.RFC3339Nano), "2026-01-02T03:04:00.12Z")

	// Too old, of a table, and never run.
	letters, err = deadletter.Parse([]byte(`{"requestContext":{"condition":"RecordAgeExceeded"},"DDBStreamBatchInfo":{"shardId":"s","batchSize":1,"approximateArrivalOfFirstRecord":"2026-01-02T03:03:59Z","streamArn":"a"}}`))
	assert.NoError(t, err)
	assert.Equal(t, letters[0].Destination.Range, deadletter.Range{Source: "a", Shard: "s", Records: 1, From: time.Date(2026, 1, 2, 3, 3, 59, 0, time.UTC)})

	// Asynchronous invocation, and the other sources.
	for source, e := range map[string]weirtest.Event{"SQS": weirtest.SQS("a"), "Kafka": weirtest.Kafka("a", nil), "DynamoDB": weirtest.DynamoDB(weirtest.Table{Key: "id"}, weirtest.Inserted(map[string]any{"id": "x"}))} {
		letters, err = deadletter.Parse([]byte(`{"requestContext":{"condition":"RetriesExhausted"},"requestPayload":` + string(e.JSON()) + `,"responsePayload":{"errorMessage":"no"}}`))
		assert.NoError(t, err)
		assert.Equal(t, letters[0].Error, `RetriesExhausted: {"errorMessage":"no"}`)
		seen, _, _ := dropAll(t, source, e.JSON())
		for i := range letters {
			m, err := letters[i].Message()
			assert.NoError(t, err)
			assert.Equal(t, view(m), seen[i])
		}
	}
	for _, bad := range []string{`,"payload":7}`, `,"payload":"{"}`, `,"payload":{}}`, `,"payload":{"Records":[{"eventSource":"aws:s3"}]}}`, `,"payload":{"Records":7}}`} {
		if letters, err := deadletter.Parse([]byte(failureHead + bad)); !errors.Is(err, deadletter.ErrNotLetter) {
			t.Errorf("%s: %v, %v", bad, letters, err)
		}
	}
}

func quoted(t *testing.T, text string) string {
	t.Helper()
	b := []byte{'"'}
	for _, c := range []byte(text) {
		if c == '"' || c == '\\' {
			b = append(b, '\\')
		}
		b = append(b, c)
	}
	return string(append(b, '"'))
}

func letter(id string) *deadletter.Letter {
	l := deadletter.NewLetter(&weir.Message{ID: id, Payload: []byte("x")}, errNo)
	return l
}

// A file is appended to, also behind what a killed process has left, and by several at a time.
func TestFile(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "letters.jsonl")
	send := func(n int, opts ...deadletter.FileOption) {
		t.Helper()
		f, err := deadletter.OpenFile(name, opts...)
		assert.NoError(t, err)
		var all sync.WaitGroup
		for i := range n {
			all.Go(func() {
				if err := f.Send(t.Context(), letter(fmt.Sprint(i))); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		assert.NoError(t, f.Close())
		assert.Error(t, f.Send(t.Context(), letter("late")), "deadletter: ", "closed")
	}
	count := func() (letters, torn int) {
		data, err := os.ReadFile(name)
		assert.NoError(t, err)
		for _, err := range deadletter.Read(bytes.NewReader(data)) {
			if err != nil {
				torn++
			} else {
				letters++
			}
		}
		return letters, torn
	}
	send(2)
	send(2, deadletter.Sync(), nil)
	letters, torn := count()
	assert.Equal(t, []int{letters, torn}, []int{4, 0})

	// Killed at any byte of a letter: what was there before and what comes after can be read.
	whole, err := os.ReadFile(name)
	assert.NoError(t, err)
	last := bytes.LastIndexByte(whole[:len(whole)-1], '\n') + 1
	for end := last; end < len(whole); end++ {
		assert.NoError(t, os.WriteFile(name, whole[:end], 0o600))
		send(1)
		letters, torn = count()
		complete := 0
		if end == len(whole)-1 { // only its line break is missing
			complete = 1
		}
		want := []int{4 + complete, 1 - complete}
		if end == last {
			want = []int{4, 0}
		}
		assert.Equal(t, []int{letters, torn}, want, fmt.Sprint("cut at ", end-last))
	}
	send(200)
	if _, err := deadletter.OpenFile(filepath.Join(name, "x")); err == nil {
		t.Error("a file within a file")
	}
	if data, err := os.ReadFile(name); err != nil || !strings.HasSuffix(string(data), "}\n") {
		t.Error("it does not end with a line")
	}
}

// A disk that is full fails the record, and what follows is read all the same.
func TestFileOnAFullDisk(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("no /dev/full here")
	}
	f, err := deadletter.OpenFile("/dev/full")
	assert.NoError(t, err)
	defer f.Close()
	r := weirtest.Run(t.Context(), weir.SQS(weir.Each(fails(weir.Drop(errNo))), deadletter.To(f)), weirtest.SQS("a"))
	r.Want(t, weirtest.Failed)
	assert.Error(t, r.Records[0].Err, "no space left")
}

// Two processes append to one file: no letter is torn.
func TestFileOfTwoProcesses(t *testing.T) {
	t.Parallel()
	if name := os.Getenv("DEADLETTER_FILE"); name != "" {
		f, err := deadletter.OpenFile(name)
		assert.NoError(t, err)
		for i := range 300 {
			assert.NoError(t, f.Send(t.Context(), letter(fmt.Sprint(i))))
		}
		return
	}
	name := filepath.Join(t.TempDir(), "letters.jsonl")
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() {
			c := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestFileOfTwoProcesses$")
			c.Env = append(os.Environ(), "DEADLETTER_FILE="+name)
			if out, err := c.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	all.Wait()
	data, err := os.ReadFile(name)
	assert.NoError(t, err)
	got := readAll(bytes.NewReader(data))
	assert.Equal(t, len(got), 600)
	assert.Equal(t, strings.Contains(strings.Join(got, " "), "line"), false)
}

// FuzzRead: whatever stands in a file, a letter that was read is written and read again as it was.
func FuzzRead(f *testing.F) {
	f.Add([]byte(one + "\n" + two))
	f.Add([]byte(failureHead + `,"payload":` + string(weirtest.Kafka("a", nil).JSON()) + `}`))
	f.Add([]byte(failureHead + `}`))
	f.Add([]byte(`{"Messages":[{"Body":` + wrapped(`{"Type":"Notification","Message":`+wrapped(two)+`}`) + `}]}`))
	f.Add([]byte("{\n\"weirDeadLetter\":1,\"payload\":{\"base64\":\"/w==\"},\"time\":[9000000000000,5],\"record\":{\"base64\":\"e30=\"}}"))
	f.Add([]byte(`{"weirDeadLetter":1,"kafka":{"topic":"t","headers":[{"name":"a","value":""},{"name":"b"}],"keySchema":{}},"messageAttributes":[{"name":"a","binary":""}]}`))
	f.Add([]byte(`{"weirDeadLetter":1,"record":{"base64":"eyJiYXNlNjQiOiJhR2s9In0="}}`)) // {"base64":"aGk="}
	f.Add([]byte(`{"weirDeadLetter":1,"kafka":{"topic":"t","key":"k"},"record":{"topic":"t","partition":0,"offset":1,"key":"bA==","value":null}}`))
	_, _, letters := dropAll(f, "SQS", weirtest.SQS("<x>").JSON())
	if data, err := letters[0].Encode(); err == nil {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for l, err := range deadletter.Read(bytes.NewReader(data)) {
			if err != nil {
				var at *deadletter.LineError
				if !errors.As(err, &at) {
					t.Fatal(err)
				}
				continue
			}
			l.Destination = nil
			text, err := l.Encode()
			if err != nil {
				t.Fatalf("%+v: %v", l, err)
			}
			again, err := deadletter.Parse(text)
			if err != nil || len(again) != 1 || !again[0].Equal(&l) || !bytes.Equal(again[0].Record, l.Record) {
				t.Fatalf("%+v\nbecame %+v\n%s: %v", l, again, text, err)
			}
			if m, err := l.Message(); err == nil {
				for range m.Attributes() {
				}
				m.MessageAttributes()
			}
			_, _ = l.Event()
			_, _ = l.Original()
			if (l.OriginalKafka() == nil) != (l.Kafka == nil) || l.OriginID() != again[0].OriginID() {
				t.Fatalf("%+v\nbecame %+v", l, again)
			}
			_, _ = l.Fit(t.Context(), 100, nil)
		}
	})
}
