package jsonscan

import (
	"slices"
	"strings"
)

// Keys tells the keys of objects that are alike by number. It remembers the keys of the
// object before, as they stood in the text, and compares instead of reading where the next
// one has the same.
type Keys struct {
	Field int // of the key that Next has read: its place among names, or -1

	names  []string
	likely []token
	at     int // in likely
	learnt int
}

// token is a key with all that stands between the value before and its own value.
type token struct {
	text  string
	first bool // in its object
	field int
}

// maxLearnt bounds what objects that are not alike can cost.
const maxLearnt = 100

// KeysOf returns the Keys of objects with these keys, which are found as encoding/json
// finds them: by the exact name, else by one that differs in case.
func KeysOf(names ...string) Keys { return Keys{names: names} }

// Find returns the place of a key among the names, or -1.
func (k *Keys) Find(key string) int {
	for i, name := range k.names {
		if key == name {
			return i
		}
	}
	for i, name := range k.names {
		if strings.EqualFold(key, name) {
			return i
		}
	}
	return -1
}

// ObjectOf enters an object. Follow it with NextOf.
func (s *Scanner) ObjectOf(k *Keys) {
	s.Object()
	k.at = 0
}

// NextOf reads the next key and its colon, and reports whether there is one; when not, it
// leaves the object.
func (s *Scanner) NextOf(k *Keys) bool {
	if k.at < len(k.likely) && s.err == nil {
		t := &k.likely[k.at]
		if t.first == s.first && strings.HasPrefix(s.text[s.pos:], t.text) {
			s.pos += len(t.text)
			s.first = false
			k.at++
			k.Field = t.field
			return true
		}
	}
	return s.readOf(k)
}

func (s *Scanner) readOf(k *Keys) bool {
	start, first := s.pos, s.first
	if !s.MoreKeys() {
		return false
	}
	key := s.Key()
	if s.err != nil {
		return false
	}
	k.Field = k.Find(key)
	text := s.text[start:s.pos]
	for i := range k.likely {
		if t := &k.likely[i]; t.first == first && t.text == text {
			k.at = i + 1
			return true
		}
	}
	if k.learnt < maxLearnt {
		k.learnt++
		k.likely = slices.Insert(k.likely, k.at, token{strings.Clone(text), first, k.Field})
		k.at++
	}
	return true
}
