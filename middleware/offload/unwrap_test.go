package offload_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/middleware/offload"
	"github.com/weir-go/weir/weirtest"
)

func TestUnwrap(t *testing.T) {
	t.Parallel()
	b := bucketOf("1", `"one"`, "2", `"two"`)
	var got []string
	fn := weir.SQS(offload.Unwrap(weir.Batch(func(_ context.Context, batch *weir.BatchOf[string]) error {
		got = append(got, batch.Values()...)
		return nil
	}), b, buckets))
	r := weirtest.Run(t.Context(), fn, weirtest.SQS(large("a", "1"), large("b", "gone"), "small", large("d", "2"),
		marked("e", offload.Pointer{Bucket: "secret", Key: "1"}.Body())))
	r.Want(t, weirtest.Succeeded, weirtest.Failed, weirtest.Succeeded, weirtest.Succeeded, weirtest.Failed)
	assert.Equal(t, errors.Is(r.Records[1].Err, offload.ErrMissing), true)
	assert.Equal(t, errors.Is(r.Records[4].Err, offload.ErrBucket), true)
	assert.Equal(t, got, []string{`"one"`, "small", `"two"`})
	assert.Equal(t, b.open, 0)
}

// Together, objects take no more than MaxTotal, however many are loaded at a time, and who failed
// takes no room.
func TestMaxTotal(t *testing.T) {
	t.Parallel()
	for _, announced := range []bool{true, false} {
		for _, n := range []int{1, 16} {
			b := bucketOf("1", text(1000), "broken", text(1000))
			b.body = func(content string) (io.Reader, int64) {
				if announced {
					return strings.NewReader(content), 1000
				}
				return strings.NewReader(content), -1
			}
			var events []any
			for i := range 100 {
				events = append(events, large(fmt.Sprint("m", i), []string{"1", "gone"}[i%2]))
			}
			var loaded atomic.Int64
			total := int64(10_999)
			if !announced {
				total = 10*2000 + 1999 // what is read of unknown size may take twice the room, but never more
			}
			fn := weir.SQS(offload.Unwrap(weir.Each(func(context.Context, string) error {
				loaded.Add(1)
				return nil
			}), b, buckets, offload.MaxSize(2000), offload.MaxTotal(total)), weir.Concurrency(n))
			for range 2 { // a batch leaves nothing to the next
				r := weirtest.Run(t.Context(), fn, weirtest.SQS(events...))
				if got := loaded.Swap(0); got != 10 {
					t.Errorf("announced %v, %d at a time: %d were loaded", announced, n, got)
				}
				noRoom := 0
				for _, o := range r.Records {
					if errors.Is(o.Err, offload.ErrNoRoom) {
						noRoom++
					}
				}
				assert.Equal(t, noRoom, 40)
			}
		}
	}
}

// By default a batch may have what a single object may, if that is more.
func TestMaxTotalFollowsMaxSize(t *testing.T) {
	t.Parallel()
	b := bucketOf("1", "content")
	b.body = func(content string) (io.Reader, int64) { return &zeros{offload.DefaultMaxTotal + 1}, -1 }
	var n int
	fn := weir.SQS(offload.Unwrap(weir.EachMessage(func(_ context.Context, m *weir.Message) error {
		n = len(m.Payload)
		return nil
	}), b, buckets, offload.MaxSize(offload.DefaultMaxTotal+1)))
	weirtest.Run(t.Context(), fn, weirtest.SQS(large("m", "1"))).WantDone(t)
	assert.Equal(t, n, offload.DefaultMaxTotal+1)
}

type zeros struct{ left int }

func (z *zeros) Read(p []byte) (int, error) {
	if z.left == 0 {
		return 0, io.EOF
	}
	n := min(z.left, len(p))
	z.left -= n
	return n, nil
}

// On a FIFO queue, what follows a record that cannot be loaded comes back with it.
func TestFIFO(t *testing.T) {
	t.Parallel()
	b := bucketOf("1", "one", "3", "three")
	event := weirtest.FIFO(large("a", "1"), large("b", "gone"), large("c", "3"))
	var s seen
	weirtest.Run(t.Context(), weir.SQS(weir.Each(s.handle), offload.Load(b, buckets)), event).Want(t, weirtest.Succeeded, weirtest.Failed, weirtest.Skipped)
	weirtest.Run(t.Context(), weir.SQS(offload.Unwrap(weir.Each(s.handle), b, buckets)), event).Want(t, weirtest.Succeeded, weirtest.Failed, weirtest.Skipped)
	assert.Equal(t, slices.Compact(s.got), []string{"one"})
}
