package jsonscan

// Number reads a number and returns it as written.
func (s *Scanner) Number() string {
	if s.Kind() != '0' {
		s.fail("expected a number")
		return ""
	}
	s.first = false
	start := s.pos
	text := s.text
	i := start
	if text[i] == '-' {
		i++
	}
	if i < len(text) && text[i] == '0' {
		i++
	} else {
		i = s.digits(i)
	}
	if i < len(text) && text[i] == '.' {
		i = s.digits(i + 1)
	}
	if s.err == nil && i < len(text) && (text[i] == 'e' || text[i] == 'E') {
		i++
		if i < len(text) && (text[i] == '+' || text[i] == '-') {
			i++
		}
		i = s.digits(i)
	}
	if s.err != nil {
		return ""
	}
	s.pos = i
	return text[start:i]
}

// digits reads at least one digit from i on.
func (s *Scanner) digits(i int) int {
	start := i
	for i < len(s.text) && s.text[i]-'0' <= 9 {
		i++
	}
	if i == start {
		s.pos = i
		s.fail("expected a digit")
	}
	return i
}

// Skip reads any value and returns it as written.
func (s *Scanner) Skip() string {
	if s.err != nil {
		return ""
	}
	c := s.space()
	start := s.pos
	if (c == '{' || c == '[' || c == '"') && s.depth < maxDepth-64 {
		if end := PlainEnd(s.text, start); end >= 0 {
			s.pos, s.first = end, false
			return s.text[start:end]
		}
	}
	base := s.depth
	for {
		// One value, or the opening of one.
		kind := s.Kind()
		switch kind {
		case '"':
			s.rawString()
		case '0':
			s.Number()
		case 't', 'f':
			s.Bool()
		case 'n':
			s.word("null")
		case '{', '[':
			s.enter(kind, "")
			s.push(base, kind)
		default:
			s.fail("expected a value")
		}
		// Close what ends here, and step to the next value of what does not.
		for {
			if s.err != nil {
				return ""
			}
			if s.depth == base {
				return s.text[start:s.pos]
			}
			if s.open[s.depth-base-1] == '{' {
				if s.MoreKeys() {
					s.rawString()
					if s.err == nil && s.space() != ':' {
						s.fail("expected ':' after a key")
					}
					if s.err == nil {
						s.pos++
					}
					break
				}
			} else if s.MoreItems() {
				break
			}
		}
	}
}

// push notes what bracket has been opened, unless the opening failed.
func (s *Scanner) push(base int, bracket byte) {
	if i := s.depth - base - 1; i >= 0 {
		s.open = append(s.open[:i], bracket)
	}
}
