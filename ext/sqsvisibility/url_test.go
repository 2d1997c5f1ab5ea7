package sqsvisibility

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

func TestQueueURL(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ arn, want string }{
		{"arn:aws:sqs:eu-west-1:111122223333:orders", "https://sqs.eu-west-1.amazonaws.com/111122223333/orders"},
		{"arn:aws:sqs:eu-west-1:111122223333:or_d-ers.fifo", "https://sqs.eu-west-1.amazonaws.com/111122223333/or_d-ers.fifo"},
		{"arn:aws-cn:sqs:cn-north-1:111122223333:orders", "https://sqs.cn-north-1.amazonaws.com.cn/111122223333/orders"},
		{"arn:aws-us-gov:sqs:us-gov-west-1:111122223333:orders", "https://sqs.us-gov-west-1.amazonaws.com/111122223333/orders"},
		{"arn:aws-eusc:sqs:eusc-de-east-1:111122223333:orders", "https://sqs.eusc-de-east-1.amazonaws.eu/111122223333/orders"},
	} {
		got, err := queueURL(tt.arn)
		if got != tt.want || err != nil {
			t.Errorf("%s: %s, %v, want %s", tt.arn, got, err, tt.want)
		}
	}
	for _, arn := range []string{"", "orders", "arn:aws:sqs:eu-west-1:111122223333", "arn:aws:sqs:eu-west-1:111122223333:a:b", "arn:aws:sns:eu-west-1:111122223333:orders",
		"arn:aws:sqs::111122223333:orders", "arn:aws:sqs:eu-west-1::orders", "arn:aws:sqs:eu-west-1:111122223333:", "arn:aws:sqs:eu-west-1:111122223333:.fifo",
		"arn:aws:sqs:evil.example/x:111122223333:orders", "arn:aws:sqs:eu-west-1:111122223333:a/../b", "arn:aws:sqs:eu-west-1:1111222233334:orders",
		"arn:aws:sqs:eu-west-1:111122223333:" + strings.Repeat("a", 81)} {
		if got, err := queueURL(arn); err == nil || !strings.Contains(err.Error(), "is not the ARN of a queue") {
			t.Errorf("%s: %s, %v", arn, got, err)
		}
	}
	if _, err := queueURL("arn:aws-iso:sqs:us-iso-east-1:111122223333:orders"); err == nil || !strings.Contains(err.Error(), "Lookup") {
		t.Error(err)
	}
}

// Whatever an ARN says, the URL is one of SQS, for just that queue.
func FuzzQueueURL(f *testing.F) {
	f.Add("arn:aws:sqs:eu-west-1:111122223333:orders.fifo")
	f.Add("arn:aws-cn:sqs:cn-north-1:1:a")
	f.Add("arn:aws:sqs:x.y@z#:?:/../")
	f.Fuzz(func(t *testing.T, arn string) {
		text, err := queueURL(arn)
		if err != nil {
			return
		}
		u, err := url.Parse(text)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		part := strings.Split(arn, ":")
		if u.Scheme != "https" || !strings.HasPrefix(u.Host, "sqs."+part[3]+".amazonaws.") || u.Path != "/"+part[4]+"/"+part[5] || u.RawQuery+u.Fragment != "" || u.User != nil || u.Port() != "" {
			t.Errorf("%q of %q", text, arn)
		}
	})
}

type lookup func(*sqs.GetQueueUrlInput) (*sqs.GetQueueUrlOutput, error)

func (f lookup) GetQueueUrl(_ context.Context, in *sqs.GetQueueUrlInput, _ ...func(*sqs.Options)) (*sqs.GetQueueUrlOutput, error) {
	return f(in)
}

func TestLookup(t *testing.T) {
	t.Parallel()
	got, err := Lookup(lookup(func(in *sqs.GetQueueUrlInput) (*sqs.GetQueueUrlOutput, error) {
		return &sqs.GetQueueUrlOutput{QueueUrl: p("http://127.0.0.1/" + *in.QueueOwnerAWSAccountId + "/" + *in.QueueName)}, nil
	}))(t.Context(), arn)
	want(t, "URL", got, "http://127.0.0.1/111122223333/orders")
	want(t, "error", err, nil)
	no := errors.New("no")
	_, err = Lookup(lookup(func(*sqs.GetQueueUrlInput) (*sqs.GetQueueUrlOutput, error) { return nil, no }))(t.Context(), arn)
	want(t, "error", errors.Is(err, no), true)
	_, err = Lookup(nil)(t.Context(), "orders")
	want(t, "error of an ARN that is none", err != nil, true)
}
