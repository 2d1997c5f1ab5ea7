package statetest

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/weir-go/weir/state"
)

// claiming is a Deduper as one process sees it, with faults between any two calls.
type claiming struct {
	state.Deduper
	p *process

	mu     sync.Mutex
	open   map[string][]string // identifiers that were claimed in this invocation, by token
	failed int                 // Confirms in a row
}

// mostFailed is how many Confirms fail in a row at most: a pipeline tries more often.
const mostFailed = 5

func (c *claiming) Claim(ctx context.Context, scope, token string, ids []string, lease time.Duration) ([]state.Claim, error) {
	fault, hit, err := c.p.draw(faultBefore, faultAfter, faultKill, faultKillLate, faultCancel)
	switch {
	case err != nil:
		return nil, err
	case hit && fault == faultBefore:
		return nil, ErrInjected
	case hit && fault == faultKill:
		return nil, ErrKilled
	}
	c.mu.Lock()
	if c.open == nil {
		c.open = map[string][]string{}
	}
	c.open[token] = append(c.open[token], slices.Clone(ids)...)
	c.mu.Unlock()
	claims, err := c.Deduper.Claim(ctx, scope, token, ids, lease)
	for _, is := range claims {
		switch is {
		case state.Busy:
			c.p.sum.busy.Add(1)
		case state.Done:
			c.p.sum.known.Add(1)
		}
	}
	if hit {
		return nil, c.lose(fault)
	}
	return claims, err
}

// lose is the error of a call whose answer never came.
func (c *claiming) lose(fault int) error {
	switch fault {
	case faultKillLate:
		return ErrKilled
	case faultCancel:
		c.p.cancel()
		return context.Canceled
	}
	return ErrTimeout
}

func (c *claiming) Confirm(ctx context.Context, scope, token string, ids []string, keep time.Duration) error {
	kinds := []int{faultKillLate}
	c.mu.Lock()
	if c.failed++; c.failed < mostFailed {
		kinds = append(kinds, faultBefore, faultAfter)
	}
	c.mu.Unlock()
	if c.p.mayDie() {
		kinds = append(kinds, faultKill)
	}
	fault, hit, err := c.p.draw(kinds...)
	switch {
	case err != nil:
		return err
	case hit && fault == faultBefore:
		return ErrInjected
	case hit && fault == faultKill:
		return ErrKilled
	}
	if err = c.Deduper.Confirm(ctx, scope, token, ids, keep); err != nil {
		return err
	}
	c.p.unconfirmed.Store(false)
	if hit {
		return c.lose(fault)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failed = 0
	return nil
}

func (c *claiming) Release(ctx context.Context, scope, token string, ids []string) error {
	kinds := []int{faultBefore, faultAfter, faultKillLate}
	if c.p.mayDie() {
		kinds = append(kinds, faultKill)
	}
	fault, hit, err := c.p.draw(kinds...)
	switch {
	case err != nil:
		return err
	case hit && fault == faultBefore:
		return ErrInjected
	case hit && fault == faultKill:
		return ErrKilled
	}
	err = c.Deduper.Release(ctx, scope, token, ids)
	if hit {
		return c.lose(fault)
	}
	return err
}

// leftovers are claims of invocations that are over: nobody can confirm them any more.
type leftovers struct {
	state.Deduper
	open []map[string][]string
}

// add takes on what an invocation has claimed.
func (l *leftovers) add(c *claiming) {
	c.mu.Lock()
	defer c.mu.Unlock()
	l.open, c.open, c.failed = append(l.open, c.open), nil, 0
}

// end has all leases end. Nobody can tell that from a Release, and nobody has to wait for it.
func (l *leftovers) end(ctx context.Context, scope string) error {
	for _, open := range l.open {
		for token, ids := range open {
			slices.Sort(ids)
			if err := l.Release(ctx, scope, token, slices.Compact(ids)); err != nil {
				return err
			}
		}
	}
	l.open = nil
	return nil
}
