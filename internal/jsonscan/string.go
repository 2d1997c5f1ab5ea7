package jsonscan

import (
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/weir-go/weir/internal/memory"
)

// String reads a string and returns its value.
func (s *Scanner) String() string {
	raw, plain := s.rawString()
	if plain || s.err != nil {
		return raw
	}
	value := appendUnquoted(make([]byte, 0, len(raw)), raw)
	return memory.String(value)
}

// AppendString reads a string and appends its value to dst.
func (s *Scanner) AppendString(dst []byte) []byte {
	raw, plain := s.rawString()
	if plain || s.err != nil {
		return append(dst, raw...)
	}
	return appendUnquoted(dst, raw)
}

// rawString reads a string and returns what stands between its quotes.
// It is plain when that is also its value.
func (s *Scanner) rawString() (raw string, plain bool) {
	if s.err != nil {
		return "", true
	}
	text, i := s.text, s.pos
	if i >= len(text) || text[i] != '"' {
		if s.space() != '"' {
			s.fail("expected a string")
			return "", true
		}
		i = s.pos
	}
	s.first = false
	i++
	if end := Closing(text, i); end >= 0 {
		s.pos = end + 1
		return text[i:end], true
	}
	return s.longWay(i)
}

// longWay reads the string whose first byte is at start and that does not stand for itself, or
// has no end.
func (s *Scanner) longWay(start int) (raw string, plain bool) {
	text := s.text
	for i := start; i < len(text); {
		switch c := text[i]; {
		case c == '"':
			s.pos = i + 1
			return text[start:i], false
		case c == '\\':
			n := escapeLen(text[i:])
			if n == 0 {
				s.pos = i
				s.fail("bad escape in a string")
				return "", true
			}
			i += n
		case c < ' ':
			s.pos = i
			s.fail("control character in a string")
			return "", true
		default:
			i++
		}
	}
	s.pos = len(text)
	s.fail("string without an end")
	return "", true
}

// Closing finds the quote that ends the string whose first byte is at i. It returns -1 unless all
// before it stands for itself.
func Closing(text string, i int) int {
	end := Odd(text, i)
	if end < len(text) && text[end] == '"' {
		return end
	}
	return closing(text, i, end)
}

// Odd is the quick part of Closing, for loops that have no time for a call: it finds the first byte from i on that is a
// quote or might not stand for itself, unless less than eight bytes are left, of which it finds the first.
func Odd(text string, i int) int {
	for ; i+8 <= len(text); i += 8 {
		if m := odd(memory.Word(text, i)); m != 0 {
			return i + bits.TrailingZeros64(m)/8
		}
	}
	return i
}

// closing is Closing where not all is ASCII, or where the text is about to end. It goes on at i.
func closing(text string, start, i int) int {
	var all uint64
	for ; i+8 <= len(text); i += 8 {
		x := memory.Word(text, i)
		all |= x
		if m := special(x); m != 0 {
			i += bits.TrailingZeros64(m) / 8
			break
		}
	}
	for ; i < len(text); i++ {
		c := text[i]
		if c == '"' {
			if all&tops != 0 && !utf8.ValidString(text[start:i]) {
				return -1
			}
			return i
		}
		if c == '\\' || c < ' ' {
			return -1
		}
		all |= uint64(c)
	}
	return -1
}

// CopyClosing is Closing for strings that are to be kept: what stands before the quote is at the start
// of room then. It also returns -1 where room or text has too little left for a look at eight bytes.
func CopyClosing(text string, i int, room []byte) int {
	start := i
	var all uint64 // bytes that are not ASCII
	for last := min(len(text), i+len(room)) - 8; i <= last; {
		x := memory.Word(text, i)
		memory.PutWord(room, i-start, x)
		m := odd(x)
		if m == 0 {
			i += 8
			continue
		}
		if m = special(x); m == 0 {
			all |= x
			i += 8
			continue
		}
		n := bits.TrailingZeros64(m)
		all |= x & (1<<n - 1)
		i += n / 8
		if text[i] != '"' || all&tops != 0 && !utf8.ValidString(text[start:i]) {
			return -1
		}
		return i
	}
	return -1
}

// load reads eight bytes, which have to be there.
func load(s string, i int) uint64 { return memory.Word(s, i) }

const ones, tops = 0x0101010101010101, 0x8080808080808080

// special has the top bit set in the first byte of x that is a quote, a backslash or a
// control character; bytes behind it may be marked in error. With a bit turned, a quote is next to the
// control characters.
func special(x uint64) uint64 {
	return ((x ^ 2*ones - 33*ones) | (x ^ '\\'*ones - ones)) &^ x & tops
}

// odd is special, but also marks what is not ASCII, which makes it cheaper.
func odd(x uint64) uint64 { return oddity(x) & tops }

// oddity is odd before all but the top bits are cleared.
func oddity(x uint64) uint64 { return (x ^ 2*ones - 33*ones) | (x ^ '\\'*ones - ones) | x }

// escapeLen returns the length of the escape sequence that s starts with, or 0.
func escapeLen(s string) int {
	if len(s) < 2 {
		return 0
	}
	switch s[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if hex4(s) >= 0 {
			return 6
		}
	}
	return 0
}

// hex4 returns the code unit of the \uXXXX that s starts with, or -1.
func hex4(s string) rune {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return -1
	}
	var r rune
	for i := 2; i < 6; i++ {
		c := s[i]
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return -1
		}
		r = r<<4 | rune(c)
	}
	return r
}

// unescape reads one checked escape sequence.
func unescape(s string) (r rune, n int) {
	switch s[1] {
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'u':
		r = hex4(s)
		if !utf16.IsSurrogate(r) {
			return r, 6
		}
		if pair := utf16.DecodeRune(r, hex4(s[6:])); pair != utf8.RuneError {
			return pair, 12
		}
		return utf8.RuneError, 6
	}
	return rune(s[1]), 2
}
