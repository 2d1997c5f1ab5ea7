package weir

import (
	"context"
	"time"
)

// defaultReserve stands for "a tenth of the remaining time, at most a second".
const defaultReserve = -1

// stopBefore gives the batch its context, which ends the reserve before the deadline,
// and the moment at which Invoke answers whatever is still running. The moment is zero
// when there is none.
func stopBefore(ctx context.Context, reserve time.Duration) (context.Context, context.CancelFunc, time.Time) {
	deadline, ok := ctx.Deadline()
	if !ok || reserve == 0 {
		ctx, cancel := context.WithCancel(ctx)
		return ctx, cancel, time.Time{}
	}
	if reserve == defaultReserve {
		reserve = min(time.Second, max(0, time.Until(deadline))/10)
	}
	ctx, cancel := context.WithDeadlineCause(ctx, deadline.Add(-reserve), ErrDeadlineNear)
	return ctx, cancel, deadline.Add(-reserve / 2)
}
