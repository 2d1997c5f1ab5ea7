package weirtest

import (
	"fmt"
	"reflect"
)

// field is a struct field that may become an attribute.
type field struct {
	value reflect.Value // not valid within an embedded nil pointer
	tag   tag
}

// structure is a struct whose fields count: the item, or one embedded in it.
type structure struct {
	typ   reflect.Type
	value reflect.Value // not valid when it is a nil pointer
}

// encodeFields encodes a struct level by level: a name belongs to its outermost level, where
// a tag beats none and a tie hides it.
func encodeFields(v reflect.Value, into map[string]value) error {
	taken := map[string]bool{}
	seen := map[reflect.Type]bool{}
	for level := []structure{{v.Type(), v}}; len(level) > 0; {
		named := map[string][]field{}
		var next []structure
		for _, s := range level {
			if !seen[s.typ] {
				seen[s.typ] = true
				next = append(next, s.fields(named)...)
			}
		}
		for name, fields := range named {
			f := winner(fields)
			if taken[name] || !f.value.IsValid() {
				taken[name] = true
				continue
			}
			taken[name] = true
			elem, err := encode(f.value, f.tag)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			if elem != nil {
				into[name] = elem
			}
		}
		level = next
	}
	return nil
}

// fields files the struct's own fields by attribute name and returns the embedded ones.
func (s structure) fields(named map[string][]field) (embedded []structure) {
	for i := range s.typ.NumField() {
		sf := s.typ.Field(i)
		f := field{tag: parseTag(sf.Tag.Get("dynamodbav"))}
		if s.value.IsValid() {
			f.value = s.value.Field(i)
		}
		if f.tag.name == "-" {
			continue
		}
		if sf.Anonymous && f.tag.name == "" {
			e := structure{sf.Type, f.value}
			if sf.Type.Kind() == reflect.Pointer {
				e.typ = sf.Type.Elem()
				if e.value.IsValid() {
					e.value = e.value.Elem()
				}
			}
			if e.typ.Kind() == reflect.Struct {
				embedded = append(embedded, e)
				continue
			}
		}
		if !sf.IsExported() {
			continue
		}
		name := f.tag.name
		if name == "" {
			name = sf.Name
		}
		named[name] = append(named[name], f)
	}
	return embedded
}

// winner picks the field that a name means among those of one level; none is not valid.
func winner(same []field) field {
	if len(same) == 1 {
		return same[0]
	}
	var won field
	tagged := 0
	for _, f := range same {
		if f.tag.name != "" {
			won = f
			tagged++
		}
	}
	if tagged != 1 {
		return field{}
	}
	return won
}
