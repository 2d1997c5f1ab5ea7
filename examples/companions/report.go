package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/weir-go/weir/middleware/deadletter"
)

// lines is a log.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(line)
}

func (l *lines) all() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Clone(l.text.Bytes())
}

func (l *lines) count() int { return bytes.Count(l.all(), []byte("\n")) }

// report says what has happened. It fails when logs or traces lack something.
func (s *shop) report(ctx context.Context, w io.Writer) error {
	shop, partners, dead, c := s.shopQueue, s.partnerQueue, s.deadQueue, s.counts
	left, err := objects(ctx, s.bucket)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "dead letters: %d undecodable, %d permanent, %d received too often and sent back\n", len(s.audit.of(deadletter.ReasonUndecodable)),
		len(s.audit.of(deadletter.ReasonPermanent)), len(s.audit.of(deadletter.ReasonReceives)))
	fmt.Fprintf(w, "%d invocations, %d records, %d failed and came back, highest receive count %d, %d retries within an invocation\n",
		shop.invocations+partners.invocations, c.records, c.failed+c.skipped, c.highest, c.retries)
	fmt.Fprintf(w, "%d answers were lost: %d messages were delivered again though done, %d of them large; and %d dead letters\n",
		shop.lost+partners.lost+dead.lost, shop.again+partners.again, shop.againLarge, dead.again)
	fmt.Fprintf(w, "the breaker opened %d times and spared the bank %d calls; the limit of calls at a time fell %d times\n", c.opened, c.spared, c.fell)
	fmt.Fprintf(w, "the bank was called %d times, throttled %d and failed %d; the store of keys failed %d times, %d answers of it were lost\n",
		s.bank.calls, s.bank.throttled, s.bank.failed, s.store.refused, s.store.lost)
	fmt.Fprintf(w, "objects left in the bucket, of orders that were not charged: %d\n", left)

	batches, records, links, unlinked := s.spans.tally()
	fmt.Fprintf(w, "%d spans of batches with %d links, %d of records; %d lines of metrics, %d of logs\n", batches, links, records, s.emf.count(), s.log.count())
	invocations, late := shop.invocations+partners.invocations, int(shop.late.Load()+partners.late.Load())
	for what, n := range map[string]int{"observed batches": c.batches, "spans of batches": batches, "lines of metrics": s.emf.count()} {
		if n > invocations || n < invocations-late {
			err = errors.Join(err, fmt.Errorf("%d invocations, of which %d were out of time, have %d %s", invocations, late, n, what))
		}
	}
	if unlinked > late*batchSize {
		err = errors.Join(err, fmt.Errorf("%d checkouts are linked to no batch", unlinked))
	}
	return errors.Join(err, s.logged())
}

// logged compares the log with the bank's books.
func (s *shop) logged() error {
	logged := map[string]int{}
	for line := range bytes.Lines(s.log.all()) {
		var l struct{ Source, ID, RequestID, Msg, Order string }
		if err := json.Unmarshal(line, &l); err != nil {
			return fmt.Errorf("a line of the log: %w", err)
		}
		if l.ID == "" || l.Source == "" {
			return fmt.Errorf("a line of the log says not which record it is about: %s", line)
		}
		logged[l.Order] += count(l.Msg == "charged")
	}
	for id, n := range s.bank.books() {
		if logged[id] != n {
			return fmt.Errorf("order %s was charged %d times, and logged %d times", id, n, logged[id])
		}
	}
	return nil
}
