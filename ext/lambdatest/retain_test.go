package lambdatest

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/weir-go/weir"
)

// memory holds strings and bytes of earlier invocations, each beside a copy.
type memory struct{ kept, copies []string }

func (k *memory) keep(texts ...string) {
	for _, s := range texts {
		k.kept = append(k.kept, s)
		k.copies = append(k.copies, strings.Clone(s))
	}
}

// spoilt returns the first text that changed.
func (k *memory) spoilt() string {
	for i, s := range k.kept {
		if s != k.copies[i] {
			return fmt.Sprintf("%q became %q", k.copies[i], s)
		}
	}
	return ""
}

// state is what a retaining program says after an invocation.
type state struct {
	PID, Goroutines, Kept int
	Spoilt                string
}

type payload struct {
	Name string
	Rest json.RawMessage
	Text []byte
}

type thing struct {
	Name string
	Data []byte
}

// retainer keeps all it is given, under every source and kind of payload.
type retainer struct {
	memory
	bytes, byteCopies [][]byte
}

func (r *retainer) hold(b []byte) {
	r.bytes = append(r.bytes, b)
	r.byteCopies = append(r.byteCopies, bytes.Clone(b))
}

func (r *retainer) Invoke(ctx context.Context, event []byte) ([]byte, error) {
	verbs := []weir.Verb{
		weir.Each(func(ctx context.Context, p payload) error {
			r.message(ctx)
			r.keep(p.Name)
			r.hold(p.Rest)
			r.hold(p.Text)
			return nil
		}),
		weir.Each(func(_ context.Context, s string) error { r.keep(s); return nil }),
		weir.Each(func(_ context.Context, b []byte) error { r.hold(b); return nil }),
		weir.Each(func(_ context.Context, j json.RawMessage) error { r.hold(j); return nil }),
	}
	var lambdas []*weir.Lambda
	switch {
	case bytes.Contains(event, []byte("aws:kinesis")):
		for _, v := range verbs {
			lambdas = append(lambdas, weir.Kinesis(v))
		}
	case bytes.Contains(event, []byte("aws:dynamodb")):
		lambdas = append(lambdas, weir.DynamoDB(weir.Each(func(ctx context.Context, c weir.Change[thing]) error {
			r.message(ctx)
			r.keep(string(c.Kind), c.New.Name, c.Keys.Name)
			r.hold(c.New.Data)
			return nil
		})), weir.DynamoDB(verbs[1]), weir.DynamoDB(verbs[2]), weir.DynamoDB(verbs[3]))
	default:
		for _, v := range verbs {
			lambdas = append(lambdas, weir.SQS(v))
		}
	}
	var out []byte
	var err error
	for _, l := range lambdas {
		if out, err = l.Invoke(ctx, event); err != nil {
			return nil, err
		}
	}
	s := state{PID: os.Getpid(), Goroutines: runtime.NumGoroutine(), Kept: len(r.kept) + len(r.bytes), Spoilt: r.spoilt()}
	for i, b := range r.bytes {
		if s.Spoilt == "" && !bytes.Equal(b, r.byteCopies[i]) {
			s.Spoilt = fmt.Sprintf("%q became %q", r.byteCopies[i], b)
		}
	}
	say(s)
	return out, nil
}

func (r *retainer) message(ctx context.Context) {
	m, _ := weir.FromContext(ctx)
	r.keep(m.ID, m.SourceARN, m.OrderingKey, m.Raw(), m.Attribute("receiptHandle"))
	r.hold(m.Payload)
	for name, a := range m.MessageAttributes() {
		r.keep(name, a.String)
		r.hold(a.Binary)
	}
}

// sloppy keeps the runtime's own buffer, which shows that the runtime does reuse it.
type sloppy struct {
	events [][]byte
	copies [][]byte
}

func (s *sloppy) Invoke(_ context.Context, event []byte) ([]byte, error) {
	s.events = append(s.events, event)
	s.copies = append(s.copies, bytes.Clone(event))
	st := state{PID: os.Getpid(), Kept: len(s.events)}
	for i, e := range s.events {
		if !bytes.Equal(e, s.copies[i]) {
			st.Spoilt = fmt.Sprintf("event %d", i)
		}
	}
	say(st)
	return []byte("{}"), nil
}

// varied returns the parts of an event that is of nearly the same length for every n, and of
// different content throughout.
func varied(n int) (letters, body string) {
	letters = strings.Repeat(string(rune('a'+n%26)), 30)
	return letters, fmt.Sprintf(`{"Name":"%[1]s\u00e9","Rest":{"x":"%[1]s"},"Text":"%[2]s"}`, letters, strings.Repeat("QUJD", 5+n%3))
}

func variedSQS(n int) string {
	letters, body := varied(n)
	event := sqsEvent("orders.fifo", record{body, letters[:8]}, record{body, letters[:1]})
	attrs := fmt.Sprintf(`"messageAttributes":{"%[1]s":{"dataType":"String","stringValue":"%[1]s\n"},"b":{"dataType":"Binary","binaryValue":"QUJD"}}`, letters[:5])
	return strings.ReplaceAll(event, `"messageAttributes":{}`, attrs)
}

func variedKinesis(n int) string {
	letters, body := varied(n)
	return fmt.Sprintf(`{"Records":[{"kinesis":{"partitionKey":%q,"sequenceNumber":"4960%d","data":%q,"approximateArrivalTimestamp":1760000000.25},`+
		`"eventSource":"aws:kinesis","eventID":"shardId-0:%s","eventSourceARN":"arn:aws:kinesis:eu-west-1:111122223333:stream/clicks"}]}`,
		letters[:9]+"\u00e9", 1000+n, base64.StdEncoding.EncodeToString([]byte(body)), letters)
}

func variedDynamoDB(n int) string {
	letters, _ := varied(n)
	return fmt.Sprintf(`{"Records":[{"eventID":%[1]q,"eventName":"INSERT","eventSource":"aws:dynamodb","dynamodb":{"Keys":{"Name":{"S":%[1]q}},`+
		`"NewImage":{"Name":{"S":"%[1]s\n"},"Data":{"B":"%[2]s"}},"SequenceNumber":"1%[3]d"},"eventSourceARN":"arn:aws:dynamodb:eu-west-1:111122223333:table/t/stream/1"}]}`,
		letters, strings.Repeat("QUJD", 5+n%3), 1000+n)
}

func TestWarmInvocationsKeepWhatWasRetained(t *testing.T) {
	t.Parallel()
	const rounds = 90
	f := start(t, "retain")
	var first, last state
	for n := range rounds {
		event := []func(int) string{variedSQS, variedKinesis, variedDynamoDB}[n%3](n)
		responds(t, f.call(t, event))
		last = state{}
		f.said(t, &last)
		if last.Spoilt != "" {
			t.Fatalf("invocation %d: %s", n, last.Spoilt)
		}
		if last.PID != f.Pid() {
			t.Fatalf("invocation %d ran in process %d, not %d", n, last.PID, f.Pid())
		}
		if n == 5 {
			first = last
		}
	}
	if last.Kept < rounds*10 {
		t.Errorf("only %d texts kept", last.Kept)
	}
	if last.Goroutines > first.Goroutines+3 {
		t.Errorf("%d goroutines after the first invocations, %d after the last", first.Goroutines, last.Goroutines)
	}
}

func TestRuntimeReusesItsBuffer(t *testing.T) {
	t.Parallel()
	f := start(t, "sloppy")
	for n := range 200 {
		f.call(t, variedSQS(n))
		var s state
		f.said(t, &s)
		if s.Spoilt != "" {
			return
		}
	}
	t.Error("aws-lambda-go does not reuse its payload buffer any more: TestWarmInvocationsKeepWhatWasRetained proves nothing")
}
