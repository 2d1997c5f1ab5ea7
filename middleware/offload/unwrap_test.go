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
	"testing/synctest"
	"time"

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

// Together, objects take no more than MaxTotal, however many are loaded at a time. Who failed takes
// no room, and who comes first has it.
func TestMaxTotal(t *testing.T) {
	t.Parallel()
	for _, announced := range []bool{true, false} {
		for _, n := range []int{1, 16} {
			b := bucketOf("1", text(1000))
			b.body = func(content string) (io.Reader, int64) {
				if announced {
					return strings.NewReader(content), 1000
				}
				return strings.NewReader(content), -1
			}
			var events []any
			var states []weirtest.State
			for i := range 100 {
				events = append(events, large(fmt.Sprint("m", i), []string{"1", "gone"}[i%2]))
				states = append(states, weirtest.Failed)
				if i < 20 && i%2 == 0 {
					states[i] = weirtest.Succeeded
				}
			}
			total := int64(10_999)
			if !announced {
				total = 10*2000 + 1999 // for what is of unknown size there is more room than it turns out to need
			}
			fn := weir.SQS(offload.Unwrap(weir.Each((&seen{}).handle), b, buckets, offload.MaxSize(2000), offload.MaxTotal(total), offload.AtOnce(n)),
				weir.Concurrency(n/8+1))
			for range 3 { // a batch leaves nothing to the next
				r := weirtest.Run(t.Context(), fn, weirtest.SQS(events...))
				if n == 1 {
					r.Want(t, states...)
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

// Of a FIFO queue's batch the first records are done, however the objects come in.
func TestMaxTotalInOrder(t *testing.T) {
	t.Parallel()
	for _, announced := range []bool{true, false} {
		b := bucketOf("1", text(100_000))
		b.body = func(content string) (io.Reader, int64) {
			if announced {
				return strings.NewReader(content), 100_000
			}
			return strings.NewReader(content), -1 // takes 128 kB
		}
		var events []any
		var states []weirtest.State
		for i := range 50 {
			events = append(events, large(fmt.Sprint("m", i), "1"))
			states = append(states, []weirtest.State{weirtest.Succeeded, weirtest.Failed, weirtest.Skipped}[min(2, max(0, i-4))])
		}
		fn := weir.SQS(offload.Unwrap(weir.Each((&seen{}).handle), b, buckets, offload.MaxSize(200_000),
			offload.MaxTotal(map[bool]int64{true: 550_000, false: 5*128<<10 + 90_000}[announced]), offload.AtOnce(16)))
		for range 20 {
			weirtest.Run(t.Context(), fn, weirtest.FIFO(events...)).Want(t, states...)
		}
		assert.Equal(t, b.open, 0)
	}
}

// Batch takes no Concurrency, and its objects are loaded together nevertheless.
func TestAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var o together
		var events []any
		for i := range 20 {
			events = append(events, large(fmt.Sprint("m", i), fmt.Sprint(i)))
		}
		var got []string
		fn := weir.SQS(offload.Unwrap(weir.Batch(func(_ context.Context, batch *weir.BatchOf[string]) error {
			got = batch.Values()
			return nil
		}), &o, buckets, offload.AtOnce(5)))
		begin := time.Now()
		weirtest.Run(t.Context(), fn, weirtest.SQS(events...)).WantDone(t)
		assert.Equal(t, time.Since(begin), 4*time.Second)
		assert.Equal(t, o.most.Load(), 5)
		assert.Equal(t, got[7], "7")
		assert.Equal(t, len(got), 20)
	})
}

// together takes a second for each object, whose content is its key.
type together struct{ now, most atomic.Int64 }

func (o *together) Get(_ context.Context, p offload.Pointer) (offload.Object, error) {
	if n := o.now.Add(1); n > o.most.Load() {
		o.most.Store(n)
	}
	defer o.now.Add(-1)
	time.Sleep(time.Second) // of the bubble's clock
	return offload.Object{Body: io.NopCloser(strings.NewReader(p.Key)), Size: int64(len(p.Key))}, nil
}

// What a batch has no room for at all is too large, and not said to come back with fewer others.
func TestMaxTotalIsALimitToo(t *testing.T) {
	t.Parallel()
	b := bucketOf("1", text(1001), "2", text(1000))
	fn := weir.SQS(offload.Unwrap(weir.Each((&seen{}).handle), b, buckets, offload.MaxTotal(1000)))
	r := weirtest.Run(t.Context(), fn, weirtest.SQS(large("a", "1"), large("b", "2")))
	r.Want(t, weirtest.Failed, weirtest.Succeeded)
	assert.Equal(t, errors.Is(r.Records[0].Err, offload.ErrTooLarge), true)
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
