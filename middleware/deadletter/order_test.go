package deadletter_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/middleware/deadletter"
	"github.com/weir-go/weir/weirtest"
)

// Letters of a message group or partition are sent in its order, whatever verb gave the records up: when the sink
// fails for one, those behind it wait until that is delivered again.
func TestLettersKeepOrder(t *testing.T) {
	t.Parallel()
	verbs := map[string]weir.Verb{
		"Each":        weir.Each(fails(errNo)),
		"Drop":        weir.Each(fails(weir.Drop(errNo))),
		"Batch":       weir.Batch(func(context.Context, *weir.BatchOf[string]) error { return errNo }),
		"undecodable": weir.Each(func(context.Context, int) error { return nil }),
	}
	for name, v := range verbs {
		for source, event := range map[string]weirtest.Event{"SQS": weirtest.FIFO(weirtest.In("g", "a", "b", "c")), "Kafka": weirtest.Kafka(weirtest.In("orders-1", "a", "b", "c"))} {
			var b box
			calls := 0
			sink := deadletter.Func(func(ctx context.Context, l *deadletter.Letter) error {
				if calls++; calls%2 == 1 { // and the one behind it would pass
					return errNo
				}
				return b.Send(ctx, l)
			})
			fn := sources[source](v, deadletter.To(sink, deadletter.MaxAge(1), deadletter.Undecodable()))
			for deliveries := 0; event.Len() > 0; deliveries++ {
				if deliveries > 10 {
					t.Fatalf("%s, %s: it does not end", source, name)
				}
				event = event.Again(weirtest.Run(t.Context(), fn, event).Retried()...)
			}
			var got strings.Builder
			for _, l := range b.letters {
				got.Write(l.Payload)
			}
			assert.Equal(t, got.String(), "abc", source, name)
		}
	}
}

// Whoever calls Invoke ends it while a letter is on its way: the sink's context ends, and the record fails and comes
// back, as do those behind it.
func TestCancelledWithALetterOnItsWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		calls := 0
		sink := deadletter.Func(func(ctx context.Context, _ *deadletter.Letter) error {
			calls++
			cancel()
			<-ctx.Done()
			return ctx.Err()
		})
		r := weirtest.Run(ctx, weir.SQS(weir.Each(fails(weir.Drop(errNo))), deadletter.To(sink)), weirtest.SQS("a", "b", "c"))
		assert.Equal(t, len(r.Retried()), 3)
		assert.Equal(t, calls, 1)
	})
}

// The Lambda's deadline ends a sink's context before it, however long the sink may take.
func TestDeadlineBeforeTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		begin := time.Now()
		sink := deadletter.Func(func(ctx context.Context, _ *deadletter.Letter) error {
			<-ctx.Done()
			assert.Equal(t, context.Cause(ctx), weir.ErrDeadlineNear)
			return ctx.Err()
		})
		fn := weir.SQS(weir.Each(fails(weir.Drop(errNo))), deadletter.To(sink, deadletter.Timeout(time.Minute)), weir.DeadlineReserve(time.Second))
		r := weirtest.Run(ctx, fn, weirtest.SQS("a", "b"))
		assert.Equal(t, len(r.Retried()), 2)
		assert.Equal(t, time.Since(begin), 9*time.Second)
	})
}
