package envelope

import (
	"compress/gzip"
	"io"
	"sync"

	"github.com/weir-go/weir"
)

// Gzip decompresses payloads: v gets what was compressed. In a queue, whose bodies are text, gzip
// comes in base64:
//
//	weir.SQS(envelope.Base64(envelope.Gzip(weir.Each(ship))))
//
// Several gzip members one behind the other are read as one, as gunzip does. What is not gzip, is
// cut off, fails its checksum, is followed by something else, or is larger than MaxBytes is
// undecodable. Payloads that are not compressed are let through on request, see OrPlain.
func Gzip(v weir.Verb, opts ...CompressionOption) weir.Verb {
	return Decompress(v, gzipped, opts...)
}

var gzipped = Compression{Name: "gzip", Magic: []string{"\x1f\x8b"}, Open: openGzip}

var gzipReaders sync.Pool

func openGzip(r io.Reader) (io.ReadCloser, error) {
	if z, ok := gzipReaders.Get().(*gzip.Reader); ok {
		if err := z.Reset(r); err != nil {
			_ = z.Reset(nothing{})
			gzipReaders.Put(z)
			return nil, err
		}
		return pooled{z}, nil
	}
	z, err := gzip.NewReader(r)
	if err != nil {
		return nil, err
	}
	return pooled{z}, nil
}

// pooled is a reader that is used again once it is closed. Nothing of a payload stays behind.
type pooled struct{ *gzip.Reader }

func (p pooled) Close() error {
	err := p.Reader.Close()
	_ = p.Reader.Reset(nothing{})
	gzipReaders.Put(p.Reader)
	return err
}

// nothing is an empty reader.
type nothing struct{}

func (nothing) Read([]byte) (int, error) { return 0, io.EOF }
func (nothing) ReadByte() (byte, error)  { return 0, io.EOF }
