package attr

import (
	"reflect"
	"strings"

	"github.com/weir-go/weir/internal/b64"
	"github.com/weir-go/weir/internal/jsonscan"
	"github.com/weir-go/weir/internal/memory"
)

// op is what a leaf means to a type.
type op struct {
	do     deed
	length int // of the leaf
	back   int // from the value to the attribute value to decode
	typ    string
	offset uintptr
	node   *node
}

type deed uint8

const (
	unmade deed = iota // the op is still to be made
	pass               // nobody asked for it
	setText
	setNumber
	setBool
	setBytes
	setList  // of texts or numerals
	setValue // by value's rules
	covered  // part of a value that has been decoded as a whole
	leave    // for Item
)

// Program is what a plan makes of the outlines of one Outliner. The zero Program is ready to use; it is
// for one plan and one goroutine.
type Program struct {
	leaves *leaves
	ops    []op
}

// Outlined does for an image that has an outline what Item does, where it can: dst has to be zero. If
// it reports false, dst may hold anything, and Item has the result. In an image that is lent, what dst keeps
// of it is copied, which is less than all; then no code of the user's is called.
func (p *Plan) Outlined(s *Reader, prog *Program, image string, o Outline, dst reflect.Value, lent bool) bool {
	if o.leaves == nil || p.root.kind != reflect.Struct || !dst.CanSet() || dst.Type() != p.root.typ {
		return false
	}
	if prog.leaves != o.leaves {
		*prog = Program{o.leaves, make([]op, maxLeaves)}
	}
	into := memory.Of(dst)
	at, done := 0, 0 // offsets: behind the value before, and behind what is decoded
	for _, m := range o.marks {
		op := &prog.ops[m>>24]
		if op.do == unmade {
			*op = p.root.op(o.leaves[m>>24])
		}
		start := at + op.length
		at = start + int(m&maxValue)
		value, p := image[start:at], memory.Field(into, op.offset)
		switch op.do {
		case setText:
			if lent {
				value = s.bytes.String(value)
			}
			memory.Set(p, value)
		case setNumber:
			if !op.node.setNumeral(value, p) {
				return false
			}
		case setBool:
			memory.Set(p, len(value) == len("true"))
		case setBytes:
			room := s.bytes.Take(len(value)/4*3 + 3)
			b, err := b64.AppendDecode(room[:0], value)
			if b = s.bytes.Trim(room, len(b)); err != nil || !memory.IsNil(p) {
				return false
			}
			memory.Set(p, b)
		case setList:
			if op.node.list(s, op.typ, value, p, lent) {
				continue
			}
			fallthrough
		case setValue:
			if lent {
				return false
			}
			s.Reset(image)
			s.Jump(start - op.back)
			ok, f := op.node.quick(s, p)
			if !ok {
				f = op.node.value(s, memory.At(op.node.typ, p), false)
			}
			if f != nil || s.Err() != nil {
				return false
			}
			done = s.Offset()
		case covered:
			if start > done {
				return false
			}
		case leave:
			return false
		}
	}
	return true
}

// op makes the op of a leaf.
func (n *node) op(st *leaf) op {
	o := op{do: pass, length: st.Len(), typ: st.typ}
	for i, name := range st.path {
		keys := jsonscan.KeysOf(n.fields.names...)
		k := keys.Find(name)
		if k < 0 {
			return o
		}
		f := n.fields.all[k]
		if !f.direct {
			o.do = leave
			return o
		}
		o.offset += f.offset
		o.node = f.node
		last := i == len(st.path)-1
		if !last && f.node.kind == reflect.Struct {
			n = f.node
			continue
		}
		o.do = setValue
		if last {
			o.do = f.node.deed(st)
		}
		if inner := i - len(st.path) + len(st.back); inner < 0 {
			o.do = covered
		} else {
			o.back = st.back[inner]
		}
		return o
	}
	return o
}

// deed is what to do with a value of the leaf that goes into n.
func (n *node) deed(st *leaf) deed {
	switch {
	case st.kind == text && st.typ == "S" && n.kind == reflect.String:
		return setText
	case st.kind == text && st.typ == "N" && n.isNumeral():
		return setNumber
	case st.kind == word && st.typ == "BOOL" && n.kind == reflect.Bool:
		return setBool
	case st.kind == text && st.typ == "B" && n.kind == reflect.Slice && n.bytes:
		return setBytes
	case st.kind == other && n.kind == reflect.Slice && (st.typ == "SS" && n.elem.kind == reflect.String || st.typ == "NS" && n.elem.isNumeral()):
		return setList
	case st.kind == other && n.kind == reflect.Slice && st.typ == "L" && (n.elem.kind == reflect.String || n.elem.isNumeral()):
		return setList
	}
	return setValue
}

// isNumeral reports whether setNumeral knows the type.
func (n *node) isNumeral() bool {
	return n.kind == reflect.Int64 || n.kind == reflect.Int || n.kind == reflect.Float64
}

// setNumeral sets the number at p, and reports whether it did.
func (n *node) setNumeral(text string, p memory.Pointer) bool {
	return n.setQuick(text, p) || checkNumber(text) == nil && n.setNumber("N", text, memory.At(n.typ, p)) == nil
}

// list decodes a list or set whose elements are all texts, or all numerals, into the slice at p. If it
// reports false, value has the rules.
func (n *node) list(s *Reader, typ, text string, p memory.Pointer, lent bool) bool {
	numerals := n.elem.kind != reflect.String
	before, behind := `"`, `"`
	switch {
	case typ == "L" && numerals:
		before, behind = `{"N":"`, `"}`
	case typ == "L":
		before, behind = `{"S":"`, `"}`
	}
	if !memory.IsNil(p) || len(text) < len("[]")+1 {
		return false
	}
	l := s.takeList(n)
	l.Begin()
	i := 0
	for i < len(text) && (i == 0 || text[i] == ',') && strings.HasPrefix(text[i+1:], before) {
		start := i + 1 + len(before)
		end := jsonscan.Closing(text, start)
		if end < 0 {
			break
		}
		value, to := text[start:end], l.Next()
		if !numerals {
			if lent {
				value = s.bytes.String(value)
			}
			memory.Set(to, value)
		} else if !n.elem.setNumeral(value, to) {
			break
		}
		if i = end + len(behind); behind == `"}` && text[end+1] != '}' {
			break
		}
	}
	all := i == len(text)-1 // and the bracket is there
	if all {
		l.End(p)
	} else {
		l.Abandon()
	}
	s.lists.put(n.slot, l)
	return all
}
