package s3objects_test

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/ext/s3objects"
	"github.com/weir-go/weir/ext/sqssource"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/middleware/offload"
	"github.com/weir-go/weir/streaming"
)

// Both ways with an implementation that others wrote, for Node: what it sends is loaded, and what is
// put aside here it receives.
func TestAgainstNode(t *testing.T) {
	t.Parallel()
	sqsEndpoint, s3Endpoint := os.Getenv("WEIR_SQS"), os.Getenv("WEIR_S3")
	if sqsEndpoint == "" || s3Endpoint == "" {
		t.Skip("skipped: WEIR_SQS or WEIR_S3 is not set; bash .ci/serve.sh NAME PORT starts a server and prints what to set it to")
	}
	if err := exec.Command("node", "-e", "require('sns-sqs-big-payload'); require('aws-sdk')").Run(); err != nil {
		t.Skip("skipped: node with sns-sqs-big-payload is not there: npm install --ignore-scripts sns-sqs-big-payload@0.1.4 aws-sdk@2, and set NODE_PATH to its node_modules")
	}
	client := clientOf(s3Endpoint)
	objects, bucket := s3objects.New(client), newBucket(t, client)
	queue, url := newQueue(t, sqsEndpoint)
	_, other := newQueue(t, sqsEndpoint) // for the way back, since a server may still answer a receive that was given up
	node := func(how, url string) string {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, "node", "testdata/big.js", how, url, bucket, sqsEndpoint, s3Endpoint)
		var stderr strings.Builder
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err, stderr.String())
		}
		return strings.TrimSpace(string(out))
	}

	node("send", url)
	type sent struct {
		N    int
		Text string
	}
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	got, want := map[int]int{}, map[int]int{10: 400_000}
	for n := range 9 {
		want[n+1] = 0
	}
	assert.NoError(t, streaming.Run(ctx, weir.Each(func(_ context.Context, s sent) error {
		if got[s.N] = len(s.Text); len(got) == len(want) {
			stop()
		}
		return nil
	}), sqssource.New(queue, url), streaming.Handling(offload.Load(objects, offload.Buckets(bucket)))))
	assert.Equal(t, got, want)

	// It only knows the attribute that the Java client writes by default.
	w, err := offload.NewWriter(objects, bucket, offload.LegacyAttribute())
	assert.NoError(t, err)
	in, err := s3objects.ForSQS(t.Context(), w, &sqs.SendMessageInput{QueueUrl: &other, MessageBody: aws.String(`{"n":3,"text":"` + strings.Repeat("x", 300_000) + `"}`)})
	assert.NoError(t, err)
	_, err = queue.SendMessage(t.Context(), in)
	assert.NoError(t, err)
	assert.Equal(t, node("receive", other), "3 300000")
}
