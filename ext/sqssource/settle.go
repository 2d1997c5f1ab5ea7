package sqssource

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/weir-go/weir/streaming"
)

// held is a message that is not settled.
type held struct {
	offset int64
	handle string
	until  time.Time // it is invisible to others
	void   bool      // the queue does not know the handle any more
}

// hold remembers a message, received by a call that began at a time.
func (s *Source) hold(m types.Message, begin time.Time) (offset int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	s.held[s.last] = &held{offset: s.last, handle: value(m.ReceiptHandle), until: begin.Add(s.visibility)}
	return s.last
}

// Settle deletes messages, and makes those visible that go back.
func (s *Source) Settle(ctx context.Context, acks []streaming.Ack) error {
	var done []*held
	back := map[time.Duration][]*held{}
	delays := map[string]time.Duration{} // by group: what is behind a failed message comes no sooner
	for _, a := range acks {
		if a.Lane.Name != "" && a.Return {
			delays[a.Lane.Name] = max(delays[a.Lane.Name], a.Delay)
		}
	}
	s.mu.Lock()
	for _, a := range acks {
		h := s.held[a.Offset]
		switch {
		case h == nil: // settled before
		case !a.Return:
			done = append(done, h)
		default:
			delay := max(a.Delay, delays[a.Lane.Name])
			back[delay] = append(back[delay], h)
		}
	}
	s.mu.Unlock()
	err := s.batches(done, func(b []*held) ([]types.BatchResultErrorEntry, error) { return s.delete(ctx, b) }, s.settled)
	if len(back) > 0 {
		select { // or what is being prolonged would go back too late
		case s.changing <- struct{}{}:
			defer func() { <-s.changing }()
		case <-ctx.Done(): // a queue that does not answer is waited for no longer than the worker wants
			return errors.Join(err, fmt.Errorf("sqssource: %s: change visibility: %w", s.url, ctx.Err()))
		}
	}
	for delay, list := range back {
		err = errors.Join(err, s.batches(list, func(b []*held) ([]types.BatchResultErrorEntry, error) { return s.change(ctx, b, delay) }, s.settled))
	}
	return err
}

func (s *Source) settled(h *held) { delete(s.held, h.offset) }

// atOnce is how many batches are on their way at the same time.
const atOnce = 8

// batches sends batches of ten, and calls a function with the lock held for each message of which the
// queue says that it is so, or never will be. Of a FIFO queue one batch follows another.
func (s *Source) batches(list []*held, send func([]*held) ([]types.BatchResultErrorEntry, error), then func(*held)) error {
	var mu sync.Mutex
	var errs []error
	var all sync.WaitGroup
	slots := atOnce
	if s.fifo {
		slots = 1
	}
	free := make(chan struct{}, slots)
	for batch := range slices.Chunk(list, most) {
		free <- struct{}{}
		all.Go(func() {
			defer func() { <-free }()
			failed, err := send(batch)
			if err == nil {
				err = s.book(batch, failed, then)
			}
			if err != nil {
				mu.Lock()
				defer mu.Unlock()
				errs = append(errs, err)
			}
		})
	}
	all.Wait()
	if len(errs) > 0 {
		return fmt.Errorf("sqssource: %s: %w", s.url, errors.Join(errs...))
	}
	return nil
}

// book sorts out what the queue has answered. An entry that is the sender's fault, such as a
// receipt handle that is not valid any more, fails for ever: its message is another's by now.
func (s *Source) book(batch []*held, failed []types.BatchResultErrorEntry, then func(*held)) error {
	var errs []error
	again := map[int]bool{}
	void := map[int]bool{}
	for _, f := range failed {
		i, err := strconv.Atoi(value(f.Id))
		if err != nil || i < 0 || i >= len(batch) {
			return fmt.Errorf("the queue answers for entry %q, which it was not asked for", value(f.Id))
		}
		if void[i] = f.SenderFault; !f.SenderFault {
			again[i] = true
			errs = append(errs, fmt.Errorf("%s: %s", value(f.Code), value(f.Message)))
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, h := range batch {
		if h.void = h.void || void[i]; !again[i] {
			then(h)
		}
	}
	return errors.Join(errs...)
}

func (s *Source) delete(ctx context.Context, batch []*held) ([]types.BatchResultErrorEntry, error) {
	in := &sqs.DeleteMessageBatchInput{QueueUrl: &s.url}
	for i, h := range batch {
		id := strconv.Itoa(i)
		in.Entries = append(in.Entries, types.DeleteMessageBatchRequestEntry{Id: &id, ReceiptHandle: &h.handle})
	}
	out, err := s.client.DeleteMessageBatch(ctx, in)
	if err != nil {
		return nil, fmt.Errorf("delete: %w", err)
	}
	return out.Failed, nil
}

// change makes messages visible after a while.
func (s *Source) change(ctx context.Context, batch []*held, after time.Duration) ([]types.BatchResultErrorEntry, error) {
	seconds := int32(min(after+time.Second-1, maxVisibility) / time.Second)
	in := &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: &s.url}
	for i, h := range batch {
		id := strconv.Itoa(i)
		in.Entries = append(in.Entries, types.ChangeMessageVisibilityBatchRequestEntry{Id: &id, ReceiptHandle: &h.handle, VisibilityTimeout: seconds})
	}
	out, err := s.client.ChangeMessageVisibilityBatch(ctx, in)
	if err != nil {
		return nil, fmt.Errorf("change visibility: %w", err)
	}
	return out.Failed, nil
}

// prolong keeps messages that are held from being delivered to others: once half of their time
// is over. There is time for three more attempts if that fails.
func (s *Source) prolong() {
	t := time.NewTicker(s.visibility / 8)
	defer t.Stop()
	for {
		select {
		case <-s.ctx.Done():
			return
		case <-t.C:
		}
		s.look()
	}
}

// look prolongs what is due.
func (s *Source) look() {
	select {
	case s.changing <- struct{}{}:
		defer func() { <-s.changing }()
	case <-s.ctx.Done():
		return
	}
	begin := time.Now()
	soon := begin.Add(s.visibility / 2)
	var list []*held
	s.mu.Lock()
	for _, h := range s.held {
		if !h.until.After(soon) && !h.void {
			list = append(list, h)
		}
	}
	s.mu.Unlock()
	ctx, cancel := context.WithTimeout(s.ctx, s.visibility/4)
	_ = s.batches(list, func(b []*held) ([]types.BatchResultErrorEntry, error) { return s.change(ctx, b, s.visibility) },
		func(h *held) { h.until = begin.Add(s.visibility) })
	cancel()
}
