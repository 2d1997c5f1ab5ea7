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
	i, j := quartets(room, src[:chars])
	if i+4 == len(src) {
		if n := padded(room[j:], src[i:]); n > 0 {
			i, j = i+4, j+n
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

// Quoted decodes the base64 before the quote that comes next in text, to the start of room. It returns -1 where
// there might be too little room, or anything else before the quote.
func Quoted(room []byte, text string) (size, quote int) {
	src := []byte(text[:min(len(text), len(room)/3*4)]) // as it is only read, this costs nothing
	i, j := quartets(room, src)
	if i+4 < len(src) {
		if n := padded(room[j:], src[i:i+4]); n > 0 {
			i, j = i+4, j+n
		}
	}
	if i == len(src) || src[i] != '"' {
		return 0, -1
	}
	return j, i
}

// quartets decodes four characters at a time as long as there are as many good ones. It returns how many it has
// read, and how many bytes it has written.
func quartets(room, src []byte) (i, j int) {
	t := &tables
	i = sixteens(t, room, src)
	j = i / 4 * 3
	for ; i+4 <= len(src); i, j = i+4, j+3 {
		c, to := src[i:i+4], room[j:j+3]
		a := t[0][c[0]] | t[1][c[1]] | t[2][c[2]] | t[3][c[3]]
		if a >= bad {
			break
		}
		to[0], to[1], to[2] = byte(a), byte(a>>8), byte(a>>16)
	}
	return i, j
}

// padded decodes four characters of which the last one or two are padding. It returns 0 if they are not.
func padded(room, c []byte) (n int) {
	t := &tables
	a := t[0][c[0]] | t[1][c[1]]
	if n = 1; c[2] != '=' {
		a |= t[2][c[2]]
		n = 2
	}
	if a >= bad || c[3] != '=' {
		return 0
	}
	for k := range n {
		room[k] = byte(a >> (8 * k))
	}
	return n
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
