package deadletter_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/middleware/deadletter"
	"github.com/weir-go/weir/weirtest"
)

// A bulk handler that fails because there is no time left fails records that are not to blame.
func TestNoBatchIsGivenUpForTheDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var b box
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		v := weir.Batch(func(ctx context.Context, _ *weir.BatchOf[string]) error {
			<-ctx.Done()
			return errNo
		})
		r := weirtest.Run(ctx, weir.SQS(v, deadletter.To(&b, deadletter.MaxReceives(1)), weir.ReportAll()), weirtest.SQS("a", "b"))
		assert.Equal(t, len(r.Retried()), 2)
		synctest.Wait()
		assert.Equal(t, b.ids(), "")
	})
}

// Nor is a record of a worker that is told to stop, whatever its handler makes of that.
func TestNothingIsGivenUpForAShutdown(t *testing.T) {
	t.Parallel()
	var b box
	ctx, cancel := context.WithCancel(t.Context())
	r := weir.NewRunner("worker", weir.Each(func(context.Context, string) error {
		cancel()
		return weir.Permanent(errNo)
	}), deadletter.To(&b, deadletter.MaxReceives(1), deadletter.Permanent()))
	out := r.Run(ctx, []weir.Message{{ID: "1", Payload: []byte("x"), Attempt: 9}})
	is, _ := out.Of(0)
	assert.Equal(t, is, weir.Failed)
	assert.Equal(t, b.ids(), "")
}
