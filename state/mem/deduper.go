package mem

import (
	"context"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/weir-go/weir/state"
)

// Deduper is a state.Deduper in memory, for tests and single processes.
type Deduper struct {
	mu     sync.Mutex
	claims map[identifier]claim
	sweep  int // number of claims at which those that have ended are forgotten
}

type identifier struct{ scope, id string }

type claim struct {
	token string
	done  bool // confirmed
	until time.Time
}

// NewDeduper makes an empty Deduper.
func NewDeduper() *Deduper { return &Deduper{claims: map[identifier]claim{}} }

// Len returns how many claims there are, some of which may have ended.
func (d *Deduper) Len() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.claims)
}

// Claim asks for identifiers.
func (d *Deduper) Claim(ctx context.Context, scope, token string, ids []string, lease time.Duration) ([]state.Claim, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	if len(d.claims) > d.sweep {
		maps.DeleteFunc(d.claims, func(_ identifier, c claim) bool { return !now.Before(c.until) })
		d.sweep = 2*len(d.claims) + 1000
	}
	out := make([]state.Claim, len(ids))
	for i, id := range ids {
		c, ok := d.claims[identifier{scope, id}]
		switch {
		case !ok || !now.Before(c.until) || c.token == token && !c.done:
			d.claims[identifier{strings.Clone(scope), strings.Clone(id)}] = claim{token: strings.Clone(token), until: now.Add(lease)}
		case c.done:
			out[i] = state.Done
		default:
			out[i] = state.Busy
		}
	}
	return out, nil
}

// Confirm makes claims done.
func (d *Deduper) Confirm(ctx context.Context, scope, token string, ids []string, keep time.Duration) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, id := range ids {
		k := identifier{scope, id}
		if c, ok := d.claims[k]; !ok || c.token != token {
			err = state.ErrLeaseLost
			continue
		}
		d.claims[k] = claim{token: token, done: true, until: time.Now().Add(keep)}
	}
	return err
}

// Release gives pending claims up.
func (d *Deduper) Release(ctx context.Context, scope, token string, ids []string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, id := range ids {
		k := identifier{scope, id}
		if c, ok := d.claims[k]; ok && c.token == token && !c.done {
			delete(d.claims, k)
		}
	}
	return nil
}
