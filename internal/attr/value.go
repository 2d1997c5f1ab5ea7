package attr

import (
	"reflect"
)

// value decodes one attribute value, such as {"S":"a"}, into v. Like all that follow
// it reads the value to its end even when it fails. quoted is the field's tag option.
func (n *node) value(s *Reader, v reflect.Value, quoted bool) *failure {
	kind, f := open(s)
	if f != nil {
		return f
	}
	return n.opened(s, v, kind, quoted)
}

// opened goes on behind the type.
func (n *node) opened(s *Reader, v reflect.Value, kind string, quoted bool) (f *failure) {
	if kind == "NULL" {
		if f = null(s); f == nil {
			setNull(v)
		}
		return shut(s, f)
	}
	n, v, f = n.resolve(v)
	if f == nil && !v.CanSet() && !(kind == "M" && n.kind == reflect.Struct) {
		f = failf("cannot set an unexported embedded %s", v.Type())
	}
	if f != nil {
		s.Skip()
		return shut(s, f)
	}
	return shut(s, n.payload(s, v, kind, quoted))
}

// payload decodes what stands behind the type into v, which is resolved.
func (n *node) payload(s *Reader, v reflect.Value, kind string, quoted bool) *failure {
	switch {
	case kind == "S" && quoted:
		if f := want(s, '"', "a string"); f != nil {
			return f
		}
		return n.setNumber("S", s.String(), v)
	case n.isAny():
		return setAny(s, v, kind)
	}
	switch kind {
	case "S":
		return n.text(s, v)
	case "N":
		return n.number(s, v)
	case "B":
		return n.binary(s, v)
	case "BOOL":
		return n.boolean(s, v)
	case "M":
		return n.attributes(s, v)
	case "L", "SS", "NS", "BS":
		return n.elements(s, v, kind)
	}
	return unknown(s, kind)
}

// open enters an attribute value and reads its type.
func open(s *Reader) (kind string, f *failure) {
	if kind = s.SoleKey(); kind != "" {
		return kind, nil
	}
	if f := want(s, '{', "an attribute value"); f != nil {
		return "", f
	}
	s.Object()
	if !s.MoreKeys() {
		return "", failf("an attribute value without a type")
	}
	return s.Key(), nil
}

// shut leaves an attribute value, which may have one type only.
func shut(s *Reader, f *failure) *failure {
	for !s.Close() && s.MoreKeys() {
		if also := s.Key(); f == nil {
			f = failf("an attribute value with a second type, %s", clip(also))
		}
		s.Skip()
	}
	return f
}

// want skips what is not of the kind and says so.
func want(s *Reader, kind byte, what string) *failure {
	if s.Kind() == kind {
		return nil
	}
	return misfit(s, what)
}

func unknown(s *Reader, kind string) *failure {
	s.Skip()
	return failf("unknown attribute type %s", clip(kind))
}

// isAny reports whether n is an interface that every value fits.
func (n *node) isAny() bool { return n.kind == reflect.Interface && n.typ.NumMethod() == 0 }

// null reads what must stand behind NULL.
func null(s *Reader) *failure {
	if k := s.Kind(); k != 't' && k != 'f' {
		return misfit(s, "true")
	}
	if !s.Bool() {
		return failf("NULL that is false")
	}
	return nil
}

// setNull makes v its zero value. An interface that holds a plain value keeps it, and
// one that holds a pointer to a pointer clears the latter: so does the SDK.
func setNull(v reflect.Value) {
	if !v.CanSet() {
		return
	}
	if v.Kind() == reflect.Interface && !v.IsNil() {
		e := v.Elem()
		if e.Kind() != reflect.Pointer {
			return
		}
		if !e.IsNil() && e.Elem().Kind() == reflect.Pointer {
			v = e.Elem()
		}
	}
	v.SetZero()
}

// resolve follows pointers, and interfaces that hold one, to where a value goes. It
// makes the pointers that are nil.
func (n *node) resolve(v reflect.Value) (*node, reflect.Value, *failure) {
	for hops := 0; ; hops++ {
		switch {
		case n.kind == reflect.Pointer:
			if v.IsNil() {
				if !v.CanSet() {
					return n, v, failf("cannot set an unexported embedded %s", v.Type())
				}
				v.Set(reflect.New(n.elem.typ))
			}
			n, v = n.elem, v.Elem()
		case n.kind == reflect.Interface && v.Elem().Kind() == reflect.Pointer && !v.Elem().IsNil():
			// Only a value the caller has put there can lead back to itself.
			if hops > 2*maxPointers {
				return n, v, failf("too many pointers in an interface")
			}
			v = v.Elem()
			found, err := nodeOf(v.Type())
			if err != nil {
				return n, v, &failure{msg: err.Error()}
			}
			n = found
		default:
			return n, v, nil
		}
	}
}
