package jsonscan

import "strings"

// Keys tells the keys of objects that are alike by number. It remembers the keys of the
// object before, as they stood in the text, and compares instead of reading where the next
// one has the same. Members that nobody asked for are passed over in the same way while their
// values repeat.
type Keys struct {
	Field int // of the key that NextOf has read: its place among the names, or -1

	names   []string
	exact   bool // a name in another case is another name
	likely  []*token
	at      int // in likely
	learnt  int
	unasked int // offset of the value of likely[at-1] if nobody asked for it, or -1
}

// token is a key with all that stands between the value before and its own value.
type token struct {
	key   Token
	first bool // in its object
	field int
	value string // of the last one, in the text that is being read; if nobody asked for it and it may come again
	other int    // how many others there were in a row
}

// maxOther is after how many values in a row that nobody asked for the next is not compared with the last.
const maxOther = 8

// maxLearnt bounds what objects that are not alike can cost.
const maxLearnt = 100

// KeysOf returns the Keys of objects with these keys, which are found as encoding/json
// finds them: by the exact name, else by one that differs in case.
func KeysOf(names ...string) Keys { return Keys{names: names} }

// ExactKeysOf is KeysOf for what encoding/json would read into a map, where case counts.
func ExactKeysOf(names ...string) Keys { return Keys{names: names, exact: true} }

// Find returns the place of a key among the names, or -1.
func (k *Keys) Find(key string) int {
	for i, name := range k.names {
		if key == name {
			return i
		}
	}
	if k.exact {
		return -1
	}
	for i, name := range k.names {
		if strings.EqualFold(key, name) {
			return i
		}
	}
	return -1
}

// Forget drops what the keys remember of a text. Keys that outlive a text whose memory is used
// again must forget it.
func (k *Keys) Forget() {
	for _, t := range k.likely {
		t.value, t.other = "", 0
	}
}

// ObjectOf enters an object. Follow it with NextOf.
func (s *Scanner) ObjectOf(k *Keys) {
	s.Object()
	k.at, k.unasked = 0, -1
}

// NextOf reads the next key and its colon, and reports whether there is one; when not, it
// leaves the object. The value of a key without a field is there to be skipped.
func (s *Scanner) NextOf(k *Keys) bool {
	if k.unasked >= 0 {
		s.remember(k)
	}
	for s.err == nil && k.at < len(k.likely) {
		t := k.likely[k.at]
		if t.first != s.first {
			break
		}
		if !t.key.Edges(s.text, s.pos) || !t.key.Middle(s.text, s.pos) {
			if !t.key.Rare(s.text, s.pos) || !t.key.At(s.text, s.pos) {
				break
			}
		}
		s.pos += len(t.key.text)
		s.first = false
		k.at++
		if t.field >= 0 {
			k.Field = t.field
			return true
		}
		if t.value == "" || !strings.HasPrefix(s.text[s.pos:], t.value) {
			k.Field, k.unasked = -1, s.pos
			return true
		}
		s.pos += len(t.value)
		t.other = 0
	}
	if s.Close() {
		return false
	}
	return s.readOf(k)
}

// remember notes the value that was skipped, if it says itself where it ends.
func (s *Scanner) remember(k *Keys) {
	const most = 256 // a longer one rather holds an identifier
	t, from := k.likely[k.at-1], k.unasked
	k.unasked = -1
	if t.other++; t.other > maxOther {
		t.value = ""
	} else if s.err == nil && s.pos-from <= most && s.pos > from {
		if c := s.text[from]; c == '"' || c == '{' {
			t.value = s.text[from:s.pos]
		}
	}
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
	for i, t := range k.likely {
		if t.first == first && t.key.text == text {
			k.at = i + 1
			k.skipped(s.pos)
			return true
		}
	}
	if k.learnt < maxLearnt {
		k.learnt++
		t := &token{first: first, field: k.Field}
		t.key.Set(strings.Clone(text))
		k.likely = append(k.likely, nil)
		copy(k.likely[k.at+1:], k.likely[k.at:])
		k.likely[k.at] = t
		k.at++
		k.skipped(s.pos)
	}
	return true
}

// skipped notes where the value of the key just read begins, if nobody asked for it.
func (k *Keys) skipped(value int) {
	if k.Field < 0 {
		k.unasked = value
	}
}
