package attr

import (
	"encoding/base64"
	"slices"
	"strings"
)

// CanonicalKey appends to dst a canonical text of the attribute map the scanner
// stands on: the same JSON with the attribute names and the members of sets in order,
// no white space, and numbers in one form, so that 1, 1.0 and 1e0 give the same text.
// Two items have the same key iff their texts are equal. On an error dst is returned
// as it was, and the whole value has been read.
func CanonicalKey(dst []byte, s *Reader) ([]byte, error) {
	var parts [4]part // as many as a key has, and to spare
	c := canon{s: s, out: dst, parts: parts[:0]}
	f := want(s, '{', "an attribute map")
	if f == nil {
		f = c.attributes()
	}
	if err := s.Err(); err != nil {
		return dst, err
	}
	if f != nil {
		return dst, f
	}
	return c.out, nil
}

// canon writes canonical text to out. Parts of objects and sets are written as they
// come and put in order at the end of theirs.
type canon struct {
	s     *Reader
	out   []byte
	parts []part
}

// part is out[from:to], ordered by name.
type part struct {
	name     string
	from, to int
}

func (c *canon) attributes() *failure {
	var f *failure
	base, start := len(c.parts), len(c.out)+1
	c.out = append(c.out, '{')
	for c.s.Object(); c.s.MoreKeys(); {
		name := c.s.Key()
		if f != nil {
			c.s.Skip()
			continue
		}
		c.next(base)
		from := len(c.out)
		c.out = append(appendQuoted(c.out, name), ':')
		if f = c.value(); f != nil {
			f = f.in(name)
			continue
		}
		c.parts = append(c.parts, part{name, from, len(c.out)})
	}
	if f == nil {
		f = c.sort(base, start, true)
	}
	c.parts = c.parts[:base]
	c.out = append(c.out, '}')
	return f
}

// next writes the comma in front of every part but the first.
func (c *canon) next(base int) {
	if len(c.parts) > base {
		c.out = append(c.out, ',')
	}
}

// sort puts the parts from base on in order; their text begins at start.
func (c *canon) sort(base, start int, unique bool) *failure {
	parts := c.parts[base:]
	byName := func(a, b part) int { return strings.Compare(a.name, b.name) }
	if !slices.IsSortedFunc(parts, byName) {
		slices.SortStableFunc(parts, byName)
		end := len(c.out)
		for i, p := range parts {
			if i > 0 {
				c.out = append(c.out, ',')
			}
			c.out = append(c.out, c.out[p.from:p.to]...)
		}
		c.out = c.out[:start+copy(c.out[start:], c.out[end:])]
	}
	for i := range parts {
		if unique && i > 0 && parts[i].name == parts[i-1].name {
			return failf("attribute %s is there twice", clip(parts[i].name))
		}
	}
	return nil
}

func (c *canon) value() *failure {
	kind, f := open(c.s)
	if f != nil {
		return f
	}
	start := len(c.out)
	c.out = append(appendQuoted(append(c.out, '{'), kind), ':')
	if f = c.payload(kind); f != nil {
		c.out = c.out[:start]
	}
	c.out = append(c.out, '}')
	return shut(c.s, f)
}

func (c *canon) payload(kind string) *failure {
	switch kind {
	case "S", "N", "B":
		return c.scalar(kind)
	case "SS", "NS", "BS":
		return c.set(kind[:1])
	case "BOOL":
		b, f := boolean(c.s)
		if b {
			c.out = append(c.out, "true"...)
		} else {
			c.out = append(c.out, "false"...)
		}
		return f
	case "NULL":
		c.out = append(c.out, "true"...)
		return null(c.s)
	case "M":
		if f := want(c.s, '{', "an object"); f != nil {
			return f
		}
		return c.attributes()
	case "L":
		return c.list()
	}
	return unknown(c.s, kind)
}

// scalar writes a string, a number or bytes as a JSON string.
func (c *canon) scalar(kind string) *failure {
	switch kind {
	case "N":
		text, f := numberText(c.s)
		if f != nil {
			return f
		}
		var buf [64]byte
		d, ok := parseDecimal(buf[:0], text)
		if !ok {
			return failf("N %s is out of range", clip(text))
		}
		c.out = append(d.append(append(c.out, '"')), '"')
	case "B":
		b, f := anyBinary(c.s)
		if f != nil {
			return f
		}
		c.out = append(base64.StdEncoding.AppendEncode(append(c.out, '"'), b), '"')
	default:
		text, f := anyText(c.s)
		if f != nil {
			return f
		}
		c.out = appendQuoted(c.out, text)
	}
	return nil
}

func (c *canon) list() *failure {
	f := want(c.s, '[', "an array")
	if f != nil {
		return f
	}
	c.out = append(c.out, '[')
	i := 0
	for c.s.Array(); c.s.MoreItems(); i++ {
		if f != nil {
			c.s.Skip()
			continue
		}
		if i > 0 {
			c.out = append(c.out, ',')
		}
		if f = c.value(); f != nil {
			f = f.at(i)
		}
	}
	c.out = append(c.out, ']')
	return f
}

func (c *canon) set(kind string) *failure {
	f := want(c.s, '[', "an array")
	if f != nil {
		return f
	}
	base, start := len(c.parts), len(c.out)+1
	c.out = append(c.out, '[')
	for c.s.Array(); c.s.MoreItems(); {
		if f != nil {
			c.s.Skip()
			continue
		}
		c.next(base)
		from := len(c.out)
		if f = c.scalar(kind); f != nil {
			f = f.at(len(c.parts) - base)
			continue
		}
		c.parts = append(c.parts, part{string(c.out[from:]), from, len(c.out)})
	}
	if f == nil {
		f = c.sort(base, start, false)
	}
	c.parts = c.parts[:base]
	c.out = append(c.out, ']')
	return f
}

// appendQuoted writes text, which is well-formed UTF-8, as a JSON string.
func appendQuoted(dst []byte, text string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for i := range len(text) {
		switch b := text[i]; {
		case b == '"' || b == '\\':
			dst = append(dst, '\\', b)
		case b < ' ':
			dst = append(dst, `\u00`...)
			dst = append(dst, hex[b>>4], hex[b&15])
		default:
			dst = append(dst, b)
		}
	}
	return append(dst, '"')
}
