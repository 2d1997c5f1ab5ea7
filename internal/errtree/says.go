package errtree

import (
	"time"

	"github.com/weir-go/weir"
)

// What an error says about a record that failed. Of joined errors the highest counts, so that nothing
// is given up that another of them wants kept.
const (
	Dropped     = iota
	Undecodable // it will not be decoded next time either
	Permanent
	Plain
	Blameless   // not the record's fault
	Unavailable // nor is it: what other records need too is not there
)

// Says returns what an error says, for whoever decides whether to give up its record. It is Plain for
// an error that says nothing, and for nil.
func Says(err error) int { return Most(err, Plain, saying) }

func saying(err error) (rank int, known bool) {
	switch e := err.(type) {
	case interface{ Blameless() bool }:
		return Blameless, e.Blameless()
	case *weir.DropError:
		return Dropped, true
	case *weir.UndecodableError:
		return Undecodable, true
	case *weir.PermanentError:
		return Permanent, true
	case *weir.RetryAfterError, *weir.PanicError:
		return Plain, true
	case *weir.AbortError:
		return Blameless, true
	case *weir.UnavailableError:
		return Unavailable, true
	}
	return 0, false
}

// Delay is what the outermost RetryAfter asks for; of joined ones the longest.
func Delay(err error) time.Duration {
	return Most(err, 0, func(err error) (time.Duration, bool) {
		e, ok := err.(*weir.RetryAfterError)
		if !ok {
			return 0, false
		}
		return e.Delay, true
	})
}
