// Package fields lists the fields of a struct as decoders by name see them: those of embedded
// structs count as those of the struct around them. encoding/json and the AWS SDK's
// attributevalue have the same rules here; they differ in how they read a field, which is
// for the caller.
package fields

import (
	"reflect"
	"slices"
)

// Field is a struct field that has a name.
type Field struct {
	Name   string
	Tagged bool // the name comes from the tag
	Quoted bool // tag option "string"
	GoName string
	Type   reflect.Type
	Index  []int // the way to it, as for reflect.Value.FieldByIndex
	twice  bool  // its struct is embedded more than once on its level
}

// Use says what a struct field is to a decoder.
type Use uint8

const (
	Leave  Use = iota
	Take       // it has a name
	Inline     // it is an embedded struct, or a pointer to one, whose fields count instead
)

// Reader reads a struct field: Name, Tagged and Quoted of the field, and its use.
type Reader func(sf reflect.StructField) (Field, Use)

// embedded is a struct whose fields count as those of the struct around it.
type embedded struct {
	typ   reflect.Type
	index []int
	twice bool
}

// Visible lists the fields of t and of its embedded structs by their place. A name
// belongs to its outermost level, where a tag beats none and a tie hides it. It does without maps,
// which take more code than time.
func Visible(t reflect.Type, read Reader) []*Field {
	var all []*Field
	structs := []embedded{{typ: t}} // level by level
	for at := 0; at < len(structs); at++ {
		e := structs[at]
		for i := range e.typ.NumField() {
			sf := e.typ.Field(i)
			f, use := read(sf)
			index := append(slices.Clip(e.index), i)
			switch use {
			case Inline:
				structs = embed(structs, embedded{typ: Pointed(sf.Type), index: index})
			case Take:
				f.GoName, f.Type, f.Index, f.twice = sf.Name, sf.Type, index, e.twice
				all = append(all, &f)
			}
		}
	}
	var visible []*Field
	for _, f := range all {
		if isVisible(all, f) {
			visible = append(visible, f)
		}
	}
	byPlace(visible)
	return visible
}

// embed adds a struct, unless it was met before: there it is outermost.
func embed(structs []embedded, e embedded) []embedded {
	for i := range structs {
		if known := &structs[i]; known.typ == e.typ {
			known.twice = known.twice || len(known.index) == len(e.index)
			return structs
		}
	}
	return append(structs, e)
}

// isVisible reports whether a name means f. The length of an index is its level.
func isVisible(all []*Field, f *Field) bool {
	for _, o := range all {
		if o == f || o.Name != f.Name || len(o.Index) > len(f.Index) {
			continue
		}
		if len(o.Index) < len(f.Index) || o.Tagged || !f.Tagged {
			return false
		}
	}
	return !f.twice
}

// byPlace sorts fields by where they stand. It is not slices.SortFunc, which is 25 kB in a binary
// for what is done once a type.
func byPlace(all []*Field) {
	for i := range all {
		for j := i; j > 0 && slices.Compare(all[j].Index, all[j-1].Index) < 0; j-- {
			all[j], all[j-1] = all[j-1], all[j]
		}
	}
}

// Pointed returns what an unnamed pointer type points to, and any other type as it is.
func Pointed(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer && t.Name() == "" {
		return t.Elem()
	}
	return t
}
