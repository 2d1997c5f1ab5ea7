package snssink_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/ext/snssink"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/middleware/deadletter"
	"github.com/weir-go/weir/weirtest"
)

var errNo = errors.New("no")

// topic is a fake one.
type topic struct {
	sent []*sns.PublishInput
	err  error
}

func (q *topic) Publish(_ context.Context, in *sns.PublishInput, _ ...func(*sns.Options)) (*sns.PublishOutput, error) {
	if q.err != nil {
		return nil, q.err
	}
	q.sent = append(q.sent, in)
	return &sns.PublishOutput{}, nil
}

func drop(t *testing.T, event weirtest.Event, sink deadletter.Sink) *weirtest.Result {
	t.Helper()
	fn := weir.SQS(weir.Each(func(context.Context, string) error { return weir.Drop(errNo) }), deadletter.To(sink))
	assert.NoError(t, fn.Err())
	return weirtest.Run(t.Context(), fn, event)
}

const arn, fifo = "arn:aws:sns:eu-west-1:1:dead", "arn:aws:sns:eu-west-1:1:dead.fifo"

// size is what SNS counts.
func size(in *sns.PublishInput) int {
	n := len(*in.Message)
	for name, a := range in.MessageAttributes {
		n += len(name) + len(*a.DataType) + len(*a.StringValue)
	}
	return n
}

func TestSend(t *testing.T) {
	t.Parallel()
	q := &topic{}
	drop(t, weirtest.SQS("a"), snssink.New(q, arn)).WantDone(t)
	in := q.sent[0]
	assert.Equal(t, *in.TopicArn, arn)
	assert.Equal(t, in.MessageGroupId, nil)
	assert.Equal(t, *in.MessageAttributes["weirReason"].StringValue, "dropped")
	assert.Equal(t, *in.MessageAttributes["weirSource"].StringValue, "arn:aws:sqs:eu-west-1:123456789012:queue")
	letters, err := deadletter.Parse([]byte(*in.Message))
	assert.NoError(t, err)
	assert.Equal(t, string(letters[0].Payload), "a")

	drop(t, weirtest.FIFO(weirtest.In("g1", "a")), snssink.New(q, fifo)).WantDone(t)
	assert.Equal(t, *q.sent[1].MessageGroupId, "g1")

	q.err = errNo
	r := drop(t, weirtest.SQS("a"), snssink.New(q, arn))
	r.Want(t, weirtest.Failed)
	assert.Error(t, r.Records[0].Err, "snssink: "+arn+": no")
}

type archive struct{}

func (archive) Store(context.Context, *deadletter.Letter) (string, error) { return "s3://b/k", nil }

// Whatever its size, what is sent is no larger than SNS takes, and whole.
func TestTooLarge(t *testing.T) {
	t.Parallel()
	for _, n := range []int{100_000, 130_500, 131_000, 261_000, 262_000, 300_000} {
		q := &topic{}
		event := weirtest.SQS(strings.Repeat("x", n))
		drop(t, event, snssink.New(q, arn, snssink.Archive(archive{}))).WantDone(t)
		letters, err := deadletter.Parse([]byte(*q.sent[0].Message))
		assert.NoError(t, err)
		l := letters[0]
		if size(q.sent[0]) > snssink.MaxBytes || (len(l.Payload) != n) != (l.Elsewhere != "") {
			t.Errorf("%d: %d bytes, elsewhere %q", n, size(q.sent[0]), l.Elsewhere)
		}
		if r := drop(t, event, snssink.New(q, arn)); (l.Elsewhere != "") != (len(r.Retried()) == 1) {
			t.Errorf("%d: %v", n, r.Retried())
		}
	}
}

// A topic may take more, or less.
func TestLimit(t *testing.T) {
	t.Parallel()
	for _, limit := range []int{4_096, snssink.MostBytes} {
		q := &topic{}
		event := weirtest.SQS(strings.Repeat("x", limit*2/5), strings.Repeat("x", limit))
		r := drop(t, event, snssink.New(q, arn, snssink.Limit(limit)))
		r.Want(t, weirtest.Dropped, weirtest.Failed)
		assert.Equal(t, len(q.sent), 1)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	q := &topic{}
	for want, s := range map[string]*snssink.Sink{
		"the client is nil":                                     snssink.New(nil, arn),
		"the client is nil\nsnssink":                            snssink.New((*sns.Client)(nil), ""),
		`"" is no ARN of a topic such as arn:aws:sns:`:          snssink.New(q, ""),
		`"dead" is no ARN`:                                      snssink.New(q, "dead"),
		`"arn:aws:sqs:eu-west-1:1:dead" is no ARN of a topic`:   snssink.New(q, "arn:aws:sqs:eu-west-1:1:dead"),
		`"arn:aws:sns:eu-west-1:1:dead:7" is no ARN of a topic`: snssink.New(q, arn+":7"), // a subscription
		`"arn:aws:sns:eu-west-1:1:" is no ARN`:                  snssink.New(q, "arn:aws:sns:eu-west-1:1:"),
		"a Sink without settings: make it by snssink.New":       {},
		"option 0 is nil":                                       snssink.New(q, arn, nil),
		"Limit(1)":                                              snssink.New(q, arn, snssink.Limit(1)),
		"Limit(1048577): it takes 1024 to 1048576 bytes":        snssink.New(q, arn, snssink.Limit(1<<20+1)),
		"Archive(nil)":                                          snssink.New(q, arn, snssink.Archive(nil)),
	} {
		fn := weir.SQS(weir.Each(func(context.Context, string) error { return nil }), deadletter.To(s))
		assert.Error(t, fn.Err(), "snssink: "+want)
		assert.Error(t, s.Send(t.Context(), &deadletter.Letter{}), want)
	}
	var none *snssink.Sink
	assert.Error(t, none.Err(), "make it by snssink.New")
	assert.NoError(t, snssink.New(q, "arn:aws-cn:sns:cn-north-1:1:dead").Err())
}

func Example() {
	client := &topic{} // sns.NewFromConfig(cfg)
	sink := snssink.New(client, "arn:aws:sns:eu-west-1:111122223333:orders-dead")
	ship := func(ctx context.Context, order string) error { return weir.Permanent(fmt.Errorf("no such %s", order)) }
	fn := weir.SQS(weir.Each(ship), deadletter.To(sink, deadletter.Permanent()))
	out, _ := fn.Invoke(context.Background(), weirtest.SQS("lamp").JSON())
	fmt.Println(string(out), *client.sent[0].MessageAttributes["weirReason"].StringValue)
	// Output:
	// {"batchItemFailures":[]} permanent
}
