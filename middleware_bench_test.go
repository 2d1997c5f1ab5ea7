package weir_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/weir-go/weir"
)

type deaf struct{}

func (deaf) BatchEnded(context.Context, weir.Summary) {}

// BenchmarkAround is what stands around a handler, by itself: what is not used costs nothing.
func BenchmarkAround(b *testing.B) {
	work := weir.EachMessage(func(context.Context, *weir.Message) error { return nil })
	one := func(_ context.Context, m *weir.Message) ([]weir.Message, error) {
		return []weir.Message{m.With(m.Payload)}, nil
	}
	for _, n := range []int{10, 1000} {
		run := func(name string, v weir.Verb, opts ...weir.FlowOption) {
			msgs := keyed(n, 0)
			l := weir.From(weir.Source{Name: "bench", Decode: func([]byte) ([]weir.Message, error) { return msgs, nil }}, v, opts...)
			b.Run(fmt.Sprintf("%s/n=%d", name, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := l.Invoke(b.Context(), nil); err != nil {
						b.Fatal(err)
					}
				}
				perRecord(b, n)
			})
		}
		run("nothing", work)
		run("Use", work, weir.Use(pass, pass))
		run("OnFailure", work, weir.OnFailure(giveUpAll))
		run("Observe", work, weir.Observe(deaf{}))
		run("Unwrap", weir.Unwrap(work, one))
	}
}
