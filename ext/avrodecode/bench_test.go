package avrodecode_test

import (
	"testing"

	"github.com/weir-go/weir/ext/avrodecode"
	"github.com/weir-go/weir/internal/assert"
)

func BenchmarkDecoder(b *testing.B) {
	bench := func(b *testing.B, data string, opts ...avrodecode.Option) {
		reg, _ := with(b, order)
		d, err := avrodecode.New[Order](reg, opts...)
		assert.NoError(b, err)
		payload := unhex(b, data)
		b.ReportAllocs()
		b.SetBytes(int64(len(payload)))
		for b.Loop() {
			if _, err := d.Bytes(payload); err != nil {
				b.Fatal(err)
			}
		}
	}
	const data = "00 0000002a 20 30313233343536373839616263646566 d00f"
	b.Run("avro/order", func(b *testing.B) { bench(b, data) })
	b.Run("avro/order/reader", func(b *testing.B) {
		bench(b, data, avrodecode.Reader(`{"type":"record","name":"Order","fields":[{"name":"amount","type":"long"},{"name":"id","type":"string"}]}`))
	})
}
