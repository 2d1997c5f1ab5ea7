package sqssource

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/streaming"
)

func want[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// fake is a queue on virtual time: of a group nothing is handed out while some of it is invisible.
type fake struct {
	arn string

	mu       sync.Mutex
	messages []*stored
	handles  int
	deleted  []string
	changes  []int32 // timeouts that were set after receiving
	refuse   func(entry string) *types.BatchResultErrorEntry
	calls    int
	fail     func(call int) error // a batch call as a whole
	most     int                  // entries of a batch call
}

type stored struct {
	id, group string
	handle    string
	visible   time.Time
	count     int
}

var p = func(s string) *string { return &s }

func (f *fake) put(group string, ids ...string) {
	for _, id := range ids {
		f.messages = append(f.messages, &stored{id: id, group: group})
	}
}

func (f *fake) GetQueueAttributes(context.Context, *sqs.GetQueueAttributesInput, ...func(*sqs.Options)) (*sqs.GetQueueAttributesOutput, error) {
	return &sqs.GetQueueAttributesOutput{Attributes: map[string]string{"QueueArn": f.arn, "VisibilityTimeout": "30"}}, nil
}

func (f *fake) ReceiveMessage(ctx context.Context, in *sqs.ReceiveMessageInput, _ ...func(*sqs.Options)) (*sqs.ReceiveMessageOutput, error) {
	for end := time.Now().Add(time.Duration(in.WaitTimeSeconds) * time.Second); ; {
		f.mu.Lock()
		busy := map[string]bool{}
		for _, m := range f.messages {
			busy[m.group] = busy[m.group] || m.group != "" && time.Now().Before(m.visible)
		}
		out := new(sqs.ReceiveMessageOutput)
		for _, m := range f.messages {
			if len(out.Messages) == int(in.MaxNumberOfMessages) || busy[m.group] || time.Now().Before(m.visible) {
				continue
			}
			f.handles++
			m.count++
			m.handle = fmt.Sprint("h", f.handles)
			m.visible = time.Now().Add(time.Duration(in.VisibilityTimeout) * time.Second)
			out.Messages = append(out.Messages, types.Message{MessageId: p(m.id), ReceiptHandle: p(m.handle), Body: p(`"` + m.id + `"`), Attributes: map[string]string{
				"MessageGroupId": m.group, "ApproximateReceiveCount": strconv.Itoa(m.count), "SentTimestamp": "1760000000123",
			}})
		}
		f.mu.Unlock()
		if len(out.Messages) > 0 || !time.Now().Before(end) {
			return out, nil
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (f *fake) entry(n int) error {
	f.calls++
	f.most = max(f.most, n)
	if f.fail != nil {
		return f.fail(f.calls)
	}
	return nil
}

// find returns the index of a message whose handle is valid.
func (f *fake) find(handle string) (int, *types.BatchResultErrorEntry) {
	if f.refuse != nil {
		if e := f.refuse(handle); e != nil {
			return 0, e
		}
	}
	i := slices.IndexFunc(f.messages, func(m *stored) bool { return m.handle == handle && time.Now().Before(m.visible) })
	if i < 0 {
		return 0, &types.BatchResultErrorEntry{Code: p("ReceiptHandleIsInvalid"), SenderFault: true}
	}
	return i, nil
}

func (f *fake) DeleteMessageBatch(_ context.Context, in *sqs.DeleteMessageBatchInput, _ ...func(*sqs.Options)) (*sqs.DeleteMessageBatchOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.entry(len(in.Entries)); err != nil {
		return nil, err
	}
	out := new(sqs.DeleteMessageBatchOutput)
	for _, e := range in.Entries {
		i, bad := f.find(*e.ReceiptHandle)
		if bad != nil {
			bad.Id = e.Id
			out.Failed = append(out.Failed, *bad)
			continue
		}
		f.deleted = append(f.deleted, f.messages[i].id)
		f.messages = slices.Delete(f.messages, i, i+1)
	}
	return out, nil
}

func (f *fake) ChangeMessageVisibilityBatch(_ context.Context, in *sqs.ChangeMessageVisibilityBatchInput, _ ...func(*sqs.Options)) (*sqs.ChangeMessageVisibilityBatchOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.entry(len(in.Entries)); err != nil {
		return nil, err
	}
	out := new(sqs.ChangeMessageVisibilityBatchOutput)
	for _, e := range in.Entries {
		f.changes = append(f.changes, e.VisibilityTimeout)
		i, bad := f.find(*e.ReceiptHandle)
		if bad != nil {
			bad.Id = e.Id
			out.Failed = append(out.Failed, *bad)
			continue
		}
		f.messages[i].visible = time.Now().Add(time.Duration(e.VisibilityTimeout) * time.Second)
	}
	return out, nil
}

const standard, fifo = "arn:aws:sqs:eu-west-1:111122223333:q", "arn:aws:sqs:eu-west-1:111122223333:q.fifo"

func numbers(n int) (ids []string) {
	for i := range n {
		ids = append(ids, fmt.Sprintf("m%02d", i))
	}
	return ids
}

// drained runs a verb until the queue is empty.
func drained(t *testing.T, f *fake, v weir.Verb, s *Source, opts ...streaming.Option) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), time.Hour) // virtual
	var watch sync.WaitGroup
	defer watch.Wait()
	defer stop()
	watch.Go(func() {
		for ctx.Err() == nil {
			f.mu.Lock()
			if len(f.messages) == 0 {
				stop()
			}
			f.mu.Unlock()
			time.Sleep(time.Second)
		}
	})
	begin := time.Now()
	if err := streaming.Run(ctx, v, s, opts...); err != nil {
		t.Error(err)
	}
	if time.Since(begin) > 50*time.Minute {
		t.Errorf("the queue was not emptied: %d messages are left", len(f.messages))
	}
	want(t, "held at the end", len(s.held), 0)
}

// TestProlonged: a message that takes longer than its visibility timeout is not delivered twice.
func TestProlonged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fake{arn: standard}
		f.put("", numbers(25)...)
		f.fail = func(call int) error {
			if call%3 == 0 {
				return errors.New("throttled")
			}
			return nil
		}
		var mu sync.Mutex
		times := map[string]int{}
		drained(t, f, weir.EachMessage(func(_ context.Context, m *weir.Message) error {
			mu.Lock()
			times[m.ID]++
			mu.Unlock()
			time.Sleep(100 * time.Second)
			return nil
		}), New(f, "https://q", Receivers(3)), streaming.Concurrency(8), streaming.BatchRecords(2))
		for id, n := range times {
			if n != 1 {
				t.Errorf("%s was delivered %d times", id, n)
			}
		}
		want(t, "deleted", len(f.deleted), 25)
		if len(f.changes) == 0 || f.most > 10 || slices.Contains(f.changes, 0) {
			t.Errorf("visibility timeouts %v, batches of up to %d", f.changes, f.most)
		}
	})
}

// TestSettle: what the queue takes back in part is told again, but not what can never succeed.
func TestSettle(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fake{arn: standard}
		f.put("", numbers(40)...)
		busy := map[string]int{}
		f.refuse = func(handle string) *types.BatchResultErrorEntry {
			n, _ := strconv.Atoi(handle[1:])
			if busy[handle]++; n%5 == 0 && busy[handle] < 3 {
				return &types.BatchResultErrorEntry{Code: p("InternalError"), Message: p("try again")}
			}
			if n == 7 {
				return &types.BatchResultErrorEntry{Code: p("ReceiptHandleIsInvalid"), SenderFault: true}
			}
			return nil
		}
		s := New(f, "https://q")
		var failedOnce sync.Map
		calls := 0
		drained(t, f, weir.EachMessage(func(_ context.Context, m *weir.Message) error {
			calls++
			if _, again := failedOnce.LoadOrStore(m.ID, 1); !again && m.ID == "m11" {
				return weir.RetryAfter(90*time.Second, errors.New("busy"))
			}
			if m.ID == "m11" {
				want(t, "attempt", m.Attempt, 2)
			}
			return nil
		}), s)
		want(t, "deleted", len(f.deleted), 40) // the one whose handle was refused came again
		want(t, "deliveries", calls, 42)       // that one, and the one that failed
		want(t, "the pause", slices.Contains(f.changes, 90), true)
	})
}

// TestGroups: after a failure the rest of its group goes back and none overtakes; other groups go on.
func TestGroups(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fake{arn: fifo}
		for _, id := range numbers(30) {
			f.put([]string{"a", "b", "c"}[id[2]%3], id)
		}
		var mu sync.Mutex
		got := map[string][]string{}
		drained(t, f, weir.EachMessage(func(_ context.Context, m *weir.Message) error {
			mu.Lock()
			defer mu.Unlock()
			if strings.HasSuffix(m.ID, "4") && m.Attempt < 3 {
				return errors.New("not yet")
			}
			got[m.OrderingKey] = append(got[m.OrderingKey], m.ID)
			return nil
		}), New(f, "https://q.fifo", Receivers(2)), streaming.Concurrency(3))
		n := 0
		for group, ids := range got {
			n += len(ids)
			if !slices.IsSorted(ids) {
				t.Errorf("group %s: %v", group, ids)
			}
		}
		want(t, "done", n, 30)
	})
}

// TestClose: what was received and nobody has seen is visible to others at once.
func TestClose(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fake{arn: standard}
		s := New(f, "https://q", Receivers(2), Visibility(time.Hour))
		if err := s.Open(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		f.put("", numbers(15)...)
		got, err := s.Poll(ctx, streaming.Room{Records: 3, Bytes: 1})
		if err != nil || len(got) != 1 || len(got[0].Messages) != 3 {
			t.Fatalf("Poll returned %v, %v", got, err)
		}
		f.put("", numbers(20)...)                                     // more than the second Poll has room for
		got, err = s.Poll(ctx, streaming.Room{Records: 20, Bytes: 1}) // what one receive brings, or two
		if err != nil {
			t.Fatal(err)
		}
		handed := 3 + 1
		for _, f := range got {
			handed += len(f.Messages)
		}
		if got, err := s.Poll(ctx, streaming.Room{Records: 1, Bytes: 1}); len(got) != 1 || err != nil {
			t.Fatalf("Poll returned %v, %v", got, err)
		}
		if err := s.Close(t.Context()); err != nil {
			t.Error(err)
		}
		hidden := 0
		for _, m := range f.messages {
			if time.Now().Before(m.visible) {
				hidden++
			}
		}
		if hidden != handed || len(s.held) != handed {
			t.Errorf("%d messages are invisible, and %d were handed out", hidden, handed)
		}
	})
}

// mute is a queue that never answers a change of visibility.
type mute struct{ *fake }

func (m mute) ChangeMessageVisibilityBatch(ctx context.Context, _ *sqs.ChangeMessageVisibilityBatchInput, _ ...func(*sqs.Options)) (*sqs.ChangeMessageVisibilityBatchOutput, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// TestDrainWhileProlonging: giving back does not wait longer for what is being prolonged than it may.
func TestDrainWhileProlonging(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fake{arn: "arn:aws:sqs:eu-west-1:1:q"}
		f.put("", "a", "b")
		s := New(mute{f}, "http://q", Visibility(400*time.Second))
		ctx, stop := context.WithCancel(t.Context())
		const at = 201 * time.Second // half of the time is over, and the queue has been asked to prolong it
		time.AfterFunc(at, stop)
		begin := time.Now()
		v := weir.Each(func(ctx context.Context, _ string) error { <-ctx.Done(); return ctx.Err() })
		err := streaming.Run(ctx, v, s, streaming.Drain(time.Second))
		t.Log(err)
		if took := time.Since(begin) - at; took > 20*time.Second {
			t.Errorf("it ran on for %v", took)
		}
	})
}

func TestRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		s    *Source
		says string
	}{
		{New(nil, "https://q"), "the client is nil"},
		{New(&fake{}, ""), "URL is empty"},
		{New(&fake{}, "https://q", nil), "option 0 is nil"},
		{New(&fake{}, "https://q", Receivers(0)), "Receivers(0)"},
		{New(&fake{}, "https://q", Visibility(time.Millisecond)), "Visibility(1ms)"},
		{New(&fake{arn: "q"}, "https://q"), `its ARN is "q"`},
	} {
		if err := tt.s.Open(t.Context(), nil); err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("Open returned %v, want %q in it", err, tt.says)
		}
	}
}
