package streaming_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/monoid"
	"github.com/weir-go/weir/pipeline"
	"github.com/weir-go/weir/state"
	"github.com/weir-go/weir/state/mem"
	"github.com/weir-go/weir/streaming"
	"github.com/weir-go/weir/streaming/memlog"
)

type click struct {
	Page    string `json:"page"`
	User    string `json:"user"`
	N       int64  `json:"n"`
	Browser string `json:"browser"`
	Note    string `json:"note"`
}

// clicks are n records of 300 bytes over k keys.
func clicks(b *testing.B, n, k int) [][]byte {
	all := make([][]byte, n)
	for i := range all {
		c := click{Page: fmt.Sprintf("page-%d", i%k), User: fmt.Sprintf("user-%06d", i), N: 1, Browser: "Mozilla/5.0 (X11; Linux x86_64)"}
		c.Note = strings.Repeat("n", 300-len(payload(b, c)))
		all[i] = payload(b, c)
	}
	return all
}

// BenchmarkWorker is records of 300 bytes from memory through a worker: "pipeline" into the memory
// store, "each" through a handler that does nothing.
func BenchmarkWorker(b *testing.B) {
	const n, partitions, keys = 200_000, 4, 1000
	payloads := clicks(b, n, keys)
	log := memlog.New("clicks", partitions)
	for i, p := range payloads {
		log.Append(i%partitions, p)
	}
	log.End()
	run := func(name string, verb func() weir.Verb, check func(b *testing.B), opts ...streaming.Option) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := streaming.Run(b.Context(), verb(), log.Group().Member(), opts...); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/record")
			b.ReportMetric(float64(b.N)*n/b.Elapsed().Seconds(), "records/s")
			check(b)
		})
	}
	none := func(*testing.B) {}
	var last *pipeline.Pipeline[click, int64]
	count := func(store func() state.Store) func() weir.Verb {
		return func() weir.Verb {
			last = &pipeline.Pipeline[click, int64]{
				Name: "clicks", Key: func(c click) string { return c.Page }, Value: func(c click) int64 { return c.N },
				Aggregate: monoid.Sum[int64](), StoreIn: store(),
			}
			return last
		}
	}
	exact := func(b *testing.B) {
		if r, err := last.Get(b.Context(), "page-7"); err != nil || r.Value != n/keys {
			b.Errorf("page-7: %v, %v", r.Value, err)
		}
	}
	run("each", func() weir.Verb { return weir.Each(func(context.Context, click) error { return nil }) }, none)
	run("pipeline", count(func() state.Store { return mem.New() }), exact)
	run("pipeline/batch=4000", count(func() state.Store { return mem.New() }), exact, streaming.BatchRecords(4000))
}
