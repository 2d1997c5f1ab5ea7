package jsonplan

// skip reads any value and checks its syntax.
func (d *decoder) skip(i int) int {
	if i = d.space(i); i >= len(d.text) {
		return doubt
	}
	switch d.text[i] {
	case '"':
		return d.skipString(i)
	case '{':
		return d.skipObject(i)
	case '[':
		return d.skipArray(i)
	case 't':
		return d.word(i, "true")
	case 'f':
		return d.word(i, "false")
	case 'n':
		return d.word(i, "null")
	}
	return number(d.text, i)
}

func (d *decoder) skipString(i int) int {
	if end := d.quoted(i); end >= 0 {
		return end + 1
	}
	_, i = d.unquote(i)
	return i
}

func (d *decoder) skipObject(i int) int {
	i, more := d.enter(i, '}')
	for more {
		if i = d.skipString(i); i < 0 {
			return doubt
		}
		if i = d.colon(i); i < 0 {
			return doubt
		}
		if i = d.skip(i); i < 0 {
			return doubt
		}
		i, more = d.more(i, '}')
	}
	return i
}

func (d *decoder) skipArray(i int) int {
	i, more := d.enter(i, ']')
	for more {
		if i = d.skip(i); i < 0 {
			return doubt
		}
		i, more = d.more(i, ']')
	}
	return i
}

// colon reads the colon behind a key.
func (d *decoder) colon(i int) int {
	if i = d.space(i); i < len(d.text) && d.text[i] == ':' {
		return i + 1
	}
	return doubt
}
