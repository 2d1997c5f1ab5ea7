package offload_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/middleware/deadletter"
	"github.com/weir-go/weir/middleware/offload"
	"github.com/weir-go/weir/weirtest"
)

// several opens "1,2" to pointers to those objects.
func several(v weir.Verb) weir.Verb {
	return weir.Unwrap(v, func(_ context.Context, m *weir.Message) ([]weir.Message, error) {
		var parts []weir.Message
		for i, key := range strings.Split(string(m.Payload), ",") {
			parts = append(parts, m.WithPart(i, []byte(at(key).Body())))
		}
		return parts, nil
	})
}

// A record that was not run for lack of room is never given up.
func TestNoRoomIsNotTheRecordsFault(t *testing.T) {
	t.Parallel()
	b := bucketOf("1", text(60), "2", text(60))
	letters := 0
	fn := weir.SQS(offload.Unwrap(weir.Each((&seen{}).handle), b, buckets, offload.MaxSize(60), offload.MaxTotal(100)),
		deadletter.To(deadletter.Func(func(context.Context, *deadletter.Letter) error { letters++; return nil }), deadletter.MaxReceives(3)))
	one, two := large("a", "1"), large("b", "2")
	one.Attempt, two.Attempt = 9, 9
	r := weirtest.Run(t.Context(), fn, weirtest.SQS(one, two))
	r.Want(t, weirtest.Succeeded, weirtest.Failed)
	assert.Equal(t, errors.Is(r.Records[1].Err, offload.ErrNoRoom), true)
	_, down := errors.AsType[*weir.UnavailableError](r.Records[1].Err)
	assert.Equal(t, down, true)
	assert.Equal(t, letters, 0)
}

// What came in one record has room as a whole or not at all, and is the record's fault if no batch has.
func TestRoomForWholeRecords(t *testing.T) {
	t.Parallel()
	b := bucketOf("1", text(60), "2", text(60), "3", text(60), "4", text(60))
	for _, n := range []int{1, 2, 8} {
		var s seen
		fn := weir.SQS(several(offload.Unwrap(weir.Each(s.handle), b, buckets, offload.Unmarked(), offload.MaxSize(60), offload.MaxTotal(200), offload.AtOnce(n))),
			weir.Concurrency(n))
		r := weirtest.Run(t.Context(), fn, weirtest.SQS("1,2", "1,2,3", "1", "2"))
		r.Want(t, weirtest.Succeeded, weirtest.Failed, weirtest.Succeeded, weirtest.Failed)
		_, down := errors.AsType[*weir.UnavailableError](r.Records[1].Err)
		assert.Equal(t, down, true, fmt.Sprint(n))
		assert.Equal(t, len(s.got), 3, fmt.Sprint(n))

		r = weirtest.Run(t.Context(), fn, weirtest.SQS("1,2,3,4", "1,2,3"))
		r.Want(t, weirtest.Failed, weirtest.Succeeded)
		_, permanent := errors.AsType[*weir.PermanentError](r.Records[0].Err)
		assert.Equal(t, permanent && errors.Is(r.Records[0].Err, offload.ErrNoRoom), true, fmt.Sprint(n))
		assert.Equal(t, len(s.got), 6, fmt.Sprint(n))
		assert.Equal(t, b.open, 0)
	}
}

// Objects that panic or leave fail their record alone.
func TestGoexit(t *testing.T) {
	t.Parallel()
	b := bucketOf("1", "exit", "2", "content")
	b.body = func(content string) (io.Reader, int64) {
		if content == "exit" {
			return leaving{}, 4
		}
		return strings.NewReader(content), 7
	}
	var s seen
	fn := weir.SQS(offload.Unwrap(weir.Each(s.handle), b, buckets, offload.AtOnce(1)))
	r := weirtest.Run(t.Context(), fn, weirtest.SQS(large("m1", "1"), large("m2", "2"), large("m3", "2")))
	r.Want(t, weirtest.Failed, weirtest.Succeeded, weirtest.Succeeded)
	assert.Equal(t, errors.Is(r.Records[0].Err, weir.ErrGoexit), true)
}

type leaving struct{}

func (leaving) Read([]byte) (int, error) { runtime.Goexit(); return 0, nil }

func TestUnwrapWithoutVerb(t *testing.T) {
	t.Parallel()
	assert.Error(t, weir.SQS(offload.Unwrap(nil, bucketOf(), buckets)).Err(), "offload: Unwrap: no verb: give weir.Batch(f)")
}

type unfit struct{ *bucket }

func (unfit) Err() error { return errors.New("no client") }

// What Objects say about themselves is refused wherever they are given.
func TestObjectsAreChecked(t *testing.T) {
	t.Parallel()
	o := unfit{bucketOf()}
	h := weir.Each((&seen{}).handle)
	assert.Error(t, weir.SQS(h, offload.Load(o, buckets)).Err(), "offload: Load: no client")
	assert.Error(t, weir.SQS(offload.Unwrap(h, o, buckets)).Err(), "offload: Unwrap: no client")
	assert.Error(t, weir.SQS(h, offload.DeleteAfter(o, nil)).Err(), "offload: DeleteAfter: no client")
	_, err := offload.NewWriter(o, "large")
	assert.Error(t, err, "offload: NewWriter: no client")
}
