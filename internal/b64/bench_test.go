package b64_test

import (
	"encoding/base64"
	"fmt"
	"testing"

	"github.com/weir-go/weir/internal/b64"
)

func BenchmarkDecode(b *testing.B) {
	for _, n := range []int{24, 424, 4096, 1 << 20} {
		text := base64.StdEncoding.EncodeToString(random(n / 4 * 3))
		dst := make([]byte, 0, len(text))
		b.Run(fmt.Sprintf("weir/n=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				_, _ = b64.AppendDecode(dst, text)
			}
		})
		b.Run(fmt.Sprintf("std/n=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				_, _ = base64.StdEncoding.AppendDecode(dst, []byte(text))
			}
		})
	}
}
