package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/ext/sqssink"
	"github.com/weir-go/weir/middleware/visibility"
)

// queue is an SQS queue, real or in this process.
type queue interface {
	visibility.Client
	sqssink.Client
	url() string

	// send puts a message into the queue.
	send(ctx context.Context, body string, attributes map[string]weir.MessageAttribute) error

	// receive returns at most n messages; none when no message is visible yet.
	receive(ctx context.Context, n int) ([]received, error)

	// remove deletes a message.
	remove(ctx context.Context, receipt string) error
}

// received is a message as a poller got it.
type received struct {
	id, receipt, body string
	count             int
	sent              time.Time
	attributes        map[string]weir.MessageAttribute
}

// local is a queue in this process. Its time is faster: when every message is hidden, it goes on to
// the moment when the next is not, in a fraction of the time, see haste.
type local struct {
	name     string
	mu       sync.Mutex
	now      time.Time
	last     int
	messages []*message
}

type message struct {
	received
	visible time.Time
}

// localVisibility is the queue's visibility timeout: longer than the functions have.
const localVisibility = 12 * time.Second

func (q *local) url() string {
	return "https://sqs." + region + ".amazonaws.com/111122223333/" + q.name
}

// SendMessage makes the queue a sink for dead letters.
func (q *local) SendMessage(ctx context.Context, in *sqs.SendMessageInput, _ ...func(*sqs.Options)) (*sqs.SendMessageOutput, error) {
	return &sqs.SendMessageOutput{}, q.send(ctx, *in.MessageBody, attributes(in.MessageAttributes))
}

func (q *local) send(_ context.Context, body string, attributes map[string]weir.MessageAttribute) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.last++
	id := fmt.Sprintf("%08x-0000-4000-8000-%012x", q.last, q.last)
	q.messages = append(q.messages, &message{received: received{id: id, body: body, sent: time.Now(), attributes: attributes}})
	return nil
}

func (q *local) receive(_ context.Context, n int) ([]received, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	var batch []received
	for _, m := range q.messages {
		if len(batch) == n {
			break
		}
		if !m.visible.After(q.now) {
			m.visible = q.now.Add(localVisibility)
			m.count++
			m.receipt = m.id + "/" + strconv.Itoa(m.count)
			batch = append(batch, m.received)
		}
	}
	return batch, nil
}

// haste is how many times faster a queue's time goes by. It does not jump, for how long a key is
// being worked on goes by the machine's clock: a message that waits for one would be delivered
// thousands of times.
const haste = 50

// pass lets time go on until a message is visible. It is called when nothing is in flight.
func (q *local) pass() {
	q.mu.Lock()
	defer q.mu.Unlock()
	var next time.Time
	for _, m := range q.messages {
		if next.IsZero() || m.visible.Before(next) {
			next = m.visible
		}
	}
	if next.After(q.now) {
		time.Sleep(next.Sub(q.now) / haste)
		q.now = next
	}
}

func (q *local) remove(_ context.Context, receipt string) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	at := slices.IndexFunc(q.messages, func(m *message) bool { return m.receipt == receipt })
	if at < 0 {
		return fmt.Errorf("queue: receipt handle %s is not the last of a message", receipt)
	}
	q.messages = slices.Delete(q.messages, at, at+1)
	return nil
}

// ChangeVisibility makes the queue a visibility.Client.
func (q *local) ChangeVisibility(_ context.Context, _ string, entries []visibility.Entry) (failed []visibility.Failure, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i, e := range entries {
		at := slices.IndexFunc(q.messages, func(m *message) bool { return m.receipt == e.ReceiptHandle })
		if at < 0 {
			failed = append(failed, visibility.Failure{Index: i, Code: "ReceiptHandleIsInvalid", SenderFault: true})
			continue
		}
		q.messages[at].visible = q.now.Add(e.Timeout)
	}
	return failed, nil
}
