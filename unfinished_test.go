package weir_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/assert"
)

// A record whose handler still runs at the deadline is not said to have not been run, whatever became of
// others: who redelivers it at once would have two at work on it.
func TestUnfinishedIsNotUnrun(t *testing.T) {
	t.Parallel()
	for name, how := range map[string]struct {
		arn   string
		first error
	}{"abort": {standardARN, weir.Abort(errors.New("no"))}, "FIFO": {fifoARN, errors.New("no")}} {
		for _, wrapped := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				end := make(chan struct{})
				verb := weir.Each(func(_ context.Context, body string) error {
					if body == "a" {
						time.Sleep(time.Second) // the other has begun
						return how.first
					}
					<-end
					return nil
				})
				if wrapped {
					verb = weir.Unwrap(verb, lines)
				}
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				event := sqsEvent(how.arn, rec{"a", "1", "a"}, rec{"b", "2", "b"})
				res := invoke(t, ctx, weir.SQS(verb, weir.Concurrency(2), weir.ReportAll()), event)
				close(end)
				assert.Equal(t, res.states(), "a failed, b skipped", name)
				assert.Equal(t, res.records[1].Err, weir.ErrDeadlineNear, name)
			})
		}
	}
}
