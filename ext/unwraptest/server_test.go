package unwraptest

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/envelope"
	"github.com/weir-go/weir/ext/sqssource"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/streaming"
)

// TestServer: what S3 says in SNS, compressed and as text, comes out of a queue whole; a message
// one part of which fails comes again, all of it, and goes once all parts are done.
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
	q, err := c.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("q" + rand.Text())})
	assert.NoError(t, err)
	in := &sqs.SendMessageBatchInput{QueueUrl: q.QueueUrl}
	for i := range 10 {
		in.Entries = append(in.Entries, types.SendMessageBatchRequestEntry{Id: aws.String(fmt.Sprint("i", i)), MessageBody: aws.String(body(t, i))})
	}
	sent, err := c.SendMessageBatch(t.Context(), in)
	assert.NoError(t, err)
	assert.Equal(t, len(sent.Failed), 0)

	var mu sync.Mutex
	done := map[string]int{}
	v := envelope.SNS(envelope.Base64(envelope.Gzip(envelope.S3(weir.Each(func(ctx context.Context, r envelope.S3Record) error {
		m, _ := weir.FromContext(ctx)
		if m.Part == "1" && m.Attempt == 1 {
			return errors.New("not yet")
		}
		sns, ok := envelope.SNSFromContext(ctx)
		if !ok || sns.MessageAttributes["n"].String != r.Bucket {
			return weir.Drop(errors.New("the attributes are not there"))
		}
		mu.Lock()
		defer mu.Unlock()
		done[r.Key]++
		return nil
	})))))
	ctx, stop := context.WithTimeout(t.Context(), 60*time.Second)
	defer stop()
	whole := func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(done) == 20
	}
	go func() {
		for ctx.Err() == nil && !whole() {
			time.Sleep(5 * time.Millisecond) // until a real server is done
		}
		stop()
	}()
	assert.NoError(t, streaming.Run(ctx, v, sqssource.New(c, *q.QueueUrl), streaming.Backoff(time.Millisecond, time.Millisecond)))
	for i := range 10 {
		assert.Equal(t, done[fmt.Sprint("first object/", i)], 2) // the first part, once for each delivery
		assert.Equal(t, done[fmt.Sprint("second object/", i)], 1)
	}
	left, err := c.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: q.QueueUrl, MaxNumberOfMessages: 10})
	assert.NoError(t, err)
	assert.Equal(t, len(left.Messages), 0)
}

// body is a notification of two objects, in gzip, in base64, in SNS.
func body(t *testing.T, i int) string {
	t.Helper()
	record := func(key string) string {
		return fmt.Sprintf(`{"eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"b%d"},"object":{"key":"%s+object%%2F%d"}}}`, i, key, i)
	}
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = fmt.Fprintf(w, `{"Records":[%s,%s]}`, record("first"), record("second"))
	assert.NoError(t, w.Close())
	text, err := json.Marshal(map[string]any{
		"Type": "Notification", "MessageId": fmt.Sprint("m", i), "TopicArn": "arn:aws:sns:eu-west-1:123456789012:objects",
		"Message": base64.StdEncoding.EncodeToString(b.Bytes()), "Timestamp": "2026-01-02T03:04:05.678Z",
		"MessageAttributes": map[string]any{"n": map[string]any{"Type": "String", "Value": fmt.Sprint("b", i)}},
	})
	assert.NoError(t, err)
	return string(text)
}
