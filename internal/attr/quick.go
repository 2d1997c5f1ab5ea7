package attr

import (
	"math"
	"reflect"

	"github.com/weir-go/weir/internal/jsonscan"
	"github.com/weir-go/weir/internal/memory"
)

// quick decodes a string or a number in its usual form into the variable of type n at p, and
// reports whether it did. If not, it has read nothing, and value has the rules. It makes an
// image twice as fast.
func (n *node) quick(s *Reader, p memory.Pointer) (done bool, f *failure) {
	switch n.kind {
	case reflect.String:
		text, ok := s.Sole('S')
		if ok {
			memory.Set(p, text)
		}
		return ok, nil
	case reflect.Int64, reflect.Int, reflect.Float64:
		text, ok := s.Sole('N')
		if !ok {
			return false, nil
		}
		if n.setQuick(text, p) {
			return true, nil
		}
		if f = checkNumber(text); f == nil {
			f = n.setNumber("N", text, memory.At(n.typ, p))
		}
		return true, f
	case reflect.Bool:
		yes := s.Literal(`{"BOOL":true}`)
		done = yes || s.Literal(`{"BOOL":false}`)
		if done {
			memory.Set(p, yes)
		}
	case reflect.Struct, reflect.Slice:
		kind := s.SoleKey()
		if kind == "" {
			return false, nil
		}
		switch {
		case kind == "M" && n.kind == reflect.Struct && s.Kind() == '{':
			return true, shut(s, n.structAt(s, p, reflect.Value{}))
		case n.kind == reflect.Slice && (kind == "L" || kind == "SS") && memory.IsNil(p) && s.Kind() == '[':
			return true, shut(s, n.fresh(s, p, kind))
		}
		return true, n.opened(s, memory.At(n.typ, p), kind, false)
	}
	return done, nil
}

// setQuick sets a number that needs no thought.
func (n *node) setQuick(text string, p memory.Pointer) bool {
	if n.kind == reflect.Float64 {
		x, end := jsonscan.Short(text, 0)
		if end == len(text) {
			memory.Set(p, x)
		}
		return end == len(text)
	}
	start := 0
	if text != "" && text[0] == '-' {
		start = 1
	}
	u, end := jsonscan.Whole(text, start)
	if end != len(text) || u > math.MaxInt64 || n.typ.Size() != 8 {
		return false
	}
	x := int64(u)
	if start == 1 {
		x = -x
	}
	memory.Set(p, x)
	return true
}
