package state

import (
	"context"
	"time"
)

// Claim is what became of the wish to process an identifier.
type Claim uint8

const (
	Claimed Claim = iota // yours until the lease ends
	Done                 // was confirmed before: skip it
	Busy                 // somebody else's claim is pending: retry later
)

// Deduper remembers which identifiers were processed, in two steps: a claim is pending until
// it is confirmed, and can be taken over once its lease has ended. So a process that dies in
// between loses nothing. It is for stores that cannot commit a record's receipt together with
// its effect; those that can need none. It is safe for concurrent use.
type Deduper interface {
	// Claim asks for identifiers, which are distinct. It returns one Claim each, in their order, or an
	// error, after which any of them may be claimed under token. Claiming again with the same token
	// renews the lease and answers Claimed. Scope keeps pipelines apart.
	Claim(ctx context.Context, scope, token string, ids []string, lease time.Duration) ([]Claim, error)

	// Confirm makes claims of a token done, for keep. It answers ErrLeaseLost, having confirmed
	// the others, if one is no longer the token's.
	Confirm(ctx context.Context, scope, token string, ids []string, keep time.Duration) error

	// Release gives up claims of a token that are pending. Others are left alone.
	Release(ctx context.Context, scope, token string, ids []string) error
}
