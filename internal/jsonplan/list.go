package jsonplan

import "reflect"

// slice decodes an array into the slice v, which has to be nil: encoding/json decodes
// over the elements that are there.
func (n *node) slice(d *decoder, i int, v reflect.Value) int {
	if d.text[i] != '[' || !v.IsNil() {
		return doubt
	}
	i, more := d.enter(i, ']')
	if !more {
		v.Set(n.empty)
		return i
	}
	size, room := 0, 0
	for ; more; i, more = d.more(i, ']') {
		if size == room {
			v.Grow(max(size, n.room))
			room = v.Cap()
			v.SetLen(room)
		}
		if i = n.elem.value(d, i, v.Index(size)); i < 0 {
			return doubt
		}
		size++
	}
	v.SetLen(size)
	return i
}

// array decodes an array into the array v: elements without room are left out, and
// room without elements is zeroed.
func (n *node) array(d *decoder, i int, v reflect.Value) int {
	if d.text[i] != '[' {
		return doubt
	}
	i, more := d.enter(i, ']')
	size := 0
	for ; more; i, more = d.more(i, ']') {
		if size < v.Len() {
			i = n.elem.value(d, i, v.Index(size))
			size++
		} else {
			i = d.skip(i)
		}
		if i < 0 {
			return doubt
		}
	}
	for ; size < v.Len(); size++ {
		v.Index(size).SetZero()
	}
	return i
}
