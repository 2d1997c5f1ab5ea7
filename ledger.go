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
type ledger []entry

type entry struct {
	state atomic.Uint32
	err   error
}

func (l ledger) state(i int) state { return state(l[i].state.Load()) }

// set records an outcome and reports whether it was the first.
func (l ledger) set(i int, s state, err error) bool {
	e := &l[i]
	if err == nil {
		return e.state.CompareAndSwap(uint32(undecided), uint32(s))
	}
	if !e.state.CompareAndSwap(uint32(undecided), uint32(deciding)) {
		return false
	}
	e.err = err
	e.state.Store(uint32(s))
	return true
}

// final returns a record's outcome once nobody is writing it.
func (l ledger) final(i int) (state, error) {
	for {
		if s := l.state(i); s != deciding {
			return s, l[i].err
		}
		runtime.Gosched()
	}
}
