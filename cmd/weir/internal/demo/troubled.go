package demo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/weir-go/weir/cmd/weir/internal/deliver"
	"github.com/weir-go/weir/state"
)

// troubled is a store that has the trouble that databases have.
type troubled struct {
	state.Store
	trouble Trouble
}

var (
	errRefused    = errors.New("the database is down (injected)")
	errLostAnswer = errors.New("the database's answer is lost (injected)")
)

// Commit may have committed even if it returns an error: the answer can get lost. What a pipeline
// begins with is spared, for whichever invocation is first does that.
func (t troubled) Commit(ctx context.Context, pipeline string, writes []state.Write) error {
	invocation, ok := deliver.Number(ctx)
	if !ok || writes[0].Kind == state.Meta {
		return t.Store.Commit(ctx, pipeline, writes)
	}
	if err := wait(ctx, t.trouble.delay(invocation)); err != nil {
		return err
	}
	trouble := t.trouble.roll(invocation)
	if trouble == refused {
		return errRefused
	}
	err := t.Store.Commit(ctx, pipeline, writes)
	if err == nil && trouble == lostAnswer {
		return errLostAnswer
	}
	return err
}

func wait(ctx context.Context, delay time.Duration) error {
	if delay == 0 {
		return nil
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("no answer: %w", context.Cause(ctx))
	}
}
