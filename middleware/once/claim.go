package once

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/backoff"
	"github.com/weir-go/weir/state"
)

// claim is what one attempt knows of its key.
type claim struct {
	s       *Store
	row     state.Key
	print   print
	token   token
	until   time.Time // the lease's end
	version uint64    // of the row, 0 if it is not known
}

// How often a store that fails is tried, and how long is waited in between.
const (
	claimTries    = 3
	completeTries = 8
	releaseTries  = 5
	mostConflicts = 16
	firstPause    = 20 * time.Millisecond
	longestPause  = time.Second
)

func pause(ctx context.Context, n int) error {
	return backoff.Sleep(ctx, firstPause/2+backoff.Exponential{Base: 2 * firstPause, Max: longestPause}.After(n))
}

// commit writes the key's row on condition that it has a version, and returns the one it has then, or
// 0 if the store does not tell.
func (c *claim) commit(ctx context.Context, version uint64, e *entry, expires time.Time) (uint64, error) {
	w := [1]state.Write{{Key: c.row, Version: version, Data: e.encode(), Expires: expires.Add(time.Second)}} // stores count seconds
	if c.s.versioner == nil {
		return 0, c.s.in.Commit(ctx, c.s.scope, w[:])
	}
	versions, err := c.s.versioner.CommitVersions(ctx, c.s.scope, w[:])
	if err != nil || len(versions) != 1 {
		return 0, err
	}
	return versions[0], nil
}

// load reads the key's row. The zero entry says that there is none.
func (c *claim) load(ctx context.Context) (row state.Row, e entry, err error) {
	rows, err := c.s.in.Load(ctx, c.s.scope, []state.Key{c.row}, true)
	if err != nil {
		return row, e, err
	}
	if len(rows) != 1 {
		return row, e, fmt.Errorf("once: the store returned %d rows for one", len(rows))
	}
	if rows[0].Version != 0 {
		e, err = decode(rows[0].Data)
	}
	return rows[0], e, err
}

// How long rows stay that nobody needs: those of leases that have ended, for whoever is late to find
// them, and those of keys that were given up.
const (
	lateness = time.Hour
	freeLife = time.Minute
)

// take claims the key, or says what became of it. Row is what is known of it, nil for nothing.
func (c *claim) take(ctx context.Context, row *state.Row) (out outcome, mine bool) {
	_, _ = rand.Read(c.token[:]) // never fails, by its documentation
	own := entry{status: running, token: c.token, until: c.until, print: c.print}
	version, known, fresh := uint64(0), entry{}, false
	tries := claimTries
	if c.s.failing.Load() {
		tries = 1 // it did not help the record before
	}
	doubt := false // whether the store may have the claim
	defer func() {
		_, down := errors.AsType[*weir.UnavailableError](out.err)
		c.s.failing.Store(down)
		if doubt && !mine {
			c.s.orphans.add(c.token, c.until)
		}
	}()
	if row != nil && row.Version != 0 {
		var err error
		if known, err = decode(row.Data); err != nil {
			return outcome{err: &blamelessError{err}}, false
		}
		version = row.Version
	}
	for failures, conflicts := 0, 0; ; {
		now := time.Now()
		reload := false
		held := known.status == running && now.Before(known.until) && !c.s.orphans.has(known.token)
		var err error
		switch {
		case known.status.completed() && now.Before(known.until):
			return c.replay(known), false
		case known.status == running && known.token == c.token:
			c.version = version // the answer to our write was lost
			return out, true
		case held && fresh:
			return outcome{err: busy(known.until.Sub(now))}, false
		case held:
			reload = true // it was so when it was read ahead
		default:
			c.version, err = c.commit(ctx, version, &own, c.until.Add(lateness))
			if err == nil {
				return out, true
			}
			reload = true
		}
		switch {
		case err == nil:
		case errors.Is(err, state.ErrConflict):
			if conflicts++; conflicts == mostConflicts {
				return outcome{err: busy(0)}, false // others are at it all the time
			}
		case errors.Is(err, state.ErrRefused):
			return outcome{err: weir.Unavailable(fmt.Errorf("once: claim: %w", err))}, false
		default:
			doubt = true
		}
		for reload {
			if err != nil && !errors.Is(err, state.ErrConflict) {
				if failures++; failures >= tries || pause(ctx, failures) != nil {
					return outcome{err: weir.Unavailable(fmt.Errorf("once: claim: %w", err))}, false
				}
			}
			var is state.Row
			if is, known, err = c.load(ctx); err == nil {
				version, fresh, reload = is.Version, true, false
			} else if is.Version != 0 {
				return outcome{err: &blamelessError{err}}, false // it was read, but is damaged
			}
		}
	}
}

// replay is the outcome of a key that is completed.
func (c *claim) replay(e entry) outcome {
	if e.print.differs(c.print) {
		return outcome{entry: e, err: c.mismatch()} // those who wait may have the content of the entry
	}
	c.s.cache.put(c.row.Name, e)
	return outcome{entry: e}
}

// mismatch is the failure of a record whose key is completed, for other content.
func (c *claim) mismatch() error {
	return weir.Permanent(&payloadError{c.s.key, c.s.compare.name})
}

// complete has the key completed. Until then it is tried again, unless somebody else has it. A result
// that the store refuses is not kept, for it would be refused the next time too.
func (c *claim) complete(ctx context.Context, e entry) (entry, error) {
	e.token, e.print = c.token, c.print
	e.until = time.UnixMilli(time.Now().Add(c.s.keep).UnixMilli())
	if size := header + 10 + len(e.result); c.s.maxRow > 0 && size > c.s.maxRow && e.status == done {
		e.status, e.result = unkept, nil
	}
	err := c.settle(ctx, &e, e.until, completeTries)
	if errors.Is(err, state.ErrRefused) && len(e.result) > 0 {
		if e.result = nil; e.status == done {
			e.status = unkept
		}
		err = c.settle(ctx, &e, e.until, completeTries)
	}
	if err == nil {
		c.s.cache.put(c.row.Name, e)
	}
	return e, err
}

// release gives the key up, so that the next record runs. If that fails, one of another process has to wait
// for the lease's end.
func (c *claim) release(ctx context.Context) {
	e := entry{status: free, token: c.token, until: time.Now()}
	if c.settle(ctx, &e, time.Now().Add(freeLife), releaseTries) != nil {
		c.s.orphans.add(c.token, c.until)
	}
}

// settle writes what became of a claim, as long as it is ours.
func (c *claim) settle(ctx context.Context, e *entry, expires time.Time, tries int) error {
	version, known := c.version, c.version != 0
	for failures, conflicts := 0, 0; ; {
		var err error
		if !known {
			var row state.Row
			var is entry
			row, is, err = c.load(ctx)
			switch {
			case err != nil:
			case is.token == c.token && is.status == e.status:
				return nil // an answer was lost
			case is.token != c.token && e.status == free:
				return nil // it is no longer ours to give up
			case is.token == c.token || row.Version == 0 || is.status == free:
				version, known = row.Version, true // nobody else has it
			default:
				return ErrLeaseLost
			}
		}
		if err == nil {
			if _, err = c.commit(ctx, version, e, expires); err == nil {
				return nil
			}
			known = false
		}
		switch {
		case errors.Is(err, state.ErrConflict):
			if conflicts++; conflicts == mostConflicts {
				return err
			}
			continue
		case errors.Is(err, state.ErrRefused):
			return err
		}
		if failures++; failures == tries || pause(ctx, failures) != nil {
			return err
		}
	}
}
