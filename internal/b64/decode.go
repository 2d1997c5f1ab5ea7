// Package b64 decodes base64 as encoding/base64's StdEncoding does, about twice as fast.
// The data of a Kinesis record and the binaries of a DynamoDB image come as base64, and for
// short records decoding it was a large part of the time that weir itself takes.
package b64

import (
	"encoding/base64"
	"slices"

	"github.com/weir-go/weir/internal/memory"
)

// AppendDecode appends the bytes that src stands for to dst. Bytes and error are those of
// base64.StdEncoding.AppendDecode: \r and \n do not count, and if src is corrupt the result
// ends with what came before. A string is not copied.
func AppendDecode[S ~string | ~[]byte](dst []byte, src S) ([]byte, error) {
	return appendDecode(dst, []byte(src)) // as src is only read, []byte costs nothing
}

func appendDecode(dst, src []byte) ([]byte, error) {
	chars := len(src)
	for chars > 0 && src[chars-1] == '=' {
		chars--
	}
	size := chars/4*3 + chars%4*6/8
	dst = slices.Grow(dst, size)
	room := dst[len(dst):][:size]

	t := &tables
	i := sixteens(t, room, src[:chars])
	j := i / 4 * 3
	for ; i+4 <= chars; i, j = i+4, j+3 {
		c, to := src[i:i+4], room[j:j+3]
		a := t[0][c[0]] | t[1][c[1]] | t[2][c[2]] | t[3][c[3]]
		if a >= bad {
			break
		}
		to[0], to[1], to[2] = byte(a), byte(a>>8), byte(a>>16)
	}
	if i+4 == len(src) && i+2 <= chars && chars < len(src) { // padded, and nothing else
		a := t[0][src[i]] | t[1][src[i+1]]
		if i+3 == chars {
			a |= t[2][src[i+2]]
		}
		if a < bad {
			for ; j < size; j++ {
				room[j] = byte(a)
				a >>= 8
			}
			i += 4
		}
	}
	if i == len(src) {
		return dst[:len(dst)+j], nil
	}
	// A line end or garbage: the rules for these are encoding/base64's. It can take over behind any
	// four characters, for none is left of those before.
	more, err := base64.StdEncoding.Decode(room[j:], src[i:])
	if at, ok := err.(base64.CorruptInputError); ok {
		err = at + base64.CorruptInputError(i)
	}
	return dst[:len(dst)+j+more], err
}

// sixteens decodes sixteen characters at a time as long as there are as many good ones, and returns
// how many it has decoded. It is not inlined, so that the place of the tables is in a register.
//
//go:noinline
func sixteens(t *[4][256]uint32, room, src []byte) (i int) {
	for j := 0; i+16 <= len(src); i, j = i+16, j+12 {
		s := memory.Sixteen(src, i)
		a := t[0][s[0]] | t[1][s[1]] | t[2][s[2]] | t[3][s[3]]
		b := t[0][s[4]] | t[1][s[5]] | t[2][s[6]] | t[3][s[7]]
		c := t[0][s[8]] | t[1][s[9]] | t[2][s[10]] | t[3][s[11]]
		d := t[0][s[12]] | t[1][s[13]] | t[2][s[14]] | t[3][s[15]]
		if a|b|c|d >= bad {
			break
		}
		memory.PutWord(room, j, uint64(a)|uint64(b)<<24|uint64(c)<<48)
		memory.PutHalf(room, j+8, c>>16|d<<8)
	}
	return i
}
