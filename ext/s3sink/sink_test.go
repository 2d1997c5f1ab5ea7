package s3sink_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/ext/s3sink"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/middleware/deadletter"
	"github.com/weir-go/weir/weirtest"
)

var errNo = errors.New("no")

// faulty fails PUT before or after it has taken effect, as long as any faults are left.
type faulty struct {
	http.Handler
	before, after atomic.Int64
}

func (f *faulty) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPut && f.before.Add(-1) >= 0 {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	if r.Method == http.MethodPut && strings.Count(r.URL.Path, "/") > 1 && f.after.Add(-1) >= 0 {
		f.Handler.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler) // the connection is cut
	}
	f.Handler.ServeHTTP(w, r)
}

// bucket makes one on a server in this process that speaks the protocol of S3.
func bucket(t *testing.T, attempts int) (*s3.Client, *faulty) {
	t.Helper()
	f := &faulty{Handler: gofakes3.New(s3mem.New()).Server()}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	c := s3.New(s3.Options{
		Region: "us-east-1", BaseEndpoint: &server.URL, UsePathStyle: true, RetryMaxAttempts: attempts,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "local", SecretAccessKey: "local"}, nil
		}),
	})
	_, err := c.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("dead")})
	assert.NoError(t, err)
	return c, f
}

func keys(t *testing.T, c *s3.Client) (all []string) {
	t.Helper()
	out, err := c.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("dead")})
	assert.NoError(t, err)
	for _, o := range out.Contents {
		all = append(all, *o.Key)
	}
	return all
}

func drop(t *testing.T, event weirtest.Event, sink deadletter.Sink) *weirtest.Result {
	t.Helper()
	fn := weir.SQS(weir.Each(func(context.Context, string) error { return weir.Drop(errNo) }), deadletter.To(sink))
	assert.NoError(t, fn.Err())
	return weirtest.Run(t.Context(), fn, event)
}

// load reads the letter of a key.
func load(t *testing.T, s *s3sink.Sink, key string) *deadletter.Letter {
	t.Helper()
	l, err := s.Load(t.Context(), &deadletter.Letter{Elsewhere: "s3://dead/" + key})
	assert.NoError(t, err)
	return l
}

func TestSend(t *testing.T) {
	t.Parallel()
	c, _ := bucket(t, 1)
	sink := s3sink.New(c, "dead")
	large := strings.Repeat("<x>", 2<<20)
	drop(t, weirtest.SQS(weirtest.Record{ID: "m1", Value: "a"}, weirtest.Record{ID: "m2", Value: large}), sink).WantDone(t)
	all := keys(t, c)
	assert.Equal(t, len(all), 2)
	assert.Contains(t, all[0], "dead/2026/01/02/queue/m1-", ".json")
	assert.Equal(t, string(load(t, sink, all[0]).Payload), "a")
	assert.Equal(t, string(load(t, sink, all[1]).Payload) == large, true)
}

// One item's record does not replace another's that has the same sequence number, which are a shard's.
func TestItemsWithOneSequenceNumber(t *testing.T) {
	t.Parallel()
	c, _ := bucket(t, 1)
	fn := weir.DynamoDB(weir.EachMessage(func(context.Context, *weir.Message) error { return weir.Drop(errNo) }), deadletter.To(s3sink.New(c, "dead")))
	for _, key := range []string{"a", "b", "a"} {
		change := weirtest.Inserted(map[string]any{"id": key})
		change.ID = "111"
		weirtest.Run(t.Context(), fn, weirtest.DynamoDB(weirtest.Table{Key: "id"}, change)).WantDone(t)
	}
	assert.Equal(t, len(keys(t, c)), 2)
}

// endless is a bucket with an object of some size whose connection is cut at its end.
type endless struct {
	*s3.Client
	size int64
}

func (e *endless) GetObject(context.Context, *s3.GetObjectInput, ...func(*s3.Options)) (*s3.GetObjectOutput, error) {
	return &s3.GetObjectOutput{Body: io.NopCloser(io.MultiReader(io.LimitReader(zeros{}, e.size), iotest.ErrReader(errNo)))}, nil
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

// What can be stored can be loaded: also letters of a worker's, larger than any event of Lambda's. Load reads on
// until the object ends, and half of one is not taken for a letter.
func TestLoadHasNoLimit(t *testing.T) {
	t.Parallel()
	s := s3sink.New(&endless{&s3.Client{}, 80 << 20}, "dead")
	_, err := s.Load(t.Context(), &deadletter.Letter{Elsewhere: "s3://dead/k"})
	assert.Equal(t, errors.Is(err, errNo), true, err)
}

// S3 is down, or its answer is lost: the record fails, comes back, and has one object in the end.
func TestFaults(t *testing.T) {
	t.Parallel()
	c, f := bucket(t, 1)
	sink := s3sink.New(c, "dead")
	event := weirtest.SQS("a")
	f.before.Store(1)
	r := drop(t, event, sink)
	r.Want(t, weirtest.Failed)
	assert.Error(t, r.Records[0].Err, "s3sink: s3://dead/dead/2026/01/02/queue/", "503")
	assert.Equal(t, len(keys(t, c)), 0)

	f.after.Store(1)
	event = event.Again(event.IDs()...)
	drop(t, event, sink).Want(t, weirtest.Failed)
	assert.Equal(t, len(keys(t, c)), 1)

	event = event.Again(event.IDs()...)
	drop(t, event, sink).Want(t, weirtest.Dropped)
	all := keys(t, c)
	assert.Equal(t, len(all), 1)
	assert.Equal(t, load(t, sink, all[0]).Attempt, 3)
}

// Keys are safe, different for different records, and the same for the same one.
func TestKey(t *testing.T) {
	t.Parallel()
	s := s3sink.New(&s3.Client{}, "dead", s3sink.Prefix(""))
	at := time.Date(2026, 1, 2, 23, 59, 0, 0, time.FixedZone("", 3600))
	for _, tt := range []struct {
		l    deadletter.Letter
		want string
	}{
		{deadletter.Letter{}, "undated/unknown/unknown-.json"},
		{deadletter.Letter{ID: "0f", RecordID: "orders-1@77", Source: "b-1:9092,b-2:9092", Time: at}, "2026/01/02/b-1-9092-b-2-9092/orders-1-77-0f.json"},
		{deadletter.Letter{ID: "0f", RecordID: "../..", Part: "1/0", Source: "..", Time: time.Unix(1<<50, 0)}, "undated/unknown/-..-1-0-0f.json"},
		{deadletter.Letter{ID: "0f", RecordID: "1", Source: "arn:aws:dynamodb:eu-west-1:1:table/t/stream/2026-01-01T00:00:00.000"}, "undated/table-t-stream-2026-01-01T00-00-00.000/1-0f.json"},
	} {
		assert.Equal(t, s.Key(&tt.l), tt.want)
		tt.l.GivenUpAt, tt.l.Attempt, tt.l.Error = at, 7, "another"
		assert.Equal(t, s.Key(&tt.l), tt.want)
	}
	if n := len(s.Key(&deadletter.Letter{ID: strings.Repeat("x", 9000), RecordID: strings.Repeat("é", 9000), Source: strings.Repeat("x", 9000)})); n > 1024 {
		t.Errorf("a key of %d bytes", n)
	}
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	c, _ := bucket(t, 1)
	s := s3sink.New(c, "dead")
	for where, want := range map[string]string{
		"":                      "is not in the bucket dead",
		"s3://other/key":        "is not in the bucket dead",
		"s3://dead/":            "is not in the bucket dead",
		"s3://dead/no-such-key": "NoSuchKey",
	} {
		_, err := s.Load(t.Context(), &deadletter.Letter{Elsewhere: where})
		assert.Error(t, err, "s3sink: ", want)
	}
	_, err := c.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("dead"), Key: aws.String("k"), Body: strings.NewReader("{}")})
	assert.NoError(t, err)
	_, err = s.Load(t.Context(), &deadletter.Letter{Elsewhere: "s3://dead/k"})
	assert.Equal(t, errors.Is(err, deadletter.ErrNotLetter), true)
}

func TestRefused(t *testing.T) {
	t.Parallel()
	for want, s := range map[string]*s3sink.Sink{
		"the client is nil":                              s3sink.New(nil, "dead"),
		"the client is nil\ns3sink":                      s3sink.New((*s3.Client)(nil), ""),
		"a Sink without settings: make it by s3sink.New": {},
		"the name of the bucket is empty":                s3sink.New(&s3.Client{}, ""),
		"option 0 is nil":                                s3sink.New(&s3.Client{}, "dead", nil),
		"the prefix has 501 bytes":                       s3sink.New(&s3.Client{}, "dead", s3sink.Prefix(strings.Repeat("x", 501))),
	} {
		fn := weir.SQS(weir.Each(func(context.Context, string) error { return nil }), deadletter.To(s))
		assert.Error(t, fn.Err(), "s3sink: "+want)
		assert.Error(t, s.Send(t.Context(), &deadletter.Letter{}), want)
		_, err := s.Load(t.Context(), &deadletter.Letter{})
		assert.Error(t, err, want)
	}
	_, err := s3sink.New(&s3.Client{}, "dead").Load(t.Context(), nil)
	assert.Error(t, err, "the letter is nil")
}

// small is a sink that takes little, as SNS does.
type small struct {
	box     []deadletter.Letter
	archive deadletter.Archive
}

func (s *small) Send(ctx context.Context, l *deadletter.Letter) error {
	data, err := l.Fit(ctx, 1024, s.archive)
	if err != nil {
		return err
	}
	letters, err := deadletter.Parse(data)
	s.box = append(s.box, letters...)
	return err
}

// What is too large for another sink is here, whole.
func TestArchive(t *testing.T) {
	t.Parallel()
	c, f := bucket(t, 1)
	objects := s3sink.New(c, "dead", s3sink.Prefix("large/"))
	sink := &small{archive: objects}
	event := weirtest.SQS(strings.Repeat("x", 5000))
	f.before.Store(1)
	drop(t, event, sink).Want(t, weirtest.Failed)
	assert.Equal(t, len(sink.box), 0)
	drop(t, event, sink).Want(t, weirtest.Dropped)
	l, err := objects.Load(t.Context(), &sink.box[0])
	assert.NoError(t, err)
	assert.Equal(t, []any{l.ID, len(l.Payload), len(l.Record) > 5000}, []any{sink.box[0].ID, 5000, true})
}

func Example() {
	client := s3.New(s3.Options{Region: "eu-west-1"}) // s3.NewFromConfig(cfg)
	sink := s3sink.New(client, "orders-dead", s3sink.Prefix("letters/"))
	fmt.Println(sink.Key(&deadletter.Letter{
		ID: "5c1f", RecordID: "m1", Source: "arn:aws:sqs:eu-west-1:111122223333:orders",
		Time: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
	}))
	// Output:
	// letters/2026/01/02/orders/m1-5c1f.json
}
