package state

import "errors"

// Errors of a Commit after which nothing was applied, and never will be.
var (
	// ErrConflict: a row no longer had its Version, or another transaction was in the way.
	// Read again, and try again.
	ErrConflict = errors.New("state: a row was changed by somebody else")

	// ErrOverflow: an Add would leave the range of int64.
	ErrOverflow = errors.New("state: the sum does not fit into 64 bits")

	// ErrNotNumber: an Add was meant for a row that holds something else.
	ErrNotNumber = errors.New("state: the row holds no number")

	// ErrRefused: the store will not take this, now or later: a row is too large, say, or the table does not
	// exist. Its text says what to do.
	ErrRefused = errors.New("state: refused by the store")
)

// ErrLeaseLost is returned by a Deduper when a claim was taken over before it was confirmed.
// Whoever has it now may do the work a second time.
var ErrLeaseLost = errors.New("state: the claim was taken over by somebody else")
