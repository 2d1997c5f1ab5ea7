package jsonscan

import (
	"strings"

	"github.com/weir-go/weir/internal/memory"
)

// Token is a text that is expected at some place. It compares by words where it is short, as most are: that
// is less than the call which comparing strings is.
type Token struct {
	_     [0]func() // nobody compares them
	text  string
	need  int       // bytes that have to be there for that; more than there can be in a long one
	last  int       // offset of the last eight bytes
	words [4]uint64 // the first eight bytes, the last, the second, the last but one
	mask  uint64    // of the bytes, if there are less than eight
}

// maxWords is how long a token can be to be compared by words.
const maxWords = 32

// TokenOf makes a token of a text.
func TokenOf(text string) Token {
	n := len(text)
	t := Token{text: text, need: max(n, 8), last: max(n-8, 0), mask: 1<<(8*min(n, 8)) - 1}
	if n > maxWords {
		t.need = 1 << 30
		return t
	}
	var b [maxWords]byte
	copy(b[:], text)
	padded := string(b[:])
	t.words[0], t.words[1] = load(padded, 0)&t.mask, load(padded, t.last)&t.mask
	if n > 16 {
		t.words[2], t.words[3] = load(padded, 8), load(padded, t.last-8)
	}
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
	return t.outer(text, i) && (t.last <= 8 || t.inner(text, i))
}

// outer reports whether the first eight bytes stand at i, and the last. It and inner are what loops call
// that have no time for a call of At.
func (t *Token) outer(text string, i int) bool {
	return ((memory.Word(text, i)^t.words[0])|(memory.Word(text, i+t.last)^t.words[1]))&t.mask == 0
}

// inner reports whether the others of a token of more than sixteen bytes do.
func (t *Token) inner(text string, i int) bool {
	return (memory.Word(text, i+8)^t.words[2])|(memory.Word(text, i+t.last-8)^t.words[3]) == 0
}

//go:noinline
func (t *Token) longAt(text string, i int) bool { return strings.HasPrefix(text[i:], t.text) }
