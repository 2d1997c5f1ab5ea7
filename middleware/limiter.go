package middleware

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/errtree"
)

// limiter hands out turns. Whoever has one waits for nothing of the limiter's before giving it
// back, and there is always one at least: so those who wait get theirs, or their contexts end.
type limiter struct {
	l Limits

	mu        sync.Mutex
	limit     int
	out       int // turns that are out
	fallen    uint64
	successes int       // since the limit last changed
	idle      time.Time // since when no turn is out, if the limit is not the highest
	holders   []holder
	given     uint64  // turns, so far
	free      []int32 // in holders
	first     *waiter // those who wait, the longest first
	last      *waiter
}

// turn is the right to handle a record.
type turn struct {
	fallen uint64 // how often the limit had fallen when it was given
	number uint64
	slot   int32 // in holders
}

// holder is a record that has a turn.
type holder struct {
	ctx    context.Context
	m      *weir.Message
	number uint64 // of the turn
}

type waiter struct {
	holder
	ready      chan struct{}
	turn       turn // once ready is closed
	prev, next *waiter
}

func newLimiter(l Limits) *limiter { return &limiter{l: l, limit: l.Start} }

// limited is a handler in a batch.
type limited struct {
	*limiter
	next    weir.Handler
	aborted atomic.Bool
}

func (b *limited) handle(ctx context.Context, m *weir.Message) error {
	t, held, err := b.take(ctx, m)
	switch {
	case err != nil:
		return err
	case held: // the same record, by an Adaptive that is listed twice
		return b.next(ctx, m)
	}
	if m.ID == "" {
		ctx = context.WithValue(ctx, b.limiter, true)
	}
	returned := false
	defer func() {
		if !returned {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.giveBack(t)
		}
	}()
	if b.aborted.Load() { // while it waited
		return weir.Unavailable(&unrunError{fmt.Errorf("middleware: not run: %w", weir.ErrAborted)})
	}
	var begin time.Time
	if b.l.Slow > 0 {
		begin = time.Now()
	}
	err = b.next(ctx, m)
	slow := b.l.Slow > 0 && time.Since(begin) > b.l.Slow
	throttled := false
	if err != nil {
		if errtree.Most(err, 0, aborts) > 0 {
			b.aborted.Store(true)
		}
		throttled = b.l.Throttled(err)
	}
	returned = true
	b.back(ctx, t, err, slow, throttled)
	return err
}

// aborts ranks Abort above whatever else an error says.
func aborts(err error) (rank int, known bool) {
	switch err.(type) {
	case *weir.AbortError:
		return 1, true
	case *weir.DropError, *weir.UndecodableError, *weir.RetryAfterError, *weir.PermanentError, *weir.UnavailableError, *weir.PanicError:
		return 0, true
	}
	return 0, false
}

// unrunError is the reason of a record that was not run.
type unrunError struct{ error }

func (e *unrunError) Unwrap() error { return e.error }

// notRun reports whether an error is of a record that was not run here. One whose methods panic is not.
func notRun(err error) (unrun bool) {
	defer func() { _ = recover() }()
	var e *unrunError
	return errors.Is(err, ErrOpen) || errors.As(err, &e)
}

// take gets a turn, or says that the record has one.
func (l *limiter) take(ctx context.Context, m *weir.Message) (t turn, held bool, err error) {
	l.mu.Lock()
	was := l.limit
	if l.out == 0 && was < l.l.Most {
		l.forget()
	}
	if l.limit != was {
		now := l.limit
		l.mu.Unlock()
		l.tell(ctx, LimitChange{From: was, To: now})
		l.mu.Lock()
	}
	if l.out >= l.limit {
		l.takeAway(ctx)
	}
	if l.out < l.limit { // so nobody waits
		t = l.give(holder{ctx: ctx, m: m})
		l.mu.Unlock()
		return t, false, nil
	}
	if l.holds(ctx, m) {
		l.mu.Unlock()
		return turn{}, true, nil
	}
	w := &waiter{holder: holder{ctx: ctx, m: m}, ready: make(chan struct{}), prev: l.last}
	if l.last == nil {
		l.first = w
	} else {
		l.last.next = w
	}
	l.last = w
	l.mu.Unlock()
	select {
	case <-w.ready:
		if ctx.Err() == nil {
			return w.turn, false, nil
		}
	case <-ctx.Done():
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-w.ready: // too late
		l.giveBack(w.turn)
	default:
		l.remove(w)
	}
	return turn{}, false, weir.Unavailable(&unrunError{fmt.Errorf("middleware: not run, its turn did not come under a limit of %d: %w", l.limit, context.Cause(ctx))})
}

// give gives out a turn.
func (l *limiter) give(h holder) turn {
	l.out++
	l.given++
	h.number = l.given
	var slot int32
	if n := len(l.free); n > 0 {
		slot, l.free = l.free[n-1], l.free[:n-1]
		l.holders[slot] = h
	} else {
		slot = int32(len(l.holders))
		l.holders = append(l.holders, h)
	}
	return turn{l.fallen, h.number, slot}
}

// takeAway takes back the turns of records of other batches whose contexts have ended: their handlers may
// have been left behind, and never return.
func (l *limiter) takeAway(ctx context.Context) {
	for slot, h := range l.holders {
		if h.m != nil && h.ctx.Err() != nil && firstOf(h.ctx) != firstOf(ctx) {
			l.giveBack(turn{number: h.number, slot: int32(slot)})
		}
	}
}

// has reports whether a turn was not taken away.
func (l *limiter) has(t turn) bool { return l.holders[t.slot].number == t.number }

// giveBack takes a turn back, and gives it to those who wait.
func (l *limiter) giveBack(t turn) {
	if !l.has(t) {
		return
	}
	l.out--
	l.holders[t.slot] = holder{}
	l.free = append(l.free, t.slot)
	for w := l.first; w != nil && l.out < l.limit; w = l.first {
		l.remove(w)
		w.turn = l.give(w.holder)
		close(w.ready)
	}
	if l.out == 0 && l.limit < l.l.Most {
		l.idle = time.Now()
	}
}

func (l *limiter) remove(w *waiter) {
	if w.prev == nil {
		l.first = w.next
	} else {
		w.prev.next = w.next
	}
	if w.next == nil {
		l.last = w.prev
	} else {
		w.next.prev = w.prev
	}
}

// holds reports whether a record has a turn already. What is in between may have handed on a copy of it. One
// without an ID is known by its context.
func (l *limiter) holds(ctx context.Context, m *weir.Message) bool {
	if m.ID == "" {
		return ctx.Value(l) != nil
	}
	for _, h := range l.holders {
		if h.m == m {
			return true
		}
		if h.m != nil && h.m.ID == m.ID && h.m.Part == m.Part && h.m.SourceARN == m.SourceARN {
			if batch := firstOf(ctx); batch != nil && batch == firstOf(h.ctx) {
				return true
			}
		}
	}
	return false
}

// firstOf is the first record of a batch, by which to know the batch.
func firstOf(ctx context.Context) *weir.Message {
	for m := range weir.BatchFromContext(ctx) {
		return m
	}
	return nil
}

// back takes a turn back and moves the limit by what came of it.
func (l *limiter) back(ctx context.Context, t turn, err error, slow, throttled bool) {
	l.mu.Lock()
	was := l.limit
	switch {
	case t.fallen != l.fallen, !l.has(t): // it says nothing about this limit
	case slow || throttled:
		l.limit = max(1, l.limit/2)
		l.fallen++
		l.successes = 0
	case err == nil && l.limit < l.l.Most:
		if l.successes++; l.successes >= l.limit {
			l.limit++
			l.successes = 0
		}
	}
	now := l.limit
	l.giveBack(t)
	l.mu.Unlock()
	if was == now {
		return
	}
	c := LimitChange{From: was, To: now}
	if now < was {
		if c.Slow = !throttled; throttled {
			c.Err = err
		}
	}
	l.tell(ctx, c)
}

// tell calls OnChange, which must not change what becomes of the record.
func (l *limiter) tell(ctx context.Context, c LimitChange) {
	if l.l.OnChange == nil {
		return
	}
	defer func() { _ = recover() }()
	l.l.OnChange(ctx, c)
}

// forget gives back what was taken, half of it for each while that nothing was handled.
func (l *limiter) forget() {
	if l.idle.IsZero() {
		return // nothing was handled so far
	}
	for n := time.Since(l.idle) / l.l.Forget; n > 0 && l.limit < l.l.Most; n-- {
		l.limit += (l.l.Most - l.limit + 1) / 2
		l.successes = 0
		l.idle = l.idle.Add(l.l.Forget)
	}
}
