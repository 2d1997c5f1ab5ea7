package jsonplan

import (
	"encoding"
	"encoding/json"
	"reflect"
	"time"

	"github.com/weir-go/weir/internal/memory"
)

// op is how a value is decoded.
type op uint8

const (
	opNothing op = iota // only null can go into it
	opString
	opBool
	opInt
	opUint
	opFloat
	opBytes // from base64, or from an array as opSlice
	opTime
	opNumber // json.Number
	opRaw    // json.RawMessage
	opPointer
	opStruct
	opSlice
	opArray
	opMap
	opQuoted // tag option "string"
	opHook   // json.Unmarshaler
	opText   // encoding.TextUnmarshaler
	opAny
	opStd // encoding/json
)

// node is what decoding has to know about one Go type.
type node struct {
	_      memory.Incomparable
	op     op
	typ    reflect.Type
	kind   reflect.Kind
	bits   uintptr
	elem   *node         // of a pointer, slice, array or map, or of what is quoted
	empty  reflect.Value // of a slice
	slot   int           // of a slice: its number
	fields *structure    // of a struct
}

// compiler makes the nodes of one plan. It holds those made so far, for types that
// contain themselves.
type compiler struct {
	nodes  []*node
	hooked bool
	slices int
	unfit  bool // a case to leave to encoding/json as a whole
}

// node compiles t. A type without a name may have got methods by embedding: those
// encoding/json only finds where the value is pointed to.
func (c *compiler) node(t reflect.Type, pointed bool) *node {
	op := opOf(t)
	if op != opNothing && t.Name() == "" && !pointed {
		c.unfit = true
	}
	for _, n := range c.nodes {
		if n.typ == t {
			return n
		}
	}
	n := &node{op: op, typ: t, kind: t.Kind(), bits: 8 * t.Size()}
	c.nodes = append(c.nodes, n)
	if op == opNothing {
		c.byKind(n)
	}
	if n.op == opHook || n.op == opText || n.op == opStd {
		c.hooked = true
	}
	return n
}

// opOf knows what does not depend on the kind.
func opOf(t reflect.Type) op {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return opTime
	case t == reflect.TypeFor[json.Number]():
		return opNumber
	case t == reflect.TypeFor[json.RawMessage]():
		return opRaw
	case reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()):
		return opHook
	case readsText(t):
		return opText
	}
	return opNothing
}

func readsText(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

func (c *compiler) byKind(n *node) {
	t := n.typ
	switch n.kind {
	case reflect.String:
		n.op = opString
	case reflect.Bool:
		n.op = opBool
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		n.op = opInt
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		n.op = opUint
	case reflect.Float32, reflect.Float64:
		n.op = opFloat
	case reflect.Interface:
		if t.NumMethod() == 0 {
			n.op = opAny
		}
	case reflect.Pointer:
		n.op, n.elem = opPointer, c.node(t.Elem(), true)
	case reflect.Struct:
		n.op, n.fields = opStruct, c.fields(t)
	case reflect.Array:
		n.op, n.elem = opArray, c.node(t.Elem(), false)
	case reflect.Slice:
		n.op, n.elem = opSlice, c.node(t.Elem(), false)
		if t.Elem().Kind() == reflect.Uint8 {
			n.op = opBytes
		}
		n.empty = reflect.MakeSlice(t, 0, 0)
		n.slot = c.slices
		c.slices++
	case reflect.Map:
		if t.Key().Kind() != reflect.String || readsText(t.Key()) {
			n.op = opStd
			return
		}
		n.op, n.elem = opMap, c.node(t.Elem(), false)
	}
}

// quick returns the op of a field that object decodes by itself, unless there are pointers on the way.
func (n *node) quick(way []step) op {
	if n != nil && len(way) == 0 {
		switch {
		case n.op == opString, n.op == opBool, n.op == opSlice, (n.op == opInt || n.op == opFloat) && n.bits == 64:
			return n.op
		}
	}
	return opNothing
}

// quoted wraps the node that a field with the tag option "string" has.
func quoted(n *node) *node {
	if n.op == opPointer {
		p := *n
		p.elem = quoted(n.elem)
		return &p
	}
	return &node{op: opQuoted, typ: n.typ, kind: n.kind, elem: n}
}
