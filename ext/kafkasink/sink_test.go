package kafkasink_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/envelope"
	"github.com/weir-go/weir/ext/kafkasink"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/middleware/deadletter"
	"github.com/weir-go/weir/weirtest"
)

var errNo = errors.New("no")

// cluster starts a broker in this process, which speaks Kafka's protocol.
func cluster(t *testing.T, opts ...kgo.Opt) (*kfake.Cluster, *kgo.Client) {
	t.Helper()
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(2, "dead", "orders", "again"))
	assert.NoError(t, err)
	t.Cleanup(c.Close)
	k, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(c.ListenAddrs()...), kgo.ConsumeTopics("dead", "orders"), kgo.FetchMaxWait(200 * time.Millisecond)}, opts...)...)
	assert.NoError(t, err)
	t.Cleanup(k.Close)
	return c, k
}

// consume waits for n records.
func consume(t *testing.T, k *kgo.Client, n int) (all []*kgo.Record) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for len(all) < n {
		f := k.PollFetches(ctx)
		assert.NoError(t, f.Err())
		all = append(all, f.Records()...)
	}
	return all
}

func drop(t *testing.T, event weirtest.Event, sink deadletter.Sink) *weirtest.Result {
	t.Helper()
	fn := weir.Kafka(weir.EachMessage(func(context.Context, *weir.Message) error { return weir.Drop(errNo) }), deadletter.To(sink))
	assert.NoError(t, fn.Err())
	return weirtest.Run(t.Context(), fn, event)
}

// A record with all that it can have, and a tombstone, come back through the dead letters to their topic.
func TestSendAndRedrive(t *testing.T) {
	t.Parallel()
	_, k := cluster(t)
	sink := kafkasink.New(k, "dead")
	drop(t, weirtest.Kafka(
		weirtest.Record{OrderingKey: "orders-1", Value: []byte{0xff, 0}, Key: []byte{1, 0xfe}, Headers: weir.KafkaHeaders{{Name: "a", Value: []byte{}}, {Name: "a", Value: []byte{0xff}}}},
		weirtest.Record{OrderingKey: "orders-1", Key: "gone"},
		weirtest.Record{OrderingKey: "orders-0", Value: "no key"},
	), sink).WantDone(t)
	letters := map[string]*deadletter.Letter{}
	for _, r := range consume(t, k, 3) {
		some, err := deadletter.Parse(r.Value)
		assert.NoError(t, err)
		l := &some[0]
		assert.Equal(t, fmt.Sprintf("%s %s %s", r.Topic, r.Headers[0].Value, r.Headers[1].Value), "dead "+l.ID+" dropped")
		want := l.Kafka.Key
		if want == nil {
			want = []byte(l.OrderingKey)
		}
		assert.Equal(t, r.Key, want)
		letters[l.RecordID] = l
	}
	for _, l := range letters {
		r, err := kafkasink.Redrive(l, "")
		assert.NoError(t, err)
		assert.NoError(t, k.ProduceSync(t.Context(), r).FirstErr())
	}
	got := map[string]bool{}
	for _, r := range consume(t, k, 3) {
		got[fmt.Sprintf("%s %#v %#v %q", r.Topic, r.Key, r.Value, fmt.Sprint(r.Headers))] = true
	}
	for _, want := range []string{
		`orders []byte{0x1, 0xfe} []byte{0xff, 0x0} "[{a []} {a [255]}]"`,
		`orders []byte{0x67, 0x6f, 0x6e, 0x65} []byte(nil) "[]"`,
		`orders []byte(nil) []byte{0x6e, 0x6f, 0x20, 0x6b, 0x65, 0x79} "[]"`,
	} {
		if !got[want] {
			t.Errorf("%s is not in %v", want, got)
		}
	}
}

// A key keeps the schema that Debezium took off for the handler: on the dead letter, so that it is in the partition of
// its kind, and on what is redriven.
func TestRedriveOfDebezium(t *testing.T) {
	t.Parallel()
	_, k := cluster(t)
	const key, value = `{"schema":{"type":"struct"},"payload":{"id":7}}`, `{"op":"c","after":{"id":7}}`
	fn := weir.Kafka(envelope.Debezium(weir.EachMessage(func(ctx context.Context, m *weir.Message) error {
		assert.Equal(t, string(m.Kafka.Key), `{"id":7}`)
		return weir.Drop(errNo)
	})), deadletter.To(kafkasink.New(k, "dead")))
	weirtest.Run(t.Context(), fn, weirtest.Kafka(weirtest.Record{OrderingKey: "orders-1", Key: key, Value: value})).WantDone(t)
	r := consume(t, k, 1)[0]
	assert.Equal(t, string(r.Key), key)
	letters, err := deadletter.Parse(r.Value)
	assert.NoError(t, err)
	again, err := kafkasink.Redrive(&letters[0], "")
	assert.NoError(t, err)
	assert.Equal(t, []string{again.Topic, string(again.Key), string(again.Value)}, []string{"orders", key, value})
}

// A broker that refuses, or does not answer before the deadline, fails the record.
func TestFaults(t *testing.T) {
	t.Parallel()
	c, k := cluster(t, kgo.RecordRetries(1))
	sink := kafkasink.New(k, "dead")
	var refuse, silent atomic.Bool
	refuse.Store(true)
	end := make(chan struct{})
	c.ControlKey(int16(kmsg.Produce), func(req kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		if silent.Load() {
			c.SleepControl(func() { <-end })
		}
		if !refuse.Load() {
			return nil, nil, false
		}
		in := req.(*kmsg.ProduceRequest)
		out := in.ResponseKind().(*kmsg.ProduceResponse)
		for _, topic := range in.Topics {
			rt := kmsg.NewProduceResponseTopic()
			rt.Topic, rt.TopicID = topic.Topic, topic.TopicID
			for _, p := range topic.Partitions {
				rp := kmsg.NewProduceResponseTopicPartition()
				rp.Partition, rp.ErrorCode = p.Partition, kerr.TopicAuthorizationFailed.Code
				rt.Partitions = append(rt.Partitions, rp)
			}
			out.Topics = append(out.Topics, rt)
		}
		return out, nil, true
	})
	event := weirtest.Kafka("a")
	r := drop(t, event, sink)
	r.Want(t, weirtest.Failed)
	assert.Error(t, r.Records[0].Err, "kafkasink: dead: TOPIC_AUTHORIZATION_FAILED")
	refuse.Store(false)
	drop(t, event, sink).Want(t, weirtest.Dropped)
	consume(t, k, 1)

	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	silent.Store(true)
	err := sink.Send(ctx, deadletter.NewLetter(&weir.Message{ID: "1"}, errNo))
	assert.Error(t, err, "kafkasink: dead: context deadline exceeded")
	close(end)
}

func TestTooLarge(t *testing.T) {
	t.Parallel()
	_, k := cluster(t)
	r := drop(t, weirtest.Kafka(strings.Repeat("x", 1_000_000)), kafkasink.New(k, "dead"))
	r.Want(t, weirtest.Failed)
	assert.Error(t, r.Records[0].Err, "its sink takes 995897")
	// As much as the limit, which is less than what the broker takes by default.
	drop(t, weirtest.Kafka(strings.Repeat("x", 990_000)), kafkasink.New(k, "dead")).WantDone(t)
	r = drop(t, weirtest.Kafka(strings.Repeat("x", 1_200_000)), kafkasink.New(k, "dead", kafkasink.Limit(2<<20)))
	r.Want(t, weirtest.Failed) // the client's own limit
	assert.Error(t, r.Records[0].Err, "MESSAGE_TOO_LARGE")
}

func TestRefused(t *testing.T) {
	t.Parallel()
	k := &kgo.Client{}
	for want, s := range map[string]*kafkasink.Sink{
		"the client is nil":                                 kafkasink.New(nil, "dead"),
		"the topic is empty":                                kafkasink.New(k, ""),
		"the client is nil\nkafkasink":                      kafkasink.New((*kgo.Client)(nil), ""),
		"a Sink without settings: make it by kafkasink.New": {},
		"option 0 is nil":                                   kafkasink.New(k, "dead", nil),
		"Limit(1)":                                          kafkasink.New(k, "dead", kafkasink.Limit(1)),
		"Archive(nil)":                                      kafkasink.New(k, "dead", kafkasink.Archive(nil)),
	} {
		fn := weir.SQS(weir.Each(func(context.Context, string) error { return nil }), deadletter.To(s))
		assert.Error(t, fn.Err(), "kafkasink: "+want)
		assert.Error(t, s.Send(t.Context(), &deadletter.Letter{}), want)
	}
	_, err := kafkasink.Redrive(nil, "t")
	assert.Error(t, err, "kafkasink: the letter is nil")
	for want, l := range map[string]deadletter.Letter{
		"it is of no topic":                 {Payload: []byte("x")},
		"does not have the original record": {},
	} {
		_, err := kafkasink.Redrive(&l, "")
		assert.Error(t, err, "kafkasink: letter ", want)
	}
	r, err := kafkasink.Redrive(&deadletter.Letter{Payload: []byte("x"), OrderingKey: "k"}, "t")
	assert.NoError(t, err)
	assert.Equal(t, r.Topic+string(r.Key)+string(r.Value), "tkx")
}

// printer stands in for a client.
type printer struct{}

func (printer) Produce(_ context.Context, r *kgo.Record, promise func(*kgo.Record, error)) {
	fmt.Printf("%s: key %s, reason %s\n", r.Topic, r.Key, r.Headers[1].Value)
	promise(r, nil)
}

func Example() {
	sink := kafkasink.New(printer{}, "orders-dead") // a *kgo.Client
	ship := func(ctx context.Context, order string) error { return weir.Permanent(fmt.Errorf("no such %s", order)) }
	fn := weir.Kafka(weir.Each(ship), deadletter.To(sink, deadletter.Permanent()))
	out, _ := fn.Invoke(context.Background(), weirtest.Kafka(weirtest.Record{Key: "customer 7", Value: "lamp"}).JSON())
	fmt.Println(string(out))
	// Output:
	// orders-dead: key customer 7, reason permanent
	// {"batchItemFailures":[]}
}
