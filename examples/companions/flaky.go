package main

import (
	"context"
	"errors"
	"sync"

	"github.com/weir-go/weir/state"
)

// flaky is a store of which every 13th commit fails: half of those before, half after it was done.
type flaky struct {
	state.Store
	mu            sync.Mutex
	n             int
	refused, lost int
}

var errNoAnswer = errors.New("store: connection reset")

// Commit implements state.Store.
func (f *flaky) Commit(ctx context.Context, pipeline string, writes []state.Write) error {
	f.mu.Lock()
	f.n++
	refuse, lose := f.n%26 == 0, f.n%26 == 13
	f.refused += count(refuse)
	f.lost += count(lose)
	f.mu.Unlock()
	if refuse {
		return errNoAnswer
	}
	err := f.Store.Commit(ctx, pipeline, writes)
	if lose && err == nil {
		return errNoAnswer
	}
	return err
}
