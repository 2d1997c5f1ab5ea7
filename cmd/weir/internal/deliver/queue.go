package deliver

import (
	"context"
	"fmt"
	"sync"
	"time"
)

const (
	// visibility is the queue's visibility timeout.
	visibility = 30 * time.Second

	// pollers is how many batches Lambda runs at a time before it scales up.
	pollers = 5

	// turn is the virtual time that an invocation takes.
	turn = 100 * time.Millisecond
)

// shelf holds the messages of a queue, and knows its order.
type shelf interface {
	// take hides and returns the next message, nil when none is visible. same says that
	// it is for the batch which has the message taken before.
	take(now time.Time, same bool) *message

	// back returns messages that were not deleted, with visible set.
	back(failed []*message)

	// release says that messages are no longer in flight.
	release(batch []*message)

	// wake is when the next hidden message becomes visible, zero when there is none.
	wake() time.Time
}

// queue is an SQS queue with a dead-letter queue, and its mapping.
type queue struct {
	m     *Mapping
	name  string
	shelf shelf
	now   time.Time // virtual
	out   *Outcome
	polls uint64 // that received anything
}

func newQueue(m *Mapping, name string, shelf shelf, records []Record) *queue {
	q := &queue{m: m, name: name, shelf: shelf, out: &Outcome{Deliveries: make([]int, len(records))}}
	if len(records) > 0 {
		q.now = records[len(records)-1].Time.Add(time.Second)
	}
	return q
}

func (q *queue) arn() string { return "arn:aws:sqs:" + region + ":" + account + ":" + q.name }

// run lets the pollers work in turns, so that the outcome does not hang on the scheduler.
func (q *queue) run(ctx context.Context) (*Outcome, error) {
	for {
		batches := q.receive()
		if len(batches) == 0 {
			wake := q.shelf.wake()
			if wake.IsZero() {
				q.out.sort()
				return q.out, nil
			}
			q.now = wake
			continue
		}
		if err := q.invoke(ctx, batches); err != nil {
			return nil, err
		}
		q.now = q.now.Add(turn)
	}
}

// batch is what one poller received.
type batch struct {
	number   uint64
	messages []*message
	jsons    [][]byte
	again    bool
	response []byte
	err      error
}

// receive polls once per poller.
func (q *queue) receive() []*batch {
	var batches []*batch
	for range pollers {
		b := &batch{}
		for size := 0; len(b.messages) < q.m.Batch; {
			msg := q.shelf.take(q.now, len(b.messages) > 0)
			if msg == nil {
				break
			}
			if msg.receives == q.m.Tries {
				q.bury(msg)
				continue
			}
			msg.receives++
			if msg.receives == 1 {
				msg.first = q.now
			}
			text := msg.event(q.arn(), q.m.Batch > 10)
			if size += len(text) + 1; size > maxEvent-16 && len(b.messages) > 0 {
				msg.receives-- // it waits for the next batch
				q.shelf.release([]*message{msg})
				q.shelf.back([]*message{msg})
				break
			}
			b.messages, b.jsons = append(b.messages, msg), append(b.jsons, text)
			b.again = b.again || msg.receives > 1
		}
		if len(b.messages) == 0 {
			break
		}
		q.polls++
		b.number = q.polls
		batches = append(batches, b)
	}
	return batches
}

// bury moves a message to the dead-letter queue.
func (q *queue) bury(msg *message) {
	q.shelf.release([]*message{msg})
	q.out.Dead = append(q.out.Dead, DeadLetter{msg.index, msg.id, q.name,
		fmt.Sprintf("maxReceiveCount %d exceeded", q.m.Tries), msg.receives, 1})
	q.m.Meter.Dead.Add(1)
	q.m.Meter.Settled.Add(1)
}

// invoke runs the batches at the same time and deletes what is done.
func (q *queue) invoke(ctx context.Context, batches []*batch) error {
	var wg sync.WaitGroup
	for _, b := range batches {
		wg.Go(func() { b.response, b.err = q.m.invoke(ctx, b.number, join(b.jsons)) })
	}
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, b := range batches {
		q.conclude(b)
	}
	return nil
}

// conclude deletes a batch's messages but those that failed, which stay hidden until the
// visibility timeout ends.
func (q *queue) conclude(b *batch) {
	ids := make([]string, len(b.messages))
	for i, msg := range b.messages {
		ids[i] = msg.id
		q.out.Deliveries[msg.index]++
	}
	v, reported := judge(b.response, b.err, ids)
	q.m.Meter.invoked(b.again, v)
	var failed []*message
	for _, msg := range b.messages {
		if v == failure || reported[msg.id] {
			msg.visible = q.now.Add(visibility)
			failed = append(failed, msg)
			continue
		}
		q.m.Meter.Settled.Add(1)
	}
	q.shelf.release(b.messages)
	q.shelf.back(failed)
}
