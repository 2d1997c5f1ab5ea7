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
}

// Visible lists the fields of t and of its embedded structs by their place. A name
// belongs to its outermost level, where a tag beats none and a tie hides it.
func Visible(t reflect.Type, read Reader) []Field {
	var all []Field
	names := map[string]bool{} // decided on an outer level
	done := map[reflect.Type]bool{}
	next, times := []embedded{{typ: t}}, map[reflect.Type]int{}
	for len(next) > 0 {
		now, nowTimes := next, times
		next, times = nil, map[reflect.Type]int{}
		level := map[string][]Field{}
		for _, e := range now {
			if done[e.typ] {
				continue
			}
			done[e.typ] = true
			for i := range e.typ.NumField() {
				sf := e.typ.Field(i)
				f, use := read(sf)
				f.GoName, f.Type, f.Index = sf.Name, sf.Type, append(slices.Clip(e.index), i)
				switch use {
				case Inline:
					inner := Pointed(sf.Type)
					if times[inner]++; times[inner] == 1 {
						next = append(next, embedded{inner, f.Index})
					}
				case Take:
					level[f.Name] = append(level[f.Name], f)
					if nowTimes[e.typ] > 1 {
						level[f.Name] = append(level[f.Name], f) // a tie with itself
					}
				}
			}
		}
		for name, same := range level {
			if f, ok := winner(same); ok && !names[name] {
				all = append(all, f)
			}
			names[name] = true
		}
	}
	byPlace(all)
	return all
}

// byPlace sorts fields by where they stand. It is not slices.SortFunc, which is 25 kB in a binary
// for what is done once a type.
func byPlace(all []Field) {
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

// winner picks the field that a name means among those of one level, if any.
func winner(same []Field) (won Field, ok bool) {
	if len(same) == 1 {
		return same[0], true
	}
	for _, f := range same {
		if f.Tagged && ok {
			return f, false
		}
		if f.Tagged {
			won, ok = f, true
		}
	}
	return won, ok
}
