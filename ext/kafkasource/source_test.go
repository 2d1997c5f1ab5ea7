package kafkasource

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/sasl/plain"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/streaming"
)

// TestMessages: a record is the same whether it comes through a worker or through a Lambda.
func TestMessages(t *testing.T) {
	t.Parallel()
	c := broker(t, 2)
	at := time.UnixMilli(1760000000123)
	rs := []*kgo.Record{
		{Key: []byte("k1"), Value: []byte(`{"a":1}`), Timestamp: at, Headers: []kgo.RecordHeader{{Key: "trace", Value: []byte{0, 255}}, {Key: "trace", Value: []byte("b")}, {Key: "", Value: []byte{}}}},
		{Value: []byte{}, Timestamp: at.Add(time.Hour)},
		{Key: []byte{}, Value: nil, Timestamp: at, Headers: []kgo.RecordHeader{{Key: "null"}}},
	}
	for _, r := range rs {
		r.Partition = 1
	}
	produce(t, client(t, c), rs...)
	var streamed []weir.Message
	got := make(chan weir.Message, 10)
	r := run(t, weir.EachMessage(func(_ context.Context, m *weir.Message) error {
		got <- *m
		return nil
	}), source(c))
	for range rs {
		streamed = append(streamed, <-got)
	}
	if err := r.stop(); err != nil {
		t.Error(err)
	}
	var invoked []weir.Message
	if _, err := weir.Kafka(weir.EachMessage(func(_ context.Context, m *weir.Message) error {
		invoked = append(invoked, *m)
		return nil
	})).Invoke(t.Context(), eventOf(t, rs)); err != nil {
		t.Fatal(err)
	}
	for i := range rs {
		a, b := streamed[i], invoked[i]
		if !reflect.DeepEqual(a.Kafka, b.Kafka) {
			t.Errorf("record %d: %+v\nof a Lambda: %+v", i, a.Kafka, b.Kafka)
		}
		if !reflect.DeepEqual(a.Payload, b.Payload) || a.Tombstone() != b.Tombstone() {
			t.Errorf("record %d: payload %#v, of a Lambda %#v", i, a.Payload, b.Payload)
		}
		id := func(m weir.Message) []any { return []any{m.ID, m.SourceARN, m.Shard, m.OrderingKey, m.Time} }
		if !reflect.DeepEqual(id(a), id(b)) {
			t.Errorf("record %d: %v\nof a Lambda: %v", i, id(a), id(b))
		}
	}
	want(t, "the last is a tombstone", streamed[2].Tombstone(), true)
}

// eventOf makes the event in which Lambda would deliver records that were produced.
func eventOf(t *testing.T, rs []*kgo.Record) []byte {
	t.Helper()
	encode := func(b []byte) any {
		if b == nil {
			return nil
		}
		return base64.StdEncoding.EncodeToString(b)
	}
	var list []any
	for _, r := range rs {
		hs := []any{}
		for _, h := range r.Headers {
			var value any
			if h.Value != nil {
				numbers := make([]int, len(h.Value))
				for i, b := range h.Value {
					numbers[i] = int(b)
				}
				value = numbers
			}
			hs = append(hs, map[string]any{h.Key: value})
		}
		list = append(list, map[string]any{
			"topic": r.Topic, "partition": r.Partition, "offset": r.Offset, "timestamp": r.Timestamp.UnixMilli(),
			"timestampType": "CREATE_TIME", "key": encode(r.Key), "value": encode(r.Value), "headers": hs,
		})
	}
	event, err := json.Marshal(map[string]any{
		"eventSource": "aws:kafka", "eventSourceArn": clusterName, "bootstrapServers": "b-1:9098",
		"records": map[string]any{fmt.Sprintf("%s-%d", topic, rs[0].Partition): list},
	})
	if err != nil {
		t.Fatal(err)
	}
	return event
}

// TestReadCommitted: what a transaction took back is not seen.
func TestReadCommitted(t *testing.T) {
	t.Parallel()
	c := broker(t, 1)
	k := client(t, c, kgo.TransactionalID("tx"))
	for i, end := range []kgo.TransactionEndTry{kgo.TryAbort, kgo.TryCommit} {
		if err := k.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		produce(t, k, &kgo.Record{Value: fmt.Append(nil, i)})
		if err := k.EndTransaction(t.Context(), end); err != nil {
			t.Fatal(err)
		}
	}
	got := make(chan string, 10)
	r := run(t, weir.EachMessage(func(_ context.Context, m *weir.Message) error {
		got <- m.ID + "=" + string(m.Payload)
		return nil
	}), source(c))
	want(t, "the first record", <-got, topic+"-0@2=1")
	eventually(t, "it is committed", func() bool { return committed(t, client(t, c), 1)[0] == 3 })
	if err := r.stop(); err != nil {
		t.Error(err)
	}
	want(t, "further records", len(got), 0)
}

func TestFatal(t *testing.T) {
	t.Parallel()
	nothing := weir.EachMessage(func(context.Context, *weir.Message) error { return nil })
	t.Run("wrong password", func(t *testing.T) {
		t.Parallel()
		c := broker(t, 1, kfake.EnableSASL(), kfake.Superuser("PLAIN", "me", "right"))
		c.ControlKey(kmsg.SASLAuthenticate.Int16(), func(req kmsg.Request) (kmsg.Response, error, bool) {
			c.KeepControl()
			answer := req.ResponseKind().(*kmsg.SASLAuthenticateResponse)
			answer.ErrorCode = kerr.SaslAuthenticationFailed.Code
			return answer, nil, true
		})
		err := streaming.Run(t.Context(), nothing, source(c, kgo.SASL(plain.Auth{User: "me", Pass: "wrong"}.AsMechanism())))
		if !errors.Is(err, streaming.ErrFatal) || !strings.Contains(err.Error(), "SASL_AUTHENTICATION_FAILED") {
			t.Errorf("Run returned %v", err)
		}
	})
	t.Run("the broker hangs up", func(t *testing.T) {
		t.Parallel()
		c := broker(t, 1, kfake.EnableSASL())
		s := source(c) // which does not know that it must say who it is
		if err := s.Open(t.Context(), owner{}); err != nil {
			t.Fatal(err)
		}
		_, err := s.Poll(t.Context(), streaming.Room{Records: 1, Bytes: 1})
		if err == nil || !strings.Contains(err.Error(), "no broker answers") {
			t.Errorf("Poll returned %v", err)
		}
		if errors.Is(err, io.EOF) || errors.Is(err, streaming.ErrFatal) {
			t.Errorf("a worker would stop at %v", err)
		}
		if err := s.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
	t.Run("another has the identity of this member", func(t *testing.T) {
		t.Parallel()
		c := broker(t, 1)
		same := func() *Source {
			return source(c, kgo.InstanceID("one"), kgo.HeartbeatInterval(50*time.Millisecond))
		}
		s := same()
		over := make(chan error, 1)
		go func() { over <- streaming.Run(t.Context(), nothing, s) }()
		eventually(t, "the first has the partition", func() bool {
			s.mu.RLock()
			defer s.mu.RUnlock()
			return len(s.parts) == 1
		})
		second := run(t, nothing, same())
		if err := <-over; !errors.Is(err, streaming.ErrFatal) || !strings.Contains(err.Error(), "FENCED_INSTANCE_ID") {
			t.Errorf("Run returned %v", err)
		}
		if err := second.stop(); err != nil {
			t.Error(err)
		}
	})
	for _, tt := range []struct {
		name string
		s    *Source
		says string
	}{
		{"no cluster", New("", kgo.ConsumerGroup(group)), "the cluster has no name"},
		{"no group", New(clusterName, kgo.ConsumeTopics(topic)), "a group was not specified"},
		{"blocks", New(clusterName, kgo.ConsumerGroup(group), kgo.ConsumeTopics(topic), kgo.BlockRebalanceOnPoll()), "kgo.BlockRebalanceOnPoll"},
		{"no brokers", New(clusterName, kgo.ConsumerGroup(group), kgo.SeedBrokers()), "seed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if err := streaming.Run(t.Context(), nothing, tt.s); err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("Run returned %v, want %q in it", err, tt.says)
			}
		})
	}
}

// TestRoom: a Poll returns no more than there is room for, and the next one the rest, until
// all is there.
func TestRoom(t *testing.T) {
	t.Parallel()
	c := broker(t, 1)
	var rs []*kgo.Record
	for i := range 50 {
		rs = append(rs, &kgo.Record{Value: fmt.Appendf(nil, "%010d", i)})
	}
	produce(t, client(t, c), rs...)
	s := source(c)
	if err := s.Open(t.Context(), owner{}); err != nil {
		t.Fatal(err)
	}
	next := int64(0)
	for next < 50 {
		room := streaming.Room{Records: 30, Bytes: 95}
		if next%20 == 10 {
			room = streaming.Room{Records: 4, Bytes: 1000}
		}
		fetches, err := s.Poll(t.Context(), room)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, f := range fetches {
			n += len(f.Messages)
			for i, o := range f.Offsets {
				want(t, "offset", o, next)
				want(t, "payload", string(f.Messages[i].Payload), fmt.Sprintf("%010d", o))
				next++
			}
		}
		if n > min(room.Records, 10) {
			t.Fatalf("%d records for room of %+v", n, room)
		}
	}
	if lag, known := s.Lag(); lag != 0 || !known {
		t.Errorf("lag %d, %v", lag, known)
	}
	// A context that ends ends a Poll that waits.
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(10*time.Millisecond, cancel)
	if fetches, err := s.Poll(ctx, streaming.Room{Records: 1, Bytes: 1}); len(fetches) > 0 || err != nil {
		t.Errorf("Poll returned %v, %v", fetches, err)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestPause: nothing is fetched of a lane that is paused, and a lane that comes again is not paused.
func TestPause(t *testing.T) {
	t.Parallel()
	c := broker(t, 2)
	k := client(t, c)
	s := source(c)
	if err := s.Open(t.Context(), owner{}); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	both := []*kgo.Record{{Partition: 0, Value: []byte("a")}, {Partition: 1, Value: []byte("b")}}
	produce(t, k, both...)
	lanes := map[string]streaming.Lane{}
	var seen []string
	poll := func() {
		fetches, err := s.Poll(t.Context(), streaming.Room{Records: 10, Bytes: 100})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range fetches {
			lanes[f.Lane.Name] = f.Lane
			for _, m := range f.Messages {
				seen = append(seen, m.ID)
			}
		}
	}
	for len(seen) < 2 {
		poll()
	}
	seen = nil
	zero := lanes[topic+"-0"]
	s.Pause(zero, streaming.Lane{Name: topic + "-1", Epoch: -5}, streaming.Lane{Name: "no lane"})
	produce(t, k, &kgo.Record{Partition: 0, Value: []byte("a")})
	produce(t, k, &kgo.Record{Partition: 1, Value: []byte("b")})
	for len(seen) == 0 {
		poll()
	}
	want(t, "while 0 is paused", strings.Join(seen, " "), topic+"-1@1")
	seen = nil
	// It goes and comes again, as another assignment.
	parts := map[string][]int32{topic: {0}}
	s.lose(t.Context(), s.client, map[string][]int32{"other": {0}}) // is not this member's
	s.mu.Lock()
	want(t, "lanes", len(s.parts), 2)
	s.mu.Unlock()
	s.assign(t.Context(), s.client, parts)
	s.Resume(zero) // does nothing
	for len(seen) == 0 {
		poll()
	}
	want(t, "afterwards", strings.Join(seen, " "), topic+"-0@1")
	if lanes[topic+"-0"].Epoch <= zero.Epoch {
		t.Errorf("epoch %d after %d", lanes[topic+"-0"].Epoch, zero.Epoch)
	}
	// What was polled in the epoch before is nobody's any more.
	if err := s.Settle(t.Context(), []streaming.Ack{{Lane: zero, Offset: 0}}); err != nil {
		t.Error(err)
	}
	want(t, "committed", committed(t, k, 2)[0], -1)
}

// TestLogGoesBack: offsets that were handed out come again with other records, after an unclean
// election, say. It is another epoch, and the worker is told that the one before is over.
func TestLogGoesBack(t *testing.T) {
	t.Parallel()
	s := New(clusterName)
	o := owner{make(chan streaming.Lane, 10)}
	s.owner = o
	s.client = client(t, broker(t, 1))
	at := place{topic, 0}
	a := s.begin(at)
	record := func(offset int64, leader int32) *kgo.Record {
		return &kgo.Record{Topic: topic, Offset: offset, LeaderEpoch: leader, Context: a.label}
	}
	var lost []streaming.Lane
	s.sort([]*kgo.Record{record(7, 1), record(8, 1), record(12, 2)}, 13, &lost)
	want(t, "lost", len(lost), 0)
	s.sort([]*kgo.Record{record(8, 3), record(9, 3)}, 10, &lost) // its label is still the first one
	s.sort([]*kgo.Record{record(10, 3)}, 11, &lost)
	want(t, "lost", fmt.Sprint(lost), fmt.Sprint([]streaming.Lane{a.Lane}))
	var got []string
	for _, f := range s.kept(streaming.Room{Records: 100, Bytes: 100}) {
		got = append(got, fmt.Sprint(f.Lane.Epoch, f.Offsets))
	}
	want(t, "handed out", strings.Join(got, " "), "1 [7 8 12] 2 [8 9] 2 [10]")
	want(t, "commits of the first epoch", len(s.commits([]streaming.Ack{{Lane: a.Lane, Offset: 12}})), 0)
	b := s.parts[at]
	want(t, "commit", s.commits([]streaming.Ack{{Lane: b.Lane, Offset: 9}})[topic][0], kgo.EpochOffset{Epoch: 3, Offset: 10})
	s.sort([]*kgo.Record{{Topic: topic, Offset: 11}}, 12, &lost) // fetched for nobody
	want(t, "kept", len(s.rest), 0)
}

// TestUnknownTopic: a commit that is refused for a topic that there is, is tried again. For one
// that was deleted there is nothing left to commit.
func TestUnknownTopic(t *testing.T) {
	t.Parallel()
	c := broker(t, 1)
	k := client(t, c)
	produce(t, k, &kgo.Record{Value: []byte("1")})
	s := source(c)
	if err := s.Open(t.Context(), owner{make(chan streaming.Lane, 9)}); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close(t.Context()) }()
	var got []streaming.Fetch
	eventually(t, "a record comes", func() bool {
		got, _ = s.Poll(t.Context(), streaming.Room{Records: 10, Bytes: 1000})
		return len(got) > 0
	})
	c.ControlKey(int16(kmsg.OffsetCommit), func(kreq kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		req := kreq.(*kmsg.OffsetCommitRequest)
		answer := req.ResponseKind().(*kmsg.OffsetCommitResponse)
		for _, rt := range req.Topics {
			o := kmsg.NewOffsetCommitResponseTopic()
			o.Topic, o.TopicID = rt.Topic, rt.TopicID
			for _, rp := range rt.Partitions {
				p := kmsg.NewOffsetCommitResponseTopicPartition()
				p.Partition, p.ErrorCode = rp.Partition, kerr.UnknownTopicOrPartition.Code
				o.Partitions = append(o.Partitions, p)
			}
			answer.Topics = append(answer.Topics, o)
		}
		return answer, nil, true
	})
	acks := []streaming.Ack{{Lane: got[0].Lane, Offset: 0}}
	if err := s.Settle(t.Context(), acks); !errors.Is(err, kerr.UnknownTopicOrPartition) {
		t.Errorf("of a topic that there is: %v", err)
	}
	req := kmsg.NewPtrDeleteTopicsRequest()
	gone := kmsg.NewDeleteTopicsRequestTopic()
	gone.Topic = kmsg.StringPtr(topic)
	req.Topics, req.TopicNames, req.TimeoutMillis = append(req.Topics, gone), []string{topic}, 1000
	if _, err := req.RequestWith(t.Context(), k); err != nil {
		t.Fatal(err)
	}
	if err := s.Settle(t.Context(), acks); err != nil {
		t.Errorf("of a topic that was deleted: %v", err)
	}
}
