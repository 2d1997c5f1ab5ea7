package weir

import (
	"runtime"
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
	errs    atomic.Pointer[[]error] // made for the first error
}

// entry is one record: where it stands, and the context of its handler. A handler may keep
// that, so an entry never serves another record.
type entry struct {
	*round // that started the record, nil before
	index  uint32
	state  atomic.Uint32
}

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

func (l *ledger) state(i int) state { return state(l.entries[i].state.Load()) }

// succeed is set for what becomes of most records.
func (l *ledger) succeed(i int) bool {
	return l.entries[i].state.CompareAndSwap(uint32(undecided), uint32(succeeded))
}

// set records an outcome and reports whether it was the first.
func (l *ledger) set(i int, s state, err error) bool {
	e := &l.entries[i]
	if err == nil {
		return e.state.CompareAndSwap(uint32(undecided), uint32(s))
	}
	if !e.state.CompareAndSwap(uint32(undecided), uint32(deciding)) {
		return false
	}
	if l.errs.Load() == nil {
		errs := make([]error, len(l.entries))
		l.errs.CompareAndSwap(nil, &errs)
	}
	(*l.errs.Load())[i] = err
	e.state.Store(uint32(s))
	return true
}

// final returns a record's outcome once nobody is writing it.
func (l *ledger) final(i int) (state, error) {
	s := l.state(i)
	for ; s == deciding; s = l.state(i) {
		runtime.Gosched()
	}
	if errs := l.errs.Load(); errs != nil {
		return s, (*errs)[i]
	}
	return s, nil
}
