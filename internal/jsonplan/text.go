package jsonplan

import (
	"encoding/base64"
	"time"

	"github.com/weir-go/weir/internal/jsonscan"
	"github.com/weir-go/weir/internal/memory"
)

// str reads the string at i.
func (d *decoder) str(i int) (s string, next int) {
	if d.text[i] != '"' {
		return "", doubt
	}
	if end := jsonscan.Closing(memory.String(d.text), i+1); end >= 0 {
		return memory.String(d.text[i+1 : end]), end + 1
	}
	value, next := d.unquote(i)
	return memory.String(value), next
}

func (d *decoder) base64(i int) (b []byte, next int) {
	src, i := d.key(i)
	if i < 0 {
		return nil, doubt
	}
	b = d.bytes.Take(base64.StdEncoding.DecodedLen(len(src)))
	size, err := base64.StdEncoding.Decode(b, src)
	if err != nil {
		return nil, doubt
	}
	return d.bytes.Trim(b, size), i
}

func (d *decoder) time(i int, p memory.Pointer) int {
	end := d.skip(i)
	if end < 0 || memory.Cast[time.Time](p).UnmarshalJSON(d.text[i:end]) != nil {
		return doubt
	}
	return end
}

// numeral reads a json.Number; one in quotes is rare.
func (d *decoder) numeral(i int) (s string, next int) {
	end := d.number(i)
	if end < 0 {
		return "", doubt
	}
	return memory.String(d.text[i:end]), end
}

// raw reads a json.RawMessage. One that is there already would be reused.
func (d *decoder) raw(i int, p memory.Pointer) int {
	end := d.skip(i)
	if end < 0 || !memory.IsNil(p) {
		return doubt
	}
	memory.Set(p, d.bytes.Copy(d.text[i:end]))
	return end
}
