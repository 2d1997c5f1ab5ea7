package statetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/weir-go/weir/state"
)

// Errors that injected faults return.
var (
	ErrInjected = errors.New("statetest: injected failure")
	ErrTimeout  = errors.New("statetest: injected timeout, the answer is lost")
	ErrKilled   = errors.New("statetest: this process was killed")
)

// faults counts what was injected, by kind.
type faults [numFaults]atomic.Int64

const (
	faultBefore   = iota // an error, nothing applied
	faultAfter           // applied, and the answer lost
	faultLate            // the answer lost, applied at some later time
	faultConflict        // refused since somebody else was faster, as far as the store says
	faultKill            // the process dies before the call
	faultKillLate        // the process dies after it
	faultLoad            // a read fails
	faultCancel          // the context ends during the call
	numFaults
)

var faultNames = [numFaults]string{"error before", "error after apply", "late apply", "conflict", "killed before", "killed after", "failed read", "cancelled"}

// process is a store as one process sees it, with faults between any two calls.
type process struct {
	state.Store
	caps   state.Caps
	cancel context.CancelFunc // of the invocation
	odds   float64            // of a fault, per call
	n      *faults
	late   *sync.WaitGroup
	sum    *tally
	told   *told

	mu     sync.Mutex
	rand   *rand.Rand
	killed bool
}

func (p *process) Caps() state.Caps { return p.caps }

// draw decides whether a call meets a fault, and which of those that it can meet.
func (p *process) draw(kinds ...int) (fault int, hit bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.killed {
		return 0, false, ErrKilled
	}
	if p.rand.Float64() >= p.odds {
		return 0, false, nil
	}
	fault = kinds[p.rand.IntN(len(kinds))]
	p.n[fault].Add(1)
	if fault == faultKill || fault == faultKillLate {
		p.killed = true
	}
	return fault, true, nil
}

func (p *process) dead() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.killed
}

func (p *process) Load(ctx context.Context, pipeline string, keys []state.Key, consistent bool) ([]state.Row, error) {
	fault, hit, err := p.draw(faultLoad, faultKill, faultCancel)
	switch {
	case err != nil:
		return nil, err
	case hit && fault == faultLoad:
		return nil, ErrInjected
	case hit && fault == faultKill:
		return nil, ErrKilled
	case hit:
		p.cancel()
		return nil, context.Canceled
	}
	rows, err := p.Store.Load(ctx, pipeline, keys, consistent)
	if err == nil && len(rows) != len(keys) {
		return nil, fmt.Errorf("%d rows for %d keys", len(rows), len(keys))
	}
	p.breach(p.told.check(rows, false))
	return rows, err
}

// breach notes what breaks the contract.
func (p *process) breach(err error) {
	if err != nil {
		p.sum.breach.CompareAndSwap(nil, &err)
	}
}

// commit applies writes to the store.
func (p *process) commit(ctx context.Context, pipeline string, writes []state.Write) error {
	err, breach := p.told.commit(ctx, p.Store, pipeline, writes)
	p.breach(breach)
	return err
}

func (p *process) Commit(ctx context.Context, pipeline string, writes []state.Write) error {
	if err := p.within(writes); err != nil {
		p.breach(err)
		return err
	}
	fault, hit, err := p.draw(faultBefore, faultAfter, faultLate, faultConflict, faultKill, faultKillLate, faultCancel)
	if err != nil {
		return err
	}
	if !hit {
		return p.commit(ctx, pipeline, writes)
	}
	switch fault {
	case faultBefore:
		return ErrInjected
	case faultConflict:
		return state.ErrConflict
	case faultKill:
		return ErrKilled
	case faultLate:
		later := slices.Clone(writes)
		for i := range later {
			later[i].Data = slices.Clone(later[i].Data)
		}
		p.late.Go(func() { _ = p.commit(context.WithoutCancel(ctx), pipeline, later) })
		return ErrTimeout
	case faultCancel:
		_ = p.commit(ctx, pipeline, writes)
		p.cancel()
		return context.Canceled
	}
	if err := p.commit(ctx, pipeline, writes); err != nil && isFinal(err) {
		return err
	}
	if fault == faultKillLate {
		return ErrKilled
	}
	return ErrTimeout
}

// within checks that a pipeline keeps to what the store can do.
func (p *process) within(writes []state.Write) error {
	size, seen := 0, map[state.Key]bool{}
	for _, w := range writes {
		size += len(w.Data)
		switch {
		case seen[w.Key]:
			return fmt.Errorf("one commit writes %+v twice", w.Key)
		case w.Add && !p.caps.Adds:
			return fmt.Errorf("an Add for a store that has none: %+v", w.Key)
		case p.caps.MaxRow > 0 && w.Kind != state.Meta && len(w.Data) > p.caps.MaxRow: // smaller than any real store's
			return fmt.Errorf("a row of %d bytes, more than %d: %+v", len(w.Data), p.caps.MaxRow, w.Key)
		}
		seen[w.Key] = true
	}
	if p.caps.MaxRows > 0 && len(writes) > p.caps.MaxRows || p.caps.MaxBytes > 0 && size > p.caps.MaxBytes {
		return fmt.Errorf("%d rows with %d bytes in one commit, more than %d or %d", len(writes), size, p.caps.MaxRows, p.caps.MaxBytes)
	}
	return nil
}

func isFinal(err error) bool {
	for _, e := range []error{state.ErrConflict, state.ErrOverflow, state.ErrNotNumber, state.ErrRefused} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}
