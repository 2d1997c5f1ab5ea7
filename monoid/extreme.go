package monoid

// Max keeps the greatest number. Its identity is the type's smallest: minus infinity for
// floats, math.MinInt64 for int64, 0 for unsigned types. A NaN is an error that matches ErrValue.
func Max[N Number]() Monoid[N] {
	k := numericOf[N]()
	return maximum[N]{extreme[N]{"max/" + k.String(), k, least[N](k)}}
}

// Min keeps the smallest number. Its identity is the type's greatest: infinity for floats,
// math.MaxInt64 for int64. A NaN is an error that matches ErrValue.
func Min[N Number]() Monoid[N] {
	k := numericOf[N]()
	return minimum[N]{extreme[N]{"min/" + k.String(), k, greatest[N](k)}}
}

// extreme is what Min and Max have in common.
type extreme[N Number] struct {
	name     string
	num      numeric
	identity N
}

func (e extreme[N]) Name() string { return e.name }

func (e extreme[N]) Identity() N { return e.identity }

func (e extreme[N]) refuse() error { return fail(e.name, ErrValue, "NaN has no place in an order") }

func (e extreme[N]) Append(dst []byte, v N) ([]byte, error) {
	if isNaN(v) {
		return dst, e.refuse()
	}
	return appendNumber(dst, v, e.num), nil
}

func (e extreme[N]) Decode(src []byte) (N, error) {
	n, ok := parseNumber[N](src, e.num)
	if !ok || isNaN(n) {
		return 0, fail(e.name, ErrEncoding, "%s", quoted(src))
	}
	return n, nil
}

type maximum[N Number] struct{ extreme[N] }

func (m maximum[N]) Combine(a, b N) (N, error) {
	if isNaN(a) || isNaN(b) {
		return 0, m.refuse()
	}
	return max(a, b), nil
}

func (m maximum[N]) Add(into *N, v N) error {
	n, err := m.Combine(*into, v)
	if err == nil {
		*into = n
	}
	return err
}

type minimum[N Number] struct{ extreme[N] }

func (m minimum[N]) Combine(a, b N) (N, error) {
	if isNaN(a) || isNaN(b) {
		return 0, m.refuse()
	}
	return min(a, b), nil
}

func (m minimum[N]) Add(into *N, v N) error {
	n, err := m.Combine(*into, v)
	if err == nil {
		*into = n
	}
	return err
}
