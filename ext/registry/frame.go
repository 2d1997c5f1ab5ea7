package registry

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"sync"
)

// MaxInflated is how large a compressed payload may become, in bytes. A larger one is
// undecodable.
const MaxInflated = 16 << 20

// Frame is a payload without what a registry's serializer wrote before it.
type Frame struct {
	ID   ID
	Data []byte // a view of the payload, unless that was compressed
}

const (
	confluentMagic  = 0
	confluentHeader = 1 + 4
	glueVersion     = 3
	glueHeader      = 2 + 16
	glueStored      = 0
	glueZlib        = 5
)

// Open reads what serializers write before a payload. Confluent's write a zero byte and a number
// of four bytes, with the highest byte first. AWS Glue's write a 3, a 0 or a 5 for what
// follows as it is or compressed by zlib, and the 16 bytes of a UUID.
func Open(payload []byte) (Frame, error) {
	if len(payload) == 0 {
		return Frame{}, errors.New("an empty payload, which names no schema")
	}
	switch payload[0] {
	case confluentMagic:
		if len(payload) < confluentHeader {
			return Frame{}, fmt.Errorf("%d bytes, which is too short for Confluent's header of %d", len(payload), confluentHeader)
		}
		id := ID{kind: confluent}
		copy(id.bytes[:], payload[1:confluentHeader])
		return Frame{id, payload[confluentHeader:]}, nil
	case glueVersion:
		if len(payload) < glueHeader {
			return Frame{}, fmt.Errorf("%d bytes, which is too short for AWS Glue's header of %d", len(payload), glueHeader)
		}
		id := GlueID([16]byte(payload[2:glueHeader]))
		data := payload[glueHeader:]
		switch payload[1] {
		case glueStored:
			return Frame{id, data}, nil
		case glueZlib:
			data, err := inflate(data)
			return Frame{id, data}, err
		}
		return Frame{}, fmt.Errorf("AWS Glue's header with compression %d, which is neither 0 (none) nor 5 (zlib)", payload[1])
	}
	return Frame{}, fmt.Errorf("a payload that begins with byte %#02x: neither Confluent's framing (0x00) nor AWS Glue's (0x03)", payload[0])
}

// inflater keeps the 40 kB that zlib works with.
type inflater struct {
	zlib io.ReadCloser
	in   bytes.Reader
}

var inflaters sync.Pool

func inflate(data []byte) (_ []byte, err error) {
	z, _ := inflaters.Get().(*inflater)
	if z == nil {
		z = new(inflater)
	}
	z.in.Reset(data)
	if z.zlib == nil {
		z.zlib, err = zlib.NewReader(&z.in)
	} else {
		err = z.zlib.(zlib.Resetter).Reset(&z.in, nil)
	}
	var out []byte
	if err == nil {
		out, err = read(z.zlib, len(data))
	}
	over := z.in.Len()
	z.in.Reset(nil)
	inflaters.Put(z)
	switch {
	case err != nil:
		return nil, fmt.Errorf("a payload that zlib does not inflate: %w", err)
	case over > 0:
		return nil, fmt.Errorf("%d bytes after a compressed payload", over)
	}
	return out, nil
}

// read reads up to MaxInflated bytes into memory that nothing else uses.
func read(r io.Reader, compressed int) ([]byte, error) {
	out := make([]byte, 0, min(4*compressed+64, MaxInflated)+1)
	for {
		n, err := r.Read(out[len(out):cap(out)])
		switch out = out[:len(out)+n]; {
		case len(out) > MaxInflated:
			return nil, fmt.Errorf("it becomes larger than %d bytes", MaxInflated)
		case err == io.EOF:
			return out, nil
		case err != nil:
			return nil, err
		case len(out) == cap(out):
			more := make([]byte, len(out), min(2*cap(out), MaxInflated+1))
			copy(more, out)
			out = more
		}
	}
}
