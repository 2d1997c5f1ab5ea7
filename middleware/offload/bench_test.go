package offload_test

import (
	"context"
	"testing"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/middleware/offload"
	"github.com/weir-go/weir/weirtest"
)

// A message that is not large costs no allocation.
func TestSmallCostsNothing(t *testing.T) {
	ctx := t.Context()
	var allocs float64
	fn := weir.SQS(weir.EachMessage(func(context.Context, *weir.Message) error { return nil }),
		weir.Use(func(next weir.Handler) weir.Handler {
			return func(_ context.Context, m *weir.Message) error {
				allocs += testing.AllocsPerRun(100, func() { _ = next(ctx, m) })
				return nil
			}
		}), offload.Load(bucketOf(), buckets))
	if _, err := fn.Invoke(ctx, weirtest.SQS(`{"id":"a"}`, " [1,2]", "text", "").JSON()); err != nil {
		t.Fatal(err)
	}
	if allocs > 0 {
		t.Errorf("%v allocations", allocs)
	}
}

// What a batch costs more when Load is there: a message that is not large costs nothing.
func BenchmarkLoad(b *testing.B) {
	objects := bucketOf("1", text(300_000))
	for name, value := range map[string]any{"object": `{"id":"a","n":[1,2,3]}`, "array": "[1,2,3]", "text": "text"} {
		event := weirtest.SQS(value, value, value, value, value, value, value, value, value, value).JSON()
		for with, opt := range map[string]weir.FlowOption{"without": weir.FlowOptions(), "with": offload.Load(objects, buckets)} {
			b.Run("small="+name+"/"+with, func(b *testing.B) {
				b.ReportAllocs()
				fn := weir.SQS(weir.EachMessage(func(context.Context, *weir.Message) error { return nil }), opt)
				for b.Loop() {
					if _, err := fn.Invoke(b.Context(), event); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
	b.Run("large", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(300_000)
		fn := weir.SQS(weir.EachMessage(func(context.Context, *weir.Message) error { return nil }), offload.Load(objects, buckets))
		event := weirtest.SQS(large("m", "1")).JSON()
		for b.Loop() {
			if _, err := fn.Invoke(b.Context(), event); err != nil {
				b.Fatal(err)
			}
		}
	})
}
