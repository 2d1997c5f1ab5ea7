// Package b64 decodes base64 as encoding/base64's StdEncoding does, about twice as fast.
// The data of a Kinesis record and the binaries of a DynamoDB image come as base64, and for
// short records decoding it was a large part of the time that weir itself takes.
package b64

import (
	"encoding/base64"
	"encoding/binary"
	"slices"
)

// AppendDecode appends the bytes that src stands for to dst. Bytes and error are those of
// base64.StdEncoding.AppendDecode: \r and \n do not count, and if src is corrupt the result
// ends with what came before. A string is not copied.
func AppendDecode[S ~string | ~[]byte](dst []byte, src S) ([]byte, error) {
	return appendDecode(dst, []byte(src)) // as src is only read, []byte costs nothing
}

func appendDecode(dst, src []byte) ([]byte, error) {
	dst = slices.Grow(dst, decodedLen(src))
	room := dst[len(dst):][:decodedLen(src)]

	t := &tables
	in, out := src, room
	for len(in) >= 16 && len(out) >= 12 {
		a, b, c, d := quad(t, in), quad(t, in[4:]), quad(t, in[8:]), quad(t, in[12:])
		if a|b|c|d >= bad {
			break
		}
		binary.LittleEndian.PutUint64(out, uint64(a)|uint64(b)<<24|uint64(c)<<48)
		binary.LittleEndian.PutUint32(out[8:], c>>16|d<<8)
		in, out = in[16:], out[12:]
	}
	for len(in) >= 4 && len(out) >= 3 {
		a := quad(t, in)
		if a >= bad {
			break
		}
		out[0], out[1], out[2] = byte(a), byte(a>>8), byte(a>>16)
		in, out = in[4:], out[3:]
	}

	n := len(room) - len(out)
	if len(in) == 0 {
		return dst[:len(dst)+n], nil
	}
	// Padding, a line end or garbage: the rules for these are encoding/base64's. It can take
	// over behind any four characters, for none is left of those before.
	more, err := base64.StdEncoding.Decode(out, in)
	if at, ok := err.(base64.CorruptInputError); ok {
		err = at + base64.CorruptInputError(len(src)-len(in))
	}
	return dst[:len(dst)+n+more], err
}

// decodedLen returns how many bytes src stands for at most.
func decodedLen(src []byte) int {
	n := len(src)
	for n > 0 && src[n-1] == '=' {
		n--
	}
	return n/4*3 + n%4*6/8
}
