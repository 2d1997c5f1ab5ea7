// Package b64 decodes base64 as encoding/base64's StdEncoding does, about twice as fast.
// The data of a Kinesis record and the binaries of a DynamoDB image come as base64, and for
// short records decoding it was a large part of the time that weir itself takes.
package b64

import (
	"encoding/base64"
	"math/bits"
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
	i := quartets(&tables, room, src[:chars], sixteens(&tables, room, src[:chars]))
	j := i / 4 * 3
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
// there might be too little room or fewer than four bytes behind the quote, or where there is anything else before it.
func Quoted(room []byte, text string) (size, quote int) {
	t := &tables
	src := []byte(text[:min(len(text), len(room)/3*4)]) // as it is only read, this costs nothing
	i := sixteens(t, room, src)
	if i+16 > len(src) {
		i = quartets(t, room, src, i)
	}
	j := i / 4 * 3
	if i+4 >= len(src) {
		return 0, -1
	}
	c := src[i : i+5]
	if c[0] == '"' {
		return j, i
	}
	third, n := t[2][c[2]], 2
	if c[2] == '=' {
		third, n = 0, 1
	}
	a := t[0][c[0]] | t[1][c[1]] | third
	if a >= bad || c[3] != '=' || c[4] != '"' {
		return 0, -1
	}
	memory.PutHalf(room, j, a)
	return j + n, i + 4
}

// quartets decodes four characters at a time from i on as long as there are as many good ones. It returns how many it
// has read.
func quartets(t *[4][256]uint32, room, src []byte, i int) int {
	for ; i+4 <= len(src); i += 4 {
		c, to := src[i:i+4], room[i/4*3:][:3]
		a := t[0][c[0]] | t[1][c[1]] | t[2][c[2]] | t[3][c[3]]
		if a >= bad {
			break
		}
		to[0], to[1], to[2] = byte(a), byte(a>>8), byte(a>>16)
	}
	return i
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

// sixteens decodes sixteen characters at a time as long as there are as many good ones, and of those that are not all
// good, those before the first four that are not. It returns how many it has decoded; what it writes behind their bytes
// is within those of sixteen. It is not inlined, so that the place of the tables is in a register.
//
//go:noinline
func sixteens(t *[4][256]uint32, room, src []byte) (i int) {
	t0, t1, t2, t3 := &t[0], &t[1], &t[2], &t[3] // not nil, which then needs no look in the loop
	for j := 0; i+16 <= len(src); i, j = i+16, j+12 {
		s := memory.Sixteen(src, i)
		a := t0[s[0]] | t1[s[1]] | t2[s[2]] | t3[s[3]]
		b := t0[s[4]] | t1[s[5]] | t2[s[6]] | t3[s[7]]
		c := t0[s[8]] | t1[s[9]] | t2[s[10]] | t3[s[11]]
		d := t0[s[12]] | t1[s[13]] | t2[s[14]] | t3[s[15]]
		memory.PutHalf(room, j, a)
		memory.PutHalf(room, j+3, b)
		memory.PutHalf(room, j+6, c)
		memory.PutHalf(room, j+8, c>>16|d<<8)
		if a|b|c|d >= bad {
			return i + 4*bits.TrailingZeros32(a/bad|b/bad<<1|c/bad<<2|8)
		}
	}
	return i
}
