package boltstore_test

import (
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/ext/boltstore"
	"github.com/weir-go/weir/monoid"
	"github.com/weir-go/weir/pipeline"
)

// BenchmarkPipeline is batches of 10,000 records over 100 keys, each batch new, merged into a file
// that is synced once a batch. What a record costs before it is merged, decoding, is left out.
func BenchmarkPipeline(b *testing.B) {
	const n, keys = 10_000, 100
	for name, noSync := range map[string]bool{"fsync": false, "no fsync": true} {
		db, err := bbolt.Open(filepath.Join(b.TempDir(), "bench.db"), 0o600, &bbolt.Options{NoSync: noSync})
		if err != nil {
			b.Fatal(err)
		}
		defer db.Close()
		store, err := boltstore.New(db)
		if err != nil {
			b.Fatal(err)
		}
		p := &pipeline.Pipeline[string, int64]{
			Name: "bench", Key: func(page string) string { return page }, Value: func(string) int64 { return 1 },
			Aggregate: monoid.Count(), StoreIn: store,
		}
		msgs := make([]weir.Message, n)
		at, last := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), 0
		for i := range msgs {
			msgs[i].Payload, msgs[i].Shard = strconv.AppendInt([]byte("page-"), int64(i%keys), 10), "shardId-000000000000"
		}
		l := weir.From(weir.Source{Name: "bench", Decode: func([]byte) ([]weir.Message, error) {
			batch := make([]weir.Message, n)
			copy(batch, msgs)
			at = at.Add(10 * time.Second)
			for i := range batch {
				last++
				batch[i].ID, batch[i].Time = strconv.Itoa(last), at
			}
			return batch, nil
		}}, p)
		b.Run(name+"/n=10000", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := l.Invoke(b.Context(), nil); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/record")
		})
	}
}
