package middleware_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/middleware"
	"github.com/weir-go/weir/weirtest"
)

// What a record costs in a batch of a thousand when all is well: without, behind a closed breaker,
// and under a limit that nothing has lowered.
func BenchmarkAllIsWell(b *testing.B) {
	const n = 1000
	event := weirtest.SQS(make([]any, n)...).JSON()
	verb := weir.EachMessage(func(context.Context, *weir.Message) error { return nil })
	for _, c := range []int{1, 8} {
		for _, tt := range []struct {
			name string
			opt  weir.FlowOption
		}{
			{"nothing", weir.FlowOptions()},
			{"use", weir.Use(func(next weir.Handler) weir.Handler {
				return func(ctx context.Context, m *weir.Message) error { return next(ctx, m) }
			})},
			{"breaker", middleware.Breaker(middleware.Circuit{CoolDown: 1})},
			{"adaptive", middleware.Adaptive(middleware.Limits{Most: c})},
		} {
			b.Run(fmt.Sprintf("%s/concurrency=%d/n=%d", tt.name, c, n), func(b *testing.B) {
				b.ReportAllocs()
				fn := weir.SQS(verb, weir.Concurrency(c), tt.opt)
				for b.Loop() {
					if _, err := fn.Invoke(b.Context(), event); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/record")
			})
		}
	}
}

// What a record costs that is not run.
func BenchmarkRefused(b *testing.B) {
	const n = 1000
	event := weirtest.SQS(make([]any, n)...).JSON()
	fn := weir.SQS(weir.EachMessage(func(context.Context, *weir.Message) error { return errDown }), weir.ReportAll(),
		middleware.Breaker(middleware.Circuit{After: 1}))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := fn.Invoke(b.Context(), event); err != nil {
			b.Fatal(err)
		}
	}
}
