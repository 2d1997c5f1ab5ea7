package once

import (
	"errors"

	"github.com/weir-go/weir/internal/errtree"
)

// sharedError is the failure of a record that did not run, for it waited for another one's run.
type sharedError struct{ err error }

func (e *sharedError) Error() string {
	return "once: another record with this key, which this one waited for, failed: " + textOr(e.err, silent)
}
func (e *sharedError) Unwrap() error { return e.err }

// Blameless tells policies that it was another record that failed.
func (e *sharedError) Blameless() bool { return true }

// share is what another record's failure is for one that waited for it. What holds for the content, or
// is nobody's fault, it fails with as well. Of any other failure it is innocent, as of all that
// a record of other content did.
func (c *claim) share(err error, by print) error {
	says, ok := said(err)
	switch {
	case !ok, says == errtree.Plain:
		return &sharedError{err}
	case says > errtree.Plain, !by.differs(c.print):
		return err
	case says == errtree.Dropped:
		return c.mismatch() // it is completed
	}
	return &sharedError{errors.New(textOr(err, silent))} // as no more than a text, since it would decide this one
}

const silent = "it does not say why"

// said is errtree.Says, of an error whose methods may panic.
func said(err error) (says int, ok bool) {
	defer func() { _ = recover() }()
	return errtree.Says(err), true
}
