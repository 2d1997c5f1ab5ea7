package kafkasource

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/weir-go/weir/streaming"
)

// TestSettlesTheRest: of a commit that the broker took in part, the next has only what it did not
// take. Otherwise brokers that refuse one partition of many in turn would never take all at once.
func TestSettlesTheRest(t *testing.T) {
	t.Parallel()
	c := broker(t, 2)
	k := client(t, c)
	produce(t, k, &kgo.Record{Partition: 0, Value: []byte("1")}, &kgo.Record{Partition: 1, Value: []byte("2")})
	s := source(c)
	if err := s.Open(t.Context(), owner{make(chan streaming.Lane, 9)}); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close(t.Context()) }()
	var acks []streaming.Ack
	eventually(t, "the records come", func() bool {
		got, _ := s.Poll(t.Context(), streaming.Room{Records: 10, Bytes: 1000})
		for _, f := range got {
			acks = append(acks, streaming.Ack{Lane: f.Lane, Offset: 0})
		}
		return len(acks) == 2
	})
	var refuses atomic.Bool
	refuses.Store(true)
	var commits [][]int32
	c.ControlKey(kmsg.OffsetCommit.Int16(), func(kreq kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		req := kreq.(*kmsg.OffsetCommitRequest)
		answer := req.ResponseKind().(*kmsg.OffsetCommitResponse)
		var parts []int32
		for _, rt := range req.Topics {
			o := kmsg.NewOffsetCommitResponseTopic()
			o.Topic, o.TopicID = rt.Topic, rt.TopicID
			for _, rp := range rt.Partitions {
				parts = append(parts, rp.Partition)
				p := kmsg.NewOffsetCommitResponseTopicPartition()
				if p.Partition = rp.Partition; p.Partition == 1 && refuses.Load() {
					p.ErrorCode = kerr.RequestTimedOut.Code
				}
				o.Partitions = append(o.Partitions, p)
			}
			answer.Topics = append(answer.Topics, o)
		}
		commits = append(commits, parts)
		return answer, nil, true
	})
	if err := s.Settle(t.Context(), acks); !errors.Is(err, kerr.RequestTimedOut) {
		t.Errorf("Settle returned %v", err)
	}
	refuses.Store(false)
	for range 2 {
		if err := s.Settle(t.Context(), acks); err != nil {
			t.Error(err)
		}
	}
	want(t, "requests", len(commits), 2)
	want(t, "partitions at first", len(commits[0]), 2)
	want(t, "partitions then", fmt.Sprint(commits[1:]), "[[1]]")
	acks[0].Offset, acks[1].Offset = 1, 1
	if err := s.Settle(t.Context(), acks); err != nil {
		t.Error(err)
	}
	want(t, "partitions of the next records", len(commits[2]), 2)
}
