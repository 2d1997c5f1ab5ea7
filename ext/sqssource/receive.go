package sqssource

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/streaming"
)

const (
	most     = 10 // messages that SQS hands out, or takes back, at once
	longPoll = 20 // seconds, the longest that SQS allows
)

// received is an answer of the queue.
type received struct {
	fetches []streaming.Fetch
	asked   int
	err     error
}

// Poll implements streaming.Source. A long poll that is under way when it returns goes on: what it
// brings is the next Poll's.
func (s *Source) Poll(ctx context.Context, room streaming.Room) ([]streaming.Fetch, error) {
	if out := s.kept(room); len(out) > 0 {
		return out, nil
	}
	for s.flying < s.receivers && s.asked < room.Records {
		n := min(most, room.Records-s.asked)
		s.flying++
		s.asked += n
		go func() { s.results <- s.receive(n) }()
	}
	var errs []error
	select {
	case r := <-s.results:
		errs = append(errs, s.landed(r))
	case <-ctx.Done():
		s.halt()
		return nil, context.Cause(ctx)
	}
	for { // what else has come meanwhile
		select {
		case r := <-s.results:
			errs = append(errs, s.landed(r))
			continue
		default:
		}
		return s.kept(room), errors.Join(errs...)
	}
}

func (s *Source) landed(r received) error {
	s.flying--
	s.asked -= r.asked
	s.rest = append(s.rest, r.fetches...)
	return r.err
}

// kept hands out what was received, as much as there is room for.
func (s *Source) kept(room streaming.Room) (out []streaming.Fetch) {
	for len(s.rest) > 0 && room.Records > 0 {
		f := &s.rest[0]
		n := min(room.Records, len(f.Messages))
		room.Records -= n
		out = append(out, streaming.Fetch{Lane: f.Lane, Messages: f.Messages[:n:n], Offsets: f.Offsets[:n:n]})
		if n < len(f.Messages) {
			f.Messages, f.Offsets = f.Messages[n:], f.Offsets[n:]
			break
		}
		s.rest = s.rest[1:]
	}
	return out
}

// receive asks the queue once.
func (s *Source) receive(n int) received {
	in := &sqs.ReceiveMessageInput{
		QueueUrl: &s.url, MaxNumberOfMessages: int32(n), WaitTimeSeconds: longPoll,
		VisibilityTimeout:           int32(s.visibility / time.Second),
		MessageAttributeNames:       []string{"All"},
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameAll},
		//lint:ignore SA1019 older servers know only this
		AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameAll},
	}
	if s.fifo { // an answer that was lost is given once more to the SDK's next attempt
		token := rand.Text()
		in.ReceiveRequestAttemptId = &token
	}
	begin := time.Now()
	out, err := s.client.ReceiveMessage(s.receiving, in)
	if err != nil {
		if s.receiving.Err() != nil {
			return received{asked: n}
		}
		var none *types.QueueDoesNotExist
		if errors.As(err, &none) {
			err = fmt.Errorf("%w: %w", streaming.ErrFatal, err)
		}
		return received{asked: n, err: fmt.Errorf("sqssource: %s: %w", s.url, err)}
	}
	r := received{asked: n}
	lanes := map[string]int{}
	for _, m := range out.Messages {
		lane := ""
		if s.fifo {
			lane = m.Attributes[string(types.MessageSystemAttributeNameMessageGroupId)]
		}
		i, ok := lanes[lane]
		if !ok {
			i = len(r.fetches)
			lanes[lane] = i
			r.fetches = append(r.fetches, streaming.Fetch{Lane: streaming.Lane{Name: lane}})
		}
		f := &r.fetches[i]
		f.Messages = append(f.Messages, s.message(m, lane))
		f.Offsets = append(f.Offsets, s.hold(m, begin))
	}
	return r
}

// message is as weir.SQS would have made it.
func (s *Source) message(m types.Message, lane string) weir.Message {
	out := weir.Message{SourceARN: s.arn, OrderingKey: lane}
	if m.MessageId != nil {
		out.ID = *m.MessageId
	}
	if m.Body != nil {
		out.Payload = []byte(*m.Body)
	}
	out.Time = millis(m.Attributes[string(types.MessageSystemAttributeNameSentTimestamp)])
	out.Attempt = count(m.Attributes[string(types.MessageSystemAttributeNameApproximateReceiveCount)])
	out.SetRaw(s.raw(m))
	return out
}
