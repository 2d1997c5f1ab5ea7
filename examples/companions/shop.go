package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/weir-go/weir/ext/s3objects"
	"github.com/weir-go/weir/ext/sqssink"
	"github.com/weir-go/weir/middleware/deadletter"
	"github.com/weir-go/weir/middleware/offload"
)

// shop is all that runs: queues, functions and what they need.
type shop struct {
	services
	store    *flaky
	in       string // where keys are kept
	bucket   *s3.Client
	producer producer
	spans    traces
	emf, log lines

	shopQueue, partnerQueue, deadQueue *mapping
	audit                              audit
	closing                            []func()
}

func (s *shop) close() {
	for _, f := range s.closing {
		f()
	}
}

// open makes a shop of what is at the endpoints.
func (s *shop) open(ctx context.Context, at endpoints) error {
	keys, in, closeKeys, err := keysFor(ctx, at.store)
	s.closing = append(s.closing, closeKeys)
	if err != nil {
		return err
	}
	client, closeS3, err := bucketAt(ctx, at.s3)
	s.closing = append(s.closing, closeS3)
	if err != nil {
		return err
	}
	for name, m := range map[string]**mapping{"orders": &s.shopQueue, "partners": &s.partnerQueue, "orders-dead": &s.deadQueue} {
		q, arn, err := queueAt(ctx, at.sqs, name)
		if err != nil {
			return err
		}
		*m = &mapping{queue: q, arn: arn, finished: map[string]bool{}}
	}
	s.store, s.in, s.bucket, s.spans = &flaky{Store: keys}, in, client, newTraces()
	s.audit.letters, s.audit.redriven = map[string]deadletter.Letter{}, map[string]bool{}
	s.services = services{
		name: fmt.Sprintf("charge-%d", time.Now().UnixNano()),
		bank: &bank{limit: 6, answer: time.Millisecond, charged: map[string]int{}},
		keys: s.store, large: s3objects.New(client),
		letters: sqssink.New(s.deadQueue.queue, s.deadQueue.queue.url()),
		metrics: &s.emf, logger: slog.New(slog.NewJSONHandler(&s.log, nil)), traces: s.spans, counts: &counts{},
	}
	writer, err := offload.NewWriter(s.large, bucket)
	s.producer = producer{traces: s.spans, writer: writer, orders: s.shopQueue, partners: s.partnerQueue}

	orders, partners, dead := s.orders(s.shopQueue.queue), s.partners(s.partnerQueue.queue), s.audit.function()
	s.shopQueue.function, s.partnerQueue.function, s.deadQueue.function = orders, partners, dead
	return errors.Join(err, orders.Err(), partners.Err(), dead.Err())
}

// work runs the functions until their queues are empty.
func (s *shop) work(ctx context.Context) error {
	var errs [2]error
	var wg sync.WaitGroup
	for i, m := range []*mapping{s.shopQueue, s.partnerQueue} {
		wg.Go(func() { errs[i] = m.run(ctx) })
	}
	wg.Wait()
	s.deadQueue.sent = s.counts.dropped
	return errors.Join(errs[0], errs[1], s.deadQueue.run(ctx))
}

// redrive sends back what was received too often, and was not sent back yet.
func (s *shop) redrive(ctx context.Context) (n int, err error) {
	for _, l := range s.audit.of(deadletter.ReasonReceives) {
		if s.audit.redriven[l.ID] {
			continue
		}
		to := s.shopQueue
		if l.Source == s.partnerQueue.arn {
			to = s.partnerQueue
		}
		in, err := sqssink.Redrive(&l, to.queue.url())
		if err != nil {
			return n, err
		}
		if _, err := to.queue.SendMessage(ctx, in); err != nil {
			return n, err
		}
		s.audit.redriven[l.ID] = true
		to.sent++
		n++
	}
	return n, nil
}
