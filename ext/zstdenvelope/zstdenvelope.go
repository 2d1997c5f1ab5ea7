// Package zstdenvelope opens payloads that are compressed with Zstandard, see package envelope.
package zstdenvelope

import (
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/zstd"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/envelope"
)

// maxWindow is how far back a payload may refer, which bounds memory. RFC 8878 recommends that
// decoders support 8 MB, and that encoders ask for no more; the levels of the zstd command do, up
// to 19, for what is no larger.
const maxWindow = 8 << 20

// Zstd decompresses payloads: v gets what was compressed. In a queue, whose bodies are text, zstd
// comes in base64:
//
//	weir.SQS(envelope.Base64(zstdenvelope.Zstd(weir.Each(ship), envelope.MaxBytes(1<<20))))
//
// Several frames one behind the other are read as one. What is not zstd, is cut off, fails its
// checksum, needs a dictionary, or is larger than envelope.MaxBytes is undecodable. With
// envelope.OrPlain, payloads that are not compressed are handed on.
func Zstd(v weir.Verb, opts ...envelope.CompressionOption) weir.Verb {
	c := envelope.Compression{Name: "zstd", Magic: []string{"\x28\xb5\x2f\xfd"}, Open: open}
	for n := range 16 {
		// Frames to be skipped, which some tools begin with.
		c.Magic = append(c.Magic, string([]byte{0x50 + byte(n), 0x2a, 0x4d, 0x18}))
	}
	return envelope.Decompress(v, c, opts...)
}

var decoders sync.Pool

func open(r io.Reader) (io.ReadCloser, error) {
	if z, ok := decoders.Get().(*zstd.Decoder); ok {
		if err := z.Reset(r); err != nil {
			return nil, fmt.Errorf("zstd: %w", err)
		}
		return pooled{z}, nil
	}
	// With one decoder it starts no goroutine, and needs no closing.
	z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return nil, fmt.Errorf("zstd: %w", err)
	}
	return pooled{z}, nil
}

// pooled is a decoder that is used again once it is closed.
type pooled struct{ *zstd.Decoder }

func (p pooled) Close() error {
	if err := p.Reset(nil); err == nil {
		decoders.Put(p.Decoder)
	}
	return nil
}
