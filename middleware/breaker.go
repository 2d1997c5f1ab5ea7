package middleware

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/weir-go/weir"
)

// ErrOpen matches the error of a record that was not run since a Breaker was open. It comes inside
// weir.Unavailable, for the failure is not the record's.
var ErrOpen = errors.New("middleware: not run, since the breaker is open")

// Circuit says when a Breaker opens, and for how long.
type Circuit struct {
	// After is how many failures of one class in a row open the breaker. A success begins the count
	// anew, and so does a failure of another class. Zero is DefaultBreakAfter.
	//
	// What may be a record's own fault, which is any class but "unavailable", counts once for each record, the
	// parts that Unwrap took out of it included: one that fails again says nothing about others.
	After int

	// CoolDown is how long the breaker stays open, also across the batches of a sandbox or a worker.
	// Then one record is let through: the breaker closes when it succeeds, and stays open for another
	// CoolDown when it fails. If it says nothing, see Class, another is let through at once, and one more at a
	// time than before. The breaker closes too when a record fails that was let through in vain before, unless
	// by "unavailable", so that one that always fails does not keep it open for ever. With zero the
	// breaker is the batch's: it stays open to its end, and the next batch begins with a closed one. There the
	// parts of records that opened one before do not count, or the other parts might never be run.
	CoolDown time.Duration

	// MaxCoolDown has CoolDown doubled each time that a record was let through in vain, up to this.
	// Zero is CoolDown.
	MaxCoolDown time.Duration

	// Class tells failures apart. It returns "" for an error that is neither a failure nor a success of
	// what the handler depends on, and "unavailable" for one that is surely not the record's fault, see After:
	// a record that always fails by that, such as by a timeout of its own making, keeps its other parts
	// from being run for as long. Nil is FailureClass. It is not asked about panics, which do not count, about
	// a record that ran out of RecordTimeout, or of a time that a middleware outside set, which is "unavailable",
	// nor about one that was not run, as for want of an Adaptive's turn, or whose batch ran out of time.
	Class func(err error) string

	// OnChange is told when the breaker opens, lets a record through, or closes. Under Concurrency it
	// may be called from several goroutines at a time. If it panics, nobody hears of it.
	OnChange func(ctx context.Context, c BreakerChange)
}

// DefaultBreakAfter is the default of Circuit.After.
const DefaultBreakAfter = 5

// BreakerState is what a Breaker does with records.
type BreakerState uint8

// The states of a Breaker.
const (
	BreakerClosed   BreakerState = iota // all are run
	BreakerOpen                         // none is run
	BreakerHalfOpen                     // one is run, to see
)

func (s BreakerState) String() string {
	return [...]string{"closed", "open", "half-open"}[min(s, BreakerHalfOpen)]
}

// BreakerChange is a change of a Breaker's state.
type BreakerChange struct {
	From, To BreakerState
	Class    string        // of the failures, "" when it closes
	Failures int           // that counted, in a row
	Err      error         // the last failure, nil if it closes after a success
	CoolDown time.Duration // for which it is open, 0 to the end of the batch
	Refused  int           // records that were not run since it opened
}

// Breaker spares what a handler depends on, and the time of the batch: after some failures of the same
// class in a row, further records of Each or EachMessage are not run but fail at once, with an error
// that matches ErrOpen.
//
//	weir.SQS(weir.Each(ship), middleware.Breaker(middleware.Circuit{After: 5, CoolDown: 30 * time.Second}))
//
// That error is a weir.Unavailable. So the record is retried wherever it comes from; policies of
// package deadletter do not give it up; a long-running worker pauses and tries the same records again;
// Retry leaves it alone, and answers with the error of the last attempt that was run, if any was. With a CoolDown it is also a weir.RetryAfter for what is left of it, which
// package visibility acts on. What Lambda sees is a failed record: a message of SQS counts a receive,
// so give its queue a maxReceiveCount that outlasts an outage, or use visibility.BackOff. On a stream,
// what is behind the first failure is delivered again anyway, and is not done twice then. On a FIFO
// queue the first failure stops the batch, so that a breaker does something with weir.SkipGroup, or
// with a CoolDown, only.
//
// List it before Retry to count records, and behind it to count attempts at what is unavailable.
func Breaker(c Circuit) weir.FlowOption {
	if err := c.check(); err != nil {
		return weir.Refuse(err)
	}
	if c.After == 0 {
		c.After = DefaultBreakAfter
	}
	if c.Class == nil {
		c.Class = FailureClass
	}
	c.MaxCoolDown = max(c.MaxCoolDown, c.CoolDown)
	shared, before := &breaker{c: c}, new(openers)
	return weir.Named("middleware.Breaker", weir.Use(func(next weir.Handler) weir.Handler {
		b := shared
		if c.CoolDown == 0 {
			b = &breaker{c: c, before: before}
		}
		return func(ctx context.Context, m *weir.Message) error { return b.handle(ctx, m, next) }
	}))
}

func (c Circuit) check() error {
	var errs []error
	refuse := func(bad bool, format string, args ...any) {
		if bad {
			errs = append(errs, fmt.Errorf("middleware: Breaker: "+format, args...))
		}
	}
	refuse(c.After < 0, "After is %d: it takes 1 or more, or 0 for %d", c.After, DefaultBreakAfter)
	refuse(c.CoolDown < 0, "CoolDown is %v: it takes more than 0, or 0 for the rest of the batch", c.CoolDown)
	refuse(c.MaxCoolDown < 0, "MaxCoolDown is %v: it takes more than 0, or 0 for CoolDown", c.MaxCoolDown)
	refuse(c.MaxCoolDown > 0 && c.MaxCoolDown < c.CoolDown, "MaxCoolDown is %v, less than CoolDown, which is %v", c.MaxCoolDown, c.CoolDown)
	refuse(c.MaxCoolDown > 0 && c.CoolDown == 0, "MaxCoolDown is %v without a CoolDown", c.MaxCoolDown)
	return errors.Join(errs...)
}

// OpenError says why a record was not run. It matches ErrOpen.
type OpenError struct {
	Class    string
	Failures int // in a row, that opened the breaker

	// Err is the last of them. It was another record's, so it is not unwrapped.
	Err error
}

func (e *OpenError) Error() string {
	return fmt.Sprintf("%v after %d failures in a row (%s), the last: %v", ErrOpen, e.Failures, e.Class, e.Err)
}

// Is reports whether target is ErrOpen.
func (e *OpenError) Is(target error) bool { return target == ErrOpen }
