package s3objects_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/ext/internal/cutproxy"
	"github.com/weir-go/weir/ext/s3objects"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/middleware/offload"
	"github.com/weir-go/weir/weirtest"
)

// troubled is S3 with a fault in its answers to GET, as long as there are any left.
type troubled struct {
	http.Handler
	fault func(w http.ResponseWriter, r *http.Request, answer *httptest.ResponseRecorder)
	left  atomic.Int64
	calls atomic.Int64
}

func (s *troubled) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet || !strings.HasSuffix(r.URL.Path, "/1") || r.URL.Query().Has("list-type") {
		s.Handler.ServeHTTP(w, r)
		return
	}
	s.calls.Add(1)
	if s.left.Add(-1) < 0 {
		s.Handler.ServeHTTP(w, r)
		return
	}
	answer := httptest.NewRecorder()
	s.Handler.ServeHTTP(answer, r)
	s.fault(w, r, answer)
}

func refuse(status int, code string) func(http.ResponseWriter, *http.Request, *httptest.ResponseRecorder) {
	return func(w http.ResponseWriter, _ *http.Request, _ *httptest.ResponseRecorder) {
		w.WriteHeader(status)
		fmt.Fprintf(w, "<Error><Code>%s</Code><Message>no</Message></Error>", code)
	}
}

// partly sends n bytes of the body, and then cuts the connection.
func partly(n int, chunked bool) func(http.ResponseWriter, *http.Request, *httptest.ResponseRecorder) {
	return func(w http.ResponseWriter, _ *http.Request, answer *httptest.ResponseRecorder) {
		if !chunked {
			w.Header().Set("Content-Length", fmt.Sprint(answer.Body.Len()))
		}
		_, _ = w.Write(answer.Body.Next(n))
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}

// tampered has a checksum that is not that of the body.
func tampered(w http.ResponseWriter, _ *http.Request, answer *httptest.ResponseRecorder) {
	w.Header().Set("X-Amz-Checksum-Crc32", "AAAAAA==")
	w.Header().Set("Content-Length", fmt.Sprint(answer.Body.Len()))
	_, _ = w.Write(answer.Body.Bytes())
}

func TestFaults(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		fault  func(http.ResponseWriter, *http.Request, *httptest.ResponseRecorder)
		times  int64
		calls  int64
		want   string // "" is none
		down   bool   // is Unavailable
		perm   bool   // is Permanent
		within time.Duration
	}{
		"500, then well":    {fault: refuse(500, "InternalError"), times: 2, calls: 3},
		"503, then well":    {fault: refuse(503, "SlowDown"), times: 1, calls: 2},
		"500":               {fault: refuse(500, "InternalError"), times: 9, calls: 3, want: "InternalError", down: true},
		"SlowDown":          {fault: refuse(503, "SlowDown"), times: 9, calls: 3, want: "SlowDown", down: true},
		"403":               {fault: refuse(403, "AccessDenied"), times: 9, calls: 1, want: "S3 denies access, as it also does when the object is not there"},
		"404":               {fault: refuse(404, "NoSuchKey"), times: 9, calls: 1, want: "permanent: offload: s3://large/1: the object is not there", perm: true},
		"Glacier":           {fault: refuse(403, "InvalidObjectState"), times: 9, calls: 1, want: "restore it first"},
		"cut":               {fault: partly(1000, false), times: 9, calls: 1, want: "broke off at byte 1000 of 300000: unexpected EOF", down: true},
		"cut, chunked":      {fault: partly(1000, true), times: 9, calls: 1, want: "broke off at byte 1000", down: true},
		"cut before a byte": {fault: partly(0, false), times: 9, calls: 1, want: "broke off at byte 0 of 300000", down: true},
		"tampered":          {fault: tampered, times: 9, calls: 1, want: "checksum did not match"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &troubled{fault: tc.fault}
			client := faked(t, func(h http.Handler) http.Handler {
				s.Handler = h
				return s
			})
			objects := s3objects.New(client)
			p, other := offload.Pointer{Bucket: "large", Key: "1"}, offload.Pointer{Bucket: "large", Key: "2"}
			text := strings.Repeat("abc", 100_000)
			assert.NoError(t, objects.Put(t.Context(), p, text))
			assert.NoError(t, objects.Put(t.Context(), other, "other"))
			s.left.Store(tc.times)
			var got []string
			fn := weir.SQS(weir.Each(func(_ context.Context, text string) error {
				got = append(got, text)
				return nil
			}), offload.Load(objects, offload.Buckets("large")))
			r := weirtest.Run(t.Context(), fn, weirtest.SQS(large(p), large(other), "small"))
			assert.Equal(t, s.calls.Load(), tc.calls)
			if tc.want == "" {
				r.WantDone(t)
				assert.Equal(t, got[0] == text, true)
				return
			}
			r.Want(t, weirtest.Failed, weirtest.Succeeded, weirtest.Succeeded)
			assert.Equal(t, got, []string{"other", "small"})
			err := r.Records[0].Err
			assert.Error(t, err, tc.want)
			_, down := errors.AsType[*weir.UnavailableError](err)
			assert.Equal(t, down, tc.down)
			_, perm := errors.AsType[*weir.PermanentError](err)
			assert.Equal(t, perm, tc.perm)
		})
	}
}

func large(p offload.Pointer) weirtest.Record {
	return weirtest.Record{Value: p.Body(), MessageAttributes: map[string]weir.MessageAttribute{"ExtendedPayloadSize": {DataType: "Number", String: "1"}}}
}

// A server that is not there is nobody's fault.
func TestNoServer(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.NotFoundHandler())
	srv.Close()
	_, err := s3objects.New(clientOf(srv.URL)).Get(t.Context(), offload.Pointer{Bucket: "large", Key: "1"})
	_, down := errors.AsType[*weir.UnavailableError](err)
	assert.Equal(t, down, true, fmt.Sprint(err))
}

// When the deadline is near, a download or a request that is going on ends at once.
func TestDeadline(t *testing.T) {
	t.Parallel()
	for name, first := range map[string]int{"no answer": -1, "slow body": 1000} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reached := make(chan bool, 9)
			s := &troubled{fault: func(w http.ResponseWriter, r *http.Request, answer *httptest.ResponseRecorder) {
				if first >= 0 {
					w.Header().Set("Content-Length", fmt.Sprint(answer.Body.Len()))
					_, _ = w.Write(answer.Body.Next(first))
					_ = http.NewResponseController(w).Flush()
				}
				reached <- true
				<-r.Context().Done() // until the client has gone
			}}
			client := faked(t, func(h http.Handler) http.Handler {
				s.Handler = h
				return s
			})
			objects := s3objects.New(client)
			p := offload.Pointer{Bucket: "large", Key: "1"}
			assert.NoError(t, objects.Put(t.Context(), p, strings.Repeat("x", 300_000)))
			s.left.Store(9)
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			defer cancel()
			fn := weir.SQS(weir.Each(func(context.Context, string) error { return nil }), weir.ReportAll(),
				weir.DeadlineReserve(time.Second), offload.Load(objects, offload.Buckets("large")))
			r := weirtest.Run(ctx, fn, weirtest.SQS(large(p)))
			<-reached
			assert.NoError(t, ctx.Err())
			r.Want(t, weirtest.Failed)
			assert.Equal(t, errors.Is(r.Records[0].Err, weir.ErrDeadlineNear), true)
			assert.Equal(t, s.calls.Load(), 1, "requests")
		})
	}
}

// An upload whose answer is lost is sent again under the same key, and the message points to it.
func TestLostAnswer(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(gofakes3.New(s3mem.New()).Server())
	t.Cleanup(srv.Close)
	proxy := cutproxy.New(t, strings.TrimPrefix(srv.URL, "http://"))
	direct, client := clientOf(srv.URL), clientOf("http://"+proxy.Addr())
	_, err := direct.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("large")})
	assert.NoError(t, err)
	var puts, cut atomic.Int64
	proxy.Rule(func(request []byte) cutproxy.Fate {
		if bytes.HasPrefix(request, []byte("PUT /")) {
			puts.Add(1)
		}
		if puts.Load() == 1 {
			cut.Add(1)
			return cutproxy.Fate{Answer: []byte("200 OK")}
		}
		return cutproxy.Fate{}
	})
	w, err := offload.NewWriter(s3objects.New(client), "large")
	assert.NoError(t, err)
	text := strings.Repeat("x", 300_000)
	out, err := w.Offload(t.Context(), offload.Outgoing{Body: text})
	assert.NoError(t, err)
	assert.Equal(t, puts.Load(), 2)
	list, err := direct.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("large")})
	assert.NoError(t, err)
	assert.Equal(t, len(list.Contents), 1)
	p, err := offload.ParsePointer([]byte(out.Body))
	assert.NoError(t, err)
	assert.Equal(t, content(t, s3objects.New(direct), p) == text, true)

	// If it never comes, the message is not to be sent.
	proxy.Rule(func([]byte) cutproxy.Fate { return cutproxy.Fate{Drop: true} })
	_, err = w.Offload(t.Context(), offload.Outgoing{Body: text})
	assert.Error(t, err, "was not stored, so the message must not be sent")
}

// A deletion that is refused, as a whole or for an object, is reported, and the record is done.
func TestDeleteFails(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]func(w http.ResponseWriter){
		"as a whole": func(w http.ResponseWriter) {
			w.WriteHeader(403)
			_, _ = io.WriteString(w, "<Error><Code>AccessDenied</Code><Message>no</Message></Error>")
		},
		"of one": func(w http.ResponseWriter) {
			_, _ = io.WriteString(w, "<DeleteResult><Error><Key>1</Key><Code>AccessDenied</Code><Message>no</Message></Error></DeleteResult>")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := faked(t, func(h http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.Method == http.MethodPost {
						answer(w)
						return
					}
					h.ServeHTTP(w, r)
				})
			})
			objects := s3objects.New(client)
			p := offload.Pointer{Bucket: "large", Key: "1"}
			assert.NoError(t, objects.Put(t.Context(), p, "x"))
			var told []string
			fn := weir.SQS(weir.Each(func(context.Context, string) error { return nil }), offload.Load(objects, offload.Buckets("large")),
				offload.DeleteAfter(objects, func(_ context.Context, p offload.Pointer, err error) {
					assert.Error(t, err, "offload: s3://large/1: ", "AccessDenied")
					told = append(told, p.Key)
				}))
			weirtest.Run(t.Context(), fn, weirtest.SQS(large(p))).WantDone(t)
			assert.Equal(t, told, []string{"1"})
			assert.Equal(t, exists(t, client, p), true)
		})
	}
}
