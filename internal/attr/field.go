package attr

import (
	"reflect"
	"strings"

	"github.com/weir-go/weir/internal/fields"
)

// field is one struct field that an attribute can go into.
type field struct {
	fields.Field // Quoted: an S holds a number
	node         *node
	direct       bool // offset leads to it, and it may be set
	offset       uintptr
}

// structure has the fields of a struct.
type structure struct {
	all   []*field // by place in the struct
	names []string // of all
}

func (c compiler) fields(t reflect.Type, path string) (*structure, error) {
	fs := &structure{}
	for _, from := range fields.Visible(t, read) {
		f := &field{Field: *from}
		n, err := c.node(f.Go.Type, path+"."+f.Go.Name)
		if err != nil {
			return nil, err
		}
		f.node = n
		f.find(t)
		fs.all, fs.names = append(fs.all, f), append(fs.names, f.Name)
	}
	return fs, nil
}

// find looks for the way from a struct of type t to the field.
func (f *field) find(t reflect.Type) {
	for i, x := range f.Go.Index {
		if i > 0 && t.Kind() == reflect.Pointer {
			f.direct = false
			return
		}
		sf := t.Field(x)
		f.offset += sf.Offset
		f.direct = sf.IsExported() && !f.Quoted
		t = sf.Type
	}
}

// in returns the field within struct v, and makes the embedded structs on the way.
func (f *field) in(v reflect.Value) (reflect.Value, *failure) {
	for i, x := range f.Go.Index {
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

// read reads a field as the SDK does.
func read(f *fields.Field) fields.Use {
	sf := &f.Go
	name, options, _ := strings.Cut(sf.Tag.Get("dynamodbav"), ",")
	if name == "-" || !sf.IsExported() && !sf.Anonymous {
		return fields.Leave
	}
	for option := range strings.SplitSeq(options, ",") {
		// The others are for encoding; unixtime is what an N means to a time anyway.
		f.Quoted = f.Quoted || option == "string"
	}
	f.Name = sf.Name
	switch {
	case name != "":
		f.Name, f.Tagged = name, true
	case sf.Anonymous && fields.Pointed(sf.Type).Kind() == reflect.Struct:
		return fields.Inline
	}
	return fields.Take
}
