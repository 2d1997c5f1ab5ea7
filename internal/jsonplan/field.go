package jsonplan

import (
	"reflect"
	"strings"
	"unicode"

	"github.com/weir-go/weir/internal/fields"
	"github.com/weir-go/weir/internal/jsonscan"
	"github.com/weir-go/weir/internal/memory"
)

// field is one struct field that a key can go into.
type field struct {
	name   []byte
	next   *field         // what most texts have next
	token  jsonscan.Token // comma, quoted name and colon, as most texts have them
	alone  jsonscan.Token // the same without the comma
	offset uintptr
	way    []step // to the field, if pointers are on it
	node   *node  // nil when the way is barred
	quick  op     // the node's if object decodes it by itself, else opNothing
}

// structure finds the field for a key.
type structure struct {
	all      []field // by place in the struct
	first    *field  // or nil
	exact    map[string]int
	lengths  uint64 // a bit for each length of a name; the last is for all from 63 on
	ascii    bool   // all names are
	distinct bool   // no two names differ only in case
}

func (c *compiler) fields(t reflect.Type) *structure {
	visible := fields.Visible(t, c.read)
	fs := &structure{all: make([]field, len(visible)), exact: map[string]int{}, ascii: true, distinct: true}
	for i := range visible {
		from, f := visible[i], &fs.all[i]
		key := `"` + from.Name + `":`
		f.name = []byte(from.Name)
		f.token.Set("," + key)
		f.alone.Set(key)
		fs.exact[from.Name] = i
		fs.lengths |= lengthBit(f.name)
		fs.ascii = fs.ascii && isASCII(f.name)
		if f.find(from) {
			// What is not exported is embedded under a name of its own: encoding/json forbids some of it.
			c.unfit = c.unfit || !from.Go.IsExported()
			if f.node = c.node(from.Go.Type, false); from.Quoted {
				f.node = quoted(f.node)
			}
		}
		f.quick = f.node.quick(f.way)
		fs.distinct = fs.distinct && fs.folded(f.name) == i // the first that the name may mean
	}
	next := &fs.first
	for i := range fs.all {
		*next = &fs.all[i]
		next = &fs.all[i].next
	}
	return fs
}

// step is an embedded pointer on the way to a field.
type step struct {
	_      memory.Incomparable
	offset uintptr
	typ    reflect.Type // what it points to
}

// find looks for the way to the field. It is barred by an embedded pointer to an
// unexported struct, which encoding/json refuses to make.
func (f *field) find(from *fields.Field) (open bool) {
	if in := from.In; in != nil {
		if !f.find(in) {
			return false
		}
		if t := in.Go.Type; t.Kind() == reflect.Pointer {
			if !in.Go.IsExported() {
				return false
			}
			f.way = append(f.way, step{offset: f.offset, typ: t.Elem()})
			f.offset = 0
		}
	}
	f.offset += from.Go.Offset
	return true
}

// in returns a pointer to the field in the struct at p, and makes the structs on the way.
func (f *field) in(p memory.Pointer) memory.Pointer {
	for _, s := range f.way {
		if p = memory.Field(p, s.offset); memory.IsNil(p) {
			memory.Set(p, reflect.New(s.typ).UnsafePointer())
		}
		p = *memory.Cast[memory.Pointer](p)
	}
	return memory.Field(p, f.offset)
}

// find looks for the exact name first, then for one that differs only in case. It
// returns nil when there is none. The name most likely is that of the field given, if one is.
func (fs *structure) find(name []byte, likely *field) *field {
	if fs.distinct && likely != nil && strings.EqualFold(memory.String(likely.name), memory.String(name)) {
		return likely
	}
	if fs.lengths&lengthBit(name) == 0 && fs.ascii && isASCII(name) {
		return nil
	}
	i, ok := fs.exact[string(name)]
	if !ok {
		i = fs.folded(name)
	}
	if i < 0 {
		return nil
	}
	return &fs.all[i]
}

func (fs *structure) folded(name []byte) int {
	sameLen := fs.ascii && isASCII(name)
	for i := range fs.all {
		if f := &fs.all[i]; (!sameLen || len(f.name) == len(name)) && strings.EqualFold(memory.String(f.name), memory.String(name)) {
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

// read reads a field as encoding/json does.
func (c *compiler) read(f *fields.Field) fields.Use {
	sf := &f.Go
	to := fields.Pointed(sf.Type)
	tag := sf.Tag.Get("json")
	if tag == "-" || !sf.IsExported() && !(sf.Anonymous && to.Kind() == reflect.Struct) {
		return fields.Leave
	}
	name, options, _ := strings.Cut(tag, ",")
	f.Name = sf.Name
	if name != "" {
		c.unfit = c.unfit || !validName(name) // ignored, but not in encoding/json/v2
		f.Name, f.Tagged = name, true
	} else if sf.Anonymous && to.Kind() == reflect.Struct {
		return fields.Inline
	}
	f.Quoted = quotable(to.Kind()) && strings.Contains(","+options+",", ",string,")
	return fields.Take
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
