package monoid

import (
	"bytes"
	"encoding/json"
)

// First keeps the value with the earliest time. It does not matter in which order values are
// combined: the time is in them. Of values with the same time it keeps the one whose JSON is
// less, byte by byte, so that there too all orders agree.
//
// A value is stored as JSON. So X must survive encoding/json (its strings are valid UTF-8, for
// instance), and its time lie in the years 0 to 9999. What X refers to is shared, not copied:
// change nothing in it. To compare values of the same time costs their JSON; a record's own
// time is better than one that many share.
func First[X any]() Monoid[Timed[X]] { return pick[X]{"first/json", -1} }

// Last keeps the value with the latest time, and is otherwise like First: of values with the
// same time it keeps the one whose JSON is greater.
func Last[X any]() Monoid[Timed[X]] { return pick[X]{"last/json", +1} }

// pick keeps the value that compares as want to all others.
type pick[X any] struct {
	name string
	want int
}

func (p pick[X]) Name() string { return p.name }

func (p pick[X]) Identity() Timed[X] { return Timed[X]{} }

func (p pick[X]) Combine(a, b Timed[X]) (Timed[X], error) {
	err := p.Add(&a, b)
	return a, err
}

func (p pick[X]) Add(into *Timed[X], v Timed[X]) error {
	switch {
	case !v.some:
		return nil
	case !storable(v.at):
		return fail(p.name, ErrValue, "the time %v is not in the years 0 to 9999", v.at)
	case !into.some:
		*into = v
		return nil
	}
	c := v.at.Compare(into.at)
	if c == 0 {
		a, err := p.json(*into)
		if err != nil {
			return err
		}
		b, err := p.json(v)
		if err != nil {
			return err
		}
		c = bytes.Compare(b, a)
	}
	if c == p.want {
		*into = v
	}
	return nil
}

func (p pick[X]) json(v Timed[X]) ([]byte, error) {
	b, err := json.Marshal(v.value)
	if err != nil {
		return nil, fail(p.name, ErrValue, "as JSON: %v", err)
	}
	return b, nil
}

// Append writes the time, a space, and the JSON; or nothing, if there is no value.
func (p pick[X]) Append(dst []byte, v Timed[X]) ([]byte, error) {
	if !v.some {
		return dst, nil
	}
	if !storable(v.at) {
		return dst, fail(p.name, ErrValue, "the time %v is not in the years 0 to 9999", v.at)
	}
	b, err := p.json(v)
	if err != nil {
		return dst, err
	}
	dst = append(appendTime(dst, v.at), ' ')
	return append(dst, b...), nil
}

func (p pick[X]) Decode(src []byte) (Timed[X], error) {
	var v Timed[X]
	if len(src) == 0 {
		return v, nil
	}
	stamp, text, _ := bytes.Cut(src, []byte(" "))
	at, ok := parseTime(stamp)
	if !ok {
		return v, fail(p.name, ErrEncoding, "it does not begin with a time in UTC: %s", quoted(src))
	}
	var x X
	if err := json.Unmarshal(text, &x); err != nil {
		return v, fail(p.name, ErrEncoding, "as JSON: %v", err)
	}
	return At(at, x), nil
}
