//go:build !race

package ceiling

import (
	"context"
	"fmt"
	"runtime/debug"
	"testing"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/bench/sample"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/weirtest"
)

// click is what the records of Kafka carry here, which no peer takes part in.
type click struct {
	User, Page, Referrer string
	At, Ms               int
	Tags                 []string
}

func clicks(records int) weirtest.Event {
	var values []any
	for i := range records {
		values = append(values, weirtest.In(fmt.Sprint("clicks-", i%4), weirtest.Record{
			Key:     fmt.Sprint("user-", i%100),
			Value:   click{fmt.Sprint("u-", i), "/products/4711/reviews", "https://example.com/search?q=weir", 1760000000 + i, 137, []string{"a", "b", "c"}},
			Headers: weir.KafkaHeaders{{Name: "traceparent", Value: []byte("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")}},
		}))
	}
	return weirtest.Kafka(values...)
}

func TestKafkaAllocations(t *testing.T) { // not parallel: allocations are the process's
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // a collection empties pools
	l := weir.Kafka(weir.Each(func(context.Context, click) error { return nil }))
	var allocs [2]float64
	for i, size := range []int{1, 1000} {
		event := clicks(size).JSON()
		ctx, cancel := sample.Context(t.Context())
		allocs[i] = testing.AllocsPerRun(max(50, 1000/size), func() {
			_, err := l.Invoke(ctx, event)
			assert.NoError(t, err)
		})
		cancel()
		check(t, fmt.Sprint("kafka-", size), int(allocs[i]), i, "allocations per invocation")
	}
	t.Logf("kafka: %.0f allocations with one record, %.3f for each further", allocs[0], (allocs[1]-allocs[0])/999)
}

// BenchmarkKafka is a whole invocation of 1,000 records.
func BenchmarkKafka(b *testing.B) {
	const n = 1000
	event := clicks(n).JSON()
	for name, l := range map[string]*weir.Lambda{
		"value": weir.Kafka(weir.Each(func(context.Context, click) error { return nil })),
		"pair":  weir.Kafka(weir.Each(func(context.Context, weir.Pair[[]byte, *click]) error { return nil })),
		"lanes": weir.Kafka(weir.Each(func(context.Context, click) error { return nil }), weir.Concurrency(4)),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(event)))
			for b.Loop() {
				if _, err := l.Invoke(b.Context(), event); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/record")
		})
	}
}
