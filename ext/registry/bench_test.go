package registry_test

import (
	"bytes"
	"compress/zlib"
	"testing"

	"github.com/weir-go/weir/ext/registry"
)

func BenchmarkOpen(b *testing.B) {
	var compressed bytes.Buffer
	compressed.Write(unhex(b, "0305"+glueID))
	z := zlib.NewWriter(&compressed)
	_, _ = z.Write(bytes.Repeat([]byte("all work and no play "), 14))
	_ = z.Close()
	for _, c := range []struct {
		name    string
		payload []byte
	}{
		{"open/confluent", unhex(b, "00 0000002a 6869")},
		{"open/glue", unhex(b, gluePure)},
		{"open/zlib/n=294", compressed.Bytes()},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := registry.Open(c.payload); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
