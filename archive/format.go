package archive

import (
	"bufio"
	"compress/flate"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Decompressor reads one kind of compressed data. An archive is of that kind if it begins with
// one of Magic.
type Decompressor struct {
	Name  string // for errors
	Magic []string
	Open  func(io.Reader) (io.ReadCloser, error)
}

var gzipDecompressor = Decompressor{
	Name:  "gzip",
	Magic: []string{"\x1f\x8b"},
	Open:  func(r io.Reader) (io.ReadCloser, error) { return gzip.NewReader(r) },
}

// unreadable are kinds of files that are no lines of text, so that they are not replayed as if
// they were.
var unreadable = []struct{ magic, name, help string }{
	{"\x28\xb5\x2f\xfd", "zstd", "give the option zstdarchive.Decompress() of github.com/weir-go/weir/ext/zstdarchive"},
	{"BZh9", "bzip2", decompress},
	{"\xfd7zXZ\x00", "xz", decompress},
	{"\x04\x22\x4d\x18", "lz4", decompress},
	{"\xff\x06\x00\x00sNaPpY", "snappy", decompress},
	{"\x82SNAPPY\x00", "snappy", decompress},
	{"PK\x03\x04", "zip", "unpack it"},
	{"PAR1\x15", "parquet", "convert it to JSON lines"},
	{"Obj\x01", "Avro", "convert it to JSON lines"},
	{"\xff\xfe", "UTF-16", "convert it to UTF-8"},
	{"\xfe\xff", "UTF-16", "convert it to UTF-8"},
}

const decompress = "decompress it, or give archive.Decompress an archive.Decompressor for it"

// maxLayers bounds compressions within one another. Two happen: CloudWatch Logs sends gzip to
// Firehose, which may be told to compress once more.
const maxLayers = 4

// layers is an archive without its compressions.
type layers struct {
	io.Reader
	stored  *sticky // what is read as it is stored
	kind    string  // of the outermost compression
	closers []io.Closer
}

// peel takes off compressions as long as there are any.
func peel(raw io.Reader, known []Decompressor) (l *layers, err error) {
	l = &layers{stored: &sticky{r: raw}}
	raw = l.stored
	for depth := 0; ; depth++ {
		b := bufio.NewReaderSize(raw, block/2)
		l.Reader = b
		head, err := b.Peek(16)
		if err != nil && len(head) == 0 && err != io.EOF {
			return l, err
		}
		d := find(known, head)
		if d == nil {
			return l, refuse(head)
		}
		if depth == maxLayers {
			return l, fmt.Errorf("more than %d compressions lie in one another: decompress it", maxLayers)
		}
		if l.kind == "" {
			l.kind = d.Name
		}
		r, err := d.Open(b)
		if err != nil {
			return l, err
		}
		l.closers = append(l.closers, r)
		raw = &sticky{r: r}
	}
}

// sticky repeats its first error, which Peek makes a bufio.Reader forget.
type sticky struct {
	r   io.Reader
	err error
}

func (s *sticky) Read(b []byte) (n int, err error) {
	if s.err == nil {
		n, s.err = s.r.Read(b)
	}
	return n, s.err
}

func find(known []Decompressor, head []byte) *Decompressor {
	for i, d := range known {
		for _, m := range d.Magic {
			if strings.HasPrefix(string(head), m) {
				return &known[i]
			}
		}
	}
	return nil
}

func refuse(head []byte) error {
	for _, u := range unreadable {
		if strings.HasPrefix(string(head), u.magic) {
			return fmt.Errorf("it is %s: %s", u.name, u.help)
		}
	}
	return nil
}

// explain says what an error of the data means.
func (l *layers) explain(err error) error {
	var corrupt flate.CorruptInputError
	var long tooLong
	switch {
	case errors.As(err, &long):
		return err
	case l.stored.err != nil && l.stored.err != io.EOF:
		return l.stored.err // of the disk or the network, and nothing is known of the data
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("the archive is cut short (%w): put a whole copy in its place", err)
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum), errors.As(err, &corrupt):
		return fmt.Errorf("the archive is corrupt (%w): put a whole copy in its place", err)
	case l.kind != "":
		return fmt.Errorf("the archive cannot be read as %s: %w", l.kind, err)
	}
	return err
}

// Close closes all layers, the innermost first.
func (l *layers) Close() {
	for i := len(l.closers) - 1; i >= 0; i-- {
		_ = l.closers[i].Close() // what matters, reading has told
	}
}
