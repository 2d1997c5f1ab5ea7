package jsonscan

import (
	"math/bits"
	"unicode/utf8"

	"github.com/weir-go/weir/internal/memory"
)

// PlainEnd returns the offset behind the string, object or array at i, or -1 unless it is
// plain: without white space and \u, numbers of digits only, up to 63 levels. What else there
// is, and what is wrong, is for Skip to see.
func PlainEnd(text string, i int) int {
	levels := uint64(1) // a bit for each open bracket, below a 1: 1 is an object
	for {
		if i >= len(text) {
			return -1
		}
		switch c := text[i]; c {
		case '"':
			if i = plainEnd(text, i+1); i < 0 {
				return -1
			}
			i++
		case '{':
			if levels>>63 != 0 || i+1 >= len(text) {
				return -1
			}
			i++
			if text[i] == '}' {
				i++
				break
			}
			levels = levels<<1 | 1
			if i = skipPlainKey(text, i); i < 0 {
				return -1
			}
			continue
		case '[':
			if levels>>63 != 0 || i+1 >= len(text) {
				return -1
			}
			i++
			if text[i] == ']' {
				i++
				break
			}
			levels <<= 1
			continue
		case 't', 'n':
			if len(text)-i < 4 || text[i:i+4] != "true" && text[i:i+4] != "null" {
				return -1
			}
			i += 4
		case 'f':
			if len(text)-i < 5 || text[i:i+5] != "false" {
				return -1
			}
			i += 5
		default:
			start := i
			for i < len(text) && text[i]-'0' <= 9 {
				i++
			}
			if i == start || c == '0' && i > start+1 {
				return -1
			}
		}
		for { // behind a value
			if levels == 1 {
				return i
			}
			if i >= len(text) {
				return -1
			}
			c := text[i]
			i++
			object := levels&1 == 1
			if c == ',' {
				if object {
					if i = skipPlainKey(text, i); i < 0 {
						return -1
					}
				}
				break
			}
			if object && c != '}' || !object && c != ']' {
				return -1
			}
			levels >>= 1
		}
	}
}

// skipPlainKey returns the offset behind the key at i and its colon, or -1.
func skipPlainKey(text string, i int) int {
	if i >= len(text) || text[i] != '"' {
		return -1
	}
	if len(text)-i >= 4 && text[i+2] == '"' && text[i+3] == ':' && text[i+1]-'A' <= 'Z'-'A' {
		return i + 4 // the type of a DynamoDB attribute
	}
	if i = plainEnd(text, i+1); i < 0 || i+1 >= len(text) || text[i+1] != ':' {
		return -1
	}
	return i + 2
}

// plainEnd returns the offset of the quote that ends the string whose first byte is at i, or -1
// where \u or an error stands in its way.
func plainEnd(text string, i int) int {
	for i+16 <= len(text) {
		first, second := oddity(memory.Word(text, i)), oddity(memory.Word(text, i+8))
		if (first|second)&tops == 0 {
			i += 16
			continue
		}
		m := first & tops
		if m == 0 {
			m, i = second&tops, i+8
		}
		i += bits.TrailingZeros64(m) / 8
		switch c := text[i]; {
		case c == '"':
			return i
		case c >= utf8.RuneSelf:
			i = toSpecial(text, i)
		case c != '\\' || i+1 == len(text) || simple[text[i+1]] == 0:
			return -1
		default:
			i += 2
		}
	}
	for i < len(text) {
		switch c := text[i]; {
		case c == '"':
			return i
		case c == '\\':
			if i+1 == len(text) || simple[text[i+1]] == 0 {
				return -1
			}
			i += 2
		case c < ' ':
			return -1
		default:
			i++
		}
	}
	return -1
}

// toSpecial returns the offset of the next quote, backslash or control character, or one less than eight
// bytes before the end.
func toSpecial(text string, i int) int {
	for ; i+8 <= len(text); i += 8 {
		if m := special(memory.Word(text, i)); m != 0 {
			return i + bits.TrailingZeros64(m)/8
		}
	}
	return i
}
