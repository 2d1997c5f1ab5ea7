package weir

import (
	"fmt"
	"time"
)

// Drop says that a record is done although it failed: it is not retried, and the
// observers are told (RecordDropped). Drop(nil) drops without a reason.
//
// In a chain of wrapped errors the outermost of Drop, RetryAfter, Permanent, Unavailable, Abort and
// Undecodable counts. Errors joined by errors.Join are a drop only when each is one,
// so that nothing is lost that another part wants retried.
func Drop(err error) error { return &DropError{Err: err} }

// RetryAfter says that a record failed and should come back no sooner than d from now.
// By itself it is a plain retry: the source decides when the record comes back. The delay
// is carried for whoever acts on it, in the field of *RetryAfterError.
func RetryAfter(d time.Duration, err error) error { return &RetryAfterError{Delay: d, Err: err} }

// Permanent says that a record failed and would fail again: no middleware tries it once more in
// this invocation, and a policy may give it up at once. Without one it is retried by the source, as
// any other.
func Permanent(err error) error { return &PermanentError{Err: err} }

// Abort says that a record failed and that no other should be started: whatever is not
// done is retried. Records that run at the same time finish.
func Abort(err error) error { return &AbortError{Err: err} }

// Undecodable says that the record's content is not what the handler expects, so that
// the policy of OnUndecodable applies to it.
func Undecodable(err error) error { return &UndecodableError{Err: err} }

// DropError is what Drop returns.
type DropError struct{ Err error }

func (e *DropError) Error() string { return "dropped: " + text(e.Err) }

// Unwrap returns the reason.
func (e *DropError) Unwrap() error { return e.Err }

// RetryAfterError is what RetryAfter returns.
type RetryAfterError struct {
	Delay time.Duration
	Err   error
}

func (e *RetryAfterError) Error() string {
	return fmt.Sprintf("retry after %v: %s", e.Delay, text(e.Err))
}

// Unwrap returns the reason.
func (e *RetryAfterError) Unwrap() error { return e.Err }

// PermanentError is what Permanent returns.
type PermanentError struct{ Err error }

func (e *PermanentError) Error() string { return "permanent: " + text(e.Err) }

// Unwrap returns the reason.
func (e *PermanentError) Unwrap() error { return e.Err }

// AbortError is what Abort returns.
type AbortError struct{ Err error }

func (e *AbortError) Error() string { return "aborted: " + text(e.Err) }

// Unwrap returns the reason.
func (e *AbortError) Unwrap() error { return e.Err }

// UndecodableError is the error of a record that could not be decoded; it matches ErrUndecodable.
type UndecodableError struct{ Err error }

func (e *UndecodableError) Error() string { return "undecodable: " + text(e.Err) }

// Unwrap returns the reason.
func (e *UndecodableError) Unwrap() error { return e.Err }

// Is reports whether target is ErrUndecodable.
func (e *UndecodableError) Is(target error) bool { return target == ErrUndecodable }

// PanicError is the error of a record whose handler panicked.
type PanicError struct {
	Value any    // what was passed to panic
	Stack []byte // of the goroutine that panicked
}

func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// Unwrap returns the value if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

func text(err error) string {
	if err == nil {
		return "no reason given"
	}
	return err.Error()
}

// verdict is what an error value asks for; of joined errors the highest counts.
type verdict uint8

const (
	succeed verdict = iota
	drop
	undecodable
	retry
	abort
)

// classify finds the outermost outcome in err.
func classify(err error) verdict {
	for err != nil {
		switch e := err.(type) {
		case *DropError:
			return drop
		case *UndecodableError:
			return undecodable
		case *RetryAfterError, *PanicError, *UnavailableError, *PermanentError:
			return retry
		case *AbortError:
			return abort
		case interface{ Unwrap() error }:
			if err = e.Unwrap(); err == nil {
				return retry
			}
		case interface{ Unwrap() []error }:
			worst := succeed
			for _, err := range e.Unwrap() {
				worst = max(worst, classify(err))
			}
			if worst == succeed {
				return retry
			}
			return worst
		default:
			return retry
		}
	}
	return succeed
}
