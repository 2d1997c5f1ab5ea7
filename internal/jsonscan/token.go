package jsonscan

import "strings"

// Token is a text that is expected at some place. It compares by words: the texts are too short for
// the call that comparing strings is.
type Token struct {
	text       string
	head, tail uint64 // the first and the last eight bytes
	mask       uint64 // of head, if there are less
}

// TokenOf makes a token of a text.
func TokenOf(text string) Token {
	t := Token{text: text, mask: 1<<(8*min(len(text), 8)) - 1}
	for i := range min(len(text), 8) {
		t.head |= uint64(text[i]) << (8 * i)
	}
	if len(text) >= 8 {
		t.tail = load(text, len(text)-8)
	}
	return t
}

// Len returns the number of bytes.
func (t *Token) Len() int { return len(t.text) }

// At reports whether the token stands at i.
func (t *Token) At(text string, i int) bool {
	n := len(t.text)
	if len(text)-i < max(n, 8) {
		return strings.HasPrefix(text[i:], t.text)
	}
	if load(text, i)&t.mask != t.head {
		return false
	}
	return n <= 8 || load(text, i+n-8) == t.tail && (n <= 16 || text[i+8:i+n-8] == t.text[8:n-8])
}

// Text returns the token's text.
func (t *Token) Text() string { return t.text }
