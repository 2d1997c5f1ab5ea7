package weir

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/weir-go/weir/internal/memory"
)

// state is where a record stands. Every record starts undecided, which counts as failed:
// only an explicit success can take it off the list of what Lambda shall retry.
type state uint32

const (
	undecided state = iota
	deciding        // its error is being written
	succeeded
	dropped
	failed
	skipped
)

func (s state) String() string {
	return [...]string{"undecided", "deciding", "succeeded", "dropped", "failed", "skipped"}[s]
}

// ledger holds the outcome of each record of a batch, by index. The first outcome of a
// record stands, so that a handler which returns after Invoke has answered changes nothing.
type ledger struct {
	entries []entry
	mu      sync.Mutex
	errs    []error // mostly few
}

// entry is one record: where it stands, and the context of its handler. A handler may keep
// that, so an entry never serves another record.
type entry struct {
	_      memory.Incomparable
	*round // that started the record, nil before
	index  uint32
	stands atomic.Uint32 // a state, and shifted by stateBits the number of its error, from 1, or 0
}

const stateBits = 3

// Deadline, Done, Err and Value make an entry a context that carries its message. A context embedded in round
// would bring each of them into a binary six times.
func (e *entry) Deadline() (time.Time, bool) { return e.Context.Deadline() }
func (e *entry) Done() <-chan struct{}       { return e.Context.Done() }
func (e *entry) Err() error                  { return e.Context.Err() }
func (e *entry) Value(key any) any {
	switch key {
	case messageKey{}:
		return &e.w.msgs[e.index]
	case batchKey{}:
		return e.w
	}
	return e.Context.Value(key)
}

func (l *ledger) state(i int) state { return state(l.entries[i].stands.Load() & (1<<stateBits - 1)) }

// succeed is set for what becomes of most records.
func (e *entry) succeed() bool { return e.stands.CompareAndSwap(uint32(undecided), uint32(succeeded)) }

// set records an outcome and reports whether it was the first.
func (l *ledger) set(i int, s state, err error) bool {
	e := &l.entries[i]
	if err == nil {
		return e.stands.CompareAndSwap(uint32(undecided), uint32(s))
	}
	if !e.stands.CompareAndSwap(uint32(undecided), uint32(deciding)) {
		return false
	}
	l.mu.Lock()
	if l.errs == nil {
		n := len(l.entries)
		l.errs = make([]error, 0, min(n, 16+n/64))
	}
	l.errs = append(l.errs, err)
	number := uint32(len(l.errs))
	l.mu.Unlock()
	e.stands.Store(number<<stateBits | uint32(s))
	return true
}

// final returns a record's outcome once nobody is writing it.
func (l *ledger) final(i int) (state, error) {
	stands := l.entries[i].stands.Load()
	for state(stands) == deciding {
		runtime.Gosched()
		stands = l.entries[i].stands.Load()
	}
	var err error
	if number := stands >> stateBits; number > 0 {
		l.mu.Lock()
		err = l.errs[number-1]
		l.mu.Unlock()
	}
	return state(stands & (1<<stateBits - 1)), err
}
