package jsonscan

// SoleKey enters an object and reads its first key, if the key has up to four letters and no
// white space stands around it. Otherwise it reads nothing and returns "". It is for the many
// small objects of DynamoDB, such as {"S":"a"}.
func (s *Scanner) SoleKey() string {
	const most = 4
	text, i := s.text, s.pos
	if s.err != nil || s.depth >= maxDepth || len(text)-i < len(`{"":`)+most+1 || text[i] != '{' || text[i+1] != '"' {
		return ""
	}
	i += 2
	for n := range most + 1 {
		c := text[i+n]
		if c == '"' && n > 0 && text[i+n+1] == ':' {
			s.pos, s.first = i+n+2, false
			s.depth++
			return text[i : i+n]
		}
		if c-'A' > 'Z'-'A' {
			break
		}
	}
	return ""
}

// Close leaves an object that ends at once, and reports whether it did.
func (s *Scanner) Close() bool {
	if s.err != nil || s.pos >= len(s.text) || s.text[s.pos] != '}' {
		return false
	}
	s.pos++
	s.depth--
	s.first = false
	return true
}

// Sole reads an object whose only key is this letter and whose value is a string, such as
// {"S":"a"}. It reads nothing and returns false where it stands otherwise, or is written in a
// way that is out of the ordinary.
func (s *Scanner) Sole(key byte) (value string, ok bool) {
	text, i := s.text, s.pos
	if s.err != nil || len(text)-i < len(`{"S":""}`) || text[i] != '{' || text[i+1] != '"' || text[i+2] != key ||
		text[i+3] != '"' || text[i+4] != ':' || text[i+5] != '"' || s.depth >= maxDepth {
		return "", false
	}
	end := Closing(text, i+6)
	if end < 0 || end+1 == len(text) || text[end+1] != '}' {
		return "", false
	}
	s.pos, s.first = end+2, false
	return text[i+6 : end], true
}
