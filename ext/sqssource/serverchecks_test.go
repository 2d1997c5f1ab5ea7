package sqssource

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/streaming"
)

// checks are of this package and a server together.
var checks = []struct {
	name string
	run  func(bed) error
}{
	{"emptied, failures come back", checkEmptied},
	{"message, as behind a Lambda", checkMessage},
	{"trace", checkTrace},
	{"characters beyond U+FFFF", checkText},
	{"groups stay in order", func(b bed) error { return checkGroups(b) }},
	{"groups stay in order, with failures", func(b bed) error { return checkGroups(b, "m04", "m11") }},
	{"several of a group in a fetch", checkSeveral},
	{"group is locked", checkLocked},
	{"failed head holds up", checkHead},
	{"attempts are counted", checkAttempts},
	{"held for longer than its timeout", checkProlonged},
	{"given back when closed", checkClosed},
	{"dead letters", func(b bed) error { return checkDead(b, "", "") }},
	{"dead letters of a group", func(b bed) error { return checkDead(b, ".fifo", "g") }},
	{"settled when it was another's", checkVoid},
	{"gone queue", checkGone},
}

func errDiffers(what string, got, want any) error {
	return fmt.Errorf("%s: %v, want %v", what, got, want)
}

// checkEmptied: each of 200 messages is done once, those that fail after going back.
func checkEmptied(b bed) error {
	url, err := b.queue("", nil)
	if err != nil {
		return err
	}
	for i := range 20 {
		in := &sqs.SendMessageBatchInput{QueueUrl: &url}
		for j := range 10 {
			in.Entries = append(in.Entries, types.SendMessageBatchRequestEntry{Id: p(fmt.Sprint("i", j)), MessageBody: p(fmt.Sprintf("m%03d", i*10+j))})
		}
		if out, err := b.SendMessageBatch(b.ctx, in); err != nil || len(out.Failed) > 0 {
			return fmt.Errorf("%v, %v", err, out)
		}
	}
	j := newJournal(200)
	if err := b.work(weir.Each(func(ctx context.Context, name string) error {
		m, _ := weir.FromContext(ctx)
		if strings.HasSuffix(name, "7") && m.Attempt == 1 {
			return errors.New("not yet")
		}
		j.add(m, name)
		return nil
	}), New(b, url, Receivers(4)), j.full, streaming.Concurrency(4), streaming.Backoff(time.Millisecond, time.Millisecond)); err != nil {
		return err
	}
	slices.Sort(j.done[""])
	if n := len(slices.Compact(j.done[""])); n != 200 || j.n != 200 {
		return fmt.Errorf("%d were done, %d of them different", j.n, n)
	}
	if left, err := b.others(url, 0); err != nil || len(left) > 0 {
		return fmt.Errorf("afterwards there are %v, %v", left, err)
	}
	return nil
}

// fillers are sent behind what a check is about, since one server keeps a receive waiting until it has
// as many messages as it was asked for.
var fillers = strings.Fields("1 2 3 4 5 6 7 8 9")

// first is the first message of a queue that a worker gets.
func (b bed) first(url string) (*weir.Message, error) {
	group := ""
	if strings.HasSuffix(url, ".fifo") {
		group = "filler"
	}
	if err := b.send(url, group, fillers...); err != nil {
		return nil, err
	}
	var first *weir.Message
	full := make(chan struct{})
	err := b.work(weir.EachMessage(func(_ context.Context, m *weir.Message) error {
		if first == nil {
			first = m
			close(full)
		}
		return nil
	}), New(b, url), full)
	return first, err
}

// checkMessage: a message has what it has behind a Lambda.
func checkMessage(b bed) error {
	url, err := b.queue(".fifo", nil)
	if err != nil {
		return err
	}
	sent, err := b.SendMessage(b.ctx, &sqs.SendMessageInput{
		QueueUrl: &url, MessageBody: p("<body> ü"), MessageGroupId: p("g"), MessageDeduplicationId: p("d"),
		MessageAttributes: map[string]types.MessageAttributeValue{
			"text": {DataType: p("String.mine"), StringValue: p("a<b")}, "bytes": {DataType: p("Binary"), BinaryValue: []byte{0, 255}},
		},
	})
	if err != nil {
		return err
	}
	m, err := b.first(url)
	if err != nil {
		return err
	}
	id := func(m *weir.Message) string {
		a := m.MessageAttributes()
		return fmt.Sprintf("%s %s %s %s %d %v %q", m.ID, m.Payload, m.OrderingKey, m.Attribute("MessageDeduplicationId"), m.Attempt, a["text"], a["bytes"].Binary)
	}
	if got, want := id(m), *sent.MessageId+` <body> ü g d 1 {String.mine a<b []} "\x00\xff"`; got != want {
		return errDiffers("message", got, want)
	}
	if age := time.Since(m.Time); age < -time.Minute || age > time.Minute {
		return fmt.Errorf("it was sent %v ago", age)
	}
	// The same record through a Lambda is the same message.
	all := func(m *weir.Message) string { return fmt.Sprint(id(m), m.SourceARN, m.Shard, m.Time) }
	var behind string
	if _, err := weir.SQS(weir.EachMessage(func(_ context.Context, m *weir.Message) error {
		behind = all(m)
		return nil
	})).Invoke(b.ctx, []byte(`{"Records":[`+m.Raw()+`]}`)); err != nil {
		return err
	}
	if behind != all(m) {
		return errDiffers("behind a Lambda", behind, all(m))
	}
	return nil
}

func checkTrace(b bed) error {
	url, err := b.queue("", nil)
	if err != nil {
		return err
	}
	trace := "Root=1-5759e988-bd862e3fe1be46a994272793"
	if _, err := b.SendMessage(b.ctx, &sqs.SendMessageInput{QueueUrl: &url, MessageBody: p("x"),
		MessageSystemAttributes: map[string]types.MessageSystemAttributeValue{"AWSTraceHeader": {DataType: p("String"), StringValue: &trace}}}); err != nil {
		return err
	}
	m, err := b.first(url)
	if err == nil && m.Attribute("AWSTraceHeader") != trace {
		err = errors.New("the trace has not come")
	}
	return err
}

func checkText(b bed) error {
	url, err := b.queue("", nil)
	if err != nil {
		return err
	}
	if err := b.send(url, "", "\U0001F600"); err != nil {
		return err
	}
	m, err := b.first(url)
	if err == nil && string(m.Payload) != "\U0001F600" {
		return errDiffers("payload", string(m.Payload), "\U0001F600")
	}
	return err
}

// checkGroups: messages of a group are done in order, also if some fail at first.
func checkGroups(b bed, fail ...string) error {
	url, err := b.queue(".fifo", nil)
	if err != nil {
		return err
	}
	for i := range 30 {
		if err := b.send(url, fmt.Sprint("g", i%2), fmt.Sprintf("m%02d", i)); err != nil {
			return err
		}
	}
	j := newJournal(30)
	if err := b.work(weir.Each(func(ctx context.Context, name string) error {
		m, _ := weir.FromContext(ctx)
		j.mu.Lock()
		at := slices.Index(fail, name)
		if at >= 0 {
			fail = slices.Delete(fail, at, at+1)
		}
		j.mu.Unlock()
		if at >= 0 {
			return errors.New("not yet")
		}
		j.add(m, name)
		return nil
	}), New(b, url), j.full, streaming.Concurrency(2), streaming.Backoff(time.Millisecond, time.Millisecond)); err != nil {
		return err
	}
	for group, names := range j.done {
		if !slices.IsSorted(names) || len(names) != 15 {
			return fmt.Errorf("%s: %v", group, names)
		}
	}
	return nil
}

// opened is a source that is polled by hand.
func (b bed) opened(url string, opts ...Option) (*Source, error) {
	s := New(b, url, opts...)
	return s, s.Open(b.ctx, nil)
}

func checkSeveral(b bed) error {
	url, err := b.filled(".fifo", nil, "g", "m0", "m1", "m2", "m3", "m4")
	if err != nil {
		return err
	}
	s, err := b.opened(url)
	if err != nil {
		return err
	}
	fetches, err := b.poll(s, 5, 30*time.Second)
	if got := payloads(fetches); err == nil && (len(fetches) != 1 || len(got) != 5 || !slices.IsSorted(got)) {
		err = fmt.Errorf("a poll brought %v in %d lanes", got, len(fetches))
	}
	return errors.Join(err, s.Settle(b.ctx, acks(fetches, false, 0)), s.Close(b.ctx))
}

// checkLocked: while a message is held nobody gets what is behind it, and afterwards the next comes.
func checkLocked(b bed) error {
	url, err := b.filled(".fifo", nil, "g", "m0", "m1", "m2")
	if err != nil {
		return err
	}
	s, err := b.opened(url)
	if err != nil {
		return err
	}
	fetches, err := b.poll(s, 1, 30*time.Second)
	if err != nil {
		return err
	}
	if err := b.send(url, "another", "free"); err != nil {
		return err
	}
	left, err := b.others(url, 1)
	if got := fmt.Sprint(payloads(fetches), left); err == nil && got != `[m0] [free]` {
		err = errDiffers("held, and what another gets", got, `[m0] [free]`)
	}
	err = errors.Join(err, s.Settle(b.ctx, acks(fetches, false, 0)))
	left, err2 := b.others(url, 1)
	if err == nil && !slices.Contains(left, "m1") {
		err = fmt.Errorf("after it was done another gets %v", left)
	}
	return errors.Join(err, err2, s.Close(b.ctx))
}

// checkHead: a message that failed comes back after its delay, to whichever worker, and nothing of
// its group overtakes it.
func checkHead(b bed) error {
	url, err := b.filled(".fifo", nil, "g", "m00", "m01", "m02", "m03", "m04", "m05", "m06", "m07", "m08", "m09", "m10", "m11")
	if err != nil {
		return err
	}
	one, err := b.opened(url)
	if err != nil {
		return err
	}
	two, err := b.opened(url)
	if err != nil {
		return err
	}
	fetches, err := b.poll(one, 10, 30*time.Second)
	if got := payloads(fetches); err == nil && (len(got) == 0 || got[0] != "m00") {
		err = fmt.Errorf("the first poll brought %v", got)
	}
	begin := time.Now()
	err = errors.Join(err, one.Settle(b.ctx, acks(fetches, true, 2*time.Second)))
	var done []string
	for err == nil && len(done) < 12 {
		fetches, err = b.poll(two, 2, 30*time.Second)
		if took := time.Since(begin); len(done) == 0 && took < 2*time.Second {
			err = errors.Join(err, fmt.Errorf("%v came after %v", payloads(fetches), took))
		}
		if err == nil && len(fetches) == 0 {
			err = fmt.Errorf("nothing came after %v", done)
		}
		done = append(done, payloads(fetches)...)
		err = errors.Join(err, two.Settle(b.ctx, acks(fetches, false, 0)))
	}
	if err == nil && !slices.IsSorted(done) {
		err = fmt.Errorf("they were done in the order %v", done)
	}
	return errors.Join(err, one.Close(b.ctx), two.Close(b.ctx))
}

// checkAttempts: a message says how often it was delivered.
func checkAttempts(b bed) error {
	url, err := b.filled("", nil, "", append([]string{"m"}, fillers...)...)
	if err != nil {
		return err
	}
	s, err := b.opened(url)
	if err != nil {
		return err
	}
	for n := 1; n <= 3 && err == nil; n++ {
		var fetches []streaming.Fetch
		fetches, err = b.poll(s, 10, 30*time.Second)
		if got := payloads(fetches); err == nil && (len(got) != 10 || fetches[0].Messages[0].Attempt != n) {
			err = fmt.Errorf("delivery %d: %v, attempt %d", n, got, fetches[0].Messages[0].Attempt)
		}
		err = errors.Join(err, s.Settle(b.ctx, acks(fetches, true, 0)))
	}
	return errors.Join(err, s.Close(b.ctx))
}

// checkProlonged: what takes three times as long as its visibility timeout is nobody else's meanwhile.
func checkProlonged(b bed) error {
	names := strings.Fields("m0 m1 m2 m3 m4 m5 m6 m7 m8 m9")
	url, err := b.filled("", nil, "", names...)
	if err != nil {
		return err
	}
	s, err := b.opened(url, Visibility(2*time.Second))
	if err != nil {
		return err
	}
	fetches, err := b.poll(s, 10, 30*time.Second)
	if got := payloads(fetches); err == nil && len(got) != 10 {
		err = fmt.Errorf("the first poll brought %v", got)
	}
	left, err2 := b.others(url, 6)
	if err = errors.Join(err, err2); err == nil && len(left) > 0 {
		err = fmt.Errorf("another gets %v", left)
	}
	return errors.Join(err, s.Settle(b.ctx, acks(fetches, false, 0)), s.Close(b.ctx))
}

// checkClosed: what was received and not begun is another's at once.
func checkClosed(b bed) error {
	names := strings.Fields("m0 m1 m2 m3 m4 m5 m6 m7 m8 m9")
	url, err := b.filled("", nil, "", names...)
	if err != nil {
		return err
	}
	s, err := b.opened(url)
	if err != nil {
		return err
	}
	fetches, err := b.poll(s, 10, 30*time.Second)
	if err != nil {
		return err
	}
	s.rest = append(s.rest, fetches...) // as if there had been no room
	if err := s.Close(b.ctx); err != nil {
		return err
	}
	if left, err := b.others(url, 5); err != nil || len(left) != 10 {
		return fmt.Errorf("another gets %v, %v", left, err)
	}
	return nil
}

// checkDead: what always fails goes to the queue of dead letters by the queue's own policy. What is behind
// it in its group comes then, and not before.
func checkDead(b bed, suffix, group string) error {
	dead, err := b.queue(suffix, nil)
	if err != nil {
		return err
	}
	a, err := b.GetQueueAttributes(b.ctx, &sqs.GetQueueAttributesInput{QueueUrl: &dead, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameQueueArn}})
	if err != nil {
		return err
	}
	url, err := b.filled(suffix, map[string]string{"RedrivePolicy": fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":2}`, a.Attributes["QueueArn"])}, group, "bad", "good")
	if err != nil {
		return err
	}
	s, err := b.opened(url)
	if err != nil {
		return err
	}
	var seen []string
	for err == nil && len(seen) < 5 {
		var fetches []streaming.Fetch
		if fetches, err = b.poll(s, 1, 3*time.Second); err != nil || len(fetches) == 0 {
			break
		}
		got := payloads(fetches)
		seen = append(seen, got...)
		err = s.Settle(b.ctx, acks(fetches, got[0] == "bad", 0))
	}
	if err = errors.Join(err, s.Close(b.ctx)); err != nil {
		return err
	}
	if group == "" {
		slices.Sort(seen) // it has none
	}
	left, err := b.others(dead, 5)
	if got := strings.Join(slices.Compact(seen), " "); err == nil && (got != "bad good" || fmt.Sprint(left) != "[bad]") {
		err = fmt.Errorf("seen were %v, and dead are %v", seen, left)
	}
	return err
}

// checkVoid: a message that has meanwhile been another's, and was deleted by it, does not keep this
// worker from settling.
func checkVoid(b bed) error {
	names := strings.Fields("m0 m1 m2 m3 m4 m5 m6 m7 m8 m9")
	url, err := b.filled("", nil, "", names...)
	if err != nil {
		return err
	}
	s, err := b.opened(url)
	if err != nil {
		return err
	}
	fetches, err := b.poll(s, 10, 30*time.Second)
	if err != nil {
		return err
	}
	for i := range fetches[0].Messages {
		if i%2 == 0 {
			s.mu.Lock()
			handle := s.held[fetches[0].Offsets[i]].handle
			s.mu.Unlock()
			if _, err := b.DeleteMessage(b.ctx, &sqs.DeleteMessageInput{QueueUrl: &url, ReceiptHandle: &handle}); err != nil {
				return err
			}
		}
	}
	err = s.Settle(b.ctx, acks(fetches, true, 0))
	left, err2 := b.others(url, 5)
	if err = errors.Join(err, err2); err == nil && len(left) != 5 {
		err = fmt.Errorf("afterwards there are %v", left)
	}
	if len(s.held) > 0 {
		err = errors.Join(err, fmt.Errorf("%d are still held", len(s.held)))
	}
	return errors.Join(err, s.Close(b.ctx))
}

// checkGone: a queue that does not exist ends the worker.
func checkGone(b bed) error {
	url, err := b.queue("", nil)
	if err != nil {
		return err
	}
	s, err := b.opened(url)
	if err != nil {
		return err
	}
	if _, err := b.DeleteQueue(b.ctx, &sqs.DeleteQueueInput{QueueUrl: &url}); err != nil {
		return err
	}
	_, err = b.poll(s, 10, 30*time.Second)
	if !errors.Is(err, streaming.ErrFatal) {
		return fmt.Errorf("a poll gives %w", err)
	}
	_ = s.Close(b.ctx)
	return nil
}
