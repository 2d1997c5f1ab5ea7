package jsonplan

import (
	"reflect"

	"github.com/weir-go/weir/internal/memory"
)

// value decodes the value at i, or behind the space there, into what p
// points to, which is of the node's type.
func (n *node) value(d *decoder, i int, p memory.Pointer) int {
	if i = d.space(i); i >= len(d.text) {
		return doubt
	}
	c := d.text[i]
	if c == 'n' {
		return n.null(d, i, p)
	}
	switch n.op {
	case opString:
		s, i := d.str(i)
		memory.Set(p, s)
		return i
	case opInt:
		return n.integer(d, i, p)
	case opUint:
		return n.unsigned(d, i, p)
	case opFloat:
		return n.float(d, i, p)
	case opBool:
		b, i := d.boolean(i)
		memory.Set(p, b)
		return i
	case opStruct:
		return n.object(d, i, p)
	case opSlice:
		return n.slice(d, i, p)
	case opPointer:
		return n.pointer(d, i, p)
	case opTime:
		return d.time(i, p)
	case opArray:
		return n.array(d, i, p)
	case opMap:
		return n.mapping(d, i, p)
	case opBytes:
		if c == '"' {
			b, i := d.base64(i)
			memory.Set(p, b)
			return i
		}
		return n.slice(d, i, p)
	case opNumber:
		s, i := d.numeral(i)
		memory.Set(p, s)
		return i
	case opRaw:
		return d.raw(i, p)
	case opQuoted:
		return n.quoted(d, i, p)
	case opHook:
		return n.hook(d, i, memory.At(n.typ, p))
	case opText:
		return n.textHook(d, i, memory.At(n.typ, p))
	case opAny:
		return n.anything(d, i, p)
	case opStd:
		return n.std(d, i, p)
	}
	return doubt
}

// null empties what has a nil value, and changes nothing else.
func (n *node) null(d *decoder, i int, p memory.Pointer) int {
	switch {
	case n.op == opHook:
		return n.hook(d, i, memory.At(n.typ, p))
	case n.op == opRaw:
		return d.raw(i, p)
	case n.op == opNothing && n.kind != reflect.Interface, n.op == opText, n.op == opQuoted && n.elem.op == opHook:
		return doubt
	}
	switch n.kind {
	case reflect.Pointer, reflect.Map, reflect.Slice:
		memory.At(n.typ, p).SetZero()
	case reflect.Interface:
		if !memory.IsNil(p) { // it may hold a pointer to what is to become nil
			return doubt
		}
	}
	return d.word(i, "null")
}

func (d *decoder) boolean(i int) (b bool, next int) {
	if end := d.word(i, "true"); end >= 0 {
		return true, end
	}
	return false, d.word(i, "false")
}

// pointer makes the variable that the pointer at p is to point to. One that is there
// already may be in use elsewhere.
func (n *node) pointer(d *decoder, i int, p memory.Pointer) int {
	if d.depth++; d.depth > maxDepth || !memory.IsNil(p) {
		return doubt
	}
	to := reflect.New(n.elem.typ).UnsafePointer()
	memory.Set(p, to)
	i = n.elem.value(d, i, to)
	d.depth--
	return i
}

// quoted decodes a number or a boolean in quotes.
func (n *node) quoted(d *decoder, i int, p memory.Pointer) int {
	end := d.quoted(i)
	if end <= i+1 || d.text[i+1] <= ' ' || d.text[i+1] == 'n' {
		return doubt
	}
	switch n.elem.op {
	case opInt, opUint, opFloat, opBool:
		if n.elem.value(d, i+1, p) == end {
			return end + 1
		}
	}
	return doubt
}
