package s3objects_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/ext/s3objects"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/middleware/offload"
	"github.com/weir-go/weir/weirtest"
)

func TestObjects(t *testing.T) {
	t.Parallel()
	onServers(t, func(t *testing.T, client *s3.Client, bucket string) {
		objects := s3objects.New(client)
		for i, text := range []string{"", "x", random(300_000), random(5 << 20)} {
			p := offload.Pointer{Bucket: bucket, Key: fmt.Sprintf("in/ü +%%2F<&>/%d", i)}
			assert.NoError(t, objects.Put(t.Context(), p, text))
			assert.Equal(t, content(t, objects, p) == text, true)
		}
		_, err := objects.Get(t.Context(), offload.Pointer{Bucket: bucket, Key: "gone"})
		assert.Equal(t, errors.Is(err, offload.ErrMissing), true, fmt.Sprint(err))
		_, err = objects.Get(t.Context(), offload.Pointer{Bucket: bucket + "-none", Key: "x"})
		assert.Equal(t, err != nil && !errors.Is(err, offload.ErrMissing), true, fmt.Sprint(err))
		assert.Error(t, err, "NoSuchBucket")
	})
}

func TestDelete(t *testing.T) {
	t.Parallel()
	onServers(t, func(t *testing.T, client *s3.Client, bucket string) {
		objects := s3objects.New(client)
		var all, gone []offload.Pointer
		for _, key := range []string{"a", "b/ü<&>", "c"} {
			p := offload.Pointer{Bucket: bucket, Key: key}
			assert.NoError(t, objects.Put(t.Context(), p, key))
			all = append(all, p)
		}
		for i := range 1200 { // more than one request, and none of these is there
			gone = append(gone, offload.Pointer{Bucket: bucket, Key: fmt.Sprint("gone", i)})
		}
		keep := offload.Pointer{Bucket: bucket, Key: "d"}
		assert.NoError(t, objects.Put(t.Context(), keep, "d"))
		failed := map[string]bool{}
		objects.Delete(t.Context(), slices.Concat(gone, all, []offload.Pointer{{Bucket: bucket + "-none", Key: "x"}}), func(p offload.Pointer, err error) {
			failed[p.String()] = true
			assert.Error(t, err, "NoSuchBucket")
		})
		assert.Equal(t, failed, map[string]bool{"s3://" + bucket + "-none/x": true})
		for _, p := range all {
			assert.Equal(t, exists(t, client, p), false, p.Key)
		}
		assert.Equal(t, exists(t, client, keep), true)
	})
}

// A key that XML cannot tell is not deleted, and another is not deleted in its place.
func TestDeleteUntellable(t *testing.T) {
	t.Parallel()
	onServers(t, func(t *testing.T, client *s3.Client, bucket string) {
		objects := s3objects.New(client)
		of := func(key string) offload.Pointer { return offload.Pointer{Bucket: bucket, Key: key} }
		for _, key := range []string{"a\x01b", "a\ufffdb", "c\nd"} {
			assert.NoError(t, objects.Put(t.Context(), of(key), "x"))
		}
		var told []string
		objects.Delete(t.Context(), []offload.Pointer{of("a\x01b"), of("c\nd")}, func(p offload.Pointer, err error) {
			told = append(told, p.Key)
			assert.Error(t, err, "the key has characters that XML cannot tell")
		})
		assert.Equal(t, told, []string{"a\x01b"})
		var there []string
		for _, key := range []string{"a\x01b", "a\ufffdb", "c\nd"} {
			if o, err := objects.Get(t.Context(), of(key)); err == nil {
				there = append(there, key)
				assert.NoError(t, o.Body.Close())
			}
		}
		assert.Equal(t, there, []string{"a\x01b", "a\ufffdb"})
	})
}

// A message goes the whole way, and its object is gone at the end.
func TestWholeWay(t *testing.T) {
	t.Parallel()
	onServers(t, func(t *testing.T, client *s3.Client, bucket string) {
		objects := s3objects.New(client)
		w, err := offload.NewWriter(objects, bucket, offload.Prefix("in/"))
		assert.NoError(t, err)
		var records []any
		var keys []offload.Pointer
		bodies := []string{"small", strings.Repeat("large ", 100_000), strings.Repeat("fails ", 100_000)}
		for i, body := range bodies {
			in, err := s3objects.ForSQS(t.Context(), w, &sqs.SendMessageInput{MessageBody: &body, MessageAttributes: map[string]types.MessageAttributeValue{
				"kind": {DataType: aws.String("String"), StringValue: aws.String("order")}}})
			assert.NoError(t, err)
			r := weirtest.Record{ID: fmt.Sprint("m", i), Value: *in.MessageBody, MessageAttributes: map[string]weir.MessageAttribute{}}
			for name, a := range in.MessageAttributes {
				r.MessageAttributes[name] = weir.MessageAttribute{DataType: *a.DataType, String: *a.StringValue}
			}
			records = append(records, r)
			if p, err := offload.ParsePointer([]byte(*in.MessageBody)); err == nil {
				keys = append(keys, p)
			}
		}
		var got []string
		fn := weir.SQS(weir.EachMessage(func(_ context.Context, m *weir.Message) error {
			got = append(got, string(m.Payload))
			assert.Equal(t, m.MessageAttributes()["kind"].String, "order")
			if m.ID == "m2" {
				return errors.New("no")
			}
			return nil
		}), offload.Load(objects, offload.Buckets(bucket+"/in/")), offload.DeleteAfter(objects, func(_ context.Context, _ offload.Pointer, err error) { t.Error(err) }))
		weirtest.Run(t.Context(), fn, weirtest.SQS(records...)).Want(t, weirtest.Succeeded, weirtest.Succeeded, weirtest.Failed)
		assert.Equal(t, slices.Equal(got, bodies), true)
		assert.Equal(t, len(keys), 2)
		assert.Equal(t, exists(t, client, keys[0]), false)
		assert.Equal(t, exists(t, client, keys[1]), true)
	})
}

func TestOwner(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	owners := map[string]string{}
	client := faked(t, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			owners[r.Method] = r.Header.Get("X-Amz-Expected-Bucket-Owner")
			mu.Unlock()
			h.ServeHTTP(w, r)
		})
	})
	objects := s3objects.New(client, s3objects.Owner("123456789012"))
	p := offload.Pointer{Bucket: "large", Key: "k"}
	assert.NoError(t, objects.Put(t.Context(), p, "x"))
	assert.Equal(t, content(t, objects, p), "x")
	objects.Delete(t.Context(), []offload.Pointer{p}, func(_ offload.Pointer, err error) { t.Error(err) })
	assert.Equal(t, owners, map[string]string{"PUT": "123456789012", "GET": "123456789012", "POST": "123456789012"})
}

func TestRefused(t *testing.T) {
	t.Parallel()
	each := weir.EachMessage(func(context.Context, *weir.Message) error { return nil })
	var none *s3.Client
	for want, objects := range map[string]*s3objects.Objects{
		"the Objects are nil":                              nil,
		"s3objects: the Objects have no client":            {},
		"the client is nil":                                s3objects.New(nil),
		"s3objects: New: the client is nil":                s3objects.New(none),
		`Owner("12"): an account has 12 digits`:            s3objects.New(&s3.Client{}, s3objects.Owner("12")),
		"s3objects: New: option 0 is nil":                  s3objects.New(&s3.Client{}, nil),
		`s3objects: Owner("12345678901x"): an account has`: s3objects.New(&s3.Client{}, s3objects.Owner("12345678901x")),
	} {
		assert.Error(t, weir.SQS(each, offload.Load(objects, offload.Buckets("large"))).Err(), want)
		assert.Error(t, weir.SQS(each, offload.DeleteAfter(objects, nil)).Err(), want)
		_, err := offload.NewWriter(objects, "large")
		assert.Error(t, err, want)
		_, err = objects.Get(t.Context(), offload.Pointer{})
		assert.Error(t, err, want)
		assert.Error(t, objects.Put(t.Context(), offload.Pointer{}, ""), want)
		told := 0
		objects.Delete(t.Context(), make([]offload.Pointer, 2), func(offload.Pointer, error) { told++ })
		assert.Equal(t, told, 2)
	}
}
