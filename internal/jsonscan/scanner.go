// Package jsonscan walks a JSON text once, left to right, without copying it.
// It accepts exactly what encoding/json accepts, and reads strings as it does:
// escapes, surrogate pairs, and U+FFFD for what is not UTF-8.
package jsonscan

import (
	"fmt"
	"strings"

	"github.com/weir-go/weir/internal/memory"
)

// maxDepth is encoding/json's limit on nested arrays and objects.
const maxDepth = 10000

// SyntaxError says where a text stops being JSON.
type SyntaxError struct {
	_      memory.Incomparable
	Offset int // bytes before the offending one
	Msg    string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("invalid JSON at byte %d: %s", e.Offset, e.Msg)
}

// Scanner is a cursor over one JSON text. The first syntax error sticks: after it
// every method returns a zero value and every loop ends.
//
//	for s.Object(); s.MoreKeys(); {
//		switch s.Key() {
//		case "id":
//			id = s.String()
//		default:
//			s.Skip()
//		}
//	}
//	for s.Array(); s.MoreItems(); {
//		items = append(items, s.Number())
//	}
//
// A method that reads a value of one kind reports a syntax error on another kind;
// ask Kind first where both can come. Strings returned are views of the text
// unless they had to be unescaped. A Scanner must not be copied after first use.
type Scanner struct {
	text  string
	pos   int
	depth int
	first bool // just behind an opening bracket
	err   *SyntaxError
	open  []byte // brackets that Skip has entered
}

// Reset points the scanner at the start of text.
func (s *Scanner) Reset(text string) {
	s.text, s.pos, s.depth, s.first, s.err = text, 0, 0, false, nil
}

// ResetWithin points the scanner at the start of text, which stands so deep within another.
func (s *Scanner) ResetWithin(text string, depth int) {
	s.Reset(text)
	s.depth = depth
}

// Err returns the first syntax error, or nil.
func (s *Scanner) Err() error {
	if s.err == nil {
		return nil
	}
	return s.err
}

// Offset returns how many bytes have been read.
func (s *Scanner) Offset() int { return s.pos }

// Kind skips white space and says what comes next: '{', '[', '"', 't', 'f', 'n',
// '0' for any number, ']' or '}' or ',' or ':' as they stand, and 0 at the end of
// the text, for anything else, and after an error.
func (s *Scanner) Kind() byte {
	if s.err != nil {
		return 0
	}
	c := s.space()
	switch c {
	case '{', '[', '"', 't', 'f', 'n', '}', ']', ',', ':':
		return c
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return '0'
	}
	return 0
}

// Object enters an object. Follow it with MoreKeys.
func (s *Scanner) Object() { s.enter('{', "an object") }

// Array enters an array. Follow it with MoreItems.
func (s *Scanner) Array() { s.enter('[', "an array") }

func (s *Scanner) enter(open byte, what string) {
	if s.err != nil {
		return
	}
	if s.space() != open {
		s.fail("expected " + what)
		return
	}
	if s.depth++; s.depth > maxDepth {
		s.fail("nested deeper than 10,000")
		return
	}
	s.pos++
	s.first = true
}

// MoreKeys reports whether the object has another key, and leaves the object when not.
func (s *Scanner) MoreKeys() bool { return s.more('}') }

// MoreItems reports whether the array has another item, and leaves the array when not.
func (s *Scanner) MoreItems() bool { return s.more(']') }

func (s *Scanner) more(end byte) bool {
	if s.err != nil {
		return false
	}
	c := s.space()
	if c == end {
		s.pos++
		s.depth--
		s.first = false
		return false
	}
	if s.first {
		s.first = false
		return true
	}
	if c != ',' {
		s.fail("expected ',' or '" + string(rune(end)) + "'")
		return false
	}
	s.pos++
	return true
}

// Key reads a key and its colon.
func (s *Scanner) Key() string {
	k := s.String()
	if s.err != nil {
		return ""
	}
	if s.pos < len(s.text) && s.text[s.pos] == ':' {
		s.pos++
		return k
	}
	if s.space() != ':' {
		s.fail("expected ':' after a key")
		return ""
	}
	s.pos++
	return k
}

// Null reads null if it comes next, and reports whether it did.
func (s *Scanner) Null() bool {
	if s.Kind() != 'n' {
		return false
	}
	return s.word("null")
}

// Bool reads true or false.
func (s *Scanner) Bool() bool {
	switch s.Kind() {
	case 't':
		return s.word("true")
	case 'f':
		s.word("false")
	default:
		s.fail("expected true or false")
	}
	return false
}

// End checks that nothing but white space is left.
func (s *Scanner) End() {
	if s.err == nil && (s.space() != 0 || s.pos < len(s.text)) {
		s.fail("text after the value")
	}
}

func (s *Scanner) word(w string) bool {
	s.first = false
	if !strings.HasPrefix(s.text[s.pos:], w) {
		s.fail("expected " + w)
		return false
	}
	s.pos += len(w)
	return true
}

// space skips white space and returns the byte behind it, or 0 at the end.
func (s *Scanner) space() byte {
	for s.pos < len(s.text) {
		c := s.text[s.pos]
		if c > ' ' || (c != ' ' && c != '\n' && c != '\t' && c != '\r') {
			return c
		}
		s.pos++
	}
	return 0
}

//go:noinline
func (s *Scanner) fail(msg string) {
	if s.err != nil {
		return
	}
	if s.pos >= len(s.text) {
		msg = "unexpected end, " + msg
	}
	s.err = &SyntaxError{Offset: s.pos, Msg: msg}
}

// Space skips white space.
func (s *Scanner) Space() { s.space() }
