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
	if i+1 < len(text) && text[i+1] == '"' && d.depth < maxDepth {
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
	for ; more; i, more = d.more(i, ']') {
		to := l.Next()
		if n.elem.op == opString && i < len(text) && text[i] == '"' { // most are
			if end := jsonscan.Odd(text, i+1); end < len(text) && text[end] == '"' {
				memory.SetPart(to, text, i+1, end)
				i = end + 1
				continue
			}
		}
		if n.elem.op == opStruct && i < len(text) && text[i] == '{' {
			i = n.elem.object(d, i, to)
		} else {
			i = n.elem.value(d, i, to)
		}
		if i < 0 {
			l.Abandon()
			return doubt
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
