package middleware_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"testing"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/metrics"
	"github.com/weir-go/weir/middleware"
	"github.com/weir-go/weir/weirtest"
)

// What each costs an invocation, beside none of them.
func BenchmarkObservers(b *testing.B) {
	quiet := weir.EachMessage(func(context.Context, *weir.Message) error { return nil })
	logging := weir.EachMessage(func(ctx context.Context, _ *weir.Message) error {
		middleware.Logger(ctx).Debug("not logged")
		return nil
	})
	for _, n := range []int{1, 10, 1000} {
		values := make([]any, n)
		for i := range values {
			values[i] = "a"
		}
		event := weirtest.SQS(values...).JSON()
		logger := middleware.Log(slog.New(slog.NewTextHandler(io.Discard, nil)))
		for _, bb := range []struct {
			name string
			l    *weir.Lambda
		}{
			{"none", weir.SQS(quiet)},
			{"log-unused", weir.SQS(quiet, logger)},
			{"log-each", weir.SQS(logging, logger)},
			{"measure", weir.SQS(quiet, middleware.Measure(metrics.Output(io.Discard)))},
			{"measure-with", weir.SQS(quiet, middleware.MeasureWith(func(context.Context, middleware.Measurement) {}))},
		} {
			b.Run(fmt.Sprintf("%s/n=%d", bb.name, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					_, err := bb.l.Invoke(context.Background(), event)
					assert.NoError(b, err)
				}
			})
		}
	}
}
