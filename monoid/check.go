package monoid

import "errors"

// Check tries a monoid out: it has a name, and its identity can be written, read, and combined
// with itself. So a parameter out of range is found before the first record is. A pipeline does
// this when it is validated; whether the laws hold is for monoidtest.Laws to say.
func Check[V any](m Monoid[V]) error {
	if m == nil {
		return errors.New("monoid: there is none: say how values are combined, with monoid.Sum for instance")
	}
	if m.Name() == "" {
		return errors.New("monoid: it has no name, but data is stored under it: let Name return one")
	}
	b, err := m.Append(nil, m.Identity())
	if err != nil {
		return err
	}
	v, err := m.Decode(b)
	if err != nil {
		return err
	}
	_, err = m.Combine(v, m.Identity())
	return err
}
