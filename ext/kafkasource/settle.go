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
// member's identifier as metadata.
func (s *Source) Settle(ctx context.Context, acks []streaming.Ack) error {
	offsets := s.commits(acks)
	if len(offsets) == 0 {
		return nil
	}
	var failed error
	s.client.CommitOffsetsSync(ctx, offsets, func(_ *kgo.Client, _ *kmsg.OffsetCommitRequest, answer *kmsg.OffsetCommitResponse, err error) {
		if err != nil {
			failed = err
			return
		}
		var errs []error
		for _, t := range answer.Topics {
			for _, p := range t.Partitions {
				if err := kerr.ErrorForCode(p.ErrorCode); err != nil && !errors.Is(err, kerr.UnknownTopicOrPartition) && !errors.Is(err, kerr.UnknownTopicID) {
					errs = append(errs, fmt.Errorf("%v: %w", place{t.Topic, p.Partition}, err))
				}
			}
		}
		failed = errors.Join(errs...)
	})
	if failed != nil && len(s.commits(acks)) > 0 { // otherwise they have gone meanwhile
		return fmt.Errorf("kafkasource: commit: %w", failed)
	}
	return nil
}

// commits is what is to be committed of partitions that are still this member's.
func (s *Source) commits(acks []streaming.Ack) map[string]map[int32]kgo.EpochOffset {
	s.mu.Lock()
	defer s.mu.Unlock()
	offsets := map[string]map[int32]kgo.EpochOffset{}
	for _, ack := range acks {
		at := placeOf(ack.Lane.Name)
		a := s.parts[at]
		if a == nil || a.Lane != ack.Lane {
			continue
		}
		if offsets[at.topic] == nil {
			offsets[at.topic] = map[int32]kgo.EpochOffset{}
		}
		offsets[at.topic][at.partition] = kgo.EpochOffset{Epoch: a.leader(ack.Offset), Offset: ack.Offset + 1}
	}
	return offsets
}
