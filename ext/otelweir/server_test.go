package otelweir_test

import (
	"context"
	"crypto/rand"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/weir-go/weir/ext/awsevents"
	"github.com/weir-go/weir/ext/otelweir"
	"github.com/weir-go/weir/ext/schemacheck"
	"github.com/weir-go/weir/ext/sqssource"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/streaming"
)

// TestServer: traces go through a real queue, to a worker whose handler takes aws-lambda-go's type.
func TestServer(t *testing.T) {
	t.Parallel()
	endpoint := os.Getenv("WEIR_SQS")
	if endpoint == "" {
		t.Skip("skipped: WEIR_SQS is not set; bash .ci/serve.sh sqs PORT starts a server and prints what to set it to")
	}
	c := sqs.New(sqs.Options{Region: "us-east-1", BaseEndpoint: &endpoint, Credentials: aws.CredentialsProviderFunc(
		func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "local", SecretAccessKey: "local"}, nil
		})})
	name := "q" + rand.Text()
	q, err := c.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: &name})
	assert.NoError(t, err)
	text := aws.String("String")
	for _, in := range []*sqs.SendMessageInput{
		{MessageAttributes: map[string]types.MessageAttributeValue{"traceparent": {DataType: text, StringValue: aws.String(parent(1))}}},
		{MessageSystemAttributes: map[string]types.MessageSystemAttributeValue{"AWSTraceHeader": {DataType: text, StringValue: aws.String(xray(2))}}},
	} {
		in.QueueUrl, in.MessageBody = q.QueueUrl, aws.String(`{"id":"a"}`)
		_, err := c.SendMessage(t.Context(), in)
		assert.NoError(t, err)
	}

	r, tp := recorder()
	ctx, stop := context.WithTimeout(t.Context(), 60*time.Second)
	defer stop()
	var mu sync.Mutex
	var got []events.SQSMessage
	err = streaming.Run(ctx, awsevents.EachSQS(func(_ context.Context, m events.SQSMessage) error {
		mu.Lock()
		defer mu.Unlock()
		if got = append(got, m); len(got) == 2 {
			stop()
		}
		return nil
	}), sqssource.New(impatient{c}, *q.QueueUrl), streaming.Handling(otelweir.Trace(tp), otelweir.RecordSpans(), schemacheck.Check(schemacheck.Text(`{"required":["id"]}`))))
	assert.NoError(t, err)
	assert.Equal(t, len(got), 2)
	for _, m := range got {
		assert.Equal(t, m.Body+m.EventSource+m.Attributes["ApproximateReceiveCount"], `{"id":"a"}aws:sqs1`)
	}
	var batches, records []string
	for _, s := range r.Ended() {
		for _, l := range s.Links() {
			id := l.SpanContext.TraceID().String()[28:]
			if s.Name() == "process "+name {
				batches = append(batches, id)
			} else {
				records = append(records, id)
			}
		}
	}
	slices.Sort(batches)
	slices.Sort(records)
	assert.Equal(t, batches, []string{"0001", "0002"})
	assert.Equal(t, records, []string{"0001", "0002"})
}

// impatient does not wait for messages for as long as the worker asks, which waits for it at its end.
type impatient struct{ *sqs.Client }

func (c impatient) ReceiveMessage(ctx context.Context, in *sqs.ReceiveMessageInput, opts ...func(*sqs.Options)) (*sqs.ReceiveMessageOutput, error) {
	in.WaitTimeSeconds = 1
	return c.Client.ReceiveMessage(ctx, in, opts...)
}
