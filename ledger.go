package weir

import (
	"runtime"
	"sync"
	"sync/atomic"
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
	errs    atomic.Pointer[failures] // made for the first error
}

// failures are the errors of a batch, which mostly are few.
type failures struct {
	mu   sync.Mutex
	list []error
}

// entry is one record: where it stands, and the context of its handler. A handler may keep
// that, so an entry never serves another record.
type entry struct {
	*round // that started the record, nil before
	index  uint32
	stands atomic.Uint32 // a state, and shifted by stateBits the number of its error, from 1, or 0
}

const stateBits = 3

// Value makes an entry a context that carries its message.
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
	errs := l.errs.Load()
	if errs == nil {
		n := len(l.entries)
		l.errs.CompareAndSwap(nil, &failures{list: make([]error, 0, min(n, 16+n/64))})
		errs = l.errs.Load()
	}
	errs.mu.Lock()
	errs.list = append(errs.list, err)
	number := uint32(len(errs.list))
	errs.mu.Unlock()
	e.stands.Store(number<<stateBits | uint32(s))
	return true
}

// final returns a record's outcome once nobody is writing it.
func (l *ledger) final(i int) (state, error) {
	for l.state(i) == deciding {
		runtime.Gosched()
	}
	number := l.entries[i].stands.Load() >> stateBits
	if number == 0 {
		return l.state(i), nil
	}
	errs := l.errs.Load()
	errs.mu.Lock()
	defer errs.mu.Unlock()
	return l.state(i), errs.list[number-1]
}
