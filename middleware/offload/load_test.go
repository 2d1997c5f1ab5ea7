package offload_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/envelope"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/middleware/offload"
	"github.com/weir-go/weir/weirtest"
)

func TestLoad(t *testing.T) {
	t.Parallel()
	b := bucketOf("1", `{"n":1}`, "empty", "", "text", "plain")
	legacy := large("m2", "1")
	legacy.MessageAttributes = map[string]weir.MessageAttribute{"SQSLargePayloadSize": {DataType: "Number", String: "7"}}
	legacy.Value = strings.Replace(at("1").Body(), class, "com.amazon.sqs.javamessaging.MessageS3Pointer", 1)
	event := weirtest.SQS(large("m1", "1"), legacy, "small", weirtest.Record{ID: "m4", Value: at("1").Body()}, marked("m5", "small"),
		large("m6", "empty"), large("m7", "text"), weirtest.Record{ID: "m8", Value: `["a","b"]`}, marked("m9", "[1]"))
	var s seen
	fn := weir.SQS(weir.Each(s.handle), offload.Load(b, buckets))
	weirtest.Run(t.Context(), fn, event).WantDone(t)
	assert.Equal(t, s.got, []string{`{"n":1}`, `{"n":1}`, "small", at("1").Body(), "small", "", "plain", `["a","b"]`, "[1]"})
	assert.Equal(t, b.gets, 4)
	assert.Equal(t, b.open, 0)
}

// The handler sees the content, and everybody else the pointer.
func TestWhoSeesWhat(t *testing.T) {
	t.Parallel()
	b := bucketOf("1", "content")
	var told []string
	pointer := at("1").Body()
	see := func(who string, m *weir.Message) { told = append(told, who+" "+string(m.Payload)) }
	around := func(who string) weir.Middleware {
		return func(next weir.Handler) weir.Handler {
			return func(ctx context.Context, m *weir.Message) error {
				see(who, m)
				return next(ctx, m)
			}
		}
	}
	fn := weir.SQS(weir.EachMessage(func(ctx context.Context, m *weir.Message) error {
		see("handler", m)
		own, _ := weir.FromContext(ctx)
		assert.Equal(t, own == m, true)
		assert.Equal(t, m.ID, "m1")
		assert.Equal(t, m.MessageAttributes()["ExtendedPayloadSize"].String, "300000")
		assert.Contains(t, m.Raw(), `\"s3Key\":\"1\"`)
		return errors.New("no")
	}), weir.Use(around("before")), offload.Load(b, buckets), weir.Use(around("behind")),
		weir.OnFailure(func(_ context.Context, m *weir.Message, err error) error {
			see("policy", m)
			return weir.Drop(err)
		}), weir.Observe(dropped(func(m *weir.Message) { see("observer", m) })))
	weirtest.Run(t.Context(), fn, weirtest.SQS(large("m1", "1"))).Want(t, weirtest.Dropped)
	assert.Equal(t, told, []string{"before " + pointer, "behind content", "handler content", "policy " + pointer, "observer " + pointer})
}

type dropped func(m *weir.Message)

func (f dropped) RecordDropped(_ context.Context, m *weir.Message, _ error) error {
	f(m)
	return nil
}

func TestLoadFails(t *testing.T) {
	t.Parallel()
	errDown, errDenied := errors.New("down"), errors.New("AccessDenied")
	for name, tc := range map[string]struct {
		record weirtest.Record
		get    error
		want   string
		is     error
		gets   int
	}{
		"missing": {record: large("bad", "gone"), is: offload.ErrMissing, want: "permanent: offload: s3://large/gone: the object is not there: NoSuchKey", gets: 1},
		"denied":  {record: large("bad", "1"), get: errDenied, is: errDenied, want: "offload: s3://large/1: AccessDenied", gets: 1},
		"down":    {record: large("bad", "1"), get: weir.Unavailable(errDown), is: errDown, want: "offload: s3://large/1: unavailable: down", gets: 1},
		"another bucket": {record: marked("bad", offload.Pointer{Bucket: "secret", Key: "1"}.Body()), is: offload.ErrBucket,
			want: "permanent: offload: the pointer names s3://secret/1, which was not asked for: not among offload.Buckets"},
		"no pointer": {record: marked("bad", `["`+class+`",{"s3BucketName":"large"}]`), is: weir.ErrUndecodable,
			want: "undecodable: offload: the message is marked as large, but its body is no pointer to S3: s3Key: it is missing"},
		"another class": {record: marked("bad", `["shaded.S3Pointer",{"s3BucketName":"large","s3Key":"1"}]`), is: weir.ErrUndecodable, want: `the class "shaded.S3Pointer" is none of`},
		"too large":     {record: large("bad", "9"), is: offload.ErrTooLarge, want: "permanent: offload: s3://large/9: larger than offload.MaxSize: 8 bytes", gets: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := bucketOf("1", "content", "good", "12345678", "9", "123456789")
			b.get = func(p offload.Pointer) error {
				if p.Key == "good" {
					return nil
				}
				return tc.get
			}
			var s seen
			fn := weir.SQS(weir.Each(s.handle), offload.Load(b, buckets, offload.MaxSize(8)))
			r := weirtest.Run(t.Context(), fn, weirtest.SQS(large("a", "good"), tc.record, "small"))
			r.Want(t, weirtest.Succeeded, weirtest.Failed, weirtest.Succeeded)
			assert.Error(t, r.Records[1].Err, tc.want)
			assert.Equal(t, errors.Is(r.Records[1].Err, tc.is), true)
			assert.Equal(t, s.got, []string{"12345678", "small"})
			assert.Equal(t, b.gets, 1+tc.gets)
			assert.Equal(t, b.open, 0)
		})
	}
}

// A setting that lacks the bucket loses nothing, even if what cannot be decoded is dropped.
func TestAnotherBucketIsNotDropped(t *testing.T) {
	t.Parallel()
	fn := weir.SQS(weir.Each((&seen{}).handle), weir.OnUndecodable(weir.DropUndecodable), offload.Load(bucketOf(), offload.Buckets("orders")))
	weirtest.Run(t.Context(), fn, weirtest.SQS(large("a", "1"), marked("b", `["x"]`), "small")).Want(t, weirtest.Failed, weirtest.Dropped, weirtest.Succeeded)
}

func TestBuckets(t *testing.T) {
	t.Parallel()
	arn := "arn:aws:s3:eu-west-1:123456789012:accesspoint/large"
	for _, tc := range []struct {
		list    []string
		p       offload.Pointer
		allowed bool
	}{
		{[]string{"a", "large"}, at("x"), true},
		{[]string{"larg", "large2", "LARGE"}, at("x"), false},
		{[]string{"large/in/"}, at("in/x"), true},
		{[]string{"large/in/"}, at("in"), false},
		{[]string{"large/in/"}, at("x"), false},
		{[]string{"large/in/"}, at("/in/x"), false},
		{[]string{"large/in/"}, at("in/../x"), false},
		{[]string{"large/in/"}, at("in/.."), false},
		{[]string{"large/in/"}, at("in/a..b/..c"), true},
		{[]string{"large/"}, at("../x"), true},
		{[]string{"large/in/"}, offload.Pointer{Bucket: "large/in", Key: "x"}, false},
		{[]string{arn}, offload.Pointer{Bucket: arn, Key: "x"}, true},
		{[]string{arn}, offload.Pointer{Bucket: arn + "2", Key: "x"}, false},
	} {
		b := bucketOf()
		b.objects[tc.p] = "content"
		fn := weir.SQS(weir.Each((&seen{}).handle), weir.Options(weir.ReportAll()), offload.Load(b, offload.Buckets(tc.list...)))
		r := weirtest.Run(t.Context(), fn, weirtest.SQS(marked("m", tc.p.Body())))
		if allowed := r.Records[0].Err == nil; allowed != tc.allowed || b.gets > 0 != tc.allowed {
			t.Errorf("%q allow %s: %v, %d gets: %v", tc.list, tc.p, allowed, b.gets, r.Records[0].Err)
		}
	}
}

func TestUnmarked(t *testing.T) {
	t.Parallel()
	b := bucketOf("1", "content")
	var s seen
	fn := weir.Kinesis(weir.Each(s.handle), offload.Load(b, buckets, offload.Unmarked()))
	half := `["` + class + `"]`
	weirtest.Run(t.Context(), fn, weirtest.Kinesis(at("1").Body(), half, "small")).WantDone(t)
	assert.Equal(t, s.got, []string{"content", half, "small"})
	// What is marked is still held to it.
	sqs := weir.SQS(weir.Each(s.handle), offload.Load(b, buckets, offload.Unmarked()))
	weirtest.Run(t.Context(), sqs, weirtest.SQS(marked("m", half), "small")).Want(t, weirtest.Failed, weirtest.Succeeded)
}

// notification is what SNS delivers without raw delivery.
func notification(message, attribute string) string {
	return fmt.Sprintf(`{"Type":"Notification","MessageId":"22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324","TopicArn":"arn:aws:sns:us-west-2:123456789012:orders",`+
		`"Message":%q,"Timestamp":"2026-05-02T00:54:06.655Z","MessageAttributes":{"kind":{"Type":"String","Value":"x"}%s}}`, message, attribute)
}

func TestSNS(t *testing.T) {
	t.Parallel()
	size := `,"ExtendedPayloadSize":{"Type":"Number","Value":"300000"}`
	event := weirtest.SQS(
		notification(at("1").Body(), size), // wrapped
		large("raw", "1"),
		notification("small", ""),
		notification(at("1").Body(), ""),
		notification(`["x"]`, size), // marked, and no pointer
	)
	states := []weirtest.State{weirtest.Succeeded, weirtest.Succeeded, weirtest.Succeeded, weirtest.Succeeded, weirtest.Failed}
	want := []string{"content", "content", "small", at("1").Body()}
	b := bucketOf("1", "content")
	var s seen
	fn := weir.SQS(envelope.SNS(weir.Each(s.handle)), offload.Load(b, buckets))
	weirtest.Run(t.Context(), fn, event).Want(t, states...)
	assert.Equal(t, s.got, want)

	s.got = nil
	fn = weir.SQS(envelope.SNS(offload.Unwrap(weir.Each(s.handle), b, buckets)))
	weirtest.Run(t.Context(), fn, event).Want(t, states...)
	assert.Equal(t, s.got, want)
}

// Only what SNS put around a message says something about it.
func TestAnotherEnvelope(t *testing.T) {
	t.Parallel()
	var s seen
	fn := weir.SQS(weir.Unwrap(weir.Each(s.handle), func(_ context.Context, m *weir.Message) ([]weir.Message, error) {
		return []weir.Message{m.With([]byte(at("1").Body()))}, nil
	}), offload.Load(bucketOf("1", "content"), buckets))
	weirtest.Run(t.Context(), fn, weirtest.SQS(`{"Type":"Order","MessageAttributes":{"ExtendedPayloadSize":{}}}`, "no JSON",
		`{"Type":"Notification","MessageAttributes":{"ExtendedPayloadSize":{}}}`)).WantDone(t)
	assert.Equal(t, s.got, []string{at("1").Body(), at("1").Body(), "content"})
}

func TestRefused(t *testing.T) {
	t.Parallel()
	b := bucketOf()
	each := weir.Each((&seen{}).handle)
	for want, fn := range map[string]*weir.Lambda{
		"offload: Load: no Buckets: list those that pointers may name":    weir.SQS(each, offload.Load(b)),
		"offload: Load: no Objects":                                       weir.SQS(each, offload.Load(nil, buckets)),
		`Buckets: "*" is no name of a bucket, and there are no wildcards`: weir.SQS(each, offload.Load(b, offload.Buckets("*"))),
		`Buckets: "orders-*"`:                                             weir.SQS(each, offload.Load(b, offload.Buckets("orders-*"))),
		`Buckets: ""`:                                                     weir.SQS(each, offload.Load(b, offload.Buckets(""))),
		`Buckets: "/a"`:                                                   weir.SQS(each, offload.Load(b, offload.Buckets("/a"))),
		"MaxSize(0)":                                                      weir.SQS(each, offload.Load(b, buckets, offload.MaxSize(0))),
		"MaxTotal(-1)":                                                    weir.SQS(offload.Unwrap(each, b, buckets, offload.MaxTotal(-1))),
		"MaxTotal(5) is less than MaxSize(6)":                             weir.SQS(offload.Unwrap(each, b, buckets, offload.MaxTotal(5), offload.MaxSize(6))),
		"AtOnce(0)":                                                       weir.SQS(offload.Unwrap(each, b, buckets, offload.AtOnce(0))),
		"AtOnce is for Unwrap":                                            weir.SQS(each, offload.Load(b, buckets, offload.AtOnce(1))),
		"MaxTotal is for Unwrap":                                          weir.SQS(each, offload.Load(b, buckets, offload.MaxTotal(1))),
		"option 1 is nil":                                                 weir.SQS(each, offload.Load(b, buckets, nil)),
		"Stream is for Load":                                              weir.SQS(offload.Unwrap(each, b, buckets, offload.Stream())),
		"offload: Unwrap: no Buckets":                                     weir.SQS(offload.Unwrap(each, b)),
		"no verb":                                                         weir.SQS(offload.Unwrap(nil, b, buckets)),
		"Unwrap does not apply":                                           weir.DynamoDB(offload.Unwrap(each, b, buckets)),
		"DeleteAfter: no Deleter":                                         weir.SQS(each, offload.DeleteAfter(nil, nil)),
	} {
		assert.Error(t, fn.Err(), want)
	}
}

// Whatever the body is, no object is read that is not allowed, and what is not large is left alone.
func FuzzLoad(f *testing.F) {
	for _, p := range pointers {
		f.Add(p, true)
		f.Add(strings.ReplaceAll(p, "a/b", "in/b"), true)
		f.Add(strings.ReplaceAll(p, "a/b", "in/../b"), false)
	}
	for p := range noPointers {
		if len(p) < 4096 {
			f.Add(p, true)
		}
	}
	f.Fuzz(func(t *testing.T, body string, unmarked bool) {
		if !utf8.ValidString(body) {
			t.Skip("no message of SQS")
		}
		b := bucketOf()
		b.get = func(p offload.Pointer) error {
			if p.Bucket != "large" || !strings.HasPrefix(p.Key, "in/") || slices.Contains(strings.Split(p.Key, "/"), "..") {
				t.Errorf("%s was read", p)
			}
			return nil
		}
		opts := []offload.Option{offload.Buckets("large/in/")}
		record := marked("m", body)
		if unmarked {
			opts, record.MessageAttributes = append(opts, offload.Unmarked()), nil
		}
		var s seen
		r := weirtest.Run(t.Context(), weir.SQS(weir.Each(s.handle), weir.ReportAll(), offload.Load(b, opts...)), weirtest.SQS(record))
		if r.Err != nil {
			t.Fatal(r.Err)
		}
		if done := r.Records[0].Err == nil; done != (len(s.got) == 1 && s.got[0] == body) {
			t.Fatalf("%v, and the handler got %q", r.Records[0].Err, s.got)
		}
	})
}
