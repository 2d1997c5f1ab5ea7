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

// Set makes it the token of a text.
func (t *Token) Set(text string) {
	n := len(text)
	t.text, t.need, t.last, t.mask = text, max(n, 8), max(n-8, 0), 1<<(8*min(n, 8))-1
	if n > maxWords {
		t.need = 1 << 30
		return
	}
	var b [maxWords]byte
	copy(b[:], text)
	padded := string(b[:])
	t.words[0], t.words[1] = load(padded, 0)&t.mask, load(padded, t.last)&t.mask
	if n > 16 {
		t.words[2], t.words[3] = load(padded, 8), load(padded, t.last-8)
	}
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
	return t.outer(text, i) && t.inner(text, i)
}

// Edges and Middle together are At for loops that have no time for a call, but where Rare is true: then
// there is not enough text behind i, or the token is long, and At has to be asked.
func (t *Token) Edges(text string, i int) bool { return len(text)-i >= t.need && t.outer(text, i) }

// Middle is the second half of At.
func (t *Token) Middle(text string, i int) bool { return t.inner(text, i) }

// Rare says that Edges cannot know.
func (t *Token) Rare(text string, i int) bool { return len(text)-i < t.need }

// outer reports whether the first eight bytes stand at i, and the last.
func (t *Token) outer(text string, i int) bool {
	return ((memory.Word(text, i)^t.words[0])|(memory.Word(text, i+t.last)^t.words[1]))&t.mask == 0
}

// inner reports whether the others do, of a token of more than sixteen bytes.
func (t *Token) inner(text string, i int) bool {
	return t.last <= 8 || (memory.Word(text, i+8)^t.words[2])|(memory.Word(text, i+t.last-8)^t.words[3]) == 0
}

//go:noinline
func (t *Token) longAt(text string, i int) bool { return strings.HasPrefix(text[i:], t.text) }
