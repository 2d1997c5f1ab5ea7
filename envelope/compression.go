package envelope

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/room"
)

// Compression is one kind of compressed payload, for Decompress.
type Compression struct {
	Name  string   // for errors
	Magic []string // what such a payload begins with: one of these

	// Open returns a reader of what was compressed. It may be called from several goroutines at
	// a time; its reader is closed before the payload is handed on.
	Open func(io.Reader) (io.ReadCloser, error)
}

// Decompress makes an envelope of a compression that this package does not know. Zstandard is in
// github.com/weir-go/weir/ext/zstdenvelope.
func Decompress(v weir.Verb, c Compression, opts ...CompressionOption) weir.Verb {
	conf := compressionConfig{limits: defaultLimits}
	for i, o := range opts {
		if o == nil {
			conf.err = fmt.Errorf("envelope: %s: option %d is nil", c.Name, i)
			break
		}
		o.applyCompression(&conf)
	}
	switch {
	case conf.err != nil:
	case conf.check() != nil:
		conf.err = fmt.Errorf("envelope: %s: %w", c.Name, conf.check())
	case c.Open == nil:
		conf.err = fmt.Errorf("envelope: Decompress %s: Open is nil", c.Name)
	case len(c.Magic) == 0 || slices.Contains(c.Magic, ""):
		conf.err = fmt.Errorf("envelope: Decompress %s: Magic is empty", c.Name)
	}
	if conf.err != nil {
		return refused{conf.err}
	}
	return &roomy{c.Name, v, conf.limits, func(m *weir.Message, s *room.Share) ([]weir.Message, error) {
		if conf.orPlain && !c.begins(m.Payload) {
			return one(m, m.Payload), nil
		}
		plain, err := c.read(m.Payload, conf.maxBytes, s)
		if err != nil {
			return nil, err
		}
		return one(m, plain), nil
	}}
}

// refused is a verb that cannot be.
type refused struct{ err error }

func (r refused) Check(weir.Setup) error                    { return r.err }
func (r refused) Process(context.Context, *weir.Work) error { return r.err }

// CompressionOption applies to Gzip and Decompress.
type CompressionOption interface{ applyCompression(*compressionConfig) }

// SizeOption applies to whatever decompresses.
type SizeOption interface {
	CompressionOption
	LogsOption
}

// PartsOption applies to KPL and S3.
type PartsOption interface{ applyParts(*limits) }

// TotalOption applies to whatever decompresses, and to what makes several records of one.
type TotalOption interface {
	SizeOption
	PartsOption
}

// partsLimits are the limits of an envelope that makes several records of one.
func partsLimits(what string, opts []PartsOption) (limits, error) {
	l := limits{maxTotal: DefaultMaxTotal}
	for i, o := range opts {
		if o == nil {
			return l, fmt.Errorf("envelope: %s: option %d is nil", what, i)
		}
		o.applyParts(&l)
	}
	if err := l.checkTotal(); err != nil {
		return l, fmt.Errorf("envelope: %s: %w", what, err)
	}
	return l, nil
}

type compressionConfig struct {
	limits
	orPlain bool
	err     error
}

// limits bound what is decompressed.
type limits struct{ maxBytes, maxTotal int64 }

// The defaults. What queues and streams take is 1 MiB, which may have shrunk to a sixteenth.
const (
	DefaultMaxBytes = 16 << 20
	DefaultMaxTotal = room.Default // 64 MiB
)

var defaultLimits = limits{DefaultMaxBytes, DefaultMaxTotal}

func (l limits) check() error {
	if l.maxBytes <= 0 {
		return fmt.Errorf("MaxBytes(%d): it takes more than 0", l.maxBytes)
	}
	return l.checkTotal()
}

func (l limits) checkTotal() error {
	if l.maxTotal <= 0 {
		return fmt.Errorf("MaxTotal(%d): it takes more than 0", l.maxTotal)
	}
	return nil
}

type maxBytes int64

// MaxBytes bounds what one payload may be decompressed to, by default to DefaultMaxBytes. gzip can
// shrink zeros to a thousandth, so that one record of 1 MiB would fill the memory of a function, and
// would kill it again each time it is retried; a larger one is undecodable, and is not read to its
// end.
func MaxBytes(n int64) SizeOption { return maxBytes(n) }

func (n maxBytes) applyCompression(c *compressionConfig) { c.maxBytes = int64(n) }
func (n maxBytes) applyLogs(c *logsConfig)               { c.maxBytes = int64(n) }

type maxTotal int64

// MaxTotal bounds the memory, in bytes, that what is opened of a batch may take together, by default
// to DefaultMaxTotal, or MaxBytes if that is more: all of it is in memory at once. What is
// decompressed counts, and of an envelope that makes several records of one, 512 bytes for each
// beside its payload: 131,072 log events, or user records of KPL, have room by default.
//
// Records for which there is no room fail with ErrNoRoom and come back in another batch. The first
// of a batch have room before the others, however many are opened at a time, so that each batch gets
// on. What Lambda delivered as one record, such as an aggregate whose user records are compressed, has
// room for all that is in it or is not opened; if it comes to more than MaxTotal by itself, no batch
// has room for it, and it is undecodable.
func MaxTotal(n int64) TotalOption { return maxTotal(n) }

func (n maxTotal) applyCompression(c *compressionConfig) { c.maxTotal = int64(n) }
func (n maxTotal) applyLogs(c *logsConfig)               { c.maxTotal = int64(n) }
func (n maxTotal) applyParts(l *limits)                  { l.maxTotal = int64(n) }

type orPlain struct{}

// OrPlain hands on payloads as they are that do not begin as compressed ones do, for the time in
// which only some producers compress. No JSON and no other text begins so.
func OrPlain() CompressionOption { return orPlain{} }

func (orPlain) applyCompression(c *compressionConfig) { c.orPlain = true }

// begins reports whether a payload begins as one that is compressed.
func (c Compression) begins(payload []byte) bool {
	return slices.ContainsFunc(c.Magic, func(magic string) bool { return strings.HasPrefix(view(payload), magic) })
}

// read decompresses a payload.
func (c Compression) read(payload []byte, most int64, s *room.Share) (plain []byte, err error) {
	if !c.begins(payload) {
		if len(payload) == 0 {
			return nil, damaged(c.Name, "the payload is empty")
		}
		return nil, damaged(c.Name, "not compressed: it begins with %q", payload[:min(len(payload), 8)])
	}
	r, err := c.Open(bytes.NewReader(payload))
	if err != nil {
		return nil, damaged(c.Name, "%w", unended(err))
	}
	defer func() {
		if closed := r.Close(); err == nil && closed != nil {
			plain, err = nil, damaged(c.Name, "%w", closed)
		}
	}()
	limit := most
	if limit < math.MaxInt64 {
		limit++ // a byte more shows that there is more
	}
	into := bytes.NewBuffer(make([]byte, 0, min(int64(len(payload))*4, limit)))
	n, err := into.ReadFrom(&metered{io.LimitReader(r, limit), s})
	switch {
	case errors.Is(err, room.ErrNone), errors.Is(err, room.ErrAlone):
		return nil, err
	case err != nil:
		return nil, damaged(c.Name, "%w", unended(err))
	case n > most:
		return nil, damaged(c.Name, "%d bytes hold more than the %d of MaxBytes", len(payload), most)
	}
	return into.Bytes(), nil
}

// unended says of a payload that was cut off that it was.
func unended(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
