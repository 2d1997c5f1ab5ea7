package jsonscan

import (
	"unicode/utf8"
)

// simple has the values of the escape sequences of two characters.
var simple = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// Unquote reads a string into room, from its start, and returns how many bytes its value
// has. It copies and looks for the end in one go, which for JSON in JSON takes half of the time
// that two do. It reports false, and reads nothing, where room might not do or the string is out of
// the ordinary: then use AppendString.
func (s *Scanner) Unquote(room []byte) (size int, ok bool) { return s.unquote(room, nil) }

func (s *Scanner) unquote(room []byte, known *Phrases) (size int, ok bool) {
	text, i := s.text, s.pos
	if s.err != nil || i >= len(text) || text[i] != '"' {
		return 0, false
	}
	i++
	j := 0
	at := &noPhrase
	if known != nil {
		at = &known.start
	}
	var all uint64
	for last := min(len(text), i+len(room)) - 8; i <= last; { // the value is not longer than the string
		var some uint64
		at, i, j, some = at.run(text, i, room, j, last)
		all |= some
		if i > last {
			break
		}
		switch text[i] {
		case '"':
			if all&tops != 0 && !utf8.Valid(room[:j]) {
				return 0, false
			}
			s.pos, s.first = i+1, false
			return j, true
		case '\\':
			if i+1 == len(text) {
				return 0, false
			}
			if known != nil && text[i+1] == '"' && i <= last-(maxWords-8) && known.other(at, text, i) {
				continue
			}
			c := simple[text[i+1]]
			if c == 0 {
				return 0, false
			}
			room[j] = c
			i, j = i+2, j+1
		default:
			return 0, false
		}
	}
	return 0, false
}

// appendUnquoted appends the value of a string that is well-formed but for its UTF-8. raw is what
// stands between its quotes.
func appendUnquoted(dst []byte, raw string) []byte {
	start, i := 0, 0
	for i < len(raw) {
		c := raw[i]
		if c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		r, n := rune(utf8.RuneError), 1
		if c == '\\' {
			r, n = unescape(raw[i:])
		} else if r, n = utf8.DecodeRuneInString(raw[i:]); r != utf8.RuneError || n != 1 {
			i += n
			continue
		}
		dst = utf8.AppendRune(append(dst, raw[start:i]...), r)
		i += n
		start = i
	}
	return append(dst, raw[start:]...)
}
