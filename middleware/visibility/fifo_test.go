package visibility_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/weir-go/weir/middleware/visibility"
)

// fifo is a model of a FIFO queue: messages of a group are handed out in order, several at once, and
// none while one of the group is in flight. Source: "FIFO queue delivery logic" and "Amazon SQS
// visibility timeout", Amazon SQS Developer Guide. Time is virtual.
type fifo struct {
	timeout  time.Duration
	unlocked bool // breaks the rule, for tests of the tests

	mu   sync.Mutex
	msgs []*queued // in the order they were sent
}

type queued struct {
	group   string
	n       int // in the group, from 0
	handle  string
	count   int       // receives
	since   time.Time // of the last receive
	visible time.Time
	deleted bool
}

func (m *queued) id() string { return fmt.Sprintf("%s-%d", m.group, m.n) }

// receive hands out up to ten messages.
func (q *fifo) receive() (batch []*queued) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	locked := map[string]bool{}
	for _, m := range q.msgs {
		if !m.deleted && m.visible.After(now) {
			locked[m.group] = !q.unlocked
		}
	}
	for _, m := range q.msgs {
		if len(batch) < 10 && !m.deleted && !m.visible.After(now) && !locked[m.group] {
			batch = append(batch, m)
		}
	}
	for _, m := range batch {
		m.count++
		m.since, m.visible = now, now.Add(q.timeout)
		m.handle = fmt.Sprintf("%s#%d", m.id(), m.count)
	}
	return batch
}

func (q *fifo) delete(handles []string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, m := range q.msgs {
		if slices.Contains(handles, m.handle) {
			m.deleted = true
		}
	}
}

// ChangeVisibility implements visibility.Client by SQS's rules.
func (q *fifo) ChangeVisibility(_ context.Context, arn string, entries []visibility.Entry) (failures []visibility.Failure, err error) {
	if arn != fifoARN || len(entries) > 10 {
		return nil, fmt.Errorf("%d entries for %s", len(entries), arn)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	for i, e := range entries {
		fail := func(code string) {
			failures = append(failures, visibility.Failure{Index: i, Code: code, SenderFault: true})
		}
		at := slices.IndexFunc(q.msgs, func(m *queued) bool { return m.handle == e.ReceiptHandle })
		switch {
		case at < 0:
			fail("ReceiptHandleIsInvalid")
		case q.msgs[at].deleted || !q.msgs[at].visible.After(now):
			fail("MessageNotInflight")
		case e.Timeout < 0 || e.Timeout%time.Second != 0 || now.Add(e.Timeout).Sub(q.msgs[at].since) > 12*time.Hour:
			fail("InvalidParameterValue")
		default:
			q.msgs[at].visible = now.Add(e.Timeout)
		}
	}
	return failures, nil
}

// empty reports whether all is done.
func (q *fifo) empty() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return !slices.ContainsFunc(q.msgs, func(m *queued) bool { return !m.deleted })
}

const fifoARN = "arn:aws:sqs:eu-west-1:111122223333:orders.fifo"

// eventOf is what Lambda makes of a batch.
func eventOf(batch []*queued) []byte {
	var records []any
	for _, m := range batch {
		records = append(records, map[string]any{
			"messageId": m.id(), "receiptHandle": m.handle, "body": m.id(), "eventSource": "aws:sqs", "eventSourceARN": fifoARN,
			"attributes": map[string]string{"ApproximateReceiveCount": fmt.Sprint(m.count), "MessageGroupId": m.group},
		})
	}
	event, _ := json.Marshal(map[string]any{"Records": records})
	return event
}

// doneOf are the handles that Lambda deletes after an answer.
func doneOf(batch []*queued, answer []byte) (handles []string) {
	for _, m := range batch {
		if !strings.Contains(string(answer), `"`+m.id()+`"`) {
			handles = append(handles, m.handle)
		}
	}
	return handles
}
