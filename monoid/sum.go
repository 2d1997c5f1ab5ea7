package monoid

import (
	"reflect"
	"strconv"
)

// Sum adds numbers up. A sum that leaves N's range is an error that matches ErrOverflow; so is
// a NaN or an infinity, which would never leave the sum again (ErrValue).
//
// Integers add up exactly. Sums of floats depend on the order in the last digits, unless all
// of them, and the sums, are whole numbers below 2^53 (float32: 2^24). So add up cents.
//
// Sums of int64, and of int where it has 64 bits, are Additive. Those of other types are not:
// a store that adds by itself would not notice when the sum leaves their range.
func Sum[N Number]() Monoid[N] {
	k := numericOf[N]()
	return adder[N]("sum/"+k.String(), k)
}

// Count counts: it is Sum[int64] under a name of its own. A Value function returns 1, or
// however many a record stands for.
func Count() Monoid[int64] {
	return adder[int64]("count", numericOf[int64]())
}

func adder[N Number](name string, k numeric) Monoid[N] {
	s := sum[N]{name, k}
	if k.kind == reflect.Int64 || k.kind == reflect.Int && strconv.IntSize == 64 {
		return additive[N]{s}
	}
	return s
}

type sum[N Number] struct {
	name string
	num  numeric
}

func (s sum[N]) Name() string { return s.name }

func (s sum[N]) Identity() N { return 0 }

func (s sum[N]) Combine(a, b N) (N, error) {
	n, ok := add(a, b)
	if !ok {
		return 0, s.refuse(a, b)
	}
	return n, nil
}

func (s sum[N]) Add(into *N, v N) error {
	n, ok := add(*into, v)
	if !ok {
		return s.refuse(*into, v)
	}
	*into = n
	return nil
}

func (s sum[N]) refuse(a, b N) error {
	if !finite(a) || !finite(b) {
		return fail(s.name, ErrValue, "%v + %v", a, b)
	}
	return fail(s.name, ErrOverflow, "%v + %v is out of the range of %s", a, b, s.num)
}

func (s sum[N]) Append(dst []byte, v N) ([]byte, error) {
	if !finite(v) {
		return dst, fail(s.name, ErrValue, "%v", v)
	}
	return appendNumber(dst, v, s.num), nil
}

func (s sum[N]) Decode(src []byte) (N, error) {
	n, ok := parseNumber[N](src, s.num)
	if !ok || !finite(n) {
		return 0, fail(s.name, ErrEncoding, "%s", quoted(src))
	}
	return n, nil
}

// additive is a sum that a store can compute: of 64 bits with a sign.
type additive[N Number] struct{ sum[N] }

func (additive[N]) Delta(v N) int64 { return int64(v) }
