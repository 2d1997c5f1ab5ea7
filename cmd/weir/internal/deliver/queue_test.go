package deliver

import (
	"context"
	"crypto/md5"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestFIFORules(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		batch  int
		tries  int
		sent   string
		answer func([]string, int) ([]string, error)
		want   []string
		dead   []int
	}{
		{"a group at a time", 2, 3, "a:1 a:2 a:3", failing(), []string{"a:1 a:2", "a:3"}, nil},
		{"the rest of the batch from the next group", 3, 3, "a:1 b:1 a:2", failing(), []string{"a:1 a:2 b:1"}, nil},
		{
			// As recorded on AWS: 2 to 4 are reported, and come back.
			"failed messages come back in order, before the others", 4, 9, "a:1 a:2 a:3 a:4 a:5",
			func(p []string, try int) ([]string, error) {
				if p[0] == "a:1" {
					return []string{"a:2", "a:3", "a:4"}, nil
				}
				return nil, nil
			}, []string{"a:1 a:2 a:3 a:4", "a:2 a:3 a:4 a:5"}, nil,
		},
		{"maxReceiveCount 2 is two invocations", 1, 2, "a:1 a:2", failing("a:1"), []string{"a:1", "a:1", "a:2"}, []int{0}},
		{
			"messages not run use up receives", 2, 2, "a:1 a:2 a:3",
			func(p []string, _ int) ([]string, error) {
				if p[0] == "a:1" {
					return nil, errBoom
				}
				return nil, nil
			}, []string{"a:1 a:2", "a:1 a:2", "a:3"}, []int{0, 1},
		},
		{
			"deleted though one before failed", 3, 9, "a:1 a:2 a:3", func(p []string, try int) ([]string, error) {
				if try == 1 && len(p) == 3 {
					return []string{"a:2"}, nil
				}
				return nil, nil
			}, []string{"a:1 a:2 a:3", "a:2"}, nil,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := &script{answer: c.answer}
			out, err := FIFO(t.Context(), s.mapping(c.batch, c.tries), payloads(strings.Fields(c.sent)...))
			if err != nil {
				t.Fatal(err)
			}
			sameLog(t, s.log, c.want...)
			sameDead(t, out, c.dead...)
		})
	}
}

// A group is never in two invocations at a time, and in order.
func TestFIFOLocks(t *testing.T) {
	t.Parallel()
	var sent []string
	for i := range 60 {
		sent = append(sent, fmt.Sprintf("%c:%02d", 'a'+i%3, i))
	}
	var mu sync.Mutex
	busy, last := map[string]int{}, map[string]string{}
	most := 0
	s := &script{answer: failing()}
	m := s.mapping(2, 3)
	m.Function = func(ctx context.Context, event []byte) ([]byte, error) {
		var e seen
		if err := json.Unmarshal(event, &e); err != nil {
			return nil, err
		}
		mu.Lock()
		for _, r := range e.Records {
			group := r.Body[:1]
			busy[group]++
			if r.Body <= last[group] {
				t.Errorf("%s after %s", r.Body, last[group])
			}
			last[group] = r.Body
			if busy[group] > len(e.Records) {
				t.Errorf("group %s is locked", group)
			}
		}
		most = max(most, len(busy))
		mu.Unlock()
		defer func() {
			mu.Lock()
			defer mu.Unlock()
			for _, r := range e.Records {
				busy[r.Body[:1]]--
			}
		}()
		return s.invoke(ctx, event)
	}
	if _, err := FIFO(t.Context(), m, payloads(sent...)); err != nil {
		t.Fatal(err)
	}
	if len(s.log) != 30 || most != 3 {
		t.Errorf("%d invocations, %d groups", len(s.log), most)
	}
}

func TestStandardRules(t *testing.T) {
	t.Parallel()
	var sent []string
	for i := range 500 {
		sent = append(sent, fmt.Sprintf("%03d", i))
	}
	s := &script{answer: failing("007", "123")}
	m := s.mapping(10, 3)
	out, err := SQS(t.Context(), m, payloads(sent...))
	if err != nil {
		t.Fatal(err)
	}
	sameDead(t, out, 7, 123)
	for i, n := range out.Deliveries {
		want := 1
		if i == 7 || i == 123 {
			want = 3
		}
		if n != want {
			t.Errorf("record %d was delivered %d times, want %d", i, n, want)
		}
	}
	if slices.IsSorted(s.log) {
		t.Error("a standard queue has no order to rely on")
	}
	for _, line := range s.log[:50] {
		if n := len(strings.Fields(line)); n != 10 {
			t.Errorf("a batch of %d", n)
		}
	}
	if d := out.Dead[0]; d.Tries != 3 || d.Where != "flights" || d.Condition != "maxReceiveCount 3 exceeded" {
		t.Errorf("dead letter %+v", d)
	}
}

func TestStandardErrorKeepsAll(t *testing.T) {
	t.Parallel()
	s := &script{answer: func(_ []string, try int) ([]string, error) { return nil, errBoom }}
	m := s.mapping(10, 2)
	out, err := SQS(t.Context(), m, payloads("1", "2", "3"))
	if err != nil {
		t.Fatal(err)
	}
	sameDead(t, out, 0, 1, 2)
	if len(s.log) != 2 || m.Meter.Failed.Load() != 2 || m.Meter.Retries.Load() != 1 {
		t.Errorf("invocations %q, meter %+v", s.log, m.Meter)
	}
}

func TestLargeEventsAreSplit(t *testing.T) {
	t.Parallel()
	big := strings.Repeat("x", 2<<20)
	m := (&script{}).mapping(10, 2)
	m.Function = func(_ context.Context, event []byte) ([]byte, error) {
		if len(event) > 6<<20 {
			t.Errorf("an event of %d bytes", len(event))
		}
		return nil, nil
	}
	for _, deliver := range []func(context.Context, Mapping, []Record) (*Outcome, error){SQS, FIFO, Kinesis} {
		out, err := deliver(t.Context(), m, payloads(big+"1", big+"2", big+"3", big+"4"))
		if err != nil {
			t.Fatal(err)
		}
		if want := []int{1, 1, 1, 1}; !slices.Equal(out.Deliveries, want) {
			t.Errorf("deliveries %v", out.Deliveries)
		}
	}
}

var uuid = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

func TestMessageEvent(t *testing.T) {
	t.Parallel()
	m := newMessages(payloads("{}"), 1, true)[0]
	m.receives, m.first = 2, m.record.Time.Add(time.Second)
	var r sqsRecord
	if err := json.Unmarshal(m.event("arn:aws:sqs:us-east-1:111122223333:flights.fifo", false), &r); err != nil {
		t.Fatal(err)
	}
	want := sqsAttributes{
		ReceiveCount: "2", Sent: "1767323045006", FirstReceived: "1767323046006", SenderID: "AIDAIENQZJOLO23YVJ4VO",
		SequenceNumber: "18800000000000000256", MessageGroupID: "k",
		DeduplicationID: "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
	}
	if r.Attributes != want {
		t.Errorf("attributes %+v, want %+v", r.Attributes, want)
	}
	if !uuid.MatchString(r.MessageID) || r.MD5OfBody != fmt.Sprintf("%x", md5.Sum([]byte("{}"))) {
		t.Errorf("record %+v", r)
	}
	first := m.receipt()
	if m.receives++; m.receipt() == first {
		t.Error("each receive has a handle of its own")
	}
	for wide, has := range map[bool]bool{false: false, true: true} {
		if got := strings.Contains(string(m.event("", wide)), `"md5OfMessageAttributes":null`); got != has {
			t.Errorf("md5OfMessageAttributes with a batch size over 10: %v, is there: %v", wide, got)
		}
	}
}
