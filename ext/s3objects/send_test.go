package s3objects_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/ext/s3objects"
	"github.com/weir-go/weir/ext/sqssource"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/middleware/offload"
	"github.com/weir-go/weir/streaming"
)

func writerOf(t testing.TB, opts ...offload.WriterOption) (*offload.Writer, *s3objects.Objects) {
	t.Helper()
	objects := s3objects.New(faked(t, plainly))
	w, err := offload.NewWriter(objects, "large", opts...)
	assert.NoError(t, err)
	return w, objects
}

// stored returns what a body points to.
func stored(t testing.TB, objects *s3objects.Objects, body *string) string {
	t.Helper()
	p, err := offload.ParsePointer([]byte(aws.ToString(body)))
	assert.NoError(t, err)
	return content(t, objects, p)
}

var (
	big  = strings.Repeat("x", offload.DefaultThreshold+1)
	kind = types.MessageAttributeValue{DataType: aws.String("String"), StringValue: aws.String("order")}
	raw  = types.MessageAttributeValue{DataType: aws.String("Binary"), BinaryValue: []byte{0, 255}}
)

func TestForSQS(t *testing.T) {
	t.Parallel()
	w, objects := writerOf(t)
	small := &sqs.SendMessageInput{QueueUrl: aws.String("q"), MessageBody: aws.String("small"), DelaySeconds: 3}
	in, err := s3objects.ForSQS(t.Context(), w, small)
	assert.NoError(t, err)
	assert.Equal(t, in == small, true)

	for _, attributes := range []map[string]types.MessageAttributeValue{nil, {"kind": kind, "raw": raw}} {
		large := &sqs.SendMessageInput{QueueUrl: aws.String("q"), MessageBody: &big, MessageAttributes: attributes, MessageGroupId: aws.String("g")}
		in, err = s3objects.ForSQS(t.Context(), w, large)
		assert.NoError(t, err)
		assert.Equal(t, *large.MessageBody == big && len(large.MessageAttributes) == len(attributes), true, "the caller's own")
		assert.Equal(t, stored(t, objects, in.MessageBody) == big, true)
		assert.Equal(t, *in.QueueUrl+*in.MessageGroupId, "qg")
		assert.Equal(t, len(in.MessageAttributes), len(attributes)+1)
		assert.Equal(t, *in.MessageAttributes["ExtendedPayloadSize"].DataType, "Number")
		assert.Equal(t, *in.MessageAttributes["ExtendedPayloadSize"].StringValue, "262145")
		for name, a := range attributes {
			assert.Equal(t, in.MessageAttributes[name], a)
		}
		_, err = s3objects.ForSQS(t.Context(), w, in)
		assert.Error(t, err, "was it offloaded before?")
	}
	for _, args := range []struct {
		w  *offload.Writer
		in *sqs.SendMessageInput
	}{{nil, small}, {w, nil}} {
		_, err = s3objects.ForSQS(t.Context(), args.w, args.in)
		assert.Error(t, err, "it takes a Writer and an input")
	}
}

func TestForSQSBatch(t *testing.T) {
	t.Parallel()
	w, objects := writerOf(t, offload.LegacyAttribute())
	in := &sqs.SendMessageBatchInput{QueueUrl: aws.String("q"), Entries: []types.SendMessageBatchRequestEntry{
		{Id: aws.String("1"), MessageBody: aws.String("small")},
		{Id: aws.String("2"), MessageBody: &big, MessageAttributes: map[string]types.MessageAttributeValue{"kind": kind}},
	}}
	out, err := s3objects.ForSQSBatch(t.Context(), w, in)
	assert.NoError(t, err)
	assert.Equal(t, *in.Entries[1].MessageBody == big, true, "the caller's own")
	assert.Equal(t, *out.QueueUrl, "q")
	assert.Equal(t, *out.Entries[0].MessageBody, "small")
	assert.Equal(t, *out.Entries[1].Id, "2")
	assert.Equal(t, stored(t, objects, out.Entries[1].MessageBody) == big, true)
	assert.Equal(t, *out.Entries[1].MessageAttributes["SQSLargePayloadSize"].StringValue, "262145")
	assert.Equal(t, out.Entries[1].MessageAttributes["kind"], kind)
	_, err = s3objects.ForSQSBatch(t.Context(), w, out)
	assert.Error(t, err, "message 1: ", "was it offloaded before?")
	_, err = s3objects.ForSQSBatch(t.Context(), w, nil)
	assert.Error(t, err, "it takes a Writer and an input")
}

func TestForSNS(t *testing.T) {
	t.Parallel()
	w, objects := writerOf(t, offload.Threshold(offload.MaxThreshold))
	small := &sns.PublishInput{TopicArn: aws.String("t"), Message: aws.String("small")}
	in, err := s3objects.ForSNS(t.Context(), w, small)
	assert.NoError(t, err)
	assert.Equal(t, in == small, true)

	// SNS takes less than SQS.
	attribute := snstypes.MessageAttributeValue{DataType: aws.String("String"), StringValue: aws.String("order")}
	large := &sns.PublishInput{TopicArn: aws.String("t"), Message: &big, MessageAttributes: map[string]snstypes.MessageAttributeValue{"kind": attribute}}
	in, err = s3objects.ForSNS(t.Context(), w, large)
	assert.NoError(t, err)
	assert.Equal(t, stored(t, objects, in.Message) == big, true)
	assert.Equal(t, *in.TopicArn, "t")
	assert.Equal(t, in.MessageAttributes["kind"], attribute)
	assert.Equal(t, *in.MessageAttributes["ExtendedPayloadSize"].StringValue, "262145")
	assert.Equal(t, len(large.MessageAttributes), 1, "the caller's own")

	large.MessageStructure = aws.String("json")
	_, err = s3objects.ForSNS(t.Context(), w, large)
	assert.Error(t, err, "MessageStructure json")
	small.MessageStructure = aws.String("json")
	in, err = s3objects.ForSNS(t.Context(), w, small)
	assert.NoError(t, err)
	assert.Equal(t, in == small, true)
	_, err = s3objects.ForSNS(t.Context(), nil, small)
	assert.Error(t, err, "it takes a Writer and an input")
}

func newQueue(t *testing.T, endpoint string) (client *sqs.Client, url string) {
	t.Helper()
	client = sqs.New(sqs.Options{Region: "us-east-1", BaseEndpoint: &endpoint, Credentials: aws.CredentialsProviderFunc(
		func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "local", SecretAccessKey: "local"}, nil
		})})
	q, err := client.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("q" + rand.Text())})
	assert.NoError(t, err)
	return client, *q.QueueUrl
}

// A queue of a real server, and a long-running worker that loads what is sent.
func TestQueue(t *testing.T) {
	t.Parallel()
	endpoint := os.Getenv("WEIR_SQS")
	if endpoint == "" {
		t.Skip("skipped: WEIR_SQS is not set; bash .ci/serve.sh sqs PORT starts a server and prints what to set it to")
	}
	client, url := newQueue(t, endpoint)
	w, objects := writerOf(t)
	batch := &sqs.SendMessageBatchInput{QueueUrl: &url}
	want := map[string]bool{}
	for i := range 10 {
		body := fmt.Sprint(i, strings.Repeat("x", i*40_000)) // 1.8 MB together, which no request may have
		want[body] = true
		batch.Entries = append(batch.Entries, types.SendMessageBatchRequestEntry{Id: aws.String(fmt.Sprint(i)), MessageBody: &body})
	}
	batch, err := s3objects.ForSQSBatch(t.Context(), w, batch)
	assert.NoError(t, err)
	sent, err := client.SendMessageBatch(t.Context(), batch)
	assert.NoError(t, err)
	assert.Equal(t, len(sent.Failed), 0)

	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	err = streaming.Run(ctx, weir.Each(func(_ context.Context, body string) error {
		if delete(want, body); len(want) == 0 {
			stop()
		}
		return nil
	}), sqssource.New(client, url), streaming.Handling(offload.Load(objects, offload.Buckets("large")),
		offload.DeleteAfter(objects, func(_ context.Context, _ offload.Pointer, err error) { t.Error(err) })))
	assert.NoError(t, err)
	assert.Equal(t, len(want), 0)
}
