package jsonplan

import (
	"reflect"

	"github.com/weir-go/weir/internal/memory"
)

// any decodes a value as encoding/json does when it may choose the types.
func (d *decoder) any(i int) (v any, next int) {
	if i = d.space(i); i >= len(d.text) {
		return nil, doubt
	}
	switch c := d.text[i]; c {
	case '"':
		return d.str(i)
	case '{':
		return d.anyObject(i)
	case '[':
		return d.anyArray(i)
	case 't', 'f':
		return d.boolean(i)
	case 'n':
		return nil, d.word(i, "null")
	}
	return d.float(i, 64)
}

func (d *decoder) anyObject(i int) (v any, next int) {
	m := map[string]any{}
	i, more := d.enter(i, '}')
	for ; more; i, more = d.more(i, '}') {
		var name string
		if name, i = d.name(i); i < 0 {
			return nil, doubt
		}
		if m[name], i = d.any(i); i < 0 {
			return nil, doubt
		}
	}
	return m, i
}

func (d *decoder) anyArray(i int) (v any, next int) {
	l := []any{}
	i, more := d.enter(i, ']')
	for ; more; i, more = d.more(i, ']') {
		var e any
		if e, i = d.any(i); i < 0 {
			return nil, doubt
		}
		l = append(l, e)
	}
	return l, i
}

// anything decodes into an empty interface. One that holds something may hold a
// pointer, which encoding/json follows.
func (n *node) anything(d *decoder, i int, p memory.Pointer) int {
	if !memory.IsNil(p) {
		return doubt
	}
	x, i := d.any(i)
	if i >= 0 {
		memory.At(n.typ, p).Set(reflect.ValueOf(x))
	}
	return i
}
