package middleware

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/weir-go/weir"
)

// Limits says how an Adaptive limit moves.
type Limits struct {
	// Most is the highest limit: the number that weir.Concurrency has. It must be 1 or more.
	Most int

	// Start is the first limit, from 1 to Most. Zero is Most.
	Start int

	// Throttled says which errors mean that there were too many at a time. Nil is Throttled, the
	// function of this package.
	Throttled func(err error) bool

	// Slow is from when on a call counts as throttled for the time it takes. Zero looks at errors only.
	Slow time.Duration

	// Forget is after how long without a record half of what is missing to Most is given back, and
	// again for each further such while, since what was found out grows old. Zero is
	// DefaultLimitForget.
	Forget time.Duration

	// OnChange is told of each new limit. Under Concurrency it may be called from several goroutines at
	// a time. If it panics, nobody hears of it.
	OnChange func(ctx context.Context, c LimitChange)
}

// DefaultLimitForget is the default of Limits.Forget.
const DefaultLimitForget = time.Minute

// LimitChange is a change of the number of records that are handled at a time.
type LimitChange struct {
	From, To int
	Err      error // the error that said so, if it fell because of one
	Slow     bool  // whether it fell because a call took too long
}

// Adaptive finds out how many records can be handled at a time, below weir.Concurrency: it halves the
// number when something says that it is asked too often, and adds one for as many successes as the
// number is.
//
//	weir.SQS(weir.Each(ship), weir.Concurrency(16), middleware.Adaptive(middleware.Limits{Most: 16}))
//
// Of a burst of errors the first counts: those of calls that began before the number fell say nothing
// about the new one. The number is kept for the next batches of the sandbox or worker. It is tried
// again and again whether more are taken by now: of a service that takes ten calls at a time, about one
// call in sixty is throttled for that, and more where it takes fewer.
//
// A record whose turn has not come waits, those behind it in its lane behind it, and whoever waits
// longest is next. So order is what it is without. Waiting ends with the record's context, and counts
// for RecordTimeout: a record that was not run for that fails with a weir.Unavailable, so that no
// policy takes it for a failure of its own.
//
// A handler that ignores the end of its context keeps its turn from the records of its own batch only.
//
// For weir a record that waits has been started, so that StopOnFailure does not hold it back; after an
// Abort it is not run any more.
//
// The error is the record's as before. List Adaptive behind Retry, so that the pause between two
// attempts takes no turn from others, and behind Breaker.
func Adaptive(l Limits) weir.FlowOption {
	if err := l.check(); err != nil {
		return weir.Refuse(err)
	}
	if l.Start == 0 {
		l.Start = l.Most
	}
	if l.Throttled == nil {
		l.Throttled = Throttled
	}
	if l.Forget == 0 {
		l.Forget = DefaultLimitForget
	}
	lim := newLimiter(l)
	return weir.Named("middleware.Adaptive", weir.Use(func(next weir.Handler) weir.Handler {
		b := &limited{limiter: lim, next: next}
		return b.handle
	}))
}

func (l Limits) check() error {
	var errs []error
	refuse := func(bad bool, format string, args ...any) {
		if bad {
			errs = append(errs, fmt.Errorf("middleware: Adaptive: "+format, args...))
		}
	}
	refuse(l.Most < 1, "Most is %d: it takes the number of weir.Concurrency, 1 or more", l.Most)
	refuse(l.Start < 0 || l.Start > max(l.Most, 1), "Start is %d: it takes 1 to Most, which is %d, or 0 for Most", l.Start, l.Most)
	refuse(l.Slow < 0, "Slow is %v: it takes more than 0, or 0 to look at errors only", l.Slow)
	refuse(l.Forget < 0, "Forget is %v: it takes more than 0, or 0 for %v", l.Forget, DefaultLimitForget)
	return errors.Join(errs...)
}
