package kafkasource

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/monoid"
	"github.com/weir-go/weir/pipeline"
	"github.com/weir-go/weir/state/mem"
	"github.com/weir-go/weir/streaming"
)

// BenchmarkWorker is a worker between a broker on the loopback, in this process, and the memory store:
// 300 bytes of JSON a record, 1,000 keys, 6 partitions. nothing is the same without a pipeline.
func BenchmarkWorker(b *testing.B) {
	type event struct {
		User   string
		Amount int64
	}
	verbs := map[string]func() weir.Verb{
		"pipeline": func() weir.Verb {
			return &pipeline.Pipeline[event, int64]{
				Name: "amounts", Key: func(e event) string { return e.User }, Value: func(e event) int64 { return e.Amount },
				Aggregate: monoid.Sum[int64](), StoreIn: mem.New(),
			}
		},
		"nothing": func() weir.Verb {
			return weir.EachMessage(func(context.Context, *weir.Message) error { return nil })
		},
	}
	const partitions = 6
	for _, name := range []string{"pipeline", "nothing"} {
		b.Run(name, func(b *testing.B) {
			c, err := kfake.NewCluster(kfake.NumBrokers(2), kfake.SeedTopics(partitions, topic))
			if err != nil {
				b.Fatal(err)
			}
			defer c.Close()
			k, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...), kgo.DefaultProduceTopic(topic), kgo.RecordPartitioner(kgo.ManualPartitioner()))
			if err != nil {
				b.Fatal(err)
			}
			defer k.Close()
			pad := bytes.Repeat([]byte("x"), 250)
			for i := range b.N {
				k.Produce(b.Context(), &kgo.Record{Partition: int32(i % partitions), Value: fmt.Appendf(nil, `{"User":"user-%04d","Amount":%d,"pad":"%s"}`, i%1000, i%100, pad)}, nil)
			}
			if err := k.Flush(b.Context()); err != nil {
				b.Fatal(err)
			}
			ctx, stop := context.WithCancel(b.Context())
			defer stop()
			w := streaming.NewWorker(verbs[name](), source(c), streaming.Concurrency(2))
			b.ReportAllocs()
			b.ResetTimer()
			go func() {
				for w.Status().Succeeded < int64(b.N) {
					time.Sleep(time.Millisecond)
				}
				stop()
			}()
			begin := time.Now()
			if err := w.Run(ctx); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(b.N)/time.Since(begin).Seconds(), "records/s")
		})
	}
}
