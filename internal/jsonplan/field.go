package jsonplan

import (
	"bytes"
	"reflect"
	"slices"
	"strings"
	"unicode"

	"github.com/weir-go/weir/internal/memory"
)

// field is one struct field that a key can go into.
type field struct {
	name      string
	nameBytes []byte
	token     string // comma, quoted name and colon, as most texts have them
	tagged    bool   // the name comes from the tag
	quoted    bool   // tag option "string"
	typ       reflect.Type
	index     []int
	offset    uintptr
	way       []step // to the field, if pointers are on it
	node      *node  // nil when the way is barred
}

// fields finds the field for a key.
type fields struct {
	all      []field // by place in the struct
	exact    map[string]int
	lengths  uint64 // a bit for each length of a name; the last is for all from 63 on
	ascii    bool   // all names are
	distinct bool   // no two names differ only in case
}

func (c *compiler) fields(t reflect.Type) *fields {
	fs := &fields{exact: map[string]int{}, ascii: true, distinct: true}
	for i, f := range c.visible(t) {
		f.nameBytes, f.token = []byte(f.name), `,"`+f.name+`":`
		fs.exact[f.name] = i
		fs.lengths |= lengthBit(f.nameBytes)
		fs.ascii = fs.ascii && isASCII(f.nameBytes)
		if c.find(f, t) {
			if f.node = c.node(f.typ, false); f.quoted {
				f.node = quoted(f.node)
			}
		}
		fs.distinct = fs.distinct && fs.folded(f.nameBytes) < 0
		fs.all = append(fs.all, *f)
	}
	return fs
}

// step is an embedded pointer on the way to a field.
type step struct {
	offset uintptr
	typ    reflect.Type // what it points to
}

// find looks for the way from a struct of type t to the field. It is barred by an
// embedded pointer to an unexported struct, which encoding/json refuses to make.
func (c *compiler) find(f *field, t reflect.Type) (open bool) {
	last := len(f.index) - 1
	for _, x := range f.index[:last] {
		sf := t.Field(x)
		f.offset += sf.Offset
		if t = sf.Type; t.Kind() == reflect.Pointer {
			if !sf.IsExported() {
				return false
			}
			t = t.Elem()
			f.way = append(f.way, step{f.offset, t})
			f.offset = 0
		}
	}
	sf := t.Field(f.index[last])
	if f.offset += sf.Offset; !sf.IsExported() {
		c.unfit = true // embedded under a name of its own: encoding/json forbids some of it
	}
	return true
}

// in returns a pointer to the field in the struct at p, and makes the structs on the way.
func (f *field) in(p memory.Pointer) memory.Pointer {
	for _, s := range f.way {
		to := memory.At(reflect.PointerTo(s.typ), memory.Field(p, s.offset))
		if to.IsNil() {
			to.Set(reflect.New(s.typ))
		}
		p = to.UnsafePointer()
	}
	return memory.Field(p, f.offset)
}

// find looks for the exact name first, then for one that differs only in case. It
// returns -1 when there is none. The name most likely is that of field next.
func (fs *fields) find(name []byte, next int) int {
	if fs.distinct && next < len(fs.all) && bytes.EqualFold(fs.all[next].nameBytes, name) {
		return next
	}
	if fs.lengths&lengthBit(name) == 0 && fs.ascii && isASCII(name) {
		return -1
	}
	if i, ok := fs.exact[string(name)]; ok {
		return i
	}
	return fs.folded(name)
}

func (fs *fields) folded(name []byte) int {
	sameLen := fs.ascii && isASCII(name)
	for i := range fs.all {
		if f := &fs.all[i]; (!sameLen || len(f.name) == len(name)) && bytes.EqualFold(f.nameBytes, name) {
			return i
		}
	}
	return -1
}

func lengthBit(name []byte) uint64 { return 1 << min(len(name), 63) }

func isASCII(s []byte) bool {
	for _, c := range s {
		if c >= 0x80 {
			return false
		}
	}
	return true
}

// embedded is a struct whose fields count as those of the struct around it.
type embedded struct {
	typ   reflect.Type
	index []int
}

// visible lists the fields of t and of its embedded structs, level by level. A name
// belongs to its outermost level, where a tag beats none and a tie hides it.
func (c *compiler) visible(t reflect.Type) []*field {
	var all []*field
	names := map[string]bool{} // decided on an outer level
	done := map[reflect.Type]bool{}
	next, times := []embedded{{typ: t}}, map[reflect.Type]int{}
	for len(next) > 0 {
		now, nowTimes := next, times
		next, times = nil, map[reflect.Type]int{}
		level := map[string][]*field{}
		for _, e := range now {
			if done[e.typ] {
				continue
			}
			done[e.typ] = true
			for i := range e.typ.NumField() {
				f, inner := c.fieldAt(e, i)
				if f == nil {
					continue
				}
				if inner != nil {
					if times[inner]++; times[inner] == 1 {
						next = append(next, embedded{inner, f.index})
					}
					continue
				}
				level[f.name] = append(level[f.name], f)
				if nowTimes[e.typ] > 1 {
					level[f.name] = append(level[f.name], f) // a tie with itself
				}
			}
		}
		for name, same := range level {
			if f := winner(same); f != nil && !names[name] {
				all = append(all, f)
			}
			names[name] = true
		}
	}
	slices.SortFunc(all, func(a, b *field) int { return slices.Compare(a.index, b.index) })
	return all
}

// fieldAt reads field i of e: nil when it is left out, with the type of the embedded
// struct when its fields count instead of itself.
func (c *compiler) fieldAt(e embedded, i int) (f *field, inner reflect.Type) {
	sf := e.typ.Field(i)
	to := sf.Type
	if to.Kind() == reflect.Pointer && to.Name() == "" {
		to = to.Elem()
	}
	tag := sf.Tag.Get("json")
	if tag == "-" || !sf.IsExported() && !(sf.Anonymous && to.Kind() == reflect.Struct) {
		return nil, nil
	}
	name, options, _ := strings.Cut(tag, ",")
	f = &field{name: sf.Name, typ: sf.Type, index: append(slices.Clip(e.index), i)}
	if name != "" {
		c.unfit = c.unfit || !validName(name) // ignored, but not in encoding/json/v2
		f.name, f.tagged = name, true
	} else if sf.Anonymous && to.Kind() == reflect.Struct {
		return f, to
	}
	for option := range strings.SplitSeq(options, ",") {
		f.quoted = f.quoted || option == "string" && quotable(to.Kind())
	}
	return f, nil
}

func quotable(k reflect.Kind) bool {
	return k >= reflect.Bool && k <= reflect.Float64 || k == reflect.String
}

// validName says which names encoding/json takes from a tag.
func validName(s string) bool {
	for _, r := range s {
		if !strings.ContainsRune("!#$%&()*+-./:;<=>?@[]^_{|}~ ", r) && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return false
		}
	}
	return true
}

// winner picks the field that a name means among those of one level, or nil.
func winner(same []*field) *field {
	if len(same) == 1 {
		return same[0]
	}
	var won *field
	for _, f := range same {
		if f.tagged && won != nil {
			return nil
		}
		if f.tagged {
			won = f
		}
	}
	return won
}
