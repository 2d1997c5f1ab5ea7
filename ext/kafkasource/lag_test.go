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
