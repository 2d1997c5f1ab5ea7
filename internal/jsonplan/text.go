package jsonplan

import (
	"encoding/base64"
	"encoding/json"
	"reflect"
	"time"
)

// str reads the string at i.
func (d *decoder) str(i int) (s string, next int) {
	if d.text[i] != '"' {
		return "", doubt
	}
	if end := closing(d.text, i+1); end >= 0 {
		return d.keep(i+1, end), end + 1
	}
	value, next := d.unquote(i)
	return string(value), next
}

func (d *decoder) base64(i int) (b []byte, next int) {
	src, i := d.key(i)
	if i < 0 {
		return nil, doubt
	}
	b = make([]byte, base64.StdEncoding.DecodedLen(len(src)))
	size, err := base64.StdEncoding.Decode(b, src)
	if err != nil {
		return nil, doubt
	}
	return b[:size], i
}

func (d *decoder) time(i int, v reflect.Value) int {
	end := d.skip(i)
	if end < 0 || v.Addr().Interface().(*time.Time).UnmarshalJSON(d.text[i:end]) != nil {
		return doubt
	}
	return end
}

// numeral reads a json.Number; one in quotes is rare.
func (d *decoder) numeral(i int) (s string, next int) {
	end := number(d.text, i)
	if end < 0 {
		return "", doubt
	}
	return d.keep(i, end), end
}

// raw reads a json.RawMessage. One that is there already would be reused.
func (d *decoder) raw(i int, v reflect.Value) int {
	end := d.skip(i)
	if end < 0 || !v.IsNil() {
		return doubt
	}
	v.SetBytes(append(json.RawMessage(nil), d.text[i:end]...))
	return end
}
