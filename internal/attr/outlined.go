package attr

import (
	"reflect"
	"strings"

	"github.com/weir-go/weir/internal/jsonscan"
	"github.com/weir-go/weir/internal/memory"
)

// op is what a leaf means to a type.
type op struct {
	do     deed
	offset uintptr
	node   *node
	leaf   *leaf
}

type deed uint8

const (
	unmade deed = iota // the op is still to be made
	pass               // nobody asked for it
	setText
	setNumber
	setBool
	setList  // of texts or numbers
	setValue // whatever it is
	leave    // to Item
)

// Program is what a plan makes of the outlines of one Outliner. The zero Program is ready to use; it is
// for one plan and one goroutine.
type Program struct {
	leaves *leaves
	ops    *[maxLeaves]op
}

// Outlined does for an image that has an outline what Item does, where it can: dst has to be zero. If
// it reports false, dst may hold anything, and Item has the result.
func (p *Plan) Outlined(s *Reader, prog *Program, o Outline, dst reflect.Value) bool {
	if o.leaves == nil || p.root.kind != reflect.Struct || !dst.CanSet() || dst.Type() != p.root.typ {
		return false
	}
	if prog.leaves != o.leaves {
		*prog = Program{o.leaves, new([maxLeaves]op)}
	}
	into := memory.Of(dst)
	for at := 0; at+headSize <= len(o.values); {
		number := o.values[at]
		op := &prog.ops[number]
		if op.do == unmade {
			*op = p.root.op(o.leaves[number])
		}
		start := at + headSize
		at = start + (int(o.values[start-2]) | int(o.values[start-1])<<8)
		value, p, ok := o.values[start:at], memory.Field(into, op.offset), true
		switch op.do {
		case setText:
			memory.Set(p, value)
		case setNumber:
			ok = op.node.setQuick(value, p) || op.node.setNumeral(value, p)
		case setBool:
			memory.Set(p, value == "true")
		case setList:
			ok = op.node.list(s, op.leaf.typ, value, p) || op.node.leafValue(s, op.leaf, value, memory.At(op.node.typ, p))
		case setValue:
			ok = op.node.leafValue(s, op.leaf, value, memory.At(op.node.typ, p))
		case leave:
			ok = false
		}
		if !ok {
			return false
		}
	}
	return true
}

// op makes the op of a leaf.
func (n *node) op(st *leaf) op {
	o := op{do: pass, leaf: st}
	for i, name := range st.path {
		keys := jsonscan.KeysOf(n.fields.names...)
		k := keys.Find(name)
		if k < 0 {
			return op{do: pass}
		}
		f := n.fields.all[k]
		o.offset += f.offset
		o.node, n = f.node, f.node
		switch last := i == len(st.path)-1; {
		case !f.direct || !last && n.kind != reflect.Struct:
			o.do = leave
			return o
		case last:
			o.do = n.deed(st)
		}
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
	case st.kind != other || n.kind != reflect.Slice:
		return setValue
	case st.typ == "SS" && n.elem.kind == reflect.String, st.typ == "NS" && n.elem.isNumeral(),
		st.typ == "L" && (n.elem.kind == reflect.String || n.elem.isNumeral()):
		return setList
	}
	return setValue
}

// leafValue decodes the value of any leaf into v, and reports whether it could.
func (n *node) leafValue(s *Reader, st *leaf, value string, v reflect.Value) bool {
	if st.typ == "NULL" {
		setNull(v)
		return st.kind == word && value == "true"
	}
	n, v, f := n.resolve(v)
	switch {
	case f != nil || n.isAny():
		return false
	case st.kind == other:
		s.Reset(value)
		return n.payload(s, v, st.typ, false) == nil && s.Err() == nil
	case st.kind == text && st.typ == "S":
		f = n.setText(value, v)
	case st.kind == text && st.typ == "N":
		if f = checkNumber(value); f == nil {
			f = n.setNumber("N", value, v)
		}
	case st.kind == text && st.typ == "B":
		f = n.setBinary(s, value, v)
	case st.kind == word && st.typ == "BOOL" && n.kind == reflect.Bool:
		v.SetBool(value == "true")
	default:
		return false
	}
	return f == nil
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
func (n *node) list(s *Reader, typ, text string, p memory.Pointer) bool {
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
