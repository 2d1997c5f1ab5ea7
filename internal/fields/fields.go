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
	Tagged bool                // the name comes from the tag
	Quoted bool                // tag option "string"
	Go     reflect.StructField // Index is the way to it, as for reflect.Value.FieldByIndex
	In     *Field              // the struct that it is in, embedded or the outermost
	twice  bool                // its struct, or it as one, is embedded more than once on its level
}

// Use says what a struct field is to a decoder.
type Use uint8

const (
	Leave  Use = iota
	Take       // it has a name
	Inline     // it is an embedded struct, or a pointer to one, whose fields count instead
)

// Reader reads what Go says of a field: it sets Name, Tagged and Quoted, and returns the field's use.
type Reader func(f *Field) Use

// Visible lists the fields of t and of its embedded structs by their place. A name
// belongs to its outermost level, where a tag beats none and a tie hides it. It does without maps,
// which take more code than time.
func Visible(t reflect.Type, read Reader) []*Field {
	var all []*Field
	structs := []*Field{{Go: reflect.StructField{Type: t}}} // level by level
	for at := 0; at < len(structs); at++ {
		e := structs[at]
		t := Pointed(e.Go.Type)
		for i := range t.NumField() {
			f := &Field{Go: t.Field(i), In: e}
			f.Go.Index = append(slices.Clip(e.Go.Index), i)
			switch read(f) {
			case Inline:
				structs = embed(structs, f)
			case Take:
				f.twice = e.twice
				all = append(all, f)
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
func embed(structs []*Field, e *Field) []*Field {
	for _, known := range structs {
		if Pointed(known.Go.Type) == Pointed(e.Go.Type) {
			known.twice = known.twice || known.level() == e.level()
			return structs
		}
	}
	return append(structs, e)
}

func (f *Field) level() int { return len(f.Go.Index) }

// isVisible reports whether a name means f.
func isVisible(all []*Field, f *Field) bool {
	for _, o := range all {
		if o == f || o.Name != f.Name || o.level() > f.level() {
			continue
		}
		if o.level() < f.level() || o.Tagged || !f.Tagged {
			return false
		}
	}
	return !f.twice
}

// byPlace sorts fields by where they stand. It is not slices.SortFunc, which is 25 kB in a binary
// for what is done once a type.
func byPlace(all []*Field) {
	for i := range all {
		for j := i; j > 0 && slices.Compare(all[j].Go.Index, all[j-1].Go.Index) < 0; j-- {
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
