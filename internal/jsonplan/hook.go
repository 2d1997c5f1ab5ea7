package jsonplan

import (
	"encoding"
	"encoding/json"
	"reflect"

	"github.com/weir-go/weir/internal/memory"
)

// hook calls UnmarshalJSON.
func (n *node) hook(d *decoder, i int, v reflect.Value) int {
	end := d.skip(i)
	if end < 0 {
		return doubt
	}
	u, ok := v.Addr().Interface().(json.Unmarshaler)
	if !ok || u.UnmarshalJSON(d.text[i:end:end]) != nil {
		return doubt
	}
	return end
}

// textHook calls UnmarshalText.
func (n *node) textHook(d *decoder, i int, v reflect.Value) int {
	text, end := d.key(i)
	if end < 0 {
		return doubt
	}
	u, ok := v.Addr().Interface().(encoding.TextUnmarshaler)
	if !ok || u.UnmarshalText(text) != nil {
		return doubt
	}
	return end
}

// std has encoding/json decode this one value, which is a map.
func (n *node) std(d *decoder, i int, p memory.Pointer) int {
	end := d.skip(i)
	if end < 0 || !memory.IsNil(p) || json.Unmarshal(d.text[i:end], reflect.NewAt(n.typ, p).Interface()) != nil {
		return doubt
	}
	return end
}
