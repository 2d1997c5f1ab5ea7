package monoid

import "encoding/binary"

// reader takes encoded bytes apart. After the first thing that is not there all it returns is
// zero, and ok is false.
type reader struct {
	src []byte
	bad bool
}

func (r *reader) uvarint() uint64 {
	n, size := binary.Uvarint(r.src)
	if size <= 0 {
		r.src, r.bad = nil, true
		return 0
	}
	r.src = r.src[size:]
	return n
}

func (r *reader) varint() int64 {
	n, size := binary.Varint(r.src)
	if size <= 0 {
		r.src, r.bad = nil, true
		return 0
	}
	r.src = r.src[size:]
	return n
}

// count is a number of things still to come, of at least size bytes each; so it is safe to
// allocate for them.
func (r *reader) count(size int) int {
	n := r.uvarint()
	if n > uint64(len(r.src)/size) {
		r.src, r.bad = nil, true
		return 0
	}
	return int(n)
}

// natural is a number that int64 can hold.
func (r *reader) natural() int64 {
	n := r.uvarint()
	if int64(n) < 0 {
		r.src, r.bad = nil, true
		return 0
	}
	return int64(n)
}

// bytes returns the next n bytes, not copied.
func (r *reader) bytes(n int) []byte {
	if len(r.src) < n {
		r.src, r.bad = nil, true
		return nil
	}
	b := r.src[:n]
	r.src = r.src[n:]
	return b
}

// block returns what appendBlock wrote, not copied.
func (r *reader) block() []byte { return r.bytes(r.count(1)) }

func (r *reader) byte() byte {
	if b := r.bytes(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) uint64() uint64 {
	if b := r.bytes(8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

// ok says that everything was there, and nothing else.
func (r *reader) ok() bool { return !r.bad && len(r.src) == 0 }

// appendBlock appends a length and so many bytes.
func appendBlock[B string | []byte](dst []byte, b B) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(b))), b...)
}
