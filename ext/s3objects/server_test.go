package s3objects_test

import (
	"context"
	"crypto/rand"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/weir-go/weir/ext/s3objects"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/middleware/offload"
)

// clientOf is a client of a server, which tries three times and waits little in between.
func clientOf(endpoint string) *s3.Client {
	return s3.New(s3.Options{
		Region: "us-east-1", BaseEndpoint: &endpoint, UsePathStyle: true,
		Retryer: retry.NewStandard(func(o *retry.StandardOptions) {
			o.MaxAttempts = 3
			o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return time.Millisecond, nil })
		}),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AK", SecretAccessKey: "SK"}, nil
		}),
	})
}

// fake runs gofakes3 behind a handler. It has to be plain HTTP: over TLS gofakes3 stores the framing
// of uploads.
func fake(ctx context.Context, around func(http.Handler) http.Handler) (client *s3.Client, stop func(), err error) {
	srv := httptest.NewServer(around(gofakes3.New(s3mem.New()).Server()))
	client = clientOf(srv.URL)
	_, err = client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String("large")})
	return client, srv.Close, err
}

func plainly(h http.Handler) http.Handler { return h }

func faked(t testing.TB, around func(http.Handler) http.Handler) *s3.Client {
	t.Helper()
	client, stop, err := fake(t.Context(), around)
	t.Cleanup(stop)
	assert.NoError(t, err)
	return client
}

// onServers runs a test with gofakes3, and with the server at WEIR_S3.
func onServers(t *testing.T, test func(t *testing.T, client *s3.Client, bucket string)) {
	t.Run("gofakes3", func(t *testing.T) {
		t.Parallel()
		test(t, faked(t, plainly), "large")
	})
	t.Run("server", func(t *testing.T) {
		t.Parallel()
		endpoint := os.Getenv("WEIR_S3")
		if endpoint == "" {
			t.Skip("skipped: WEIR_S3 is not set; bash .ci/serve.sh s3 PORT starts a server and prints what to set it to")
		}
		client := clientOf(endpoint)
		test(t, client, newBucket(t, client))
	})
}

func newBucket(t testing.TB, client *s3.Client) string {
	t.Helper()
	bucket := "large-" + strings.ToLower(rand.Text())
	_, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &bucket})
	assert.NoError(t, err)
	return bucket
}

// exists tells whether there is an object.
func exists(t testing.TB, client *s3.Client, p offload.Pointer) bool {
	t.Helper()
	out, err := client.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: &p.Bucket, Prefix: &p.Key})
	assert.NoError(t, err)
	return len(out.Contents) > 0 && aws.ToString(out.Contents[0].Key) == p.Key
}

func content(t testing.TB, objects *s3objects.Objects, p offload.Pointer) string {
	t.Helper()
	o, err := objects.Get(t.Context(), p)
	assert.NoError(t, err)
	defer o.Body.Close()
	all, err := io.ReadAll(o.Body)
	assert.NoError(t, err)
	assert.Equal(t, o.Size, int64(len(all)))
	return string(all)
}

func random(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return string(b)
}
