package jsonscan

// ByteList reads a list of bytes written as numbers, from -128 to 255, into room, and returns how
// many there are. It reads nothing and reports false where room might not do, white space stands
// in the list, or anything but such numbers.
func (s *Scanner) ByteList(room []byte) (size int, ok bool) {
	text, i := s.text, s.pos
	if s.err != nil || s.depth >= maxDepth || len(text)-i < len("[]") || text[i] != '[' {
		return 0, false
	}
	if i++; text[i] == ']' {
		s.pos, s.first = i+1, false
		return 0, true
	}
	for size < len(room) {
		negative := i < len(text) && text[i] == '-'
		most := uint(255)
		if negative {
			i, most = i+1, 128
		}
		start, n := i, uint(0)
		for i < len(text) && text[i]-'0' <= 9 && n <= most {
			n = n*10 + uint(text[i]-'0')
			i++
		}
		if i == start || i == len(text) || n > most || text[start] == '0' && i > start+1 {
			return 0, false
		}
		if negative {
			n = -n
		}
		room[size] = byte(n)
		size++
		switch text[i] {
		case ',':
			i++
		case ']':
			s.pos, s.first = i+1, false
			return size, true
		default:
			return 0, false
		}
	}
	return 0, false
}

// Uint reads a number that is nothing but digits, if one comes next without white space around it.
func (s *Scanner) Uint() (u uint64, ok bool) {
	if s.err != nil {
		return 0, false
	}
	u, end := Whole(s.text, s.pos)
	if end < 0 || end == len(s.text) || s.text[end] != ',' && s.text[end] != '}' {
		return 0, false
	}
	s.pos, s.first = end, false
	return u, true
}
