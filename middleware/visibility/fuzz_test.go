package visibility_test

import (
	"context"
	"testing"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/middleware/visibility"
	"github.com/weir-go/weir/weirtest"
)

// Whatever an event is, what goes out is what SQS takes: up to ten entries a call, each handle once,
// whole seconds from 0 to 12 hours.
func FuzzBackOff(f *testing.F) {
	f.Add(weirtest.SQS("a", "b").JSON(), int64(0))
	f.Add(weirtest.FIFO("a", "b", "c").JSON(), int64(time.Hour))
	f.Add([]byte(`{"Records":[{"messageId":"a","receiptHandle":1e9,"ReceiptHandle":"x","body":"","eventSource":"aws:sqs","eventSourceARN":"x.fifo"}]}`), int64(-1))
	f.Fuzz(func(t *testing.T, event []byte, delay int64) {
		seen := map[string]bool{}
		c := &client{answer: func(_ context.Context, _ int, entries []visibility.Entry) ([]visibility.Failure, error) {
			return nil, nil
		}}
		n := 0
		fn := weir.SQS(weir.EachMessage(func(_ context.Context, m *weir.Message) error {
			if n++; n%3 == 0 {
				return nil
			}
			return weir.RetryAfter(time.Duration(delay), errNo)
		}), weir.ReportAll(), visibility.BackOff(c, visibility.Exponential(time.Second, time.Minute), visibility.OnError(func(context.Context, error) {})))
		_, _ = fn.Invoke(t.Context(), event)
		for i, entries := range c.calls {
			if len(entries) == 0 || len(entries) > 10 {
				t.Errorf("%d entries", len(entries))
			}
			for _, e := range entries {
				if id := c.arns[i] + " " + e.ReceiptHandle; seen[id] || e.ReceiptHandle == "" || e.Timeout < 0 || e.Timeout > 12*time.Hour || e.Timeout%time.Second != 0 {
					t.Errorf("%+v, seen %v", e, seen[id])
				} else {
					seen[id] = true
				}
			}
		}
	})
}
