package attr

import (
	"encoding"
	"reflect"
	"strconv"

	"github.com/weir-go/weir/internal/memory"
)

// attributes decodes an attribute map into a struct or a map.
func (n *node) attributes(s *Reader, v reflect.Value) *failure {
	if f := want(s, '{', "an object"); f != nil {
		return f
	}
	switch {
	case n.kind == reflect.Struct:
		return n.intoStruct(s, v)
	case n.kind == reflect.Map && n.key != nil:
		return n.intoMap(s, v)
	}
	s.Skip()
	return failf("cannot decode M into %s", n.typ)
}

func (n *node) intoStruct(s *Reader, v reflect.Value) *failure { return n.structAt(s, memory.Of(v), v) }

// structAt decodes into the struct at p, which is v; v may be left out where the fields of the
// struct may be set.
func (n *node) structAt(s *Reader, p memory.Pointer, v reflect.Value) *failure {
	var f *failure
	keys := s.takeKeys(n)
	for s.ObjectOf(keys); s.NextOf(keys); {
		if keys.Field < 0 || f != nil {
			s.Skip()
			continue
		}
		to := n.fields.all[keys.Field]
		if to.direct {
			if done, failed := to.node.quick(s, memory.Field(p, to.offset)); done {
				if failed != nil {
					f = failed.in(to.Name)
				}
				continue
			}
		}
		if !v.IsValid() {
			v = memory.At(n.typ, p)
		}
		place, failed := to.in(v)
		if failed == nil {
			failed = to.node.value(s, place, to.Quoted)
		} else {
			s.Skip()
		}
		if failed != nil {
			f = failed.in(to.Name)
		}
	}
	s.keys.put(n.slot, keys)
	return f
}

func (n *node) intoMap(s *Reader, v reflect.Value) *failure {
	if v.IsNil() {
		v.Set(reflect.MakeMap(n.typ))
	}
	key := reflect.New(n.typ.Key()).Elem()
	elem := reflect.New(n.elem.typ).Elem()
	var f *failure
	for s.Object(); s.MoreKeys(); {
		name := s.Key()
		if f != nil {
			s.Skip()
			continue
		}
		key.SetZero()
		elem.SetZero()
		failed := n.key(name, key)
		if failed == nil {
			failed = n.elem.value(s, elem, false)
		} else {
			s.Skip()
		}
		if failed != nil {
			f = failed.in(name)
			continue
		}
		v.SetMapIndex(key, elem)
	}
	return f
}

// keyFunc decodes the name of an attribute into a map key.
type keyFunc func(name string, key reflect.Value) *failure

// keyFuncOf returns nil when names cannot be decoded into t.
func keyFuncOf(t reflect.Type) keyFunc {
	switch {
	case t.Kind() == reflect.Interface:
		return nil
	case readsText(t), readsText(reflect.PointerTo(t)):
		return textKey
	}
	switch t.Kind() {
	case reflect.String:
		return stringKey
	case reflect.Bool:
		return boolKey
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64,
		reflect.Float32, reflect.Float64:
		n := &node{typ: t, kind: t.Kind()}
		return func(name string, key reflect.Value) *failure { return n.setNumber("the name", name, key) }
	}
	return nil
}

func stringKey(name string, key reflect.Value) *failure {
	key.SetString(name)
	return nil
}

func boolKey(name string, key reflect.Value) *failure {
	b, err := strconv.ParseBool(name)
	if err != nil {
		return failf("cannot decode the name %s into %s", clip(name), key.Type())
	}
	key.SetBool(b)
	return nil
}

func textKey(name string, key reflect.Value) *failure {
	t := key.Type()
	for key.Kind() == reflect.Pointer {
		key.Set(reflect.New(key.Type().Elem()))
		key = key.Elem()
	}
	u, ok := key.Addr().Interface().(encoding.TextUnmarshaler)
	if !ok {
		return failf("cannot decode the name %s into %s", clip(name), t)
	}
	if err := u.UnmarshalText([]byte(name)); err != nil {
		return failf("cannot decode the name %s into %s: %v", clip(name), t, err)
	}
	return nil
}

func readsText(t reflect.Type) bool { return t.Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) }
