package visibility

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	most   = 10                     // entries that SQS takes at once
	atOnce = 8                      // calls that are under way at the same time
	pause  = 100 * time.Millisecond // before entries that SQS did not manage are tried once more
)

// send changes the timeouts, and says which stay as they are.
func (b *backOff) send(ctx context.Context, changes []change) error {
	queues := map[string][]Entry{}
	for _, c := range changes {
		queues[c.arn] = append(queues[c.arn], c.Entry)
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	var errs []error
	free := make(chan struct{}, atOnce)
	for arn, entries := range queues {
		for batch := range slices.Chunk(entries, most) {
			free <- struct{}{}
			all.Go(func() {
				defer func() { <-free }()
				if err := b.change(ctx, arn, batch); err != nil {
					mu.Lock()
					defer mu.Unlock()
					errs = append(errs, err)
				}
			})
		}
	}
	all.Wait()
	return summary(errs)
}

// maxErrors bounds what is told of a batch of 10,000.
const maxErrors = 3

// summary joins errors, those that read alike once.
func summary(errs []error) error {
	var some []error
	texts := map[string]bool{}
	more := 0
	for _, err := range errs {
		switch text := err.Error(); {
		case texts[text]:
		case len(some) == maxErrors:
			more++
		default:
			texts[text] = true
			some = append(some, err)
		}
	}
	if more > 0 {
		some = append(some, fmt.Errorf("and %d more", more))
	}
	return errors.Join(some...)
}

// change changes up to ten timeouts. What SQS did not manage is tried once more.
func (b *backOff) change(ctx context.Context, arn string, batch []Entry) error {
	r := b.try(ctx, arn, batch)
	if len(r.again) > 0 && wait(ctx) {
		lost := r.lost
		r = b.try(ctx, arn, r.again)
		r.lost = append(lost, r.lost...)
	}
	if errs := append(r.lost, r.soft...); len(errs) > 0 {
		return fmt.Errorf("visibility: %s: %d of %d messages keep their timeout: %w", arn, len(errs), len(batch), summary(errs))
	}
	return nil
}

// wait reports whether there is time for another try.
func wait(ctx context.Context) bool {
	t := time.NewTimer(pause)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// result is what came of a call.
type result struct {
	lost  []error // of each entry that failed for good
	again []Entry // what is worth another try
	soft  []error // why
}

var errForeign = errors.New("the answer is about an entry that it was not asked for")

func (b *backOff) try(ctx context.Context, arn string, batch []Entry) (r result) {
	failures, err := b.call(ctx, arn, batch)
	if err != nil {
		for range batch {
			r.lost = append(r.lost, err)
		}
		return r
	}
	for _, f := range failures {
		switch {
		case f.Index < 0 || f.Index >= len(batch):
			r.lost = append(r.lost, errForeign)
		case f.gone():
		case f.SenderFault:
			r.lost = append(r.lost, f)
		default:
			r.again = append(r.again, batch[f.Index])
			r.soft = append(r.soft, f)
		}
	}
	return r
}

// call keeps a panic of the Client inside.
func (b *backOff) call(ctx context.Context, arn string, batch []Entry) (_ []Failure, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("the Client panicked: %v", v)
		}
	}()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return b.client.ChangeVisibility(ctx, arn, batch)
}

// Error implements error.
func (f Failure) Error() string { return f.Code + ": " + f.Message }

// gone reports whether the message is not in flight any more: it was visible before this call, or
// another has received it since, or it was deleted.
func (f Failure) gone() bool {
	if !f.SenderFault {
		return false
	}
	for _, text := range []string{"ReceiptHandleIsInvalid", "MessageNotInflight"} {
		if strings.HasSuffix(f.Code, text) {
			return true
		}
	}
	return strings.Contains(f.Message, "not available for visibility timeout change") || strings.Contains(f.Message, "receipt handle has expired")
}
