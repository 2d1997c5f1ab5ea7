package jsonplan

import (
	"reflect"
	"strings"

	"github.com/weir-go/weir/internal/jsonscan"
	"github.com/weir-go/weir/internal/memory"
)

// object decodes an object into the struct at p. It expects the keys in the order
// of the fields, and looks up those that come out of turn.
func (n *node) object(d *decoder, i int, p memory.Pointer) int {
	if d.text[i] != '{' {
		return doubt
	}
	i, more := d.enter(i, '}')
	fields, text := n.fields.all, memory.String(d.text)
	for next := 0; more; i, more = d.more(i, '}') {
		if next < len(fields) && fields[next].first.Edges(text, i) && fields[next].first.Middle(text, i) {
			i += fields[next].first.Len()
		} else {
			next, i = n.fields.key(d, i, next)
		}
		switch {
		case i < 0:
			return doubt
		case next < 0:
			next = -next - 1
			if i = d.skip(i); i < 0 {
				return doubt
			}
			continue
		}
		for {
			f := &fields[next]
			end := doubt
			if i < len(text) { // most fields are plain; value has the rest
				switch c := text[i]; f.quick {
				case opString:
					if c == '"' {
						if end = jsonscan.Closing(text, i+1); end >= 0 {
							memory.Set(memory.Field(p, f.offset), memory.Part(text, i+1, end))
							end++
						}
					}
				case opInt:
					if c-'0' <= 9 {
						var u uint64
						if u, end = jsonscan.Whole(text, i); u>>63 != 0 {
							end = doubt
						} else if end >= 0 {
							memory.Set(memory.Field(p, f.offset), u)
						}
					}
				case opFloat:
					var x float64
					if x, end = jsonscan.Short(text, i); end >= 0 {
						memory.Set(memory.Field(p, f.offset), x)
					}
				case opBool:
					if c == 't' && strings.HasPrefix(text[i:], "true") {
						memory.Set(memory.Field(p, f.offset), true)
						end = i + len("true")
					} else if c == 'f' && strings.HasPrefix(text[i:], "false") {
						memory.Set(memory.Field(p, f.offset), false)
						end = i + len("false")
					}
				}
			}
			if end < 0 {
				if end = f.value(d, i, p); end < 0 {
					return doubt
				}
			}
			i = end
			if next++; next == len(fields) {
				break
			}
			t := &fields[next].token
			if !(t.Edges(text, i) && t.Middle(text, i)) && !(t.Rare(text, i) && t.At(text, i)) {
				break
			}
			i += t.Len()
		}
		if i < len(text) && text[i] == '}' {
			d.depth--
			return i + 1
		}
	}
	return i
}

// value decodes the field's value into the struct at p.
func (f *field) value(d *decoder, i int, p memory.Pointer) int {
	if f.node == nil {
		return doubt
	}
	if len(f.way) == 0 {
		p = memory.Field(p, f.offset)
	} else {
		p = f.in(p)
	}
	return f.node.value(d, i, p)
}

// key reads a key and its colon. It returns the key's field, or -next-1 when there
// is none.
func (fs *structure) key(d *decoder, i, next int) (field, end int) {
	name, i := d.key(i)
	if i < 0 {
		return next, doubt
	}
	if i = d.colon(i); i < 0 {
		return next, doubt
	}
	if field = fs.find(name, next); field < 0 {
		return -next - 1, i
	}
	return field, i
}

// key reads a string without its colon.
func (d *decoder) key(i int) (name []byte, next int) {
	if end := d.quoted(i); end >= 0 {
		return d.text[i+1 : end : end], end + 1
	}
	return d.unquote(i)
}

// name reads a key that is to be kept, and its colon.
func (d *decoder) name(i int) (name string, next int) {
	if i >= len(d.text) || d.text[i] != '"' {
		return "", doubt
	}
	if name, i = d.str(i); i < 0 {
		return "", doubt
	}
	return name, d.colon(i)
}

// mapping decodes an object into the map at p, which has to be nil: what is in a map
// could not be put back.
func (n *node) mapping(d *decoder, i int, p memory.Pointer) int {
	if d.text[i] != '{' || !memory.IsNil(p) {
		return doubt
	}
	m := reflect.MakeMap(n.typ)
	memory.At(n.typ, p).Set(m)
	i, more := d.enter(i, '}')
	if !more {
		return i
	}
	key, elem := reflect.New(n.typ.Key()).Elem(), reflect.New(n.elem.typ).Elem()
	to := memory.Of(elem)
	for ; more; i, more = d.more(i, '}') {
		var name string
		if name, i = d.name(i); i < 0 {
			return doubt
		}
		if i = n.elem.value(d, i, to); i < 0 {
			return doubt
		}
		key.SetString(name)
		m.SetMapIndex(key, elem)
		elem.SetZero()
	}
	return i
}
