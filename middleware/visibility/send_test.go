package visibility_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/middleware/visibility"
	"github.com/weir-go/weir/weirtest"
)

// half fails every second record.
func half(_ context.Context, m *weir.Message) error {
	if m.ID[len(m.ID)-1]%2 == 1 {
		return errNo
	}
	return nil
}

// What SQS does not manage is tried once more, what cannot be is not, and what is gone is nobody's
// trouble. Whatever happens, Lambda is answered the same.
func TestFaults(t *testing.T) {
	t.Parallel()
	entry := func(i int, code string, sender bool) visibility.Failure {
		return visibility.Failure{Index: i, Code: code, Message: "of the queue", SenderFault: sender}
	}
	for _, tt := range []struct {
		name   string
		answer func(context.Context, int, []visibility.Entry) ([]visibility.Failure, error)
		calls  []int // entries of each
		want   []string
	}{
		{"throttled once", func(_ context.Context, call int, _ []visibility.Entry) ([]visibility.Failure, error) {
			if call == 0 {
				return []visibility.Failure{entry(1, "RequestThrottled", false), entry(4, "InternalError", false)}, nil
			}
			return nil, nil
		}, []int{5, 2}, nil},
		{"throttled for good", func(_ context.Context, call int, _ []visibility.Entry) ([]visibility.Failure, error) {
			return []visibility.Failure{entry(1-call, "RequestThrottled", false)}, nil
		}, []int{5, 1}, []string{"1 of 5 messages keep their timeout", "RequestThrottled: of the queue"}},
		{"some of each", func(_ context.Context, call int, _ []visibility.Entry) ([]visibility.Failure, error) {
			if call == 0 {
				return []visibility.Failure{entry(0, "RequestThrottled", false), entry(1, "InvalidParameterValue", true), entry(2, "ReceiptHandleIsInvalid", true)}, nil
			}
			return nil, nil
		}, []int{5, 1}, []string{"1 of 5 messages", "InvalidParameterValue"}},
		{"handles that are void", func(context.Context, int, []visibility.Entry) ([]visibility.Failure, error) {
			return []visibility.Failure{entry(0, "ReceiptHandleIsInvalid", true), entry(1, "MessageNotInflight", true), entry(2, "AWS.SimpleQueueService.MessageNotInflight", true),
				{Index: 3, Code: "InvalidParameterValue", Message: "Value AQEB for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change.", SenderFault: true},
				{Index: 4, Code: "InvalidParameterValue", Message: "Value AQEB for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.", SenderFault: true}}, nil
		}, []int{5}, nil},
		{"the call fails", func(context.Context, int, []visibility.Entry) ([]visibility.Failure, error) {
			return nil, errors.New("AccessDenied: sqs:ChangeMessageVisibility")
		}, []int{5}, []string{"5 of 5 messages keep their timeout", "AccessDenied"}},
		{"the call panics", func(context.Context, int, []visibility.Entry) ([]visibility.Failure, error) {
			panic("ouch")
		}, []int{5}, []string{"the Client panicked: ouch"}},
		{"an answer to something else", func(context.Context, int, []visibility.Entry) ([]visibility.Failure, error) {
			return []visibility.Failure{entry(5, "x", false), entry(-1, "x", true)}, nil
		}, []int{5}, []string{"not asked for"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, told := &client{answer: tt.answer}, &troubles{}
				_, out, err := invoke(t, many(10), half, c, []visibility.Option{told.option()})
				assert.NoError(t, err)
				_, plain, err := invoke(t, many(10), half, &client{}, nil)
				assert.NoError(t, err)
				assert.Equal(t, string(out), string(plain))
				var calls []int
				for _, entries := range c.calls {
					calls = append(calls, len(entries))
				}
				assert.Equal(t, calls, tt.calls)
				if len(tt.want) == 0 {
					assert.Equal(t, len(told.errs), 0, fmt.Sprint(told.errs))
					return
				}
				assert.Equal(t, len(told.errs), 1)
				assert.Error(t, told.errs[0], tt.want...)
			})
		})
	}
}

// A queue that does not answer costs the Timeout, or less when Lambda's deadline is near, and never the
// answer.
func TestHangs(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		deadline time.Duration // of the invocation
		works    time.Duration // the handler
		opts     []visibility.Option
		more     []weir.SQSOption
		want     time.Duration // at which it is answered, at the latest
	}{
		{"long before the deadline", 15 * time.Minute, 0, nil, nil, 5 * time.Second},
		{"its own timeout", 15 * time.Minute, 0, []visibility.Option{visibility.Timeout(time.Second)}, nil, time.Second},
		{"near the deadline", 20 * time.Second, time.Hour, nil, nil, 19750 * time.Millisecond},
		{"no reserve", 4 * time.Second, 0, nil, []weir.SQSOption{weir.DeadlineReserve(0)}, 3 * time.Second},
		{"no deadline", 0, 0, nil, nil, 5 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx := t.Context()
				if tt.deadline > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, tt.deadline)
					defer cancel()
				}
				told := &troubles{}
				c := &client{answer: func(ctx context.Context, _ int, _ []visibility.Entry) ([]visibility.Failure, error) {
					<-ctx.Done()
					return nil, ctx.Err()
				}}
				fn := weir.SQS(weir.EachMessage(func(ctx context.Context, m *weir.Message) error {
					if m.ID == "good" {
						return nil
					}
					if tt.works > 0 {
						<-ctx.Done()
					}
					return errNo
				}), append(tt.more, visibility.BackOff(c, visibility.Exponential(time.Second, time.Minute), append(tt.opts, told.option())...))...)
				begin := time.Now()
				out, err := fn.Invoke(ctx, weirtest.SQS(record("good", 1), record("bad", 1)).JSON())
				assert.NoError(t, err)
				assert.Equal(t, string(out), `{"batchItemFailures":[{"itemIdentifier":"bad"}]}`)
				took := time.Since(begin)
				if took > tt.want || took < tt.want/2 {
					t.Errorf("answered after %v, want up to %v", took, tt.want)
				}
				assert.Equal(t, len(told.errs), 1)
				assert.Equal(t, errors.Is(told.errs[0], context.DeadlineExceeded), true)
			})
		})
	}
}

// A batch of 1,000 takes 100 calls, a few at a time, with every handle in one of them.
func TestManyCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var now, top atomic.Int64
		c := &client{answer: func(context.Context, int, []visibility.Entry) ([]visibility.Failure, error) {
			for n := now.Add(1); ; {
				if seen := top.Load(); n <= seen || top.CompareAndSwap(seen, n) {
					break
				}
			}
			time.Sleep(10 * time.Millisecond)
			now.Add(-1)
			return nil, nil
		}}
		begin := time.Now()
		got, _, _ := invoke(t, many(1000), func(context.Context, *weir.Message) error { return errNo }, c, nil)
		assert.Equal(t, time.Since(begin), 130*time.Millisecond)
		assert.Equal(t, len(got), 1000)
		assert.Equal(t, len(c.calls), 100)
		assert.Equal(t, top.Load(), 8)
		for _, entries := range c.calls {
			assert.Equal(t, len(entries), 10)
		}
	})
}

// Every queue of a batch gets its own calls, the same handle goes out once, with the longer delay, a
// record without one is told of, and one without a body, which cannot be decoded, comes back as any
// other.
func TestOddBatches(t *testing.T) {
	t.Parallel()
	const event = `{"Records":[
		{"messageId":"a","receiptHandle":"ha","body":"a","attributes":{"ApproximateReceiveCount":"3"},"eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:eu-west-1:1:one"},
		{"messageId":"a","receiptHandle":"ha","body":"a","attributes":{"ApproximateReceiveCount":"1"},"eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:eu-west-1:1:one"},
		{"messageId":"b","body":"b","attributes":{"ApproximateReceiveCount":"1"},"eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:eu-west-1:1:one"},
		{"messageId":"c","receiptHandle":"hc","body":"c","eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:eu-west-1:1:two"},
		{"messageId":"d","receiptHandle":"hd","eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:eu-west-1:1:two"}]}`
	c, told := &client{}, &troubles{}
	fn := weir.SQS(weir.EachMessage(func(context.Context, *weir.Message) error { return errNo }), weir.ReportAll(),
		visibility.BackOff(c, visibility.Exponential(2*time.Second, time.Minute), told.option()))
	_, err := fn.Invoke(t.Context(), []byte(event))
	assert.NoError(t, err)
	var seen []string
	for i, entries := range c.calls {
		seen = append(seen, fmt.Sprint(strings.TrimPrefix(c.arns[i], "arn:aws:sqs:eu-west-1:1:"), entries))
	}
	slices.Sort(seen)
	assert.Equal(t, seen, []string{"one[{ha 8s}]", "two[{hc 2s} {hd 2s}]"})
	assert.Equal(t, len(told.errs), 1)
	assert.Error(t, told.errs[0], `1 records have no receiptHandle, the first is "b"`)
}

// OnError that panics changes nothing either.
func TestOnErrorPanics(t *testing.T) {
	t.Parallel()
	c := &client{answer: func(context.Context, int, []visibility.Entry) ([]visibility.Failure, error) { return nil, errNo }}
	_, out, err := invoke(t, weirtest.SQS(record("m0", 1), record("m1", 1)), half, c,
		[]visibility.Option{visibility.OnError(func(context.Context, error) { panic("ouch") })})
	assert.NoError(t, err)
	assert.Equal(t, string(out), `{"batchItemFailures":[{"itemIdentifier":"m1"}]}`)
}

// Without OnError a warning is logged, so that a permission that is missing is seen.
func TestWarning(t *testing.T) {
	var log strings.Builder
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	defer slog.SetDefault(before)
	c := &client{answer: func(context.Context, int, []visibility.Entry) ([]visibility.Failure, error) {
		return nil, errors.New("AccessDenied")
	}}
	_, _, err := invoke(t, weirtest.SQS(record("m0", 1), record("m1", 1)), half, c, nil)
	assert.NoError(t, err)
	assert.Contains(t, log.String(), "level=WARN", "visibility timeouts not changed", "1 of 1 messages keep their timeout: AccessDenied")
}
