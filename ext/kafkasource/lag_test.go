package kafkasource

import (
	"context"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/streaming"
)

// TestLag: what waits is known before any of it is polled, by what the group has committed.
func TestLag(t *testing.T) {
	t.Parallel()
	c := broker(t, 2)
	k := client(t, c)
	send := func(partition int32, n int) {
		for range n {
			produce(t, k, &kgo.Record{Partition: partition, Value: []byte("1")})
		}
	}
	send(0, 3)
	r := run(t, weir.EachMessage(func(context.Context, *weir.Message) error { return nil }), source(c))
	eventually(t, "three are committed", func() bool { return committed(t, k, 2)[0] == 3 })
	if err := r.stop(); err != nil {
		t.Error(err)
	}
	s := source(c)
	if err := s.Open(t.Context(), owner{}); err != nil {
		t.Fatal(err)
	}
	if lag, known := s.Lag(); known {
		t.Errorf("before the group is joined the lag is %d", lag)
	}
	send(0, 5)
	eventually(t, "five wait", func() bool {
		s.ends(t.Context())
		lag, known := s.Lag()
		return known && lag == 5
	})
	if _, err := s.Poll(t.Context(), streaming.Room{Records: 2, Bytes: 100}); err != nil {
		t.Fatal(err)
	}
	send(1, 1) // of which the group knows nothing: it has no commits there
	s.ends(t.Context())
	if lag, known := s.Lag(); known && lag > 4 {
		t.Errorf("lag %d", lag)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestLagOfTheRest: records that the client gave and no Poll had room for still wait.
func TestLagOfTheRest(t *testing.T) {
	t.Parallel()
	s := New(clusterName)
	s.client = client(t, broker(t, 1))
	a := s.begin(place{topic, 0})
	record := func(offset int64) *kgo.Record {
		return &kgo.Record{Topic: topic, Offset: offset, Value: []byte("1"), Context: a.label}
	}
	var lost []streaming.Lane
	s.sort([]*kgo.Record{record(0), record(1), record(2)}, 10, &lost)
	for _, left := range []int64{10, 9, 8, 7} {
		lag, known := s.Lag()
		want(t, "known", known, true)
		want(t, "lag", lag, left)
		s.kept(streaming.Room{Records: 10, Bytes: 1})
	}
	s.sort([]*kgo.Record{record(3), record(4)}, 10, &lost)
	s.sort([]*kgo.Record{record(0)}, 2, &lost) // it went back: what the lane before has left is not counted
	lag, _ := s.Lag()
	want(t, "lag", lag, 2)
	s.kept(streaming.Room{Records: 10, Bytes: 10})
	lag, _ = s.Lag()
	want(t, "lag", lag, 1)
}
