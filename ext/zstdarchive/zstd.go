// Package zstdarchive lets package archive read archives that are compressed with Zstandard.
package zstdarchive

import (
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"

	"github.com/weir-go/weir/archive"
)

// maxWindow is how far back an archive may refer, which bounds memory. It is what the zstd
// command decompresses without being told to, and enough for every level but --ultra and --long.
const maxWindow = 128 << 20

// Decompress makes zstd archives known to an archive.Source, of one frame or many.
func Decompress() archive.Option {
	d := archive.Decompressor{Name: "zstd", Magic: []string{"\x28\xb5\x2f\xfd"}, Open: open}
	for n := range 16 {
		// Frames to be skipped, which some tools begin with.
		d.Magic = append(d.Magic, string([]byte{0x50 + byte(n), 0x2a, 0x4d, 0x18}))
	}
	return archive.Decompress(d)
}

func open(r io.Reader) (io.ReadCloser, error) {
	// With one decoder it starts no goroutine, and closing it leaves nothing behind.
	z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return nil, fmt.Errorf("zstd: %w", err)
	}
	return z.IOReadCloser(), nil
}
