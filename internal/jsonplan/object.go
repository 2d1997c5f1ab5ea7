package jsonplan

import (
	"reflect"

	"github.com/weir-go/weir/internal/jsonscan"
	"github.com/weir-go/weir/internal/memory"
)

// object decodes an object into the struct at p. It expects the keys in the order
// of the fields, and looks up those that come out of turn.
func (n *node) object(d *decoder, i int, p memory.Pointer) int {
	if d.text[i] != '{' {
		return doubt
	}
	text, more := memory.String(d.text), true
	if i+1 < len(text) && text[i+1] == '"' && d.depth < maxDepth { // mostly
		d.depth++
		i++
	} else {
		i, more = d.enter(i, '}')
	}
	for f := n.fields.first; more; i, more = d.more(i, '}') {
		if f != nil && f.alone.Edges(text, i) && f.alone.Middle(text, i) {
			i += f.alone.Len()
		} else {
			var known bool
			if f, known, i = n.fields.key(d, i, f); i < 0 {
				return doubt
			}
			if !known {
				if i = d.skip(i); i < 0 {
					return doubt
				}
				continue
			}
		}
		for {
			end := doubt
			if uint(i) < uint(len(text)) { // most fields are plain; value has the rest
				switch c := text[i]; f.quick {
				case opString:
					if c == '"' {
						end = jsonscan.Odd(text, i+1)
						if end >= len(text) || text[end] != '"' {
							end = jsonscan.Closing(text, i+1)
						}
						if end >= 0 {
							memory.SetPart(memory.Field(p, f.offset), text, i+1, end)
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
					if x, end = jsonscan.ShortWithin(text, i); end >= 0 {
						memory.Set(memory.Field(p, f.offset), x)
					}
				case opBool:
					if to := i + len("true"); c == 't' && to <= len(text) && text[i:to] == "true" {
						memory.Set(memory.Field(p, f.offset), true)
						end = to
					} else if to++; c == 'f' && to <= len(text) && text[i:to] == "false" {
						memory.Set(memory.Field(p, f.offset), false)
						end = to
					}
				case opSlice:
					if c == '[' {
						if end = f.node.slice(d, i, memory.Field(p, f.offset)); end < 0 {
							return doubt
						}
					}
				}
			}
			if end < 0 {
				if end = f.value(d, i, p); end < 0 {
					return doubt
				}
			}
			i = end
			if f = f.next; f == nil {
				break
			}
			t := &f.token
			if t.Edges(text, i) && t.Middle(text, i) {
				i += t.Len()
				continue
			}
			if !t.Rare(text, i) || !t.At(text, i) {
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

// key reads a key and its colon. It returns the key's field, or the one that was expected where the key is not
// known.
func (fs *structure) key(d *decoder, i int, likely *field) (f *field, known bool, end int) {
	name, i := d.key(i)
	if i < 0 {
		return likely, false, doubt
	}
	if i = d.colon(i); i < 0 {
		return likely, false, doubt
	}
	if f = fs.find(name, likely); f == nil {
		return likely, false, i
	}
	return f, true, i
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
