package pipeline_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/monoid"
	"github.com/weir-go/weir/pipeline"
	"github.com/weir-go/weir/state"
	"github.com/weir-go/weir/weirtest"
)

// forgetful is a store that costs nothing and stays empty, so that what is measured is the pipeline.
type forgetful struct{ meta []byte }

func (s *forgetful) Caps() state.Caps { return state.Caps{Atomic: state.PerBatch, Adds: true} }

func (s *forgetful) Load(_ context.Context, _ string, keys []state.Key, _ bool) ([]state.Row, error) {
	rows := make([]state.Row, len(keys))
	for i, k := range keys {
		rows[i].Key = k
		if k.Kind == state.Meta && s.meta != nil {
			rows[i].Version, rows[i].Data = 1, s.meta
		}
	}
	return rows, nil
}

func (s *forgetful) Commit(_ context.Context, _ string, writes []state.Write) error {
	if writes[0].Kind == state.Meta {
		s.meta = writes[0].Data
	}
	return nil
}

type click struct {
	Page string
	N    int64
}

// clicks are n records over k keys.
func clicks(n, k int) []byte {
	values := make([]any, n)
	for i := range values {
		values[i] = weirtest.Record{Value: click{fmt.Sprintf("page-%d", i%k), 1}, OrderingKey: fmt.Sprint("key-", i%97)}
	}
	return weirtest.Kinesis(values...).JSON()
}

// BenchmarkPipeline is a Kinesis batch through a pipeline; "decode" is the same batch through
// a handler that does nothing, so the difference is what the pipeline costs.
func BenchmarkPipeline(b *testing.B) {
	p := func(store state.Store) *pipeline.Pipeline[click, int64] {
		return &pipeline.Pipeline[click, int64]{
			Name: "clicks", Key: func(c click) string { return c.Page }, Value: func(c click) int64 { return c.N },
			Aggregate: monoid.Sum[int64](), StoreIn: store, Window: pipeline.Hourly(0),
		}
	}
	for _, n := range []int{1, 100, 1000, 10000} {
		event := clicks(n, 100)
		run := func(name string, l *weir.Lambda) {
			b.Run(fmt.Sprintf("%s/n=%d", name, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := l.Invoke(b.Context(), event); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/record")
			})
		}
		run("decode", weir.Kinesis(weir.Each(func(context.Context, click) error { return nil })))
		run("sum", weir.Kinesis(p(&forgetful{})))
	}
}

// BenchmarkFirst is the first batch of a process, which makes what later ones use again: B/op is the
// memory that a pipeline takes for a batch, decoded messages included.
func BenchmarkFirst(b *testing.B) {
	for _, n := range []int{1, 1000, 10000} {
		event := clicks(n, n)
		b.Run(fmt.Sprintf("keys=n/n=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				l := weir.Kinesis(&pipeline.Pipeline[click, int64]{
					Name: "clicks", Key: func(c click) string { return c.Page }, Value: func(c click) int64 { return c.N },
					Aggregate: monoid.Sum[int64](), StoreIn: &forgetful{},
				})
				if _, err := l.Invoke(b.Context(), event); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/record")
		})
	}
}
