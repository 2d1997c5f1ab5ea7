package once

import (
	"context"
	"fmt"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/state"
)

// skew is how much later than an invocation ends its claims do, since others tell by their own
// clocks.
const skew = time.Second

// errLeaseEnded is the cause of a function's context that ended with the lease.
var errLeaseEnded = fmt.Errorf("once: the lease ended before the function: %w", context.DeadlineExceeded)

// function is what runs once: it returns what is to be kept for a result, and whether it can be.
type function func(context.Context) (result []byte, kept bool, err error)

// hint is what is known of a row, nil for nothing.
type hint func(row string) *state.Row

// run runs f unless the key is completed, or being worked on. The hint may be nil.
func (s *Store) run(ctx context.Context, m *weir.Message, key string, hint hint, f function) outcome {
	c := &claim{s: s, row: rowOf(key)}
	if s.compare != nil {
		text, err := compared(s.compare, m)
		if err != nil {
			return outcome{err: err}
		}
		c.print = printOf(text)
	}
	if e, ok := s.cache.get(c.row.Name, time.Now()); ok {
		return c.replay(e)
	}
	for {
		c.until = s.leaseEnd(ctx, m)
		fl := &flight{until: c.until, print: c.print}
		first := s.flights.join(c.row.Name, fl)
		if first == nil {
			return s.lead(ctx, m, c, fl, hint, f)
		}
		if out, ok := first.wait(ctx); ok {
			if out.err == nil || out.entry.status.completed() {
				return c.replay(out.entry)
			}
			return outcome{err: c.share(out.err, first.print)}
		}
	}
}

func compared(k *Key, m *weir.Message) (string, error) {
	if m == nil {
		return "", weir.Unavailable(errNoRecord)
	}
	if k.content != nil {
		return k.content(m)
	}
	return k.of(m)
}

// leaseEnd is when a claim made now ends.
func (s *Store) leaseEnd(ctx context.Context, m *weir.Message) time.Time {
	now := time.Now()
	if s.lease > 0 {
		return ceil(now.Add(s.lease))
	}
	if end, ok := deadline(ctx, m); ok {
		return ceil(end.Add(skew))
	}
	return ceil(now.Add(DefaultLease))
}

// ceil is a time as rows have it, in milliseconds.
func ceil(t time.Time) time.Time { return t.Add(time.Millisecond - 1).Truncate(time.Millisecond) }

// deadline is when the process may be gone.
func deadline(ctx context.Context, m *weir.Message) (time.Time, bool) {
	if m != nil {
		if end, ok := m.Deadline(); ok {
			return end, true
		}
	}
	return ctx.Deadline()
}

// lead runs the key's first attempt in this process; others wait for what it returns.
func (s *Store) lead(ctx context.Context, m *weir.Message, c *claim, fl *flight, hint hint, f function) (out outcome) {
	out.err = errPanicked
	defer func() { s.flights.leave(c.row.Name, fl, out) }()
	if e, ok := s.cache.get(c.row.Name, time.Now()); ok { // whoever was in front is done by now
		out = c.replay(e)
		return out
	}
	if again, told := s.retell(ctx, c); told {
		out = again
		return out
	}
	var row *state.Row
	if hint != nil {
		row = hint(c.row.Name)
	}
	got, mine := c.take(ctx, row)
	if !mine {
		out = got
		return out
	}
	var result []byte
	var kept bool
	err := tooLate(ctx, c.until)
	if err == nil {
		result, kept, err = s.call(ctx, m, c, f)
	}
	reason, drops := reasonOf(err)
	settling, cancel := settleContext(ctx, m)
	defer cancel()
	if err != nil && !drops {
		c.release(settling)
		out = outcome{err: err}
		return out
	}
	e := entry{status: done, result: result}
	switch {
	case drops:
		e.status, e.result = dropped, []byte(cut(reason, maxReason))
	case !kept:
		e.status = unkept
	}
	e, stored := c.complete(settling, e)
	if stored != nil && stored != ErrLeaseLost {
		s.unsaved.put(completion{c, e})
	}
	switch {
	case stored == ErrLeaseLost:
		out = outcome{err: ErrLeaseLost}
	case stored != nil && !s.unstored:
		out = outcome{err: weir.Unavailable(&notStored{stored})}
	case drops:
		out = outcome{err: err} // as the function said it
	default:
		out = outcome{entry: e}
	}
	return out
}

// tooLate says why a function is not to begin, if its claim took so long.
func tooLate(ctx context.Context, lease time.Time) error {
	switch {
	case ctx.Err() != nil:
		return weir.Unavailable(fmt.Errorf("once: the claim took too long: %w", context.Cause(ctx)))
	case !time.Now().Before(lease):
		return weir.Unavailable(fmt.Errorf("once: the claim took longer than the lease: %w", errLeaseEnded))
	}
	return nil
}

// call calls the function, and gives the key up should it panic.
func (s *Store) call(ctx context.Context, m *weir.Message, c *claim, f function) (result []byte, kept bool, err error) {
	returned := false
	defer func() {
		if !returned { // it panicked, or called Goexit: that goes on from here
			settling, cancel := settleContext(ctx, m)
			defer cancel()
			c.release(settling)
		}
	}()
	in := ctx
	if end, ok := ctx.Deadline(); !ok || c.until.Before(end) {
		var cancel context.CancelFunc
		in, cancel = context.WithDeadlineCause(ctx, c.until, errLeaseEnded)
		defer cancel()
	}
	result, kept, err = f(in)
	returned = true
	return result, kept, err
}

// settleContext is what a claim is settled in. It outlives the record's, which may have ended when
// the function returned, but not the moment at which weir gives up those that still run, in the
// middle of DeadlineReserve. A function that returns shortly before that, or later, is worth a last attempt.
func settleContext(ctx context.Context, m *weir.Message) (context.Context, context.CancelFunc) {
	now := time.Now()
	until := now.Add(settleTime)
	if m != nil {
		if hard, ok := m.Deadline(); ok {
			until = hard
			if soft, ok := ctx.Deadline(); ok && soft.Before(hard) {
				until = soft.Add(hard.Sub(soft) * 2 / 5)
			}
		}
	}
	if least := now.Add(lastAttempt); until.Before(least) {
		until = least
	}
	return context.WithDeadline(context.WithoutCancel(ctx), until)
}

// For how long a claim is settled at most where there is no deadline, and at least where there is.
const (
	settleTime  = 30 * time.Second
	lastAttempt = time.Second
)

// notStored says why a completion was not stored.
type notStored struct{ err error }

func (e *notStored) Error() string        { return ErrNotStored.Error() + ": " + e.err.Error() }
func (e *notStored) Unwrap() error        { return e.err }
func (e *notStored) Is(target error) bool { return target == ErrNotStored }

// maxReason is how much of a dropped record's reason is kept, in bytes.
const maxReason = 1000

func cut(s string, n int) string {
	if len(s) > n {
		return s[:n]
	}
	return s
}

// error is what a handler without a result returns for an outcome.
func (o outcome) error() error {
	if o.err == nil && o.entry.status == dropped {
		return weir.Drop(&droppedBefore{string(o.entry.result)})
	}
	return o.err
}
