package monoid

import (
	"encoding/binary"
	"iter"
	"maps"
	"reflect"
	"slices"
)

// Element is what a Set can have in it.
type Element interface {
	~string | Integer
}

// Members are the elements of a set: Set's value. The zero Members is empty.
type Members[E Element] struct {
	one  E // what is in it, if single, so that a record's element needs no map
	many map[E]struct{}

	single bool
}

// SetOf returns the Members given.
func SetOf[E Element](elements ...E) Members[E] {
	if len(elements) == 1 {
		return Members[E]{one: elements[0], single: true}
	}
	var s Members[E]
	for _, e := range elements {
		s.put(e)
	}
	return s
}

// Len returns how many there are.
func (s Members[E]) Len() int {
	if s.single {
		return 1
	}
	return len(s.many)
}

// Has says whether e is among them.
func (s Members[E]) Has(e E) bool {
	if s.single {
		return s.one == e
	}
	_, ok := s.many[e]
	return ok
}

// All yields them in ascending order.
func (s Members[E]) All() iter.Seq[E] {
	return func(yield func(E) bool) {
		for _, e := range s.sorted() {
			if !yield(e) {
				return
			}
		}
	}
}

func (s Members[E]) sorted() []E {
	if s.single {
		return []E{s.one}
	}
	return slices.Sorted(maps.Keys(s.many))
}

func (s *Members[E]) put(e E) {
	if s.many == nil {
		s.many = map[E]struct{}{}
		if s.single {
			s.many[s.one] = struct{}{}
			s.single = false
		}
	}
	s.many[e] = struct{}{}
}

// Set unites sets. All elements are stored, in one row, and each batch that has one for a key
// reads and writes them all; stores limit the size of a row too (DynamoDB: 400 KB). So a set
// with more elements than limit is an error that matches ErrOverflow; a limit of 0 is none. Use
// sketch.HLL (in ext) to count what is too much to keep, and Bloom to recognise it.
//
// The limit may change from one deployment to the next: a set that is already larger can still
// be read.
func Set[E Element](limit int) Monoid[Members[E]] {
	kind := reflect.TypeFor[E]().Kind()
	return set[E]{"set/" + kind.String(), kind, limit}
}

type set[E Element] struct {
	name  string
	kind  reflect.Kind
	limit int
}

func (m set[E]) Name() string { return m.name }

func (m set[E]) Identity() Members[E] { return Members[E]{} }

func (m set[E]) Combine(a, b Members[E]) (Members[E], error) {
	a.many = maps.Clone(a.many)
	err := m.Add(&a, b)
	return a, err
}

func (m set[E]) Add(into *Members[E], v Members[E]) error {
	if v.single {
		return m.addOne(into, v.one)
	}
	fresh := 0
	for e := range v.many {
		if !into.Has(e) {
			fresh++
		}
	}
	if err := m.room(into.Len(), fresh); err != nil {
		return err
	}
	for e := range v.many {
		into.put(e)
	}
	return nil
}

func (m set[E]) addOne(into *Members[E], e E) error {
	switch {
	case into.Has(e):
		return nil
	case into.Len() == 0:
		into.one, into.single, into.many = e, true, nil
		return nil
	}
	if err := m.room(into.Len(), 1); err != nil {
		return err
	}
	into.put(e)
	return nil
}

func (m set[E]) room(have, fresh int) error {
	if m.limit > 0 && fresh > 0 && have+fresh > m.limit {
		return fail(m.name, ErrOverflow, "%d elements, more than the limit of %d", have+fresh, m.limit)
	}
	return nil
}

// Append writes the number of elements and the elements in ascending order.
func (m set[E]) Append(dst []byte, v Members[E]) ([]byte, error) {
	all := v.sorted()
	dst = binary.AppendUvarint(dst, uint64(len(all)))
	list := reflect.ValueOf(all)
	for i := range all {
		e := list.Index(i)
		switch {
		case m.kind == reflect.String:
			dst = appendBlock(dst, e.String())
		case e.CanInt():
			dst = binary.AppendVarint(dst, e.Int())
		default:
			dst = binary.AppendUvarint(dst, e.Uint())
		}
	}
	return dst, nil
}

func (m set[E]) Decode(src []byte) (Members[E], error) {
	r := reader{src: src}
	n := r.count(1)
	if n == 1 {
		var e E
		if m.read(&r, reflect.ValueOf(&e).Elem()) && r.ok() {
			return SetOf(e), nil
		}
	}
	many := make(map[E]struct{}, n)
	var e, last E
	for slot := reflect.ValueOf(&e).Elem(); n != 1 && len(many) < n; last = e {
		if !m.read(&r, slot) || len(many) > 0 && e <= last {
			break
		}
		many[e] = struct{}{}
	}
	if len(many) != n || !r.ok() {
		return Members[E]{}, fail(m.name, ErrEncoding, "%d bytes are not ascending elements", len(src))
	}
	return Members[E]{many: many}, nil
}

// read reads one element into slot.
func (m set[E]) read(r *reader, slot reflect.Value) bool {
	switch {
	case m.kind == reflect.String:
		slot.SetString(string(r.block()))
	case slot.CanInt():
		x := r.varint()
		slot.SetInt(x)
		return !r.bad && !slot.OverflowInt(x)
	default:
		x := r.uvarint()
		slot.SetUint(x)
		return !r.bad && !slot.OverflowUint(x)
	}
	return !r.bad
}
