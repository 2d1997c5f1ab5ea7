package kafkasource

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/streaming"
)

// wait is how long a Poll waits for records.
const wait = 5 * time.Second

// Poll implements streaming.Source. The client fetches ahead of it, within kgo.FetchMaxBytes of each
// broker.
func (s *Source) Poll(ctx context.Context, room streaming.Room) ([]streaming.Fetch, error) {
	if out := s.kept(room); len(out) > 0 {
		return out, nil
	}
	waiting, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	polled := s.client.PollRecords(waiting, room.Records)
	var errs []error
	for _, e := range polled.Errors() {
		switch {
		case waiting.Err() == nil || !errors.Is(e.Err, waiting.Err()):
			errs = append(errs, s.explain(e))
		case ctx.Err() == nil: // nothing came: the client does not tell why it cannot connect
			if err := s.ping(ctx); err != nil {
				errs = append(errs, s.explain(kgo.FetchError{Err: err}))
			}
		}
	}
	var lost []streaming.Lane
	polled.EachPartition(func(p kgo.FetchTopicPartition) {
		end := p.HighWatermark
		if s.isolation > 0 {
			end = p.LastStableOffset
		}
		s.sort(p.Records, end, &lost)
	})
	if len(lost) > 0 {
		s.owner.Lost(lost...)
	}
	return s.kept(room), errors.Join(errs...)
}

// ping asks any broker for a sign of life.
func (s *Source) ping(ctx context.Context) error {
	waiting, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	if err := s.client.Ping(waiting); err != nil && ctx.Err() == nil {
		return fmt.Errorf("no broker answers: %w", err)
	}
	return nil
}

// sort puts records of a partition with what is to be handed out. A log that has lost its end, or
// of which the place to go on from has expired, goes back: that begins an assignment anew.
func (s *Source) sort(rs []*kgo.Record, end int64, lost *[]streaming.Lane) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for from := 0; from < len(rs); {
		at := place{rs[from].Topic, rs[from].Partition}
		a := labelOf(rs[from])
		if a == nil {
			return // gone when it was fetched
		}
		if a = a.now(); s.parts[at] != a {
			return // gone since
		}
		if rs[from].Offset < a.next {
			*lost = append(*lost, a.Lane)
			a.after = s.begin(at)
			a = a.after
			s.client.ResumeFetchPartitions(map[string][]int32{at.topic: {at.partition}}) // the worker may have paused what is over
		}
		to := from
		for to < len(rs) && rs[to].Offset >= a.next {
			a.saw(rs[to])
			to++
		}
		a.end = max(a.end, end)
		a.rest += int64(to - from)
		s.rest = append(s.rest, s.fetch(a.Lane, rs[from:to]))
		from = to
	}
}

// kept hands out what was polled, as much as there is room for.
func (s *Source) kept(room streaming.Room) (out []streaming.Fetch) {
	for len(s.rest) > 0 && room.Records > 0 && room.Bytes > 0 {
		f := &s.rest[0]
		n := 0
		for n < len(f.Messages) && room.Records > 0 && room.Bytes > 0 {
			room.Bytes -= len(f.Messages[n].Payload)
			room.Records--
			n++
		}
		out = append(out, streaming.Fetch{Lane: f.Lane, Messages: f.Messages[:n:n], Offsets: f.Offsets[:n:n]})
		s.handed(f.Lane, n)
		if n < len(f.Messages) {
			f.Messages, f.Offsets = f.Messages[n:], f.Offsets[n:]
			break
		}
		s.rest[0] = streaming.Fetch{}
		s.rest = s.rest[1:]
	}
	return out
}

// handed notes that the worker gets records of a lane, for Lag.
func (s *Source) handed(l streaming.Lane, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.parts[placeOf(l.Name)]; a != nil && a.Lane == l {
		a.rest -= int64(n)
	}
}

// fetch makes messages of records.
func (s *Source) fetch(lane streaming.Lane, rs []*kgo.Record) streaming.Fetch {
	f := streaming.Fetch{Lane: lane, Messages: make([]weir.Message, len(rs)), Offsets: make([]int64, len(rs))}
	details := make([]weir.KafkaRecord, len(rs))
	ids := identities(lane.Name, rs)
	for i, r := range rs {
		f.Offsets[i] = r.Offset
		f.Messages[i] = weir.Message{
			ID: ids[i], SourceARN: s.cluster, OrderingKey: lane.Name, Shard: lane.Name,
			Payload: r.Value, Time: timeOf(r), Kafka: &details[i],
		}
		details[i] = weir.KafkaRecord{
			Topic: r.Topic, Partition: r.Partition, Offset: r.Offset, Key: r.Key,
			Headers: headers(r), TimestampType: timestampType(r),
		}
	}
	return f
}

// explain says which partition an error is of, and whether it is the end.
func (s *Source) explain(e kgo.FetchError) error {
	err := e.Err
	if e.Topic != "" && e.Partition >= 0 {
		err = fmt.Errorf("%v: %w", place{e.Topic, e.Partition}, err)
	} else if e.Topic != "" {
		err = fmt.Errorf("%s: %w", e.Topic, err)
	}
	if errors.Is(err, io.EOF) { // of a connection, where a worker would take it for the source's
		err = errors.New(err.Error())
	}
	if isFatal(e) {
		return fmt.Errorf("kafkasource: %w: %w", streaming.ErrFatal, err)
	}
	return fmt.Errorf("kafkasource: %w", err)
}

// isFatal reports whether polling again is useless. The client does not fetch a partition again
// after an error that is not worth a retry.
func isFatal(e kgo.FetchError) bool {
	var truncated *kgo.ErrDataLoss
	switch {
	case errors.As(e.Err, &truncated): // it goes on at what is left
		return false
	case errors.Is(e.Err, kgo.ErrClientClosed), errors.Is(e.Err, kerr.SaslAuthenticationFailed),
		errors.Is(e.Err, kerr.FencedInstanceID): // another member has the same kgo.InstanceID
		return true
	}
	return e.Topic != "" && !kerr.IsRetriable(e.Err) && !kgo.IsRetryableBrokerErr(e.Err)
}
