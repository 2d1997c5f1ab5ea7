package middleware

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/weir-go/weir"
)

// breaker is what records of a batch, or of all batches, come through. As long as all is well
// they do not meet at its lock.
//
// Each record has a ticket, the term in which it was let through. A term ends whenever the state
// changes and whenever a record is let through to see: what began in a term that has ended says nothing
// about the one that is.
type breaker struct {
	c Circuit

	open   atomic.Bool   // or half open
	term   atomic.Uint64 // read before open, and written after it is set
	streak atomic.Int64  // failures in a row

	mu      sync.Mutex
	class   string
	last    error
	rest    time.Duration // of this opening
	until   time.Time     // none is let through before
	probing bool          // one was let through, and others wait for what it finds
	out     int           // that were let through in this term and are not back
	mute    int           // that were let through since it opened and said nothing
	more    int           // that may be let through beside
	refused int
	refusal error // of a breaker that stays open

	// Records whose failures may be their own fault: those in the streak, and those that were let
	// through in vain since it opened.
	counted, vain offenders

	// Those of other batches, whose parts opened a breaker. Nil if all batches share one.
	before *openers
}

func (b *breaker) handle(ctx context.Context, m *weir.Message, next weir.Handler) error {
	ticket := b.term.Load()
	if b.open.Load() {
		var err error
		if ticket, err = b.ask(ctx); err != nil {
			return err
		}
	}
	returned := false
	defer func() {
		if !returned { // it panicked, which is the code's fault
			b.silent(ticket)
		}
	}()
	err := next(ctx, m)
	returned = true
	if err == nil {
		if b.streak.Load() > 0 { // as it is whenever the breaker is open
			b.succeeded(ctx, ticket)
		}
		return nil
	}
	b.failed(ctx, m, ticket, err)
	return err
}

// ask is for a record that met an open breaker.
func (b *breaker) ask(ctx context.Context) (ticket uint64, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.open.Load() {
		return b.term.Load(), nil
	}
	now := time.Now()
	if b.rest == 0 || now.Before(b.until) {
		if b.out > 0 && b.more > 0 {
			b.out++
			b.more--
			return b.term.Load(), nil
		}
		b.refused++
		if b.rest == 0 {
			return 0, b.refusal
		}
		left := (b.until.Sub(now) + time.Second - 1).Truncate(time.Second) // so that errors read alike
		return 0, weir.Unavailable(weir.RetryAfter(left, b.openError()))
	}
	// Should this one never come back, the next may try after another rest.
	b.until = now.Add(b.rest)
	ticket = b.term.Add(1)
	// Were it the only one, and the same again that says nothing, those at work beside it would be refused for ever.
	b.out, b.more = 1, b.mute
	if !b.probing {
		b.probing = true
		change := b.change(BreakerOpen, BreakerHalfOpen)
		b.tell(ctx, change)
	}
	return ticket, nil
}

func (b *breaker) openError() error {
	return &OpenError{b.class, int(b.streak.Load()), b.last}
}

// change describes one, with the lock held.
func (b *breaker) change(from, to BreakerState) BreakerChange {
	return BreakerChange{from, to, b.class, int(b.streak.Load()), b.last, b.rest, b.refused}
}

// tell calls OnChange without the lock, which is held before and after. It must not change what becomes of
// the record.
func (b *breaker) tell(ctx context.Context, c BreakerChange) {
	if b.c.OnChange == nil {
		return
	}
	b.mu.Unlock()
	defer func() {
		_ = recover()
		b.mu.Lock()
	}()
	b.c.OnChange(ctx, c)
}

func (b *breaker) succeeded(ctx context.Context, ticket uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if ticket != b.term.Load() {
		return
	}
	if b.open.Load() {
		b.vain = nil
		b.close(ctx, nil)
		return
	}
	b.reset()
}

// reset begins the count anew.
func (b *breaker) reset() {
	b.streak.Store(0)
	b.class, b.last, b.counted = "", nil, nil
}

// close closes the breaker, after a success or because of what a failure is worth.
func (b *breaker) close(ctx context.Context, why error) {
	b.reset()
	b.rest, b.probing, b.out, b.mute = 0, false, 0, 0
	change := b.change(BreakerHalfOpen, BreakerClosed)
	change.Err = why
	b.refused = 0
	b.term.Add(1)
	b.open.Store(false)
	b.tell(ctx, change)
}

func (b *breaker) failed(ctx context.Context, m *weir.Message, ticket uint64, err error) {
	class := ""
	switch cause := context.Cause(ctx); {
	case notRun(err):
	case cause == weir.ErrRecordTimeout, timedOut(cause, m):
		class = classUnavailable
	case cause == nil:
		class = b.c.Class(err)
	}
	if class == "" {
		b.silent(ticket)
		return
	}
	own := class != classUnavailable // the record's fault, perhaps
	b.mu.Lock()
	defer b.mu.Unlock()
	if ticket != b.term.Load() {
		return
	}
	if b.open.Load() { // it was let through
		if own && !b.vain.add(m) {
			b.close(ctx, err)
			return
		}
		b.class, b.last = class, err
		b.streak.Add(1)
		b.rest = min(b.c.MaxCoolDown, max(b.rest, b.rest*2))
		b.begin(ctx, BreakerHalfOpen)
		return
	}
	if own && (b.vain.has(m) || b.before.knows(m)) {
		return
	}
	b.last = err
	if class != b.class {
		b.class, b.counted = class, nil
		b.streak.Store(0)
	}
	if own && !b.counted.add(m) {
		return
	}
	if b.streak.Add(1) < int64(b.c.After) {
		return
	}
	b.rest = b.c.CoolDown
	b.before.remember(b.counted)
	b.begin(ctx, BreakerClosed)
}

// timedOut reports whether a record ran out of a time that is not its batch's, such as once.Lease or that of a
// middleware outside.
func timedOut(cause error, m *weir.Message) bool {
	if cause == nil || cause == weir.ErrDeadlineNear || !errors.Is(cause, context.DeadlineExceeded) {
		return false
	}
	end, ok := m.Deadline()
	return !ok || time.Now().Before(end)
}

// begin opens the breaker.
func (b *breaker) begin(ctx context.Context, from BreakerState) {
	b.until = time.Now().Add(b.rest)
	b.probing, b.out, b.mute = false, 0, 0
	b.refusal = weir.Unavailable(b.openError())
	b.open.Store(true)
	b.term.Add(1)
	b.tell(ctx, b.change(from, BreakerOpen))
}

// silent is told of a record that says nothing. Was it the one to see, another may try at once, and
// one more at a time than before.
func (b *breaker) silent(ticket uint64) {
	if !b.open.Load() {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if ticket != b.term.Load() || !b.probing {
		return
	}
	b.mute++
	if b.out--; b.out == 0 {
		b.until = time.Now()
	}
}
