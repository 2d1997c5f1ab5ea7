// Package zstdenvelope opens payloads that are compressed with Zstandard, see package envelope.
package zstdenvelope

import (
	"fmt"
	"io"

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

// decoders are those that are free. They are made once, and not in a sync.Pool, since channels that
// are made in a bubble of testing/synctest must not be used outside of it, and a decoder has one.
var decoders = func() chan *zstd.Decoder {
	free := make(chan *zstd.Decoder, 2) // each may keep two windows
	for range cap(free) {
		if z, err := decoder(nil); err == nil {
			free <- z
		}
	}
	return free
}()

func decoder(r io.Reader) (*zstd.Decoder, error) {
	// With one decoder it starts no goroutine.
	return zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
}

func open(r io.Reader) (io.ReadCloser, error) {
	select {
	case z := <-decoders:
		if err := z.Reset(r); err != nil {
			_ = pooled{z}.Close()
			return nil, fmt.Errorf("zstd: %w", err)
		}
		return pooled{z}, nil
	default:
	}
	z, err := decoder(r)
	if err != nil {
		return nil, fmt.Errorf("zstd: %w", err)
	}
	return z.IOReadCloser(), nil
}

// pooled is a decoder that is used again once it is closed.
type pooled struct{ *zstd.Decoder }

func (p pooled) Close() error {
	_ = p.Reset(nil)
	decoders <- p.Decoder
	return nil
}
