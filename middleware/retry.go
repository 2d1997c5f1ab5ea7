package middleware

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/backoff"
	"github.com/weir-go/weir/internal/errtree"
)

// Retries says how often and how patiently a record is tried again within the invocation. Zero fields
// are the defaults.
type Retries struct {
	// Attempts is how often the handler is called for a record, the first call included. Zero is
	// DefaultRetryAttempts; 1 does not retry.
	Attempts int

	// Base and Max bound the pauses: the n-th is a random time between 0 and the lesser of Max and
	// Base doubled n-1 times ("full jitter"). Zero is DefaultRetryBase and DefaultRetryMax. A
	// RetryAfter is waited for if it asks for no more than Max; with more, its record goes back to
	// the source at once.
	Base, Max time.Duration

	// BatchBudget is how much time a batch may spend on retries in vain, pauses and repeated attempts
	// added up over all its records. A retry that helped costs nothing. When it is used up, no record
	// is tried again: so a thousand records do not wait for the same database one after another.
	// Zero is DefaultRetryBudget.
	BatchBudget time.Duration

	// RecordBudget is the same for one record. Zero is BatchBudget.
	RecordBudget time.Duration

	// If says which errors are worth a retry. Nil is Transient. It is not asked about what is never
	// tried again: Drop, Permanent, Abort, Undecodable, and whatever a handler returns once the
	// context of its record has ended.
	If func(err error) bool

	// Panics has If decide about panics too, as *weir.PanicError. By default a panic ends the
	// attempts, since what panics once mostly panics again.
	Panics bool

	// OnRetry is told of each retry before its pause: which attempt failed, counted from 1, why, and
	// how long the pause is. Under Concurrency it is called from several goroutines at a time. If it
	// panics, nobody hears of it.
	OnRetry func(ctx context.Context, m *weir.Message, attempt int, err error, pause time.Duration)
}

// The defaults of Retries.
const (
	DefaultRetryAttempts = 3
	DefaultRetryBase     = 50 * time.Millisecond
	DefaultRetryMax      = 2 * time.Second
	DefaultRetryBudget   = 5 * time.Second
)

// Retry calls the handler of Each or EachMessage again for a record that failed, within the invocation.
// It is for what passes in a moment, such as a throttled request; what takes longer is for the source,
// which redelivers.
//
// A pause that the record has no time for, before DeadlineReserve or its RecordTimeout, is not begun: the
// record fails with its error at once. The records behind it in its lane wait meanwhile; others do so
// only without Concurrency. A record that failed more than once fails with a *RetryError, which
// stands for the last attempt's error in every way.
//
// An attempt that was not run, as by a Breaker behind Retry that is open, does not hide the error of one
// that was: the record fails with that, so that whoever counts its attempts counts this one.
//
// Handlers must bear to be called again after they did a part of their work. Middleware listed behind Retry
// is called for each attempt, that before it once a record.
func Retry(r Retries) weir.FlowOption {
	if err := r.check(); err != nil {
		return weir.Refuse(err)
	}
	r = r.withDefaults()
	return weir.Named("middleware.Retry", weir.Use(func(next weir.Handler) weir.Handler {
		b := &retries{Retries: r, next: next}
		return b.handle
	}))
}

func (r Retries) check() error {
	var errs []error
	refuse := func(bad bool, format string, args ...any) {
		if bad {
			errs = append(errs, fmt.Errorf("middleware: Retry: "+format, args...))
		}
	}
	refuse(r.Attempts < 0, "Attempts is %d: it takes 1 or more, or 0 for %d", r.Attempts, DefaultRetryAttempts)
	refuse(r.Base < 0, "Base is %v: it takes more than 0, or 0 for %v", r.Base, DefaultRetryBase)
	refuse(r.Max < 0, "Max is %v: it takes more than 0, or 0 for %v", r.Max, DefaultRetryMax)
	refuse(r.Max > 0 && r.Max < r.Base, "Max is %v, less than Base, which is %v", r.Max, r.Base)
	refuse(r.BatchBudget < 0, "BatchBudget is %v: it takes more than 0, or 0 for %v", r.BatchBudget, DefaultRetryBudget)
	refuse(r.RecordBudget < 0, "RecordBudget is %v: it takes more than 0, or 0 for BatchBudget", r.RecordBudget)
	return errors.Join(errs...)
}

func (r Retries) withDefaults() Retries {
	if r.Attempts == 0 {
		r.Attempts = DefaultRetryAttempts
	}
	if r.Base == 0 {
		if r.Base = DefaultRetryBase; r.Max > 0 {
			r.Base = min(r.Base, r.Max)
		}
	}
	if r.Max == 0 {
		r.Max = max(DefaultRetryMax, r.Base)
	}
	if r.BatchBudget == 0 {
		r.BatchBudget = DefaultRetryBudget
	}
	if r.RecordBudget == 0 {
		r.RecordBudget = r.BatchBudget
	}
	if r.If == nil {
		r.If = Transient
	}
	return r
}

// Transient reports whether Retry tries again by default: any error but a panic and Unavailable, whose
// sender has mostly tried again by itself, and what is never tried again. Of joined errors
// none may be one of those.
func Transient(err error) bool {
	return err != nil && errtree.Most(err, plain, saying) <= plain
}

// What an error says to Retry; of joined ones the highest counts.
const (
	given = iota // given up
	plain
	hopeful // not by default
	hopeless
)

func saying(err error) (rank int, known bool) {
	switch err.(type) {
	case *weir.DropError:
		return given, true
	case *weir.RetryAfterError:
		return plain, true
	case *weir.PanicError, *weir.UnavailableError:
		return hopeful, true
	case *weir.PermanentError, *weir.AbortError, *weir.UndecodableError:
		return hopeless, true
	}
	return 0, false
}

// RetryError is the error of a record that was tried more than once.
type RetryError struct {
	Attempts int   // that were run
	Err      error // the last one's
}

func (e *RetryError) Error() string { return fmt.Sprintf("after %d attempts: %v", e.Attempts, e.Err) }

// Unwrap returns the last attempt's error.
func (e *RetryError) Unwrap() error { return e.Err }

// retries is Retry in a batch.
type retries struct {
	Retries
	next weir.Handler

	mu    sync.Mutex
	spent time.Duration // in vain, or perhaps, by all records
}

func (b *retries) handle(ctx context.Context, m *weir.Message) error {
	err := b.try(ctx, m)
	if err == nil {
		return nil
	}
	return b.again(ctx, m, err)
}

// again is what follows a first failure.
func (b *retries) again(ctx context.Context, m *weir.Message, err error) error {
	var spent time.Duration // by this record
	ran, last := 1, err     // attempts that were run, and the error of the last of them
	if notRun(err) {
		ran = 0
	}
	for n := 1; n < b.Attempts && b.worth(ctx, err); n++ {
		pause := backoff.Exponential{Base: b.Base, Max: b.Max}.After(n)
		if asked := errtree.Delay(err); asked > b.Max {
			break
		} else if asked > pause {
			pause = asked
		}
		if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= pause {
			break
		}
		if spent >= b.RecordBudget || pause > b.RecordBudget-spent || !b.reserve(pause) {
			break
		}
		begin := time.Now()
		b.tell(ctx, m, n, err, pause)
		if backoff.Sleep(ctx, pause) != nil {
			break
		}
		err = b.try(ctx, m)
		if unrun := err != nil && notRun(err); !unrun {
			last = err
			ran++
		} else if ran == 0 {
			last = err
		}
		if err == nil || errtree.Most(err, plain, saying) == given {
			b.charge(-pause)
			break
		}
		took := time.Since(begin)
		b.charge(took - pause)
		spent += took
	}
	if ran > 1 && last != nil {
		return &RetryError{ran, last}
	}
	return last
}

// tell calls OnRetry, which must not change what becomes of the record.
func (b *retries) tell(ctx context.Context, m *weir.Message, attempt int, err error, pause time.Duration) {
	if b.OnRetry == nil {
		return
	}
	defer func() { _ = recover() }()
	b.OnRetry(ctx, m, attempt, err, pause)
}

func (b *retries) try(ctx context.Context, m *weir.Message) (err error) {
	if b.Panics {
		defer func() {
			if v := recover(); v != nil {
				err = &weir.PanicError{Value: v, Stack: debug.Stack()}
			}
		}()
	}
	return b.next(ctx, m)
}

// worth reports whether an error is worth a retry.
func (b *retries) worth(ctx context.Context, err error) bool {
	if ctx.Err() != nil {
		return false
	}
	r := errtree.Most(err, plain, saying)
	return r != given && r != hopeless && b.If(err)
}

// reserve takes a pause out of the batch's budget, unless there is less left.
func (b *retries) reserve(pause time.Duration) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.spent >= b.BatchBudget || pause > b.BatchBudget-b.spent {
		return false
	}
	b.spent += pause
	return true
}

// charge adds what was spent more than was reserved.
func (b *retries) charge(more time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.spent += more
}
