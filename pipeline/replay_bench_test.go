package pipeline_test

import (
	"testing"

	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/pipeline"
	"github.com/weir-go/weir/state/mem"
)

// A replay beyond decoding: 100,000 lines over 5 keys.
func BenchmarkReplay(b *testing.B) {
	const n = 100_000
	text := lines(someSales(n))
	source := archives(map[string][]byte{"a": text})
	for _, again := range []bool{false, true} {
		b.Run(map[bool]string{false: "first", true: "again"}[again], func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			store := mem.New()
			for b.Loop() {
				if !again {
					store = mem.New()
				}
				r, err := pipeline.Replay(b.Context(), sales(store), source)
				assert.NoError(b, err)
				assert.Equal(b, r.Records, n)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/record")
			b.ReportMetric(0, "ns/op")
		})
	}
}
