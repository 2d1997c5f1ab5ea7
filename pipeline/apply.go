package pipeline

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/state"
)

// apply merges the batch's pending records, group by group, until each is merged, a duplicate
// or failed. A group is as much as the store commits at once: its aggregates, and the receipts
// of its records. It returns why it gave up on the rest, if it did: the store, or the context.
func (e *engine[T, V]) apply(ctx context.Context, b *batch[V]) (stopped error) {
	if b.pending() == 0 {
		return nil
	}
	if err := e.breaker.allow(); err != nil {
		b.failRest(weir.Unavailable(err))
		return err
	}
	failures, conflicts, refused, most := 0, 0, 0, len(b.recs)
	for {
		n, err := e.step(ctx, b, most)
		switch {
		case err == nil && n == 0:
			e.confirm(ctx, b)
			return nil
		case err == nil:
			e.breaker.succeeded()
			most, conflicts, refused = min(2*most, len(b.recs)), 0, 0
			continue
		case err == errSomeFailed:
			continue
		case err == errTooMuch:
			most = n / 2
			continue
		case errors.Is(err, state.ErrConflict):
			e.breaker.succeeded() // it answers
			conflicts++
			err = onConflict.pause(ctx, conflicts)
		case isRefusal(err):
			// It may be one record's fault: halve the group until it stands alone. After some that
			// stood alone, and whenever a read is refused, it is none's: no right to the table, say.
			if most = n / 2; n == 1 {
				b.failGroup(err)
				refused++
				most = 1
			}
			if refused < refusedInRow && isCommit(err) {
				err = nil
			}
		case ctx.Err() != nil:
			err = errors.Join(context.Cause(ctx), err)
		default:
			e.breaker.failed(err)
			if failures++; failures >= e.retry.Attempts {
				b.failRest(weir.Unavailable(err))
				e.confirm(ctx, b)
				return err
			}
			if e.measured {
				e.metrics.Events(e.names.retry, b.pending())
			}
			if stopped := e.retry.pause(ctx, failures); stopped != nil {
				err = errors.Join(stopped, err)
			} else {
				err = nil
			}
		}
		if err == nil && ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			b.failRest(err)
			e.confirm(ctx, b)
			return err
		}
	}
}

func isRefusal(err error) bool {
	return errors.Is(err, state.ErrOverflow) || errors.Is(err, state.ErrNotNumber) || errors.Is(err, state.ErrRefused)
}

// refusedInRow is how many records in a row may be refused before the rest is not tried.
const refusedInRow = 8

func isCommit(err error) bool {
	var c *commitError
	return errors.As(err, &c)
}

// onConflict is how long to wait after conflicts in a row: a commit takes some milliseconds, and
// whoever was in the way has done its part.
var onConflict = Retry{Base: 2 * time.Millisecond, Max: 500 * time.Millisecond}

// step merges one group of at most that many records, and returns how many it took on.
func (e *engine[T, V]) step(ctx context.Context, b *batch[V], most int) (n int, err error) {
	if !b.filed {
		if err := e.file(ctx, b); err != nil {
			return 0, err
		}
	}
	b.pick(e.caps.MaxRows, most, e.pageSize())
	if len(b.group) == 0 {
		return 0, nil
	}
	n = len(b.group)
	if err := e.loadGroup(ctx, b); err != nil {
		return n, err
	}
	b.refit(e.caps.MaxRows, e.pageSize())
	if len(b.group) == 0 {
		return n, nil // all were duplicates
	}
	n = len(b.group)
	err = e.combine(b)
	if err == nil {
		err = e.write(b)
	}
	if err != nil {
		return n, err
	}
	if err := e.commit(ctx, b.writes); err != nil {
		return n, err
	}
	for _, i := range b.group {
		b.recs[i].standing = merged
	}
	return n, nil
}

func (e *engine[T, V]) pageSize() int { return e.meta.Load().PageSize }

// receipts reports whether the store commits them together with aggregates.
func (e *engine[T, V]) receipts() bool { return e.caps.Atomic == state.PerBatch }

// pick makes a group of pending records whose rows fit into one commit.
func (b *batch[V]) pick(maxRows, most, pageSize int) {
	b.newGroup()
	for i := range b.recs {
		if len(b.group) == most {
			break
		}
		r := &b.recs[i]
		if r.standing != pending {
			continue
		}
		b.ascend(r, pageSize)
		if b.fits(r, maxRows) {
			b.join(int32(i))
		} else if len(b.group) == 0 {
			r.standing = failed
			r.err = fmt.Errorf("pipeline: the record has %d keys, and the store commits %d rows at once", r.to-r.from, maxRows)
		} else if len(b.inPages)+len(b.inAggs) == maxRows {
			break
		}
	}
}

func (b *batch[V]) newGroup() {
	b.mark++
	b.group, b.inPages, b.inAggs = b.group[:0], b.inPages[:0], b.inAggs[:0]
}

// fits reports whether the rows of a record still fit into the group.
func (b *batch[V]) fits(r *rec[V], maxRows int) bool {
	if maxRows == 0 {
		return true
	}
	rows := len(b.inPages) + len(b.inAggs)
	if r.page >= 0 && b.pages[r.page].mark != b.mark {
		rows++
	}
	for _, a := range b.parts[r.from:r.to] {
		if b.aggs[a].mark != b.mark {
			rows++
		}
	}
	return rows <= maxRows
}

// join adds a record to the group.
func (b *batch[V]) join(i int32) {
	r := &b.recs[i]
	b.group = append(b.group, i)
	if r.page >= 0 && b.pages[r.page].mark != b.mark {
		b.pages[r.page].mark = b.mark
		b.pages[r.page].fresh = 0
		b.inPages = append(b.inPages, r.page)
	}
	for _, a := range b.parts[r.from:r.to] {
		if b.aggs[a].mark != b.mark {
			b.aggs[a].mark = b.mark
			b.inAggs = append(b.inAggs, a)
		}
	}
}

// refit makes the group anew of those that are still pending, now that their places are known: not
// more than fit into the commit, and none on a page whose parent stays without its last record.
func (b *batch[V]) refit(maxRows, pageSize int) {
	was := append(b.loading[:0], b.group...)
	b.loading = was
	b.newGroup()
	for _, i := range was {
		r := &b.recs[i]
		if r.standing != pending || !b.fits(r, maxRows) || r.page >= 0 && !b.grounded(r, pageSize) {
			continue
		}
		b.join(i)
		if r.page >= 0 {
			b.pages[r.page].fresh++
		}
	}
}

func (b *batch[V]) pending() (n int) {
	for i := range b.recs {
		if b.recs[i].standing == pending {
			n++
		}
	}
	return n
}

// failRest fails all pending records.
func (b *batch[V]) failRest(err error) {
	for i := range b.recs {
		if r := &b.recs[i]; r.standing == pending {
			r.standing, r.err = failed, err
		}
	}
}

// failGroup fails the group's records.
func (b *batch[V]) failGroup(err error) {
	for _, i := range b.group {
		if r := &b.recs[i]; r.standing == pending {
			r.standing, r.err = failed, err
		}
	}
}
