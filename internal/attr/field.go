package attr

import (
	"reflect"
	"slices"
	"strings"
)

// field is one struct field that an attribute can go into.
type field struct {
	name   string
	tagged bool // the name comes from the tag
	quoted bool // tag option "string": an S holds a number
	goName string
	typ    reflect.Type
	index  []int
	node   *node
	direct bool // offset leads to it, and it may be set
	offset uintptr
}

// fields finds the field for an attribute.
type fields struct {
	all   []*field // by place in the struct
	names []string // of all
}

func (c compiler) fields(t reflect.Type, path string) (*fields, error) {
	fs := &fields{all: visible(t)}
	for _, f := range fs.all {
		n, err := c.node(f.typ, path+"."+f.goName)
		if err != nil {
			return nil, err
		}
		f.node = n
		f.find(t)
		fs.names = append(fs.names, f.name)
	}
	return fs, nil
}

// find looks for the way from a struct of type t to the field.
func (f *field) find(t reflect.Type) {
	for i, x := range f.index {
		if i > 0 && t.Kind() == reflect.Pointer {
			f.direct = false
			return
		}
		sf := t.Field(x)
		f.offset += sf.Offset
		f.direct = sf.IsExported() && !f.quoted
		t = sf.Type
	}
}

// in returns the field within struct v, and makes the embedded structs on the way.
func (f *field) in(v reflect.Value) (reflect.Value, *failure) {
	for i, x := range f.index {
		if i > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() {
				if !v.CanSet() {
					return v, failf("cannot set the embedded pointer to unexported %s", v.Type().Elem())
				}
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
		}
		v = v.Field(x)
	}
	return v, nil
}

// embedded is a struct whose fields count as those of the struct around it.
type embedded struct {
	typ   reflect.Type
	index []int
}

// visible lists the fields of t and of its embedded structs, level by level. A name
// belongs to its outermost level, where a tag beats none and a tie hides it.
func visible(t reflect.Type) []*field {
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
				f, inner := fieldAt(e, i)
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
func fieldAt(e embedded, i int) (f *field, inner reflect.Type) {
	sf := e.typ.Field(i)
	if !sf.IsExported() && !sf.Anonymous {
		return nil, nil
	}
	name, options, _ := strings.Cut(sf.Tag.Get("dynamodbav"), ",")
	if name == "-" {
		return nil, nil
	}
	f = &field{name: sf.Name, goName: sf.Name, typ: sf.Type, index: append(slices.Clip(e.index), i)}
	for option := range strings.SplitSeq(options, ",") {
		// The others are for encoding; unixtime is what an N means to a time anyway.
		f.quoted = f.quoted || option == "string"
	}
	if name != "" {
		f.name, f.tagged = name, true
		return f, nil
	}
	t := sf.Type
	if t.Kind() == reflect.Pointer && t.Name() == "" {
		t = t.Elem()
	}
	if sf.Anonymous && t.Kind() == reflect.Struct {
		return f, t
	}
	return f, nil
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
