package kpl

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Wire types of protobuf. Groups (3 and 4) are refused: the library never wrote any.
const (
	wireVarint  = 0
	wireFixed64 = 1
	wireBytes   = 2
	wireFixed32 = 5
)

// maxNumber is the largest number that a field may have.
const maxNumber = 1<<29 - 1

// reader walks the fields of one protobuf message.
type reader struct {
	rest   []byte
	number uint64
	wire   uint64
	value  uint64 // of a varint
	bytes  []byte // of a field with a length, capped
	err    error
}

// next reads a field, and reports false at the end of the message and after an error.
func (r *reader) next() bool {
	if r.err != nil || len(r.rest) == 0 {
		return false
	}
	tag := r.varint()
	r.number, r.wire = tag>>3, tag&7
	r.value, r.bytes = 0, nil
	switch {
	case r.err != nil:
	case r.number == 0 || r.number > maxNumber:
		r.err = fmt.Errorf("a field has number %d", r.number)
	case r.wire == wireVarint:
		r.value = r.varint()
	case r.wire == wireBytes:
		r.bytes = r.take(r.varint())
	case r.wire == wireFixed64:
		r.take(8)
	case r.wire == wireFixed32:
		r.take(4)
	default:
		r.err = fmt.Errorf("field %d has wire type %d", r.number, r.wire)
	}
	return r.err == nil
}

func (r *reader) varint() uint64 {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 {
		r.err = errors.New("a number has no end")
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *reader) take(n uint64) []byte {
	if r.err != nil {
		return nil
	}
	if n > uint64(len(r.rest)) {
		r.err = fmt.Errorf("field %d has %d bytes, and only %d are there", r.number, n, len(r.rest))
		return nil
	}
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b
}
