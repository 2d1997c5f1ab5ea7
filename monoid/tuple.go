package monoid

import "fmt"

// Pair is the value of Tuple2.
type Pair[A, B any] struct {
	First  A
	Second B
}

// PairOf returns a Pair.
func PairOf[A, B any](a A, b B) Pair[A, B] { return Pair[A, B]{a, b} }

// Triple is the value of Tuple3.
type Triple[A, B, C any] struct {
	First  A
	Second B
	Third  C
}

// TripleOf returns a Triple.
func TripleOf[A, B, C any](a A, b B, c C) Triple[A, B, C] { return Triple[A, B, C]{a, b, c} }

// Tuple2 combines pairs, each part by its own monoid: a count beside a maximum, say. They are
// stored in one row, and so change together. If one part cannot be combined, none is. Within a
// batch only the last part is combined in place: put a sketch there.
func Tuple2[A, B any](a Monoid[A], b Monoid[B]) Monoid[Pair[A, B]] {
	if a == nil || b == nil {
		return broken[Pair[A, B]]("tuple()", "a part has no monoid")
	}
	acc, _ := b.(Accumulator[B])
	m := tuple2[A, B]{tuple{fmt.Sprintf("tuple(%s,%s)", a.Name(), b.Name())}, a, b, acc}
	if isOrdered(a) || isOrdered(b) {
		return orderedTuple2[A, B]{m}
	}
	return m
}

// Tuple3 is Tuple2 for three.
func Tuple3[A, B, C any](a Monoid[A], b Monoid[B], c Monoid[C]) Monoid[Triple[A, B, C]] {
	if a == nil || b == nil || c == nil {
		return broken[Triple[A, B, C]]("tuple()", "a part has no monoid")
	}
	acc, _ := c.(Accumulator[C])
	m := tuple3[A, B, C]{tuple{fmt.Sprintf("tuple(%s,%s,%s)", a.Name(), b.Name(), c.Name())}, a, b, c, acc}
	if isOrdered(a) || isOrdered(b) || isOrdered(c) {
		return orderedTuple3[A, B, C]{m}
	}
	return m
}

func isOrdered(m any) bool {
	_, ok := m.(Ordered)
	return ok
}

// addTo combines v into *into, in place if acc is there.
func addTo[V any](m Monoid[V], acc Accumulator[V], into *V, v V) error {
	if acc != nil {
		return acc.Add(into, v)
	}
	sum, err := m.Combine(*into, v)
	if err == nil {
		*into = sum
	}
	return err
}

type tuple struct{ name string }

func (m tuple) Name() string { return m.name }

func (m tuple) in(err error) error { return fmt.Errorf("monoid %s: %w", m.name, err) }

func (m tuple) short(src []byte) error {
	return fail(m.name, ErrEncoding, "%d bytes are too few", len(src))
}

type tuple2[A, B any] struct {
	tuple
	a   Monoid[A]
	b   Monoid[B]
	acc Accumulator[B] // nil if b is none
}

type orderedTuple2[A, B any] struct{ tuple2[A, B] }

func (orderedTuple2[A, B]) Ordered() {}

func (m tuple2[A, B]) Identity() Pair[A, B] { return Pair[A, B]{m.a.Identity(), m.b.Identity()} }

func (m tuple2[A, B]) Combine(x, y Pair[A, B]) (Pair[A, B], error) {
	a, err := m.a.Combine(x.First, y.First)
	if err != nil {
		return Pair[A, B]{}, m.in(err)
	}
	b, err := m.b.Combine(x.Second, y.Second)
	if err != nil {
		return Pair[A, B]{}, m.in(err)
	}
	return Pair[A, B]{a, b}, nil
}

func (m tuple2[A, B]) Add(into *Pair[A, B], v Pair[A, B]) error {
	a, err := m.a.Combine(into.First, v.First) // not in place, since the second may fail
	if err != nil {
		return m.in(err)
	}
	if err := addTo(m.b, m.acc, &into.Second, v.Second); err != nil {
		return m.in(err)
	}
	into.First = a
	return nil
}

// Append writes each part, all but the last with their lengths.
func (m tuple2[A, B]) Append(dst []byte, v Pair[A, B]) ([]byte, error) {
	a, err := m.a.Append(nil, v.First)
	if err != nil {
		return dst, m.in(err)
	}
	out, err := m.b.Append(appendBlock(dst, a), v.Second)
	if err != nil {
		return dst, m.in(err)
	}
	return out, nil
}

func (m tuple2[A, B]) Decode(src []byte) (Pair[A, B], error) {
	r := reader{src: src}
	first := r.block()
	if r.bad {
		return Pair[A, B]{}, m.short(src)
	}
	a, err := m.a.Decode(first)
	if err != nil {
		return Pair[A, B]{}, m.in(err)
	}
	b, err := m.b.Decode(r.src)
	if err != nil {
		return Pair[A, B]{}, m.in(err)
	}
	return Pair[A, B]{a, b}, nil
}

type tuple3[A, B, C any] struct {
	tuple
	a   Monoid[A]
	b   Monoid[B]
	c   Monoid[C]
	acc Accumulator[C] // nil if c is none
}

type orderedTuple3[A, B, C any] struct{ tuple3[A, B, C] }

func (orderedTuple3[A, B, C]) Ordered() {}

func (m tuple3[A, B, C]) Identity() Triple[A, B, C] {
	return Triple[A, B, C]{m.a.Identity(), m.b.Identity(), m.c.Identity()}
}

func (m tuple3[A, B, C]) Combine(x, y Triple[A, B, C]) (out Triple[A, B, C], err error) {
	if out.First, err = m.a.Combine(x.First, y.First); err != nil {
		return Triple[A, B, C]{}, m.in(err)
	}
	if out.Second, err = m.b.Combine(x.Second, y.Second); err != nil {
		return Triple[A, B, C]{}, m.in(err)
	}
	if out.Third, err = m.c.Combine(x.Third, y.Third); err != nil {
		return Triple[A, B, C]{}, m.in(err)
	}
	return out, nil
}

func (m tuple3[A, B, C]) Add(into *Triple[A, B, C], v Triple[A, B, C]) error {
	a, err := m.a.Combine(into.First, v.First)
	if err != nil {
		return m.in(err)
	}
	b, err := m.b.Combine(into.Second, v.Second)
	if err != nil {
		return m.in(err)
	}
	if err := addTo(m.c, m.acc, &into.Third, v.Third); err != nil {
		return m.in(err)
	}
	into.First, into.Second = a, b
	return nil
}

func (m tuple3[A, B, C]) Append(dst []byte, v Triple[A, B, C]) ([]byte, error) {
	a, err := m.a.Append(nil, v.First)
	if err != nil {
		return dst, m.in(err)
	}
	b, err := m.b.Append(nil, v.Second)
	if err != nil {
		return dst, m.in(err)
	}
	out, err := m.c.Append(appendBlock(appendBlock(dst, a), b), v.Third)
	if err != nil {
		return dst, m.in(err)
	}
	return out, nil
}

func (m tuple3[A, B, C]) Decode(src []byte) (out Triple[A, B, C], err error) {
	r := reader{src: src}
	first, second := r.block(), r.block()
	if r.bad {
		return out, m.short(src)
	}
	if out.First, err = m.a.Decode(first); err != nil {
		return Triple[A, B, C]{}, m.in(err)
	}
	if out.Second, err = m.b.Decode(second); err != nil {
		return Triple[A, B, C]{}, m.in(err)
	}
	if out.Third, err = m.c.Decode(r.src); err != nil {
		return Triple[A, B, C]{}, m.in(err)
	}
	return out, nil
}
