package sqssink_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/ext/sqssink"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/middleware/deadletter"
	"github.com/weir-go/weir/weirtest"
)

var errNo = errors.New("no")

// queue is a fake one.
type queue struct {
	sent []*sqs.SendMessageInput
	err  error
}

func (q *queue) SendMessage(_ context.Context, in *sqs.SendMessageInput, _ ...func(*sqs.Options)) (*sqs.SendMessageOutput, error) {
	if q.err != nil {
		return nil, q.err
	}
	q.sent = append(q.sent, in)
	return &sqs.SendMessageOutput{}, nil
}

func drop(t *testing.T, event weirtest.Event, sink deadletter.Sink) *weirtest.Result {
	t.Helper()
	fn := weir.SQS(weir.Each(func(context.Context, string) error { return weir.Drop(errNo) }), deadletter.To(sink))
	assert.NoError(t, fn.Err())
	return weirtest.Run(t.Context(), fn, event)
}

const (
	orders     = "https://sqs.eu-west-1.amazonaws.com/1/orders"
	ordersFIFO = orders + ".fifo"
)

const url, fifo = "https://sqs.eu-west-1.amazonaws.com/1/dead", "https://sqs.eu-west-1.amazonaws.com/1/dead.fifo"

func TestSend(t *testing.T) {
	t.Parallel()
	q := &queue{}
	drop(t, weirtest.SQS("a"), sqssink.New(q, url)).WantDone(t)
	in := q.sent[0]
	assert.Equal(t, []any{*in.QueueUrl, in.MessageGroupId, in.MessageDeduplicationId}, []any{url, (*string)(nil), (*string)(nil)})
	letters, err := deadletter.Parse([]byte(*in.MessageBody))
	assert.NoError(t, err)
	assert.Equal(t, string(letters[0].Payload), "a")

	// The letters of a group are one, in order; no two have one deduplication ID.
	q = &queue{}
	drop(t, weirtest.FIFO(weirtest.In("g1", "a", "b"), weirtest.In("a group with spaces", "c")), sqssink.New(q, fifo)).WantDone(t)
	assert.Equal(t, []string{*q.sent[0].MessageGroupId, *q.sent[1].MessageGroupId}, []string{"g1", "g1"})
	assert.Equal(t, len(*q.sent[2].MessageGroupId), 32)
	if *q.sent[0].MessageDeduplicationId == *q.sent[1].MessageDeduplicationId {
		t.Error("two letters are one")
	}
	drop(t, weirtest.SQS("no group"), sqssink.New(q, fifo)).WantDone(t)
	letters, err = deadletter.Parse([]byte(*q.sent[3].MessageBody))
	assert.NoError(t, err)
	assert.Equal(t, *q.sent[3].MessageGroupId, letters[0].ID)
	assert.Equal(t, *q.sent[3].MessageDeduplicationId, letters[0].DeduplicationID())

	q.err = errNo
	r := drop(t, weirtest.SQS("a"), sqssink.New(q, url))
	r.Want(t, weirtest.Failed)
	assert.Error(t, r.Records[0].Err, "the sink did not take the record: sqssink: "+url+": no")
}

type archive struct{ stored int }

func (a *archive) Store(context.Context, *deadletter.Letter) (string, error) {
	a.stored++
	return "s3://b/k", nil
}

// What is too large fails, or goes to the archive; it is never sent in part.
func TestTooLarge(t *testing.T) {
	t.Parallel()
	large := weirtest.SQS(strings.Repeat(`"`, 600_000)) // twice as long as JSON
	q := &queue{}
	r := drop(t, large, sqssink.New(q, url))
	r.Want(t, weirtest.Failed)
	assert.Error(t, r.Records[0].Err, "its sink takes 1048576: give the sink an archive")
	assert.Equal(t, len(q.sent), 0)

	var a archive
	drop(t, large, sqssink.New(q, url, sqssink.Archive(&a))).WantDone(t)
	letters, err := deadletter.Parse([]byte(*q.sent[0].MessageBody))
	assert.NoError(t, err)
	assert.Equal(t, []any{letters[0].Elsewhere, a.stored}, []any{"s3://b/k", 1})

	drop(t, weirtest.SQS(strings.Repeat("x", 1500)), sqssink.New(q, url, sqssink.Limit(4096))).WantDone(t)
	if n := len(*q.sent[1].MessageBody); n > 4096 || !strings.Contains(*q.sent[1].MessageBody, "recordOmitted") {
		t.Errorf("%d bytes", n)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	q := &queue{}
	for want, s := range map[string]*sqssink.Sink{
		"the client is nil":                               sqssink.New(nil, url),
		"the client is nil\nsqssink":                      sqssink.New((*sqs.Client)(nil), ""),
		`"" is no URL of a queue such as https://sqs.`:    sqssink.New(q, ""),
		`"dead" is no URL`:                                sqssink.New(q, "dead"),
		`"arn:aws:sqs:eu-west-1:1:dead" is no URL`:        sqssink.New(q, "arn:aws:sqs:eu-west-1:1:dead"),
		`"s3://dead/x" is no URL`:                         sqssink.New(q, "s3://dead/x"),
		"a Sink without settings: make it by sqssink.New": {},
		"option 0 is nil":                                 sqssink.New(q, url, nil),
		"Limit(1)":                                        sqssink.New(q, url, sqssink.Limit(1)),
		"Archive(nil)":                                    sqssink.New(q, url, sqssink.Archive(nil)),
		"Archive(nil): leave":                             sqssink.New(q, url, sqssink.Archive((*archive)(nil))),
		"Archive: no bucket":                              sqssink.New(q, url, sqssink.Archive(broken{&archive{}})),
	} {
		fn := weir.SQS(weir.Each(func(context.Context, string) error { return nil }), deadletter.To(s))
		assert.Error(t, fn.Err(), "sqssink: "+want)
		assert.Error(t, s.Send(t.Context(), &deadletter.Letter{}), want)
	}
	var none *sqssink.Sink
	assert.Error(t, none.Send(t.Context(), &deadletter.Letter{}), "make it by sqssink.New")
}

// broken is an archive that was made wrongly.
type broken struct{ *archive }

func (broken) Err() error { return errors.New("no bucket") }

// A message comes back as it was, with what SQS lets one choose.
func TestRedrive(t *testing.T) {
	t.Parallel()
	q := &queue{}
	rec := weirtest.Record{Value: "<a>", OrderingKey: "g1", Attributes: map[string]string{"AWSTraceHeader": "Root=1"}, MessageAttributes: map[string]weir.MessageAttribute{
		"s": {DataType: "String.odd", String: "x"}, "b": {DataType: "Binary", Binary: []byte{0xff}},
	}}
	drop(t, weirtest.FIFO(rec), sqssink.New(q, url)).WantDone(t)
	letters, err := deadletter.Parse([]byte(*q.sent[0].MessageBody))
	assert.NoError(t, err)
	l := &letters[0]
	in, err := sqssink.Redrive(l, ordersFIFO)
	assert.NoError(t, err)
	assert.Equal(t, []string{*in.QueueUrl, *in.MessageBody, *in.MessageGroupId, *in.MessageDeduplicationId}, []string{ordersFIFO, "<a>", "g1", l.DeduplicationID()})
	assert.Equal(t, *in.MessageSystemAttributes["AWSTraceHeader"].StringValue, "Root=1")
	assert.Equal(t, fmt.Sprint(*in.MessageAttributes["s"].DataType, *in.MessageAttributes["s"].StringValue, in.MessageAttributes["b"].BinaryValue, in.MessageAttributes["b"].StringValue), "String.oddx[255] <nil>")
	in, err = sqssink.Redrive(l, orders)
	assert.NoError(t, err)
	assert.Equal(t, in.MessageGroupId, nil)

	// Of a fair queue, which is a standard one: the group says whose the message is.
	drop(t, weirtest.SQS(weirtest.Record{Value: "a", Attributes: map[string]string{"MessageGroupId": "tenant"}}), sqssink.New(q, url)).WantDone(t)
	fair, err := deadletter.Parse([]byte(*q.sent[1].MessageBody))
	assert.NoError(t, err)
	in, err = sqssink.Redrive(&fair[0], orders)
	assert.NoError(t, err)
	assert.Equal(t, *in.MessageGroupId, "tenant")
	assert.Equal(t, in.MessageDeduplicationId, nil)
	in, err = sqssink.Redrive(&fair[0], ordersFIFO)
	assert.NoError(t, err)
	assert.Equal(t, *in.MessageGroupId, fair[0].ID)

	for want, l := range map[string]deadletter.Letter{
		"the record is empty":                  {Payload: []byte{}},
		"is not UTF-8":                         {Payload: []byte{0xff}},
		"1048577 bytes":                        {Payload: make([]byte, 1<<20+1)},
		"1048582 bytes with its attributes":    {Payload: make([]byte, 1<<20-5), MessageAttributes: map[string]weir.MessageAttribute{"name": {DataType: "Binary", Binary: []byte("1")}}},
		"the character U+0000 at byte 2":       {Payload: []byte("é\x00\x01")},
		"the character U+FFFF at byte 0":       {Payload: []byte("\uffff")},
		"does not have the original record":    {},
		"only says where the whole one is: s3": {Elsewhere: "s3://b/k"},
	} {
		_, err := sqssink.Redrive(&l, url)
		assert.Error(t, err, "sqssink: letter ", want)
	}
	in, err = sqssink.Redrive(&deadletter.Letter{Payload: []byte("\t\r\n\x7f\ufffd\U0001f600")}, url)
	assert.NoError(t, err)
	assert.Equal(t, *in.MessageBody, "\t\r\n\x7f\ufffd\U0001f600")
	letter := &deadletter.Letter{Payload: []byte("x")}
	for _, queue := range []string{"", "orders", "arn:aws:sqs:eu-west-1:1:orders"} {
		_, err := sqssink.Redrive(letter, queue)
		assert.Error(t, err, fmt.Sprintf("sqssink: %q is no URL of a queue", queue))
	}
	_, err = sqssink.Redrive(nil, url)
	assert.Error(t, err, "the letter is nil")
}
