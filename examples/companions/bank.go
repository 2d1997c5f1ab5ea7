package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/weir-go/weir"
)

// bank is what every order needs: a service with a limit, bad days and a long memory.
type bank struct {
	limit  int           // calls at a time, above which it throttles
	answer time.Duration // how long a call takes

	mu        sync.Mutex
	now       int // calls
	calls     int
	throttled int
	failed    int
	mended    bool // our bug
	charged   map[string]int
}

// outage is when the bank does not answer: by the number of the call.
var outage = [2]int{200, 300}

// errThrottled has the method by which AWS's errors, too, say that a call was one too many.
type errThrottled struct{}

func (errThrottled) Error() string     { return "bank: too many requests" }
func (errThrottled) ErrorCode() string { return "ThrottlingException" }

var errDown = errors.New("bank: connection refused")

// charge takes the money for an order.
func (b *bank) charge(ctx context.Context, o Order) error {
	if err := b.begin(); err != nil {
		return err
	}
	defer b.end()
	select {
	case <-time.After(b.answer):
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case o.Card == "0000":
		return weir.Permanent(fmt.Errorf("bank: card %s is refused", o.Card))
	case o.Card == "6666" && !b.mended:
		panic("assignment to entry in nil map") // such as programs have
	}
	b.charged[o.ID]++
	return nil
}

// books says how often each order was charged.
func (b *bank) books() map[string]int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return maps.Clone(b.charged)
}

func (b *bank) begin() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calls++
	if n := b.calls; n >= outage[0] && n < outage[1] || n%97 == 0 {
		b.failed++
		return errDown
	}
	if b.now == b.limit {
		b.throttled++
		return errThrottled{}
	}
	b.now++
	return nil
}

func (b *bank) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now--
}
