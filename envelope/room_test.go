package envelope_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/envelope"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/weirtest"
)

func tens(n int) (values []any) {
	for range n {
		values = append(values, zip("0123456789"))
	}
	return values
}

// What there is no room for comes back, and each batch gets on.
func TestMaxTotal(t *testing.T) {
	t.Parallel()
	ok, failed := weirtest.Succeeded, weirtest.Failed
	v := envelope.Gzip(weir.EachMessage(idle), envelope.MaxBytes(10), envelope.MaxTotal(29))
	res := weirtest.Run(t.Context(), weir.Kinesis(v), weirtest.Kinesis(append(tens(2), zip(""), zip("0123456789"), zip(""))...))
	res.Want(t, ok, ok, ok, ok, ok)
	res = weirtest.Run(t.Context(), weir.Kinesis(v), weirtest.Kinesis(append(tens(4), zip("0"))...))
	res.Want(t, ok, ok, ok, failed, failed) // the last would overtake
	for _, r := range res.Records[3:] {
		var unavailable *weir.UnavailableError
		assert.Equal(t, errors.Is(r.Err, envelope.ErrNoRoom) && errors.As(r.Err, &unavailable), true)
		assert.Error(t, r.Err, "gzip: no room left of envelope.MaxTotal")
	}
	// Less than MaxBytes it is never, so the first has room always, and is told from what is too large.
	v = envelope.Gzip(weir.EachMessage(idle), envelope.MaxBytes(10), envelope.MaxTotal(1))
	res = weirtest.Run(t.Context(), weir.Kinesis(v, weir.OnUndecodable(weir.DropUndecodable)), weirtest.Kinesis(zip("0123456789+"), zip("0123456789"), zip("0123456789")))
	res.Want(t, weirtest.Dropped, ok, failed)
	// What is damaged takes no room.
	v = envelope.Gzip(weir.EachMessage(idle), envelope.MaxBytes(1<<20), envelope.MaxTotal(1))
	long := zip(strings.Repeat("0", 1<<20))
	res = weirtest.Run(t.Context(), weir.Kinesis(v, weir.OnUndecodable(weir.DropUndecodable)), weirtest.Kinesis(long[:len(long)-1], long))
	res.Want(t, weirtest.Dropped, ok)

	l := weir.Kinesis(envelope.CloudWatchLogs(weir.EachMessage(idle), envelope.MaxTotal(1200), envelope.MaxBytes(300)))
	logs := zip(logsBody("DATA_MESSAGE", `[{"message":"a"}]`))
	weirtest.Run(t.Context(), l, weirtest.Kinesis(logs, logs)).Want(t, ok, failed)
	assert.Error(t, weir.Kinesis(envelope.Gzip(weir.EachMessage(idle), envelope.MaxTotal(0))).Err(), "gzip: MaxTotal(0): it takes more than 0")
	assert.Error(t, weir.Kinesis(envelope.CloudWatchLogs(weir.EachMessage(idle), envelope.MaxTotal(-1))).Err(), "CloudWatchLogs: MaxTotal(-1)")
}

// However many look for room at a time, something is done in each invocation, until all is.
func TestMaxTotalConcurrently(t *testing.T) {
	t.Parallel()
	done := map[string]bool{}
	v := envelope.Gzip(weir.Batch(func(_ context.Context, b *weir.BatchOf[string]) error {
		for item := range b.All() {
			done[item.Message.ID] = true
		}
		return nil
	}), envelope.MaxBytes(1<<16), envelope.MaxTotal(1<<16+5000))
	var values []any
	for range 20 {
		values = append(values, weirtest.Record{Value: to64(zip(strings.Repeat("0", 1<<16)))})
	}
	opened := envelope.Base64(v)
	event := weirtest.SQS(values...)
	l := weir.SQS(opened, weir.ReportAll())
	rounds := 0
	for left := event.IDs(); len(left) > 0; rounds++ {
		before := len(done)
		left = weirtest.Run(t.Context(), l, event.Again(left...)).Retried()
		if len(done) == before {
			t.Fatalf("nothing was done of %d", len(left))
		}
	}
	assert.Equal(t, len(done), 20)
	assert.Equal(t, rounds, 20)

	// The same under Concurrency, where openers take from one another.
	res := weirtest.Run(t.Context(), weir.SQS(envelope.Base64(envelope.Gzip(weir.EachMessage(idle), envelope.MaxBytes(1<<16), envelope.MaxTotal(1<<17))), weir.Concurrency(8)), event)
	states := map[weirtest.State]int{}
	for _, r := range res.Records {
		states[r.State]++
	}
	if n := states[weirtest.Succeeded]; n < 1 || n > 2 {
		t.Errorf("%v", states)
	}
}
