package jsonplan

import (
	"github.com/weir-go/weir/internal/jsonscan"
	"github.com/weir-go/weir/internal/memory"
)

// slice decodes an array into the slice at p, which has to be nil: encoding/json decodes
// over the elements that are there.
func (n *node) slice(d *decoder, i int, p memory.Pointer) int {
	if d.text[i] != '[' || !memory.IsNil(p) {
		return doubt
	}
	text, more := memory.String(d.text), true
	if i+1 < len(text) && text[i+1] > ' ' && text[i+1] != ']' && d.depth < maxDepth { // mostly
		d.depth++
		i++
	} else if i, more = d.enter(i, ']'); !more {
		memory.At(n.typ, p).Set(n.empty)
		return i
	}
	l := d.lists[n.slot]
	if l == nil || l.Open() { // open: the type contains itself
		l = memory.NewList(n.typ)
		d.lists[n.slot] = l
	}
	l.Begin()
	for more {
		to, end := l.Next(), doubt
		if i < len(text) {
			switch c := text[i]; {
			case c == '"' && n.elem.op == opString: // most are
				if quote := jsonscan.Odd(text, i+1); quote < len(text) && text[quote] == '"' {
					memory.SetPart(to, text, i+1, quote)
					end = quote + 1
				}
			case c == '{' && n.elem.op == opStruct:
				if end = n.elem.object(d, i, to); end < 0 {
					l.Abandon()
					return doubt
				}
			}
		}
		if end < 0 {
			if end = n.elem.value(d, i, to); end < 0 {
				l.Abandon()
				return doubt
			}
		}
		switch i = end; {
		case i+1 < len(text) && text[i] == ',' && text[i+1] > ' ':
			i++
		case i < len(text) && text[i] == ']':
			d.depth--
			i++
			more = false
		default:
			i, more = d.more(i, ']')
		}
	}
	l.End(p)
	return i
}

// array decodes an array into the array at p: elements without room are left out, and
// room without elements is zeroed.
func (n *node) array(d *decoder, i int, p memory.Pointer) int {
	if d.text[i] != '[' {
		return doubt
	}
	i, more := d.enter(i, ']')
	room, size := n.typ.Len(), 0
	for ; more; i, more = d.more(i, ']') {
		if size < room {
			i = n.elem.value(d, i, memory.Field(p, uintptr(size)*n.elem.typ.Size()))
			size++
		} else {
			i = d.skip(i)
		}
		if i < 0 {
			return doubt
		}
	}
	for v := memory.At(n.typ, p); size < room; size++ {
		v.Index(size).SetZero()
	}
	return i
}
