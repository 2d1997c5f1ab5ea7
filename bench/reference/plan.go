package reference

import (
	"fmt"
	"reflect"
	"strings"
	"unsafe"
)

// plan decodes a type without generated code: compiled once by reflection, fields written
// through offsets, strings views of the input, slices cut from chunks that are never used
// again. It is for one goroutine.
type plan struct {
	kind   reflect.Kind
	typ    reflect.Type
	size   uintptr
	quote  string // `"`, or `\"` in a payload that is still escaped
	elem   *plan
	fields []field

	chunk unsafe.Pointer
	left  int // elements
}

type field struct {
	key  string // with quotes, colon, and the comma before it
	off  uintptr
	plan *plan
}

func compile(t reflect.Type, quote string) *plan {
	p := &plan{kind: t.Kind(), typ: t, size: t.Size(), quote: quote}
	switch p.kind {
	case reflect.Struct:
		for f := range t.Fields() {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			key := quote + name + quote + ":"
			if len(p.fields) > 0 {
				key = "," + key
			}
			p.fields = append(p.fields, field{key, f.Offset, compile(f.Type, quote)})
		}
	case reflect.Slice:
		p.elem = compile(t.Elem(), quote)
	case reflect.String, reflect.Bool, reflect.Int, reflect.Int64, reflect.Float64:
	default:
		panic(fmt.Sprint("reference: no plan for ", t))
	}
	return p
}

// decode reads one value, which ends with the text, or with the quote around it.
func (p *plan) decode(b []byte, into unsafe.Pointer) error {
	end := p.value(b, 0, into)
	if p.quote != `"` {
		end = after(b, end, `"`)
	}
	if end != len(b) {
		return errShape
	}
	return nil
}

// value returns the index after the value at i, or -1.
func (p *plan) value(b []byte, i int, into unsafe.Pointer) (end int) {
	switch p.kind {
	case reflect.String:
		*(*string)(into), end = p.text(b, i)
	case reflect.Int:
		var v int64
		v, end = integer(b, i)
		*(*int)(into) = int(v)
	case reflect.Int64:
		*(*int64)(into), end = integer(b, i)
	case reflect.Float64:
		*(*float64)(into), end = float(b, i)
	case reflect.Bool:
		if end = after(b, i, "true"); end > 0 {
			*(*bool)(into) = true
			return end
		}
		*(*bool)(into) = false
		end = after(b, i, "false")
	case reflect.Slice:
		end = p.slice(b, i, into)
	case reflect.Struct:
		i = after(b, i, "{")
		for k := range p.fields {
			f := &p.fields[k]
			if i = after(b, i, f.key); i < 0 {
				return -1
			}
			if i = f.plan.value(b, i, unsafe.Add(into, f.off)); i < 0 {
				return -1
			}
		}
		end = after(b, i, "}")
	}
	return end
}

const chunkLen = 64

func (p *plan) slice(b []byte, i int, into unsafe.Pointer) int {
	if i = after(b, i, "["); i < 0 {
		return -1
	}
	if p.left < 4 { // room for the usual short slice
		p.grow(0)
	}
	n := 0
	for i < len(b) && b[i] != ']' {
		if n == p.left {
			p.grow(n)
		}
		if i = p.elem.value(b, i, unsafe.Add(p.chunk, uintptr(n)*p.elem.size)); i < 0 {
			return -1
		}
		n++
		if i < len(b) && b[i] == ',' {
			i++
		}
	}
	header := (*struct {
		data     unsafe.Pointer
		len, cap int
	})(into)
	header.data, header.len, header.cap = p.chunk, n, n
	if p.left -= n; p.left == 0 {
		p.grow(0)
	} else {
		p.chunk = unsafe.Add(p.chunk, uintptr(n)*p.elem.size)
	}
	return i + 1
}

// grow begins a new chunk with the n elements of the slice that is being read.
func (p *plan) grow(n int) {
	size := max(chunkLen, 2*n)
	v := reflect.MakeSlice(reflect.SliceOf(p.elem.typ), size, size)
	if n > 0 {
		reflect.Copy(v, reflect.NewAt(reflect.ArrayOf(n, p.elem.typ), p.chunk).Elem())
	}
	p.chunk, p.left = v.UnsafePointer(), size
}
