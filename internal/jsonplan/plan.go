// Package jsonplan decodes JSON texts into Go values by a plan that is made once for
// each type. It gives what json.Unmarshal gives, in a fraction of the time.
//
// The plan covers what payloads are made of. At the first doubt (a value that does
// not fit, a key that comes twice for a slice, a syntax error) it empties the
// destination and hands the whole text to encoding/json, whose result
// and error then count. So there is one set of rules, and the plan only has to know
// when it is sure.
//
// Decoded strings are views of the text, which must not change afterwards, and slices
// share chunks of memory: one that is kept keeps up to 9 kB of others alive.
package jsonplan

import (
	"encoding/json"
	"reflect"
	"sync"

	"github.com/weir-go/weir/internal/memory"
)

// plans holds a *Plan by the reflect.Type that it decodes into.
var plans sync.Map

// Plan decodes JSON texts into values of one type, T. It is safe for concurrent use.
type Plan struct {
	_      memory.Incomparable
	typ    reflect.Type // *T
	root   *node        // nil when encoding/json does it all
	fields *structure   // of T, or of what it points to, if it has some
	unfit  bool
	hooked bool // calls code of the user's
	slices int
}

// Scratch is the memory that the decodes of one goroutine share. What they return is
// not part of it, and may be kept. It belongs to the Plan that made it.
type Scratch struct {
	d  decoder
	v  any            // what the last decode went to, unless that may be kept by code of the user's
	to memory.Pointer // to what v points to
}

// NewScratch returns a Scratch for any number of decodes.
//
//go:noinline
func (p *Plan) NewScratch() *Scratch {
	return &Scratch{d: decoder{lists: make([]*memory.List, p.slices)}}
}

// For returns the decoder of JSON texts into values of type t. It never fails: what a plan does not
// cover is left to encoding/json.
func For(t reflect.Type) *Plan {
	if p, ok := plans.Load(t); ok {
		return p.(*Plan)
	}
	var c compiler
	root := c.node(t, true)
	p := &Plan{typ: reflect.PointerTo(t), root: root, unfit: c.unfit, hooked: c.hooked, slices: c.slices}
	for n := 0; n < maxPointers && root.op == opPointer; n++ {
		root = root.elem
	}
	p.fields = root.fields
	if c.unfit || p.root.op == opStd || p.root.op == opHook {
		p.root = nil
	}
	kept, _ := plans.LoadOrStore(t, p)
	return kept.(*Plan)
}

// maxPointers stops at types like "type P *P".
const maxPointers = 32

// Takes reports whether T is a struct, or points to one, that may have a field for key.
func (p *Plan) Takes(key string) bool {
	return p.fields != nil && (p.unfit || p.fields.find([]byte(key), nil) != nil)
}

// Hooked reports whether a decode may call code of the user's.
func (p *Plan) Hooked() bool { return p.hooked || p.root == nil }

// Decode does what json.Unmarshal(data, v) does: the same value, and the same error
// or none, for v that points to a T that is zero. Nobody may change data afterwards.
//
// An UnmarshalJSON or UnmarshalText that it has called is called once more when
// something else in the text is left to encoding/json.
func (p *Plan) Decode(data []byte, v any, s *Scratch) error {
	to := s.to
	if s.v == nil || !memory.Same(v, s.v) {
		if to = p.bind(v, s); to == nil {
			return json.Unmarshal(data, v)
		}
	}
	d := &s.d
	if len(data) > memory.Shareable {
		d = &p.NewScratch().d
	}
	d.text, d.depth = data, 0
	end := doubt
	switch {
	case p.root.op == opStruct && len(data) > 0 && data[0] == '{' && !p.hooked: // mostly
		end = p.root.object(d, 0, to)
	case !p.hooked || d.ends(d.skip(0)): // encoding/json calls nobody before it has seen that the text is well-formed
		end = p.root.value(d, 0, to)
	}
	if !d.ends(end) {
		reflect.ValueOf(v).Elem().SetZero()
		return json.Unmarshal(data, v)
	}
	return nil
}

// bind returns a pointer to what v points to, or nil if the plan cannot decode into that. Mostly it is the same
// variable again, so it is noted; one that may be kept elsewhere would stay alive.
func (p *Plan) bind(v any, s *Scratch) memory.Pointer {
	if p.root == nil || reflect.TypeOf(v) != p.typ {
		return nil
	}
	to := reflect.ValueOf(v).UnsafePointer()
	if to != nil && !p.hooked {
		s.v, s.to = v, to
	}
	return to
}
