package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/internal/kpl"
	"github.com/weir-go/weir/pipeline"
	"github.com/weir-go/weir/state/mem"
	"github.com/weir-go/weir/streaming"
	"github.com/weir-go/weir/streaming/memlog"
	"github.com/weir-go/weir/weirtest"
)

// aggregate has n user records of one order each.
func aggregate(n int) []byte {
	users := make([]kpl.Record, n)
	for i := range users {
		users[i].Data = fmt.Appendf(nil, `{"Customer":"c%d","Amount":1}`, i%3)
	}
	return kpl.Append(nil, users)
}

// allocated is how many bytes f takes, together with whatever else runs.
func allocated(f func()) int64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return int64(after.TotalAlloc - before.TotalAlloc)
}

// A record of less than 1 MiB must not become user records that fill the memory. It is not parallel,
// since it looks at what is allocated.
func TestUsersTakeRoom(t *testing.T) {
	payload := kpl.Append(nil, make([]kpl.Record, 160_000))
	if len(payload) >= 1<<20 {
		t.Fatalf("%d bytes: no source takes that", len(payload))
	}
	p := amounts(mem.New())
	p.Decode = func([]byte) (order, error) { return order{Customer: "c0", Amount: 1}, nil }
	event := weirtest.Kinesis(payload, "plain")
	size := len(event.JSON())
	var r *weirtest.Result
	taken := allocated(func() { r = weirtest.Run(t.Context(), weir.Kinesis(p), event) })
	assert.Error(t, r.Records[0].Err, "undecodable", "pipeline: more than Pipeline.MaxTotal (67108864 bytes) in one record: raise it")
	alone := weirtest.Run(t.Context(), weir.Kinesis(p), weirtest.Kinesis(payload))
	assert.Error(t, alone.Err, alone.Records[0].ID, "Pipeline.MaxTotal")
	if most := int64(4<<20 + 8*size); taken > most {
		t.Errorf("%d bytes are allocated for an event of %d, want %d at most", taken, size, most)
	}
	want(t, "the one beside it", total(t, p), 1)
}

// What there is no room for comes back, and each batch gets on.
func TestMaxTotal(t *testing.T) {
	t.Parallel()
	p := amounts(mem.New())
	p.MaxTotal = 2*(3*512+16) + 100 // two aggregates of three, which share a key
	l := weir.Kinesis(p.Clone(), weir.Concurrency(4))
	event := weirtest.Kinesis(aggregate(3), aggregate(3), aggregate(3), order{Customer: "c0", Amount: 100}, aggregate(7))
	r := weirtest.Run(t.Context(), l, event)
	r.Want(t, weirtest.Succeeded, weirtest.Succeeded, weirtest.Failed, weirtest.Succeeded, weirtest.Failed)
	var unavailable *weir.UnavailableError
	assert.Equal(t, errors.Is(r.Records[2].Err, pipeline.ErrNoRoom) && errors.As(r.Records[2].Err, &unavailable), true)
	assert.Error(t, r.Records[2].Err, "pipeline: no room left of Pipeline.MaxTotal: the batch has too much in it, lower BatchSize or raise it")
	assert.Equal(t, errors.Is(r.Records[4].Err, weir.ErrUndecodable), true)
	l = weir.Kinesis(p, weir.OnUndecodable(weir.DropUndecodable))
	assert.Equal(t, deliver(t, l, event) <= 3, true)
	want(t, "total", total(t, p), 109)
}

// Lambda delivers all that was in a record again, so it has room for all of it, or is given up.
func TestRoomForWholeRecords(t *testing.T) {
	t.Parallel()
	for n, ends := range map[int]weirtest.State{2: weirtest.Succeeded, 3: weirtest.Dropped} {
		p := amounts(mem.New())
		p.MaxTotal = 2*(3*512+16) + 100
		l := weir.Kinesis(weir.Unwrap(p, func(_ context.Context, m *weir.Message) (parts []weir.Message, err error) {
			for i := range n {
				parts = append(parts, m.WithPart(i, aggregate(3)))
			}
			return parts, nil
		}), weir.OnUndecodable(weir.DropUndecodable))
		weirtest.Run(t.Context(), l, weirtest.Kinesis("a", "b")).Want(t, ends, weirtest.Failed)
	}
}

// A worker goes on behind what has no room, and comes back to what had none in its batch.
func TestWorkerHasRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := memlog.New("orders", 1)
		log.Append(0, aggregate(3), aggregate(7), aggregate(3), aggregate(3), aggregate(3))
		log.End()
		group := log.Group()
		ctx, stop := context.WithTimeout(t.Context(), 24*time.Hour)
		defer stop()
		p := amounts(mem.New())
		p.MaxTotal = 2*(3*512+16) + 100
		letters := 0
		assert.NoError(t, streaming.Run(ctx, p, group.Member(),
			streaming.DeadLetter(func(_ context.Context, _ *weir.Message, err error) error {
				assert.Error(t, err, "more than Pipeline.MaxTotal")
				letters++
				return nil
			})))
		assert.Equal(t, group.Committed(0), 5)
		assert.Equal(t, letters, 1)
		want(t, "total", total(t, p), 12)
	})
}
