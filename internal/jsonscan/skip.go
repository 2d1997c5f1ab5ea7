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
		switch s.Kind() {
		case '"':
			s.rawString()
		case '0':
			s.Number()
		case 't', 'f':
			s.Bool()
		case 'n':
			s.word("null")
		case '{':
			s.Object()
			s.push(base, 1)
		case '[':
			s.Array()
			s.push(base, 0)
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
			if s.top(base) == 1 {
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

func (s *Scanner) push(base int, bit uint64) {
	i := s.depth - base - 1
	if i < 0 {
		return // the opening failed
	}
	if i/64 >= len(s.open) {
		s.open = append(s.open, 0)
	}
	w := &s.open[i/64]
	*w = *w&^(1<<(i%64)) | bit<<(i%64)
}

func (s *Scanner) top(base int) uint64 {
	i := s.depth - base - 1
	return s.open[i/64] >> (i % 64) & 1
}
