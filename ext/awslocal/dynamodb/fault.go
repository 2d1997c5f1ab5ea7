package dynamodb

import (
	"context"
	"math/rand/v2"
	"net/http"
	"time"
)

// Request is what is known of a request when its fault is chosen.
type Request struct {
	Op   string // "PutItem"
	N    int    // 1 for the first request with this Op, and so on
	Body []byte // JSON; not to be changed
}

// Fault says what goes wrong with a request. The zero Fault is none.
type Fault struct {
	// Delay is how long the server waits before it looks at the request. If the client hangs up
	// meanwhile, nothing is applied, unless Late is set: then it is, though nobody waits for it.
	Delay time.Duration
	Late  bool

	// Do is what happens then.
	Do Action

	// Hold is how long the answer is held back after that.
	Hold time.Duration

	// Unprocessed is how many entries of a BatchGetItem or BatchWriteItem are not processed, the
	// last ones. If it were all of them, AWS would answer as with Throttle.
	Unprocessed int

	// Entry is the entry of a transaction that Conflict and CancelThrottled blame, 0 for the first.
	Entry int
}

// Action is the kind of a Fault.
type Action uint8

const (
	// Apply does what was asked for, and says so.
	Apply Action = iota

	// Cut does what was asked for, and closes the connection without an answer.
	Cut

	// Refuse closes the connection, and does nothing.
	Refuse

	// Throttle answers ProvisionedThroughputExceededException: the table's capacity is used up.
	Throttle

	// ThrottleAccount answers ThrottlingException.
	ThrottleAccount

	// Internal answers InternalServerError, and does nothing.
	Internal

	// InternalAfter does what was asked for, and answers InternalServerError.
	InternalAfter

	// Conflict cancels a transaction since another one was at one of its items. To other
	// requests it answers TransactionConflictException.
	Conflict

	// CancelThrottled cancels a transaction for want of capacity for one of its items. To other
	// requests it is Throttle.
	CancelThrottled

	// InProgress answers TransactionInProgressException: a transaction with this token is not
	// done yet. To other requests it is Throttle.
	InProgress
)

// Fault has f choose what goes wrong with each request from now on; nil is nothing. f may be
// called by many goroutines at once, and may call the server.
func (s *Server) Fault(f func(Request) Fault) {
	s.counting.Lock()
	defer s.counting.Unlock()
	s.fault = f
}

// Requests returns how many requests with an Op there were, faulty ones included.
func (s *Server) Requests(op string) int {
	s.counting.Lock()
	defer s.counting.Unlock()
	return s.requests[op]
}

// count notes a request and chooses its fault.
func (s *Server) count(op string, body []byte) Fault {
	s.counting.Lock()
	s.requests[op]++
	n, f := s.requests[op], s.fault
	s.counting.Unlock()
	if f == nil {
		return Fault{}
	}
	return f(Request{op, n, body})
}

// wait sleeps; false means that the client went away.
func wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// hangUp ends a request without an answer.
func hangUp() { panic(http.ErrAbortHandler) }

// before returns the error that stands in for applying the request, if there is one. entries is the
// number of a transaction's entries, and -1 for other requests.
func (f Fault) before(entries int) error {
	switch f.Do {
	case Internal:
		return internalError()
	case ThrottleAccount:
		return refuse("ThrottlingException", "Rate of requests exceeds the allowed throughput.")
	case Throttle:
		return throttled()
	case InProgress:
		if entries >= 0 {
			return refuse("TransactionInProgressException", "The transaction with the given request token is already in progress")
		}
		return throttled()
	case Conflict:
		conflict := refuse("TransactionConflictException", "Transaction is ongoing for the item")
		if entries > 0 {
			return blame(f.Entry, entries, reason{"TransactionConflict", conflict.message, nil})
		}
		return conflict
	case CancelThrottled:
		if entries > 0 {
			return blame(f.Entry, entries, reason{"ProvisionedThroughputExceeded", throttled().message, nil})
		}
		return throttled()
	}
	return nil
}

func throttled() *apiError {
	return refuse("ProvisionedThroughputExceededException", "The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning level with the UpdateTable API.")
}

func blame(entry, entries int, r reason) *apiError {
	reasons := none(entries)
	reasons[max(0, min(entry, entries-1))] = r
	return cancelled(reasons)
}

// conflicts decides, with ConflictOneIn, whether a write meets a transaction.
func (s *Server) conflicts() bool {
	return s.conflictOneIn > 0 && s.rand.IntN(s.conflictOneIn) == 0
}

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }
