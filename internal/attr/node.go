package attr

import (
	"errors"
	"fmt"
	"reflect"
	"time"
)

// maxPointers stops at types like "type P *P".
const maxPointers = 32

// node is what decoding has to know about one Go type.
type node struct {
	typ    reflect.Type
	kind   reflect.Kind
	elem   *node      // of a pointer, slice, array or map
	key    keyFunc    // of a map; nil when its keys cannot be decoded
	fields *structure // of a struct
	time   bool       // time.Time, or a type made from it
	big    bool       // one of math/big
	bytes  bool       // a slice or array of bytes
	slot   int        // of a struct or slice: where a Reader keeps its spares
}

// nodeOf returns the node for t from the cache, or compiles it.
func nodeOf(t reflect.Type) (*node, error) {
	got, ok := nodes.Load(t)
	if !ok {
		c := compiler{}
		n, err := c.node(t, t.String())
		if err != nil {
			got = err
		} else {
			got = n
		}
		got, _ = nodes.LoadOrStore(t, got)
	}
	if err, ok := got.(error); ok {
		return nil, err
	}
	return got.(*node), nil
}

// compiler holds the nodes made so far, for types that contain themselves.
type compiler map[reflect.Type]*node

func (c compiler) node(t reflect.Type, path string) (*node, error) {
	if n := c[t]; n != nil {
		return n, nil
	}
	if hasUnmarshaler(t) {
		return nil, fmt.Errorf("attr: %s: type %s has its own UnmarshalDynamoDBAttributeValue, which cannot be called "+
			"without the AWS SDK: give the field a type without this method and convert it in your handler, "+
			"or leave it out with the tag `dynamodbav:\"-\"`", path, t)
	}
	n := &node{typ: t, kind: t.Kind(), slot: int(slots.Add(1)) - 1}
	c[t] = n
	var err error
	switch n.kind {
	case reflect.Pointer:
		if endless(t) {
			return nil, errors.New("attr: " + path + ": too many pointers")
		}
		n.elem, err = c.node(t.Elem(), path)
	case reflect.Slice, reflect.Array:
		n.bytes = t.Elem().Kind() == reflect.Uint8
		n.elem, err = c.node(t.Elem(), path+"[]")
	case reflect.Map:
		n.key = keyFuncOf(t.Key())
		n.elem, err = c.node(t.Elem(), path+"[]")
	case reflect.Struct:
		n.time = t.ConvertibleTo(reflect.TypeFor[time.Time]())
		n.big = isBig(t)
		n.fields, err = c.fields(t, path)
	}
	return n, err
}

// isBig goes by the name: naming the types would link math/big into every binary.
func isBig(t reflect.Type) bool {
	name := t.Name()
	return t.PkgPath() == "math/big" && (name == "Int" || name == "Float" || name == "Rat")
}

func endless(t reflect.Type) bool {
	for range maxPointers {
		if t.Kind() != reflect.Pointer {
			return false
		}
		t = t.Elem()
	}
	return true
}

// hasUnmarshaler reports whether the SDK would call a method of t's own. The name is a
// constant on purpose: with one the linker keeps no other methods alive.
func hasUnmarshaler(t reflect.Type) bool {
	if _, ok := t.MethodByName("UnmarshalDynamoDBAttributeValue"); ok {
		return true
	}
	if t.Kind() == reflect.Pointer || t.Kind() == reflect.Interface {
		return false
	}
	_, ok := reflect.PointerTo(t).MethodByName("UnmarshalDynamoDBAttributeValue")
	return ok
}
