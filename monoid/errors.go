package monoid

import (
	"errors"
	"fmt"
)

// What the errors of this package's monoids match. After each of them everything is as before.
var (
	// ErrOverflow: the result does not fit into the value's type, or into the monoid's limit.
	ErrOverflow = errors.New("the result does not fit")

	// ErrValue: the monoid does not take this value, such as a NaN, or a count below 0.
	ErrValue = errors.New("not a value that can be combined")

	// ErrEncoding: the bytes are not what Append wrote: damaged, cut off, or something else.
	ErrEncoding = errors.New("not an encoded value")

	// ErrParameter: the monoid was made with a parameter that it cannot work with. Every
	// method that can fails with it; Check tells.
	ErrParameter = errors.New("a parameter is out of range")
)

// fail returns an error that names the monoid, matches kind, and says more.
func fail(name string, kind error, format string, args ...any) error {
	return fmt.Errorf("monoid %s: %w: %s", name, kind, fmt.Sprintf(format, args...))
}
