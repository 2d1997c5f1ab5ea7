package attr

import (
	"reflect"

	"github.com/weir-go/weir/internal/memory"
)

// elements decodes a list or a set into a slice or an array.
func (n *node) elements(s *Reader, v reflect.Value, kind string) *failure {
	if n.kind != reflect.Slice && n.kind != reflect.Array {
		s.Skip()
		return failf("cannot decode %s into %s", kind, n.typ)
	}
	if f := want(s, '[', "an array"); f != nil {
		return f
	}
	if n.kind == reflect.Slice {
		if v.IsNil() {
			return n.fresh(s, memory.Of(v), kind)
		}
		if v.Cap() > 0 {
			s = n.reuse(s, v)
		}
	}
	var f *failure
	i, grown := 0, false
	for s.Array(); s.MoreItems(); i++ {
		if f != nil || n.kind == reflect.Array && i >= v.Len() {
			s.Skip()
			continue
		}
		if n.kind == reflect.Slice {
			if i == v.Cap() {
				v.Grow(n.room())
				grown = true
			}
			v.SetLen(i + 1)
		}
		if f = n.elem.element(s, v.Index(i), kind); f != nil {
			f = f.at(i)
		}
	}
	switch {
	case grown:
		// Room left over would be room to decode over the next time.
		v.SetCap(v.Len())
	case n.kind == reflect.Slice && v.IsNil():
		v.Set(reflect.MakeSlice(n.typ, 0, 0))
	}
	return f
}

// fresh decodes into the slice at p, which is nil.
func (n *node) fresh(s *Reader, p memory.Pointer, kind string) (f *failure) {
	list, size := s.takeList(n), 0
	list.Begin()
	for s.Array(); s.MoreItems(); size++ {
		if f != nil {
			s.Skip()
			continue
		}
		done, at := false, list.Next()
		switch {
		case kind == "L":
			done, f = n.elem.quick(s, at)
		case kind == "SS" && n.elem.kind == reflect.String && s.Kind() == '"':
			memory.Set(at, s.String())
			done = true
		}
		if !done {
			f = n.elem.element(s, memory.At(n.elem.typ, at), kind)
		}
		if f != nil {
			f = f.at(size)
		}
	}
	switch {
	case f != nil:
		list.Abandon()
	case size > 0:
		list.End(p)
	default:
		list.Abandon()
		memory.At(n.typ, p).Set(reflect.MakeSlice(n.typ, 0, 0))
	}
	s.lists.put(n.slot, list)
	return f
}

// element decodes one element of a list or a set.
func (n *node) element(s *Reader, v reflect.Value, kind string) *failure {
	if kind == "L" {
		return n.value(s, v, false)
	}
	n, v, f := n.resolve(v)
	if f != nil {
		s.Skip()
		return f
	}
	return n.payload(s, v, kind[:1], false)
}

// room is for how many elements a slice grows at first.
func (n *node) room() int {
	return max(1, min(4, 256/max(1, int(n.elem.typ.Size()))))
}

// reuse prepares the slice v that has room already: the elements in it are decoded
// over if all fit, and dropped if not. It returns a scanner on the same array.
func (n *node) reuse(s *Reader, v reflect.Value) *Reader {
	text := s.Skip()
	again := new(Reader)
	again.Reset(text)
	size := 0
	for again.Array(); again.MoreItems(); size++ {
		again.Skip()
	}
	if size > v.Cap() {
		v.Set(reflect.MakeSlice(n.typ, 0, 0))
	}
	again.Reset(text)
	return again
}
