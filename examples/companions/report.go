package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/middleware"
	"github.com/weir-go/weir/middleware/deadletter"
)

// counts is an observer.
type counts struct {
	mu                                         sync.Mutex
	batches, records, failed, skipped, highest int
	retries, opened, spared, fell              int
}

// BatchEnded implements weir.BatchEndedObserver.
func (c *counts) BatchEnded(_ context.Context, s weir.Summary) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.batches++
	c.records += s.Records
	c.failed += s.Failed
	c.skipped += s.Skipped
	if s.Err != nil {
		for _, r := range s.Err.Records {
			c.spared += count(errors.Is(r, middleware.ErrOpen))
		}
	}
	c.highest = max(c.highest, s.HighestAttempt)
}

func (c *counts) retry(context.Context, *weir.Message, int, error, time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.retries++
}

func (c *counts) breaker(_ context.Context, b middleware.BreakerChange) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.opened += count(b.To == middleware.BreakerOpen)
}

func (c *counts) limit(_ context.Context, l middleware.LimitChange) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fell += count(l.To < l.From)
}

// lettersIn reads what was put aside, by reason.
func lettersIn(file string) (byReason map[deadletter.Reason][]deadletter.Letter, err error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	byReason = map[deadletter.Reason][]deadletter.Letter{}
	for l, err := range deadletter.Read(f) {
		if err != nil {
			return nil, err
		}
		byReason[l.Reason] = append(byReason[l.Reason], l)
	}
	return byReason, nil
}

// judge compares what the bank has charged with what was sent, independently of weir.
func judge(w io.Writer, list []sale, b *bank) error {
	var lost, twice, wrong int
	n := map[fate]int{}
	for _, s := range list {
		n[s.fate]++
		want := count(s.fate == healthy || s.fate == cursed)
		if got := b.charged[s.ID]; got != want {
			fmt.Fprintf(w, "order %s, %v: charged %d times instead of %d\n", s.ID, s.fate, got, want)
		}
		switch got := b.charged[s.ID]; {
		case got < want:
			lost++
		case got > 1:
			twice++
		case got != want:
			wrong++
		}
	}
	fmt.Fprintf(w, "%d orders: %d charged once, of them %d redriven; %d not JSON, %d against the schema, %d refused by the bank: never charged\n",
		len(list), n[healthy]+n[cursed], n[cursed], n[corrupt], n[negative], n[declined])
	fmt.Fprintf(w, "lost: %d, charged twice: %d, charged wrongly: %d\n", lost, twice, wrong)
	if lost+twice+wrong > 0 {
		return errors.New("an order was not charged as it should have been")
	}
	return nil
}
