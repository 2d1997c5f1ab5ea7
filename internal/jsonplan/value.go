package jsonplan

import "reflect"

// value decodes the value at i, or behind the space there, into v.
func (n *node) value(d *decoder, i int, v reflect.Value) int {
	if i = d.space(i); i >= len(d.text) {
		return doubt
	}
	c := d.text[i]
	if c == 'n' {
		return n.null(d, i, v)
	}
	switch n.op {
	case opString:
		s, i := d.str(i)
		v.SetString(s)
		return i
	case opInt:
		return n.integer(d, i, v)
	case opUint:
		return n.unsigned(d, i, v)
	case opFloat:
		return n.float(d, i, v)
	case opBool:
		b, i := d.boolean(i)
		v.SetBool(b)
		return i
	case opStruct:
		return n.object(d, i, v)
	case opSlice:
		return n.slice(d, i, v)
	case opPointer:
		return n.pointer(d, i, v)
	case opTime:
		return d.time(i, v)
	case opArray:
		return n.array(d, i, v)
	case opMap:
		return n.mapping(d, i, v)
	case opBytes:
		if c == '"' {
			b, i := d.base64(i)
			v.SetBytes(b)
			return i
		}
		return n.slice(d, i, v)
	case opNumber:
		s, i := d.numeral(i)
		v.SetString(s)
		return i
	case opRaw:
		return d.raw(i, v)
	case opQuoted:
		return n.quoted(d, i, v)
	case opHook:
		return n.hook(d, i, v)
	case opText:
		return n.textHook(d, i, v)
	case opAny:
		return d.anything(i, v)
	case opStd:
		return n.std(d, i, v)
	}
	return doubt
}

// null empties what has a nil value, and changes nothing else.
func (n *node) null(d *decoder, i int, v reflect.Value) int {
	switch {
	case n.op == opHook:
		return n.hook(d, i, v)
	case n.op == opRaw:
		return d.raw(i, v)
	case n.op == opNothing && n.kind != reflect.Interface, n.op == opText, n.op == opQuoted && n.elem.op == opHook:
		return doubt
	}
	switch n.kind {
	case reflect.Pointer, reflect.Map, reflect.Slice:
		v.SetZero()
	case reflect.Interface:
		if !v.IsNil() { // it may hold a pointer to what is to become nil
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

// pointer makes the variable that the pointer v is to point to. One that is there
// already may be in use elsewhere.
func (n *node) pointer(d *decoder, i int, v reflect.Value) int {
	if d.depth++; d.depth > maxDepth || !v.IsNil() {
		return doubt
	}
	to := reflect.New(n.elem.typ)
	v.Set(to)
	i = n.elem.value(d, i, to.Elem())
	d.depth--
	return i
}

// quoted decodes a number or a boolean in quotes.
func (n *node) quoted(d *decoder, i int, v reflect.Value) int {
	end := d.quoted(i)
	if end <= i+1 || d.text[i+1] <= ' ' || d.text[i+1] == 'n' {
		return doubt
	}
	switch n.elem.op {
	case opInt, opUint, opFloat, opBool:
		if n.elem.value(d, i+1, v) == end {
			return end + 1
		}
	}
	return doubt
}
