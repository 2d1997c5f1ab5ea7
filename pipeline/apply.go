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
	failures, conflicts, most, probed := 0, 0, len(b.recs), false
	for {
		n, err := e.step(ctx, b, most)
		switch {
		case err == nil && n == 0:
			e.confirm(ctx, b)
			return nil
		case err == nil:
			e.breaker.succeeded()
			most, conflicts = min(2*most, len(b.recs)), 0
			continue
		case err == errTooMuch:
			most = n / 2
			continue
		case errors.Is(err, state.ErrConflict):
			e.breaker.succeeded() // it answers
			conflicts++
			err = onConflict.pause(ctx, conflicts)
		case isRefusal(err):
			// It may be one record's fault: halve the group until it stands alone. But whenever a read is
			// refused, or a write that changes nothing, it is nobody's: a right is missing, say.
			nobodys := !isCommit(err)
			if n == 1 && !nobodys && !probed && errors.Is(err, state.ErrRefused) {
				probed = true
				nobodys = e.refusesAll(ctx)
			}
			if nobodys {
				err = weir.Unavailable(err)
				break
			}
			if most = max(1, n/2); n == 1 {
				e.failAlone(b, err)
			}
			err = nil
		case ctx.Err() != nil:
			e.breaker.failed(err) // it did not answer in time
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

// refusesAll tells whether the store takes nothing, such as for want of a right, by a write that
// changes nothing.
func (e *engine[T, V]) refusesAll(ctx context.Context) bool {
	rows, err := e.load(ctx, []state.Key{metaKey}, true)
	if err == nil && rows[0].Version != 0 {
		err = e.commit(ctx, []state.Write{{Key: metaKey, Version: rows[0].Version, Data: rows[0].Data}})
	}
	return errors.Is(err, state.ErrRefused)
}

// failAlone fails a group of one record. If it was its sum that the store refused, that is so for others
// that add to the same aggregate in the same direction, and they need not be tried.
func (e *engine[T, V]) failAlone(b *batch[V], err error) {
	b.failGroup(err)
	one := &b.recs[b.group[0]]
	if e.adds == nil || errors.Is(err, state.ErrRefused) || one.to-one.from != 1 {
		return
	}
	for i := range b.recs {
		r := &b.recs[i]
		if r.standing == pending && r.to-r.from == 1 && b.parts[r.from] == b.parts[one.from] &&
			(e.adds.Delta(r.value) < 0) == (e.adds.Delta(one.value) < 0) {
			r.standing, r.err = failed, err
		}
	}
}

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
	b.pick(e.caps.MaxRows, most)
	if len(b.group) == 0 {
		return 0, nil
	}
	n = len(b.group)
	if err := e.loadGroup(ctx, b); err != nil {
		return n, err
	}
	for {
		b.refit(e.caps.MaxRows, e.pageSize(), e.renewal())
		if len(b.group) == 0 {
			return n, nil // all were duplicates, or failed
		}
		n = len(b.group)
		if err = e.combine(b); err == nil {
			err = e.write(b)
		}
		if err != errSomeFailed {
			break
		}
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

// renewal is the time up to which a page that is in use must be kept at least.
func (e *engine[T, V]) renewal() time.Time { return time.Now().Add(e.keep) }

func (e *engine[T, V]) pageSize() int { return e.meta.Load().PageSize }

// receipts reports whether the store commits them together with aggregates.
func (e *engine[T, V]) receipts() bool { return e.caps.Atomic == state.PerBatch }

// pick makes a group of pending records whose rows fit into one commit.
func (b *batch[V]) pick(maxRows, most int) {
	b.newGroup()
	for i := range b.recs {
		if len(b.group) == most {
			break
		}
		r := &b.recs[i]
		if r.standing != pending {
			continue
		}
		if r.page >= 0 {
			r.page = b.pages[r.page].root // what a commit that failed was about to do does not count
		}
		if b.fits(r, maxRows) {
			b.join(int32(i))
		} else if len(b.group) == 0 {
			r.standing = failed
			r.err = weir.Undecodable(fmt.Errorf("pipeline: the record has %d keys, and the store commits %d rows at once, receipt included", r.to-r.from, maxRows))
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
func (b *batch[V]) refit(maxRows, pageSize int, renewal time.Time) {
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
			b.renew(r.page, maxRows, renewal)
		}
	}
}

// renew has the full pages above written once more if they expire soon, since without them
// those below are not found. Where there is no room another commit will do it.
func (b *batch[V]) renew(page int32, maxRows int, renewal time.Time) {
	for at := b.pages[page].parent; at > 0; at = b.pages[at].parent {
		p := &b.pages[at]
		full := p.mark != b.mark
		if full && p.row.Version != 0 && p.row.Expires.Before(renewal) && (maxRows == 0 || len(b.inPages)+len(b.inAggs) < maxRows) {
			p.mark, p.fresh = b.mark, 0
			b.inPages = append(b.inPages, at)
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
