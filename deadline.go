package weir

import (
	"context"
	"time"
)

// defaultReserve stands for "a tenth of the remaining time, at most a second".
const defaultReserve = -1

// times are the moments of an invocation after its context has ended, zero if there are none.
type times struct {
	answer time.Time // when handlers that still run are given up
	last   time.Time // when observers that still run are given up
}

// stopBefore gives the batch its context, which ends the reserve before the deadline, and
// the moments that follow.
func stopBefore(ctx context.Context, reserve time.Duration) (context.Context, context.CancelFunc, times) {
	deadline, ok := ctx.Deadline()
	if !ok || reserve == 0 {
		ctx, cancel := context.WithCancel(ctx)
		return ctx, cancel, times{}
	}
	left := max(0, time.Until(deadline))
	if reserve == defaultReserve {
		reserve = min(time.Second, left/10)
	}
	reserve = min(reserve, left/2) // with more, nothing would ever be done
	ctx, cancel := context.WithDeadlineCause(ctx, deadline.Add(-reserve), ErrDeadlineNear)
	return ctx, cancel, times{deadline.Add(-reserve / 2), deadline.Add(-reserve / 4)}
}
