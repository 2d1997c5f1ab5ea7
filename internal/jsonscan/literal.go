package jsonscan

import "strings"

// Literal reads a value that stands as it is given, and reports whether it did. The value has to
// say itself where it ends: a number does not.
func (s *Scanner) Literal(value string) bool {
	if value == "" || s.err != nil || !strings.HasPrefix(s.text[s.pos:], value) {
		return false
	}
	s.pos += len(value)
	s.first = false
	return true
}

// Plain reads a string that stands for itself, if one comes next without white space before it.
func (s *Scanner) Plain() (value string, ok bool) {
	if s.err != nil || s.pos >= len(s.text) || s.text[s.pos] != '"' {
		return "", false
	}
	start := s.pos + 1
	end := Closing(s.text, start)
	if end < 0 {
		return "", false
	}
	s.pos, s.first = end+1, false
	return s.text[start:end], true
}

// Quoted returns what stands behind the quote that comes next, and reads nothing. Who finds the end of the string
// there goes on by Jump.
func (s *Scanner) Quoted() (text string, ok bool) {
	if s.err != nil || s.pos >= len(s.text) || s.text[s.pos] != '"' {
		return "", false
	}
	return s.text[s.pos+1:], true
}

// Jump goes on at an offset behind a value that was read elsewhere.
func (s *Scanner) Jump(to int) { s.pos, s.first = to, false }

// CloseAt leaves an object that ends before an offset, and whose members were read elsewhere.
func (s *Scanner) CloseAt(end int) {
	s.pos, s.first = end, false
	s.depth--
}
