package visibility

import (
	"errors"
	"fmt"
	"time"

	"github.com/weir-go/weir"
)

// change is a message with its timeout to be.
type change struct {
	arn string
	Entry
}

// slack is what may lie between a receive and the invocation: a batching window of up to 5 minutes, and
// as much again for a poller that is throttled.
const slack = 10 * time.Minute

// plan says which messages get which timeout.
func (b *backOff) plan(s weir.Summary) ([]change, error) {
	most := max(0, maxTimeout-slack-s.Duration)
	type group struct{ arn, key string } // key is empty on a standard queue
	type decision struct {
		d  time.Duration
		ok bool
	}
	groups := map[group]decision{}
	at := map[Entry]int{} // by handle: the same record may be in a batch twice
	var changes []change
	var without []string
	for _, r := range s.Err.Records {
		m := r.Message
		key := group{m.SourceARN, m.OrderingKey}
		decided, known := groups[key]
		if !known || key.key == "" {
			decided.d, decided.ok = b.decide(r)
			groups[key] = decided
		}
		if !decided.ok {
			continue
		}
		handle := m.Attribute("receiptHandle")
		if handle == "" {
			without = append(without, r.ID)
			continue
		}
		timeout := wholeSeconds(min(decided.d, most))
		same := Entry{ReceiptHandle: handle}
		if i, again := at[same]; again {
			changes[i].Timeout = max(changes[i].Timeout, timeout)
			continue
		}
		at[same] = len(changes)
		changes = append(changes, change{m.SourceARN, Entry{handle, timeout}})
	}
	if len(without) > 0 {
		return changes, fmt.Errorf("visibility: %d records have no receiptHandle, the first is %q", len(without), without[0])
	}
	return changes, nil
}

func wholeSeconds(d time.Duration) time.Duration {
	return (max(0, d) + time.Second - 1).Truncate(time.Second)
}

// decide says what a record gets by itself, or false if its timeout stays.
func (b *backOff) decide(r weir.RecordError) (d time.Duration, ok bool) {
	if d, ok := b.ask(r); ok {
		return d, true
	}
	n := r.Message.Attempt
	switch r.Err {
	case weir.ErrSkipped, weir.ErrAborted, weir.ErrHalted:
		if n <= 1 {
			return 0, true
		}
		return b.schedule.Delay(n - 1), true
	case weir.ErrDeadlineNear: // of a record that failed it is but the cause
		return b.schedule.Delay(n), b.unfinished
	}
	if later, said := retryAfter(r.Err); said {
		if unavailable(r.Err) {
			later = max(later, b.schedule.Delay(n))
		}
		return later, true
	}
	return b.schedule.Delay(n), true
}

// ask asks the user's function. If it panics, the rules of the package hold.
func (b *backOff) ask(r weir.RecordError) (d time.Duration, ok bool) {
	if b.delay == nil {
		return 0, false
	}
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	return b.delay(r.Message, r.Err)
}

// retryAfter is the longest delay that the parts of an error ask for.
func retryAfter(err error) (d time.Duration, said bool) {
	defer func() { _ = recover() }() // of the error's own methods
	for err != nil {
		switch e := err.(type) {
		case *weir.RetryAfterError:
			return e.Delay, true
		case interface{ Unwrap() error }:
			err = e.Unwrap()
		case interface{ Unwrap() []error }:
			for _, part := range e.Unwrap() {
				if later, some := retryAfter(part); some {
					d, said = max(d, later), true
				}
			}
			return d, said
		default:
			return 0, false
		}
	}
	return 0, false
}

func unavailable(err error) (yes bool) {
	defer func() { _ = recover() }() // of the error's own methods
	var u *weir.UnavailableError
	return errors.As(err, &u)
}
