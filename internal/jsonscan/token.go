package jsonscan

import (
	"strings"

	"github.com/weir-go/weir/internal/memory"
)

// Token is a text that is expected at some place. It compares by words where it is short, as most are: that
// is less than the call which comparing strings is.
type Token struct {
	text       string
	need       int    // bytes that have to be there for that; more than there can be in a long one
	last       int    // offset of tail
	head, tail uint64 // the first and the last eight bytes
	mask       uint64 // of them, if there are less
}

// TokenOf makes a token of a text.
func TokenOf(text string) Token {
	n := len(text)
	t := Token{text: text, need: max(n, 8), last: max(n-8, 0), mask: 1<<(8*min(n, 8)) - 1}
	if n > 16 {
		t.need = 1 << 30
		return t
	}
	var b [16]byte
	copy(b[:], text)
	t.head, t.tail = memory.Word(string(b[:]), 0)&t.mask, memory.Word(string(b[:]), t.last)&t.mask
	return t
}

// Len returns the number of bytes.
func (t *Token) Len() int { return len(t.text) }

// Text returns them.
func (t *Token) Text() string { return t.text }

// At reports whether the token stands at i.
func (t *Token) At(text string, i int) bool {
	if len(text)-i < t.need {
		return t.longAt(text, i)
	}
	return ((memory.Word(text, i)^t.head)|(memory.Word(text, i+t.last)^t.tail))&t.mask == 0
}

//go:noinline
func (t *Token) longAt(text string, i int) bool { return strings.HasPrefix(text[i:], t.text) }
