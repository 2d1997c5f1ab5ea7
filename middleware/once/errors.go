package once

import (
	"errors"
	"time"

	"github.com/weir-go/weir"
)

// Errors that a record fails with. Match them with errors.Is.
var (
	// ErrNoKey: the record has no key: there is none in it, or it is null or empty. It did not run.
	ErrNoKey = errors.New("once: the record has no key: correct the producer, or say RunWithoutKey")

	// ErrInProgress: a record with this key runs somewhere else, or did so when its process
	// died. It comes back after the lease: the *weir.RetryAfterError around it says when.
	ErrInProgress = errors.New("once: the key is being worked on, or was when a process died: it is tried again after the lease")

	// ErrPayload: the key is completed, but for a record for which Validate's key was another.
	// It did not run, and will not while the key is kept.
	ErrPayload = errors.New("once: the key was used before, with other content")

	// ErrLeaseLost: the function succeeded, but took longer than its lease, and somebody else has
	// taken the key over. So it may have run twice.
	ErrLeaseLost = errors.New("once: the function was done after its lease had ended, and another attempt has taken the key over")

	// ErrNotStored: the function succeeded, but the store did not take note of it. It runs again
	// when the record comes back after its lease, unless the store did so after all.
	ErrNotStored = errors.New("once: the function succeeded, but that could not be stored")

	// ErrNoResult: the key is completed, and there is no result to give: it was larger than
	// a row of the store, has no JSON form, or was completed by a function without one.
	ErrNoResult = errors.New("once: the key is completed, but no result was kept")

	// ErrDropped: the key is completed, by a function that dropped its record.
	ErrDropped = errors.New("once: dropped before")

	errPanicked = errors.New("once: another record with this key, which this one waited for, panicked")
	errTwice    = errors.New("once: a Store serves one function: make another one, of another name, for the next")
)

// busyError is a RetryAfter whose text is the same for all records.
type busyError struct{ retry error }

func (e *busyError) Error() string { return ErrInProgress.Error() }
func (e *busyError) Unwrap() error { return e.retry }

// Blameless tells policies that the record has done nothing wrong.
func (e *busyError) Blameless() bool { return true }

// How soon a record that is being worked on comes back.
const (
	minRetry = time.Second
	maxRetry = 15 * time.Minute
)

func busy(rest time.Duration) error {
	return &busyError{weir.RetryAfter(min(max(rest, minRetry), maxRetry), ErrInProgress)}
}

// droppedBefore is the reason of a record whose key was dropped.
type droppedBefore struct{ reason string }

func (e *droppedBefore) Error() string {
	if e.reason == "" {
		return ErrDropped.Error()
	}
	return ErrDropped.Error() + ": " + e.reason
}

func (e *droppedBefore) Is(target error) bool { return target == ErrDropped }

// reasonOf tells whether an error drops its record, as weir reads it, and why.
func reasonOf(err error) (reason string, dropped bool) {
	for whole := err; err != nil; {
		switch e := err.(type) {
		case *weir.DropError:
			return textOf(whole, e), true
		case *weir.UndecodableError, *weir.RetryAfterError, *weir.PermanentError, *weir.UnavailableError, *weir.AbortError, *weir.PanicError:
			return "", false
		case interface{ Unwrap() error }:
			err = e.Unwrap()
		case interface{ Unwrap() []error }:
			all := e.Unwrap()
			for _, one := range all {
				if _, dropped := reasonOf(one); !dropped {
					return "", false
				}
			}
			return whole.Error(), len(all) > 0
		default:
			return "", false
		}
	}
	return "", false
}

// textOf is the reason of a Drop, without the word dropped in front of it if nothing else is there.
func textOf(whole error, drop *weir.DropError) string {
	switch {
	case whole != error(drop):
		return whole.Error()
	case drop.Err == nil:
		return ""
	}
	return drop.Err.Error()
}
