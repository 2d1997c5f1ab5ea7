package kafkasource

import (
	"context"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// measuring is how often the ends of partitions are asked for. Those that are being read say it by
// themselves; this is for those that are not, of a worker that waits for its store, say.
const measuring = 10 * time.Second

// Lag implements streaming.Lagger. It is at most ten seconds old.
func (s *Source) Lag() (records int64, known bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	known = len(s.parts) > 0
	for _, a := range s.parts {
		records += a.rest // before a.next, but the worker has not seen them
		if at := max(a.next, a.from); a.end > 0 && at >= 0 {
			records += max(0, a.end-at)
		} else if a.end != 0 {
			known = false
		}
	}
	return records, known
}

// measure asks for the ends of partitions now and then.
func (s *Source) measure(ctx context.Context) {
	t := time.NewTicker(measuring)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			s.ends(ctx)
		case <-ctx.Done():
			return
		}
	}
}

// ends asks the brokers where the partitions end. What they do not say stays as it was.
func (s *Source) ends(ctx context.Context) {
	req := kmsg.NewPtrListOffsetsRequest()
	req.IsolationLevel = s.isolation
	committed := s.client.CommittedOffsets() // as the client knows them
	s.mu.Lock()
	topics := map[string][]kmsg.ListOffsetsRequestTopicPartition{}
	for at, a := range s.parts {
		if o, ok := committed[at.topic][at.partition]; ok && a.next < 0 {
			a.from = o.Offset
		}
		p := kmsg.NewListOffsetsRequestTopicPartition()
		p.Partition, p.Timestamp = at.partition, -1 // the latest
		topics[at.topic] = append(topics[at.topic], p)
	}
	s.mu.Unlock()
	for topic, parts := range topics {
		t := kmsg.NewListOffsetsRequestTopic()
		t.Topic, t.Partitions = topic, parts
		req.Topics = append(req.Topics, t)
	}
	if len(topics) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, measuring)
	defer cancel()
	for _, shard := range s.client.RequestSharded(ctx, req) {
		answer, ok := shard.Resp.(*kmsg.ListOffsetsResponse)
		if !ok || shard.Err != nil {
			continue
		}
		s.mu.Lock()
		for _, t := range answer.Topics {
			for _, p := range t.Partitions {
				if a := s.parts[place{t.Topic, p.Partition}]; a != nil && kerr.ErrorForCode(p.ErrorCode) == nil {
					a.end = p.Offset
				}
			}
		}
		s.mu.Unlock()
	}
}
