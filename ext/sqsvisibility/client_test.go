package sqsvisibility

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/middleware/visibility"
	"github.com/weir-go/weir/weirtest"
)

const arn = "arn:aws:sqs:eu-west-1:111122223333:orders"

// api is an *sqs.Client that answers what it is told to.
type api struct {
	inputs []*sqs.ChangeMessageVisibilityBatchInput
	out    sqs.ChangeMessageVisibilityBatchOutput
	err    error
}

func (a *api) ChangeMessageVisibilityBatch(_ context.Context, in *sqs.ChangeMessageVisibilityBatchInput, _ ...func(*sqs.Options)) (*sqs.ChangeMessageVisibilityBatchOutput, error) {
	a.inputs = append(a.inputs, in)
	return &a.out, a.err
}

func p[T any](v T) *T { return &v }

func want[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// What goes out is what SQS takes, and what comes back is told entry by entry.
func TestChangeVisibility(t *testing.T) {
	t.Parallel()
	a := &api{out: sqs.ChangeMessageVisibilityBatchOutput{Failed: []types.BatchResultErrorEntry{
		{Id: p("1"), Code: p("RequestThrottled"), Message: p("slow down")},
		{Id: p("0"), Code: p("ReceiptHandleIsInvalid"), SenderFault: true},
		{Id: p("x")}, {},
	}}}
	failures, err := New(a).ChangeVisibility(t.Context(), arn, []visibility.Entry{{ReceiptHandle: "a", Timeout: 0}, {ReceiptHandle: "b", Timeout: 12 * time.Hour}})
	want(t, "error", err, nil)
	want(t, "failures", fmt.Sprint(failures), fmt.Sprint([]visibility.Failure{
		{Index: 1, Code: "RequestThrottled", Message: "slow down"}, {Index: 0, Code: "ReceiptHandleIsInvalid", SenderFault: true}, {Index: -1}, {Index: -1}}))
	in := a.inputs[0]
	want(t, "queue", *in.QueueUrl, "https://sqs.eu-west-1.amazonaws.com/111122223333/orders")
	want(t, "entries", len(in.Entries), 2)
	for i, e := range in.Entries {
		want(t, "entry", fmt.Sprintf("%s %s %d", *e.Id, *e.ReceiptHandle, e.VisibilityTimeout), []string{"0 a 0", "1 b 43200"}[i])
	}
	a.err = errors.New("no answer")
	_, err = New(a).ChangeVisibility(t.Context(), arn, nil)
	want(t, "error", err, a.err)
}

// The URL is asked for once a queue, and again after an error.
func TestURLIsKept(t *testing.T) {
	t.Parallel()
	a, asked := &api{}, map[string]int{}
	c := New(a, QueueURL(func(_ context.Context, arn string) (string, error) {
		if asked[arn]++; asked[arn] == 1 {
			return "", errors.New("not now")
		}
		return "http://127.0.0.1/" + arn, nil
	}))
	for _, arn := range []string{"one", "two", "one", "two", "one", "two", "one"} {
		_, _ = c.ChangeVisibility(t.Context(), arn, nil)
	}
	want(t, "asked", fmt.Sprint(asked), "map[one:2 two:2]")
	want(t, "calls", len(a.inputs), 5)
	for i := range 1000 {
		_, _ = c.ChangeVisibility(t.Context(), fmt.Sprint(i%500), nil)
	}
	if len(c.urls) > maxURLs {
		t.Errorf("%d URLs are kept", len(c.urls))
	}
	_, err := New(a, QueueURL(func(context.Context, string) (string, error) { return "", nil })).ChangeVisibility(t.Context(), arn, nil)
	if err == nil || !strings.Contains(err.Error(), "gave no URL") {
		t.Error(err)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	for text, c := range map[string]*Client{
		"the client is nil": New(nil), "the client is nil: give": New((*sqs.Client)(nil)), "make it by sqsvisibility.New": {}, "without settings": nil, "option 0 is nil": New(&api{}, nil), "QueueURL(nil)": New(&api{}, QueueURL(nil)),
	} {
		fn := weir.SQS(weir.Each(func(context.Context, string) error { return nil }), visibility.BackOff(c, visibility.Exponential(time.Second, time.Minute)))
		if fn.Err() == nil || !strings.Contains(fn.Err().Error(), text) {
			t.Errorf("%v, want %s", fn.Err(), text)
		}
		if _, err := c.ChangeVisibility(t.Context(), arn, nil); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("%v, want %s", err, text)
		}
	}
}

// Lookup(nil) is told when a URL is asked for.
func TestLookupNil(t *testing.T) {
	t.Parallel()
	for _, none := range []LookupAPI{nil, (*sqs.Client)(nil)} {
		if _, err := New(&api{}, QueueURL(Lookup(none))).ChangeVisibility(t.Context(), arn, nil); err == nil || !strings.Contains(err.Error(), "Lookup(nil)") {
			t.Error(err)
		}
	}
}

// An ARN that is none changes no outcome, and is told of.
func TestMalformedARN(t *testing.T) {
	t.Parallel()
	a := &api{}
	var told error
	fn := weir.SQS(weir.Each(func(_ context.Context, s string) error {
		if s == "bad" {
			return errors.New("no")
		}
		return nil
	}), visibility.BackOff(New(a), visibility.Exponential(time.Second, time.Minute), visibility.OnError(func(_ context.Context, err error) { told = err })))
	out, err := fn.Invoke(t.Context(), weirtest.SQS("good", weirtest.Record{ID: "m", Value: "bad"}).From("arn:aws:sqs:eu-west-1:1@evil.example/:q").JSON())
	want(t, "answer", string(out), `{"batchItemFailures":[{"itemIdentifier":"m"}]}`)
	want(t, "error", err, nil)
	want(t, "calls", len(a.inputs), 0)
	if told == nil || !strings.Contains(told.Error(), "is not the ARN of a queue") {
		t.Error(told)
	}
}
