// Package visibility decides when the messages of Amazon SQS come back that a batch did not get done.
// By itself each comes back when the queue's visibility timeout ends: Lambda does not change it. With
// BackOff a message that fails again and again comes back later and later, so that a dependency
// that is down is not hammered, and a bad message does not burn its receives in a short time.
//
//	weir.SQS(weir.Each(ship),
//		visibility.BackOff(sqsvisibility.New(client), visibility.Exponential(2*time.Second, 15*time.Minute)))
//
// The function needs the permission sqs:ChangeMessageVisibility, which the managed policy
// AWSLambdaSQSQueueExecutionRole does not give.
//
// # What a message gets
//
//   - It failed: the delay of weir.RetryAfter if the error says one, else the schedule's for the number
//     of its receives. If the error is weir.Unavailable and says both, the longer.
//   - It was not run, since another failed or the batch was aborted: nothing when it was received for
//     the first time, so that it comes back at once, and after its n-th receive the schedule's delay
//     after n-1. Messages that are not run count a receive all the same. Were they always back at once,
//     those behind a dependency that is down would reach the dead-letter queue within seconds, without
//     having been tried.
//   - It was not finished when the deadline came near: the queue's own timeout, since its handler may
//     still be at work. So it is with all that was not run beside a handler that ignores its context: which
//     of them it has is not known. Unfinished changes that.
//   - Of a FIFO queue, what the first message of its group gets that is not done. A group is locked
//     while any of its messages is in flight: were one behind the first to stay longer, the group would
//     wait for it; were it visible sooner, it would wait for the first. So the order in a group stays,
//     and no group waits longer than its first message has to.
//
// A batch of which nothing is done makes the invocation fail (see weir.ReportAll). Lambda changes no
// timeout then either, so delays hold, and its pollers slow down as well. Source: "Handling errors for
// an SQS event source", AWS Lambda Developer Guide.
//
// # What is promised
//
// Delays are an effort and no more. Nothing that fails here changes what becomes of a record: the
// message keeps the timeout that it has. Timeouts are changed before Lambda is answered, so a message
// without a delay may be received again a moment before that, which harms nothing: it is reported as
// not done. If the function dies in between, the batch comes back as a whole, what failed in it after
// its delay, and groups in order.
//
// # Caveats
//
//   - A message that waits is in flight. SQS allows about 120,000 of them in a queue: keep the longest
//     delay short where many may fail.
//   - SQS keeps a message invisible for 12 hours from its receive at most, so longer delays are cut.
package visibility

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/weir-go/weir"
)

// Client changes visibility timeouts. Package sqsvisibility in weir's module ext makes one of an
// *sqs.Client. It must be safe for concurrent use and heed the context. If it has a method
// Err() error, that says whether it can work at all.
type Client interface {
	// ChangeVisibility is one ChangeMessageVisibilityBatch: up to ten entries for the queue with an
	// ARN. It returns which entries failed, or an error if that is unknown or all of them did.
	ChangeVisibility(ctx context.Context, queueARN string, entries []Entry) ([]Failure, error)
}

// Entry is one message's timeout.
type Entry struct {
	ReceiptHandle string
	Timeout       time.Duration // from now on, in whole seconds; 0 makes it visible
}

// Failure is the error of one entry.
type Failure struct {
	Index       int // of the entry
	Code        string
	Message     string
	SenderFault bool // trying again would not help
}

// Option changes what BackOff does.
type Option func(*backOff)

// Unfinished sets the schedule's delay also for messages that were not finished when the deadline came
// near. A handler that ignores its context may be at work on such a message when it is delivered again.
func Unfinished() Option { return func(b *backOff) { b.unfinished = true } }

// Delay asks a function first: it returns the delay of a message that is not done, or false for the
// rules of the package, which hold as well if it panics. Of a FIFO queue it is asked for the first such
// message of each group.
func Delay(f func(m *weir.Message, err error) (d time.Duration, ok bool)) Option {
	return func(b *backOff) {
		if f == nil {
			b.refuse("Delay(nil): leave it out for the schedule")
		}
		b.delay = f
	}
}

// Timeout is how long changing timeouts may take in all, for the invocation waits for it. It takes no
// more than three quarters of the time that is left before Lambda must be answered. The default is 5 s.
func Timeout(d time.Duration) Option {
	return func(b *backOff) {
		if d <= 0 {
			b.refuse("Timeout(%v): it takes more than 0", d)
		}
		b.timeout = d
	}
}

// OnError is told of timeouts that could not be changed, once a batch. By default slog.Default gets
// a warning.
func OnError(f func(ctx context.Context, err error)) Option {
	return func(b *backOff) {
		if f == nil {
			b.refuse("OnError(nil): leave it out to have a warning logged")
		}
		b.onError = f
	}
}

// BackOff changes the visibility timeouts of messages that are not done.
func BackOff(c Client, s Schedule, opts ...Option) weir.SQSOption {
	b := &backOff{client: c, schedule: s, timeout: 5 * time.Second, onError: warn}
	for i, o := range opts {
		if o == nil {
			b.refuse("option %d is nil", i)
			continue
		}
		o(b)
	}
	if c == nil {
		b.refuse("the Client is nil: give sqsvisibility.New(client)")
	} else if able, ok := c.(interface{ Err() error }); ok && able.Err() != nil {
		b.refuse("%w", able.Err())
	}
	if err := s.check(); err != nil {
		b.refuse("%w", err)
	}
	if len(b.errs) > 0 {
		return weir.SQSOnly(weir.Refuse(errors.Join(b.errs...)))
	}
	return weir.SQSOnly(weir.Observe(b))
}

func warn(ctx context.Context, err error) {
	slog.Default().WarnContext(ctx, "visibility timeouts not changed", "error", err)
}

type backOff struct {
	client     Client
	schedule   Schedule
	unfinished bool
	delay      func(*weir.Message, error) (time.Duration, bool)
	timeout    time.Duration
	onError    func(context.Context, error)
	errs       []error
}

func (b *backOff) refuse(format string, args ...any) {
	b.errs = append(b.errs, fmt.Errorf("visibility: BackOff: "+format, args...))
}

// BatchEnded implements weir.BatchEndedObserver.
func (b *backOff) BatchEnded(ctx context.Context, s weir.Summary) {
	if s.Err == nil {
		return
	}
	within := b.timeout
	if end, ok := ctx.Deadline(); ok {
		within = min(within, time.Until(end)*3/4)
	}
	changing, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	changes, err := b.plan(s)
	err = errors.Join(err, b.send(changing, changes))
	if err != nil {
		b.onError(ctx, err)
	}
}
