package attr

import (
	"sync/atomic"

	"github.com/weir-go/weir/internal/jsonscan"
	"github.com/weir-go/weir/internal/memory"
)

// Reader is a scanner on a text, with the memory that its decodes share. What they return
// may be kept: strings are views of the text, which must not change afterwards. It is for
// one goroutine, and for one text after another.
type Reader struct {
	jsonscan.Scanner
	bytes memory.Bytes
	keys  spares[jsonscan.Keys] // of structs
	lists spares[memory.List]   // of slices
}

// slots numbers the types that have a spare.
var slots atomic.Int32

// spares holds something for each type while nobody uses it. A type that contains itself
// needs more than one.
type spares[T any] []*T

// take returns the spare of a slot, or nil.
func (s *spares[T]) take(slot int) *T {
	for len(*s) <= slot {
		*s = append(*s, nil)
	}
	t := (*s)[slot]
	(*s)[slot] = nil
	return t
}

func (s spares[T]) put(slot int, t *T) { s[slot] = t }

// takeKeys returns the keys of a struct type, which know those of the struct before.
func (s *Reader) takeKeys(n *node) *jsonscan.Keys {
	k := s.keys.take(n.slot)
	if k == nil {
		k = new(jsonscan.Keys)
		*k = jsonscan.KeysOf(n.fields.names...)
	}
	return k
}

// takeList returns what slices of a type are made by.
func (s *Reader) takeList(n *node) *memory.List {
	l := s.lists.take(n.slot)
	if l == nil {
		l = memory.NewList(n.typ)
	}
	return l
}
