package monoid

// broken is what a constructor returns for a parameter out of range: an error in every method
// that can return one. So constructors can be used in a pipeline's literal.
func broken[V any](name, why string) Monoid[V] {
	return refusal[V]{name, fail(name, ErrParameter, "%s", why)}
}

type refusal[V any] struct {
	name string
	err  error
}

func (r refusal[V]) Name() string { return r.name }

func (r refusal[V]) Identity() V {
	var v V
	return v
}

func (r refusal[V]) Combine(V, V) (V, error) { return r.Identity(), r.err }

func (r refusal[V]) Append(dst []byte, _ V) ([]byte, error) { return dst, r.err }

func (r refusal[V]) Decode([]byte) (V, error) { return r.Identity(), r.err }
