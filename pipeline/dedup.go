package pipeline

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/state"
)

// ErrBusy is why a record failed that another invocation has claimed and not yet confirmed. It is
// tried again later.
var ErrBusy = errors.New("pipeline: another invocation is working on this record")

const (
	defaultLease = time.Minute     // where no deadline says when this process is gone
	leaseMargin  = 2 * time.Second // clocks differ
	lastWord     = 100 * time.Millisecond
	confirmTries = 20
)

// lease is how long a claim of this batch is pending: past its end, the batch is over.
func lease(ctx context.Context) time.Duration {
	if deadline, ok := ctx.Deadline(); ok {
		return max(0, time.Until(deadline)) + leaseMargin
	}
	return defaultLease
}

// claimIDs are the identifiers of records as the Deduper knows them.
func (e *engine[T, V]) claimIDs(b *batch[V], at []int32) []string {
	ids := make([]string, len(at))
	for i, j := range at {
		r := &b.recs[j]
		if r.lane >= 0 {
			ids[i] = b.lanes[r.lane].arn + "/" + r.id
		} else {
			ids[i] = strconv.FormatInt(r.slot, 10) + "/" + r.id // as receipts are filed
		}
	}
	return ids
}

// claim asks the Deduper for the batch's records. With a store that commits receipts, those have
// the last word, and a claim that is pending elsewhere does not matter.
func (e *engine[T, V]) claim(ctx context.Context, b *batch[V]) error {
	b.claimed = b.claimed[:0]
	for i := range b.recs {
		if b.recs[i].standing == pending {
			b.claimed = append(b.claimed, int32(i))
		}
	}
	if len(b.claimed) == 0 {
		return nil
	}
	if b.token == "" {
		b.token = rand.Text()
	}
	claims, err := e.p.Dedup.Claim(ctx, e.p.Name, b.token, e.claimIDs(b, b.claimed), lease(ctx))
	if err == nil && len(claims) != len(b.claimed) {
		err = fmt.Errorf("%d answers for %d identifiers", len(claims), len(b.claimed))
	}
	if err != nil { // some may be claimed all the same: confirm gives them up, unless the next try succeeds
		return fmt.Errorf("pipeline %q: claim: %w", e.p.Name, err)
	}
	own := b.claimed[:0]
	for i, j := range b.claimed {
		switch r := &b.recs[j]; {
		case claims[i] == state.Done:
			r.standing = duplicate
		case claims[i] == state.Claimed:
			own = append(own, j)
		case !e.receipts():
			r.standing, r.err = failed, weir.RetryAfter(defaultLease, ErrBusy)
		}
	}
	b.claimed = own
	return nil
}

// unknown reports whether a record may have been merged although it failed by err.
func unknown(err error) bool {
	var c *commitError
	return errors.As(err, &c) && !isRefusal(err) && !errors.Is(err, state.ErrConflict)
}

// confirm makes the claims of merged records done. Claims of failed ones are given up, but where
// it is unknown whether the store has merged them: those stay pending until their lease ends.
func (e *engine[T, V]) confirm(ctx context.Context, b *batch[V]) {
	if len(b.claimed) == 0 {
		return
	}
	if ctx.Err() != nil { // the batch is out of time, but this much is left of the reserve
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), lastWord)
		defer cancel()
	}
	var done, undone []int32
	for _, i := range b.claimed {
		switch r := &b.recs[i]; {
		case r.standing == merged || r.standing == duplicate:
			done = append(done, i)
		case e.receipts() || !unknown(r.err):
			undone = append(undone, i)
		}
	}
	var err error
	for n := 1; len(done) > 0; n++ {
		err = e.p.Dedup.Confirm(ctx, e.p.Name, b.token, e.claimIDs(b, done), e.keep)
		// With receipts it may be given up. Without, the records would count again if they came again.
		enough := e.receipts() && n >= e.retry.Attempts || n >= confirmTries
		if err == nil || errors.Is(err, state.ErrLeaseLost) || enough || e.retry.pause(ctx, n) != nil {
			break
		}
	}
	if len(undone) > 0 {
		err = errors.Join(err, e.p.Dedup.Release(ctx, e.p.Name, b.token, e.claimIDs(b, undone)))
	}
	if err != nil && e.measured { // the records are merged all the same
		e.metrics.Errors(e.p.Name+":dedup", len(done), err)
	}
	b.claimed = b.claimed[:0]
}
