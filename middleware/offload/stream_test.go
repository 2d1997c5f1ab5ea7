package offload_test

import (
	"context"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/middleware/offload"
	"github.com/weir-go/weir/weirtest"
)

// read is a handler that reads its record's content.
func read(got *[]string) weir.Verb {
	return weir.EachMessage(func(ctx context.Context, m *weir.Message) error {
		r, err := offload.Open(ctx)
		if err != nil {
			return err
		}
		all, err := io.ReadAll(r)
		if err == nil {
			*got = append(*got, m.ID+" "+string(all))
		}
		return err
	})
}

func TestStream(t *testing.T) {
	t.Parallel()
	b := bucketOf("1", "content", "huge", text(1<<20))
	var got []string
	fn := weir.SQS(read(&got), offload.Load(b, buckets, offload.Stream()))
	r := weirtest.Run(t.Context(), fn, weirtest.SQS(large("a", "1"), weirtest.Record{ID: "b", Value: "small"}, large("c", "gone"), large("d", "huge")))
	r.Want(t, weirtest.Succeeded, weirtest.Succeeded, weirtest.Failed, weirtest.Succeeded)
	assert.Equal(t, errors.Is(r.Records[2].Err, offload.ErrMissing), true)
	assert.Equal(t, got, []string{"a content", "b small", "d " + text(1<<20)})
	assert.Equal(t, b.open, 0)
	assert.Equal(t, b.gets, 3)
}

func TestStreamFails(t *testing.T) {
	t.Parallel()
	b := bucketOf("cut", "0123456789", "large", "123456789")
	b.body = func(c string) (io.Reader, int64) {
		if len(c) == 10 {
			return strings.NewReader(c[:5]), 10
		}
		return strings.NewReader(c), -1
	}
	var got []string
	fn := weir.SQS(read(&got), offload.Load(b, buckets, offload.Stream(), offload.MaxSize(8)), weir.ReportAll())
	r := weirtest.Run(t.Context(), fn, weirtest.SQS(large("a", "large")))
	r.Want(t, weirtest.Failed)
	assert.Equal(t, errors.Is(r.Records[0].Err, offload.ErrTooLarge), true)
	fn = weir.SQS(read(&got), offload.Load(b, buckets, offload.Stream()), weir.ReportAll())
	r = weirtest.Run(t.Context(), fn, weirtest.SQS(large("a", "cut")))
	r.Want(t, weirtest.Failed)
	assert.Equal(t, errors.Is(r.Records[0].Err, io.ErrUnexpectedEOF), true)
	assert.Equal(t, got, nil)
	assert.Equal(t, b.open, 0)
}

// What a handler leaves open is closed, however it ends.
func TestStreamIsClosed(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func() error{
		"returns": func() error { return nil }, "fails": func() error { return errors.New("no") },
		"panics": func() error { panic("no") }, "exits": func() error { runtime.Goexit(); return nil },
	} {
		b := bucketOf("1", "content")
		var kept io.ReadCloser
		var late context.Context
		fn := weir.SQS(weir.EachMessage(func(ctx context.Context, m *weir.Message) error {
			late = ctx
			for range 3 { // from the beginning each time
				r, err := offload.Open(ctx)
				assert.NoError(t, err)
				one := make([]byte, 1)
				_, err = r.Read(one)
				assert.NoError(t, err)
				assert.Equal(t, string(one), "c")
				kept = r
			}
			assert.Equal(t, b.open, 3)
			assert.NoError(t, kept.Close())
			assert.NoError(t, kept.Close())
			return end()
		}), offload.Load(b, buckets, offload.Stream()))
		weirtest.Run(t.Context(), fn, weirtest.SQS(large("m", "1")))
		assert.Equal(t, b.open, 0, name)
		_, err := kept.Read(make([]byte, 1))
		assert.Error(t, err, "read after Close")
		_, err = offload.Open(late)
		assert.Error(t, err, "the handler has returned")
		assert.Equal(t, b.open, 0, name)
	}
}

func TestOpenElsewhere(t *testing.T) {
	t.Parallel()
	_, err := offload.Open(t.Context())
	assert.Error(t, err, "offload.Load with offload.Stream")
	fn := weir.SQS(weir.EachMessage(func(ctx context.Context, m *weir.Message) error {
		_, err = offload.Open(ctx)
		return nil
	}), offload.Load(bucketOf("1", "content"), buckets))
	weirtest.Run(t.Context(), fn, weirtest.SQS(large("m", "1"))).WantDone(t)
	assert.Error(t, err, "offload.Load with offload.Stream")
}
