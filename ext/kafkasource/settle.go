package kafkasource

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/weir-go/weir/streaming"
)

// Settle commits the offsets behind the records, with the leader epochs of these and the
// member's identifier as metadata. Of a commit that the broker took in part, the next leaves that out.
func (s *Source) Settle(ctx context.Context, acks []streaming.Ack) error {
	offsets := s.commits(acks)
	if len(offsets) == 0 {
		return nil
	}
	var failed error
	unknown := map[place]error{}
	taken := map[place]bool{}
	s.client.CommitOffsetsSync(ctx, offsets, func(_ *kgo.Client, _ *kmsg.OffsetCommitRequest, answer *kmsg.OffsetCommitResponse, err error) {
		if err != nil {
			failed = err
			return
		}
		var errs []error
		for _, t := range answer.Topics {
			for _, p := range t.Partitions {
				err := kerr.ErrorForCode(p.ErrorCode)
				switch {
				case err == nil:
					taken[place{t.Topic, p.Partition}] = true
				case errors.Is(err, kerr.UnknownTopicID):
				case errors.Is(err, kerr.UnknownTopicOrPartition): // deleted, or a coordinator that has just begun
					unknown[place{t.Topic, p.Partition}] = err
				default:
					errs = append(errs, fmt.Errorf("%v: %w", place{t.Topic, p.Partition}, err))
				}
			}
		}
		failed = errors.Join(errs...)
	})
	s.took(acks, taken)
	gone := map[string]bool{}
	for at, err := range unknown {
		if _, asked := gone[at.topic]; !asked {
			gone[at.topic] = s.deleted(ctx, at.topic)
		}
		if !gone[at.topic] {
			failed = errors.Join(failed, fmt.Errorf("%v: %w", at, err))
		}
	}
	if failed != nil && len(s.commits(acks)) > 0 { // otherwise they have gone meanwhile
		return fmt.Errorf("kafkasource: commit: %w", failed)
	}
	return nil
}

// took notes what the broker has committed.
func (s *Source) took(acks []streaming.Ack, taken map[place]bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, ack := range acks {
		at := placeOf(ack.Lane.Name)
		if a := s.parts[at]; taken[at] && a != nil && a.Lane == ack.Lane {
			a.done = ack.Offset + 1
		}
	}
}

// deleted reports whether a broker says that there is no such topic.
func (s *Source) deleted(ctx context.Context, topic string) bool {
	req := kmsg.NewPtrMetadataRequest()
	t := kmsg.NewMetadataRequestTopic()
	t.Topic = &topic
	req.Topics = append(req.Topics, t)
	answer, err := req.RequestWith(ctx, s.client)
	return err == nil && len(answer.Topics) == 1 && answer.Topics[0].ErrorCode == kerr.UnknownTopicOrPartition.Code
}

// commits is what is to be committed still, of partitions that are still this member's.
func (s *Source) commits(acks []streaming.Ack) map[string]map[int32]kgo.EpochOffset {
	s.mu.Lock()
	defer s.mu.Unlock()
	offsets := map[string]map[int32]kgo.EpochOffset{}
	for _, ack := range acks {
		at := placeOf(ack.Lane.Name)
		a := s.parts[at]
		if a == nil || a.Lane != ack.Lane || a.done == ack.Offset+1 {
			continue
		}
		if offsets[at.topic] == nil {
			offsets[at.topic] = map[int32]kgo.EpochOffset{}
		}
		offsets[at.topic][at.partition] = kgo.EpochOffset{Epoch: a.leader(ack.Offset), Offset: ack.Offset + 1}
	}
	return offsets
}
