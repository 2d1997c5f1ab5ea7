package once

import (
	"errors"
	"fmt"
	"time"

	"github.com/weir-go/weir"
)

// Errors that a record fails with. Match them with errors.Is.
var (
	// ErrNoKey: the record has no key: there is none in it, or it is null or empty, or a part of it is,
	// see ValueKey. It did not run.
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

	// ErrNotStored: the function succeeded, but the store did not take note of it. When the record comes
	// back to this process, the store is told again. Elsewhere it runs again after its lease, unless the store
	// did take note after all.
	ErrNotStored = errors.New("once: the function succeeded, but that could not be stored")

	// ErrNoResult: the key is completed, and there is no result to give: it was larger than
	// a row of the store, has no JSON form, or was completed by a function without one.
	ErrNoResult = errors.New("once: the key is completed, but no result was kept")

	// ErrDropped: the key is completed, by a function that dropped its record.
	ErrDropped = errors.New("once: dropped before")

	errPanicked = errors.New("it panicked") // within a sharedError
	errNilStore = errors.New("once: the Store is nil: make one by once.New")
	errTwice    = errors.New("the Store was given to a second function, and serves one: call New for each, with another name, or with the same name where it is the same function again")
	errNoRecord = errors.New("once: Validate needs the record, and the context has none: call the function inside a handler, with its context")
)

// payloadError is an ErrPayload that says what was compared.
type payloadError struct{ key, content string }

func (e *payloadError) Error() string {
	return fmt.Sprintf("%v (key by %s, content by %s)", ErrPayload, e.key, e.content)
}

func (e *payloadError) Is(target error) bool { return target == ErrPayload }

// blamelessError is a failure that is not the record's fault. Unlike weir.Unavailable it says nothing of other
// records.
type blamelessError struct{ err error }

func (e *blamelessError) Error() string { return e.err.Error() }
func (e *blamelessError) Unwrap() error { return e.err }

// Blameless tells policies that the record has done nothing wrong.
func (e *blamelessError) Blameless() bool { return true }

// textOr is an error's text, or another one if it panics.
func textOr(err error, other string) (text string) {
	defer func() {
		if recover() != nil {
			text = other
		}
	}()
	return err.Error()
}

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

// reasonOf tells whether an error drops its record, as weir reads it, and why. One whose methods panic
// drops none.
func reasonOf(err error) (reason string, dropped bool) {
	defer func() {
		if recover() != nil {
			reason, dropped = "", false
		}
	}()
	return dropReason(err)
}

func dropReason(err error) (reason string, dropped bool) {
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
				if _, dropped := dropReason(one); !dropped {
					return "", false
				}
			}
			return textOr(whole, ""), len(all) > 0
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
		return textOr(whole, "")
	case drop.Err == nil:
		return ""
	}
	return textOr(drop.Err, "")
}
