package monoid

import (
	"math"
	"reflect"
	"strconv"
)

// Integer is any integer type.
type Integer interface {
	~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~uintptr
}

// Float is any floating-point type.
type Float interface {
	~float32 | ~float64
}

// Number is any type of numbers that have an order.
type Number interface {
	Integer | Float
}

// numeric is what a numeric type is at run time. Its text encoding is Go's shortest decimal.
type numeric struct {
	kind reflect.Kind
	bits int
}

func numericOf[N Number]() numeric {
	t := reflect.TypeFor[N]()
	return numeric{t.Kind(), t.Bits()}
}

func (k numeric) String() string { return k.kind.String() }

func (k numeric) float() bool { return k.kind == reflect.Float32 || k.kind == reflect.Float64 }

func (k numeric) signed() bool { return reflect.Int <= k.kind && k.kind <= reflect.Int64 }

// least returns the type's smallest value, minus infinity for floats.
func least[N Number](k numeric) N {
	switch {
	case k.float():
		return N(math.Inf(-1))
	case k.signed():
		return N(int64(math.MinInt64) >> (64 - k.bits))
	}
	return 0
}

// greatest returns the type's largest value, infinity for floats.
func greatest[N Number](k numeric) N {
	switch {
	case k.float():
		return N(math.Inf(1))
	case k.signed():
		return N(int64(math.MaxInt64) >> (64 - k.bits))
	}
	return N(uint64(math.MaxUint64) >> (64 - k.bits))
}

// add is a + b. It is not ok if that leaves N, or is no finite number.
func add[N Number](a, b N) (sum N, ok bool) {
	sum = a + b
	if b > 0 && sum < a || b < 0 && sum > a || !finite(sum) {
		return a, false
	}
	return sum, true
}

// finite is true for integers; infinity minus infinity is no number, and so not 0.
func finite[N Number](n N) bool {
	zero := n - n // 0 for all but NaN and infinities
	return zero == 0
}

func isNaN[N Number](n N) bool {
	return n != n // true for NaN alone
}

func appendNumber[N Number](dst []byte, n N, k numeric) []byte {
	switch {
	case k.float():
		return strconv.AppendFloat(dst, float64(n), 'g', -1, k.bits)
	case k.signed():
		return strconv.AppendInt(dst, int64(n), 10)
	}
	return strconv.AppendUint(dst, uint64(n), 10)
}

const maxNumber = 32 // bytes; no number that appendNumber writes has more

// parseNumber reads exactly what appendNumber wrote, so that a flipped bit has less of a
// chance to make another number of it.
func parseNumber[N Number](src []byte, k numeric) (n N, ok bool) {
	if len(src) > maxNumber {
		return 0, false
	}
	var err error
	switch {
	case k.float():
		var f float64
		f, err = strconv.ParseFloat(string(src), k.bits)
		n = N(f)
	case k.signed():
		var i int64
		i, err = strconv.ParseInt(string(src), 10, k.bits)
		n = N(i)
	default:
		var u uint64
		u, err = strconv.ParseUint(string(src), 10, k.bits)
		n = N(u)
	}
	var again [maxNumber]byte
	if err != nil || string(appendNumber(again[:0], n, k)) != string(src) {
		return 0, false
	}
	return n, true
}

// quoted is src for an error's text.
func quoted(src []byte) string {
	if len(src) > 2*maxNumber {
		return strconv.Quote(string(src[:2*maxNumber])) + "..."
	}
	return strconv.Quote(string(src))
}
