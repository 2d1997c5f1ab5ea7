// Package errtree looks into wrapped and joined errors by the rule of package weir: the outermost
// error that says something counts, and of joined errors the one that says most.
package errtree

import "cmp"

// Most returns the highest rank of what the outermost errors say that rank knows. What says nothing is
// ranked plain, and so is a nil error.
func Most[R cmp.Ordered](err error, plain R, rank func(error) (r R, known bool)) R {
	for err != nil {
		if r, known := rank(err); known {
			return r
		}
		switch e := err.(type) {
		case interface{ Unwrap() error }:
			err = e.Unwrap()
		case interface{ Unwrap() []error }:
			most, some := plain, false
			for _, err := range e.Unwrap() {
				if err == nil {
					continue
				}
				if r := Most(err, plain, rank); !some || r > most {
					most, some = r, true
				}
			}
			return most
		default:
			return plain
		}
	}
	return plain
}
