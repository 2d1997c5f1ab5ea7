package s3archive_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/weir-go/weir/archive"
	"github.com/weir-go/weir/ext/s3archive"
	"github.com/weir-go/weir/internal/assert"
)

// start runs gofakes3 behind a handler, and returns the SDK's client for it. It has to be plain
// HTTP: over TLS gofakes3 stores the framing of uploads.
func start(ctx context.Context, around func(http.Handler) http.Handler) (client *s3.Client, stop func(), err error) {
	srv := httptest.NewServer(around(gofakes3.New(s3mem.New()).Server()))
	client = s3.New(s3.Options{
		Region:       "eu-central-1",
		BaseEndpoint: &srv.URL,
		UsePathStyle: true,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "key", SecretAccessKey: "secret"}, nil
		}),
	})
	_, err = client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String("backup")})
	return client, srv.Close, err
}

func plainly(h http.Handler) http.Handler { return h }

func server(t testing.TB, around func(http.Handler) http.Handler) *s3.Client {
	t.Helper()
	client, stop, err := start(t.Context(), around)
	t.Cleanup(stop)
	assert.NoError(t, err)
	return client
}

func put(ctx context.Context, client *s3.Client, key string, data []byte) error {
	_, err := client.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("backup"), Key: &key, Body: bytes.NewReader(data)})
	return err
}

func gz(members ...string) []byte {
	var b bytes.Buffer
	for _, m := range members {
		w := gzip.NewWriter(&b)
		_, _ = w.Write([]byte(m))
		_ = w.Close()
	}
	return b.Bytes()
}

// small asks for one key a page, and counts the pages.
type small struct {
	s3archive.Client
	pages atomic.Int64
}

func (s *small) ListObjectsV2(ctx context.Context, in *s3.ListObjectsV2Input, opts ...func(*s3.Options)) (*s3.ListObjectsV2Output, error) {
	s.pages.Add(1)
	one := *in
	one.MaxKeys = aws.Int32(1)
	return s.Client.ListObjectsV2(ctx, &one, opts...)
}

func TestFirehosePrefix(t *testing.T) {
	t.Parallel()
	client := server(t, plainly)
	assert.NoError(t, put(t.Context(), client, "orders/", nil)) // a folder, as the console makes them
	assert.NoError(t, put(t.Context(), client, "orders/2026/11/25/17/part 1+ü", gz(`{"n":1}{"n":2}`, `{"n":3}`)))
	assert.NoError(t, put(t.Context(), client, "orders/2026/11/25/18/part-2", []byte("{\"n\":4}\n\n{\"n\":5}\n")))
	assert.NoError(t, put(t.Context(), client, "orders/2026/11/26/00/part-3.gz", gz("{\"n\":6}\n")))
	assert.NoError(t, put(t.Context(), client, "orders/2026/empty", nil))
	assert.NoError(t, put(t.Context(), client, "orders/2026/strange/", []byte("{}")))
	assert.NoError(t, put(t.Context(), client, "orders-not/part-4", []byte("{}")))
	pages := &small{Client: client}
	source := s3archive.Source(pages, "backup", "orders/")
	for range 2 {
		var got []string
		for line, err := range source.Lines(t.Context()) {
			assert.NoError(t, err)
			got = append(got, fmt.Sprintf("%s %d %s %s", line.Archive, line.Number, line.Time.Format(time.DateTime), line.Data))
		}
		assert.Equal(t, got, []string{
			`s3://backup/orders/2026/11/25/17/part 1+ü 1 2026-11-25 17:00:00 {"n":1}`,
			`s3://backup/orders/2026/11/25/17/part 1+ü 2 2026-11-25 17:00:00 {"n":2}`,
			`s3://backup/orders/2026/11/25/17/part 1+ü 3 2026-11-25 17:00:00 {"n":3}`,
			`s3://backup/orders/2026/11/25/18/part-2 1 2026-11-25 18:00:00 {"n":4}`,
			`s3://backup/orders/2026/11/25/18/part-2 3 2026-11-25 18:00:00 {"n":5}`,
			`s3://backup/orders/2026/11/26/00/part-3.gz 1 2026-11-26 00:00:00 {"n":6}`,
			`s3://backup/orders/2026/strange/ 1 0001-01-01 00:00:00 {}`,
		})
		size, err := source.Size(t.Context())
		assert.NoError(t, err)
		assert.Equal(t, source.Done(), size)
	}
	assert.Equal(t, pages.pages.Load(), 6, "listed once, a key a page")
}

func TestWhatIsNotThere(t *testing.T) {
	t.Parallel()
	client := server(t, plainly)
	assert.NoError(t, put(t.Context(), client, "orders/", nil))
	for want, source := range map[string]*archive.Source{
		"archive: there are no archives: is the path, or the prefix, right?": s3archive.Source(client, "backup", "orders/"),
		"archive: list: s3://none/orders/: ":                                 s3archive.Source(client, "none", "orders/"),
		"NoSuchBucket":                                                       s3archive.Source(client, "none", ""),
		"archive: list: the bucket's name is empty":                          s3archive.Source(client, "", "orders/"),
		"archive: there is no place to read from":                            s3archive.Source(nil, "backup", "orders/"),
	} {
		assert.Error(t, source.Check(t.Context()), want)
	}
}

// cutting breaks off downloads after some bytes, as long as there are any left to break.
type cutting struct {
	http.Handler
	after  int
	left   atomic.Int64
	ranges atomic.Int64
}

func (c *cutting) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet || r.URL.Query().Has("list-type") {
		c.Handler.ServeHTTP(w, r)
		return
	}
	if r.Header.Get("Range") != "" {
		c.ranges.Add(1)
	}
	if c.left.Add(-1) < 0 {
		c.Handler.ServeHTTP(w, r)
		return
	}
	answer := httptest.NewRecorder()
	c.Handler.ServeHTTP(answer, r)
	for name, values := range answer.Header() {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Length", fmt.Sprint(answer.Body.Len()))
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Next(c.after))
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler) // closes the connection
}

// A download that breaks off, again and again, loses and repeats nothing.
func TestBrokenDownload(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	var text strings.Builder
	for i := range 50_000 {
		fmt.Fprintf(&text, "{\"n\":%d,\"x\":%d}\n", i, rng.Uint64())
	}
	for name, data := range map[string][]byte{"plain": []byte(text.String()), "gzip": gz(text.String())} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cut := &cutting{after: len(data) / 9}
			client := server(t, func(h http.Handler) http.Handler {
				cut.Handler = h
				return cut
			})
			assert.NoError(t, put(t.Context(), client, "part", data))
			cut.left.Store(7)
			source := s3archive.Source(client, "backup", "")
			var got strings.Builder
			for line, err := range source.Lines(t.Context()) {
				assert.NoError(t, err)
				got.Write(line.Data)
				got.WriteByte('\n')
			}
			assert.Equal(t, got.String() == text.String(), true)
			assert.Equal(t, cut.ranges.Load(), 7)
			assert.Equal(t, source.Done(), int64(len(data)))
		})
	}
}

func ExampleSource() {
	ctx := context.Background()
	client, stop, err := start(ctx, plainly) // s3.NewFromConfig(cfg)
	defer stop()
	if err == nil {
		err = put(ctx, client, "orders/2026/11/25/18/part-1", gz(`{"id":"a"}{"id":"b"}`))
	}
	if err != nil {
		fmt.Println(err)
		return
	}

	source := s3archive.Source(client, "backup", "orders/2026/11/")
	for line, err := range source.Lines(ctx) {
		fmt.Println(line.Archive, line.Number, string(line.Data), err)
	}
	// Output:
	// s3://backup/orders/2026/11/25/18/part-1 1 {"id":"a"} <nil>
	// s3://backup/orders/2026/11/25/18/part-1 2 {"id":"b"} <nil>
}
