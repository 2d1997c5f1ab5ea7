// Package probe lets weirtest see the outcome of each record of an invocation.
package probe

import "sync/atomic"

// Key is the context key under which an invocation finds a *Report to fill in.
type Key struct{}

// Report is what became of a batch, in record order.
type Report struct {
	Records []Record

	taken atomic.Bool
}

// Take gives the report to the first invocation that asks: a handler may invoke another
// Lambda with its own context.
func (r *Report) Take() bool { return r.taken.CompareAndSwap(false, true) }

// Record is what became of one record. State is one of succeeded, dropped, failed, skipped.
type Record struct {
	ID    string
	State string
	Err   error
}

// Add appends the next record's outcome.
func (r *Report) Add(id, state string, err error) {
	r.Records = append(r.Records, Record{id, state, err})
}
