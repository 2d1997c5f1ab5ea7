package visibility_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/middleware/visibility"
	"github.com/weir-go/weir/weirtest"
)

// client is a visibility.Client that remembers.
type client struct {
	answer func(ctx context.Context, call int, entries []visibility.Entry) ([]visibility.Failure, error) // nil: all is well

	mu    sync.Mutex
	calls [][]visibility.Entry
	arns  []string
	last  map[string]time.Duration // by receipt handle
}

func (c *client) ChangeVisibility(ctx context.Context, arn string, entries []visibility.Entry) ([]visibility.Failure, error) {
	c.mu.Lock()
	n := len(c.calls)
	c.calls, c.arns = append(c.calls, slices.Clone(entries)), append(c.arns, arn)
	if c.last == nil {
		c.last = map[string]time.Duration{}
	}
	for _, e := range entries {
		c.last[e.ReceiptHandle] = e.Timeout
	}
	answer := c.answer
	c.mu.Unlock()
	if answer == nil {
		return nil, nil
	}
	return answer(ctx, n, entries)
}

// troubles gathers what OnError is told.
type troubles struct {
	mu   sync.Mutex
	errs []error
}

func (t *troubles) option() visibility.Option {
	return visibility.OnError(func(_ context.Context, err error) {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.errs = append(t.errs, err)
	})
}

// invoke runs one batch and returns the timeouts by identifier, and what Lambda is answered.
func invoke(t *testing.T, e weirtest.Event, h func(context.Context, *weir.Message) error, c *client, opts []visibility.Option, more ...weir.SQSOption) (map[string]time.Duration, []byte, error) {
	t.Helper()
	more = append(more, visibility.BackOff(c, visibility.Exponential(2*time.Second, time.Minute), opts...))
	fn := weir.SQS(weir.EachMessage(h), more...)
	assert.NoError(t, fn.Err())
	event := e.JSON()
	out, err := fn.Invoke(t.Context(), event)
	return c.byID(t, event), out, err
}

// byID returns the timeouts that were set by the records of an event.
func (c *client) byID(t *testing.T, event []byte) map[string]time.Duration {
	t.Helper()
	var parsed struct {
		Records []struct{ MessageID, ReceiptHandle string }
	}
	assert.NoError(t, json.Unmarshal(event, &parsed))
	got := map[string]time.Duration{}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range parsed.Records {
		if d, ok := c.last[r.ReceiptHandle]; ok {
			got[r.MessageID] = d
		}
	}
	return got
}

var errNo = errors.New("no")

// fails makes a handler that answers with an error by payload.
func fails(errs map[string]error) func(context.Context, *weir.Message) error {
	return func(_ context.Context, m *weir.Message) error { return errs[string(m.Payload)] }
}

// record is one whose identifier is its payload.
func record(id string, attempt int) weirtest.Record {
	return weirtest.Record{ID: id, Value: id, Attempt: attempt}
}

func inGroup(group, id string, attempt int) weirtest.Record {
	r := record(id, attempt)
	r.OrderingKey = group
	return r
}

func many(n int) weirtest.Event {
	var all []any
	for i := range n {
		all = append(all, record(fmt.Sprintf("m%05d", i), 1))
	}
	return weirtest.SQS(all...)
}
