package monoid

import (
	"encoding/binary"
	"fmt"
	"maps"
	"reflect"
	"slices"
)

// MapOf combines maps: what is under the same key is combined by m. All of a map is stored in
// one row, so it is for keys of which there are few, such as countries or status codes; what
// grows without end belongs into the pipeline's Key.
//
// A nil map is an empty map.
func MapOf[V any](m Monoid[V]) Monoid[map[string]V] {
	if m == nil {
		return broken[map[string]V]("map()", "its values have no monoid")
	}
	if err := Check(m); err != nil { // or nobody finds out before the first key
		name := "map(" + m.Name() + ")"
		return refusal[map[string]V]{name, fmt.Errorf("monoid %s: %w", name, err)}
	}
	acc, _ := m.(Accumulator[V])
	if flat(reflect.TypeFor[V]()) {
		acc = nil // copying is as good, and needs no variable to point to
	}
	x := mapOf[V]{"map(" + m.Name() + ")", m, acc}
	if isOrdered(m) {
		return orderedMap[V]{x}
	}
	return x
}

// flat says that values of a type refer to nothing but strings.
func flat(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Struct:
		for f := range t.Fields() {
			if !flat(f.Type) {
				return false
			}
		}
		return true
	case reflect.Array:
		return flat(t.Elem())
	case reflect.Map, reflect.Slice, reflect.Pointer, reflect.Interface, reflect.Func, reflect.Chan, reflect.UnsafePointer:
		return false
	}
	return true
}

type mapOf[V any] struct {
	name  string
	inner Monoid[V]
	acc   Accumulator[V] // nil if inner is none, or is better off without
}

type orderedMap[V any] struct{ mapOf[V] }

func (orderedMap[V]) Ordered() {}

func (m mapOf[V]) Name() string { return m.name }

func (m mapOf[V]) Identity() map[string]V { return nil }

func (m mapOf[V]) Combine(a, b map[string]V) (map[string]V, error) {
	out := make(map[string]V, max(len(a), len(b)))
	for key, v := range a {
		if other, ok := b[key]; ok {
			var err error
			if out[key], err = m.inner.Combine(v, other); err != nil {
				return nil, m.at(key, err)
			}
			continue
		}
		if err := m.copy(out, key, v); err != nil {
			return nil, err
		}
	}
	for key, v := range b {
		if _, ok := a[key]; !ok {
			if err := m.copy(out, key, v); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// copy puts a copy of v in, as only Combine can make one.
func (m mapOf[V]) copy(out map[string]V, key string, v V) (err error) {
	if out[key], err = m.inner.Combine(m.inner.Identity(), v); err != nil {
		return m.at(key, err)
	}
	return nil
}

func (m mapOf[V]) at(key string, err error) error {
	return fmt.Errorf("monoid %s: at key %q: %w", m.name, key, err)
}

func (m mapOf[V]) Add(into *map[string]V, v map[string]V) error {
	if len(v) == 1 {
		for key, x := range v {
			return m.addOne(into, key, x)
		}
	}
	fresh := make(map[string]V, len(v)) // so that all is done, or nothing
	for key, x := range v {
		old, ok := (*into)[key]
		if !ok {
			old = m.inner.Identity()
		}
		var err error
		if fresh[key], err = m.inner.Combine(old, x); err != nil {
			return m.at(key, err)
		}
	}
	if *into == nil {
		*into = fresh
		return nil
	}
	maps.Copy(*into, fresh)
	return nil
}

func (m mapOf[V]) addOne(into *map[string]V, key string, x V) error {
	old, ok := (*into)[key]
	if !ok {
		old = m.inner.Identity()
	}
	var err error
	if m.acc == nil {
		old, err = m.inner.Combine(old, x)
	} else {
		old, err = added(m.acc, old, x)
	}
	if err != nil {
		return m.at(key, err)
	}
	if *into == nil {
		*into = map[string]V{}
	}
	(*into)[key] = old
	return nil
}

// added is apart since old escapes.
func added[V any](acc Accumulator[V], old, x V) (V, error) {
	err := acc.Add(&old, x)
	return old, err
}

// Append writes the number of keys, and keys and values in the order of keys.
func (m mapOf[V]) Append(dst []byte, v map[string]V) ([]byte, error) {
	out := binary.AppendUvarint(dst, uint64(len(v)))
	var value []byte
	for _, key := range slices.Sorted(maps.Keys(v)) {
		var err error
		if value, err = m.inner.Append(value[:0], v[key]); err != nil {
			return dst, m.at(key, err)
		}
		out = appendBlock(appendBlock(out, key), value)
	}
	return out, nil
}

func (m mapOf[V]) Decode(src []byte) (map[string]V, error) {
	r := reader{src: src}
	n := r.count(2)
	out := make(map[string]V, min(n, 16)) // a V may be large
	for last := ""; len(out) < n; {
		key, value := string(r.block()), r.block()
		if r.bad || len(out) > 0 && key <= last {
			break
		}
		v, err := m.inner.Decode(value)
		if err != nil {
			return nil, m.at(key, err)
		}
		out[key], last = v, key
	}
	if len(out) != n || !r.ok() {
		return nil, fail(m.name, ErrEncoding, "%d bytes are not ascending keys and their values", len(src))
	}
	return out, nil
}
