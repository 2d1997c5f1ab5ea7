package kafkasource

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/streaming"
)

const (
	clusterName = "arn:aws:kafka:eu-west-1:111122223333:cluster/c/uuid-1"
	topic       = "or-ders"
	group       = "totals"
)

func want[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// broker starts a cluster of two brokers that speaks Kafka's protocol on the loopback.
func broker(t *testing.T, partitions int32, opts ...kfake.Opt) *kfake.Cluster {
	t.Helper()
	c, err := kfake.NewCluster(append([]kfake.Opt{
		kfake.NumBrokers(2), kfake.SeedTopics(partitions, topic), kfake.GroupMinSessionTimeout(time.Millisecond),
		kfake.BrokerConfigs(map[string]string{"group.initial.rebalance.delay.ms": "0"}),
	}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func options(c *kfake.Cluster, more ...kgo.Opt) []kgo.Opt {
	return append([]kgo.Opt{
		kgo.SeedBrokers(c.ListenAddrs()...), kgo.ConsumerGroup(group), kgo.ConsumeTopics(topic),
		kgo.FetchMaxWait(200 * time.Millisecond),
	}, more...)
}

func source(c *kfake.Cluster, more ...kgo.Opt) *Source {
	return New(clusterName, options(c, more...)...)
}

func client(t *testing.T, c *kfake.Cluster, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	k, err := kgo.NewClient(append([]kgo.Opt{
		kgo.SeedBrokers(c.ListenAddrs()...), kgo.DefaultProduceTopic(topic), kgo.RecordPartitioner(kgo.ManualPartitioner()),
	}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	return k
}

func produce(t *testing.T, k *kgo.Client, rs ...*kgo.Record) {
	t.Helper()
	if err := k.ProduceSync(t.Context(), rs...).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

// committed asks the broker for the group's offsets, -1 for those that it has none of.
func committed(t *testing.T, k *kgo.Client, partitions int32) []int64 {
	t.Helper()
	req := kmsg.NewPtrOffsetFetchRequest()
	req.Group = group
	in := kmsg.NewOffsetFetchRequestGroup()
	in.Group = group
	ask := kmsg.NewOffsetFetchRequestGroupTopic()
	ask.Topic = topic
	one := kmsg.NewOffsetFetchRequestTopic()
	one.Topic = topic
	for p := range partitions {
		ask.Partitions = append(ask.Partitions, p)
		one.Partitions = append(one.Partitions, p)
	}
	in.Topics = append(in.Topics, ask)
	req.Groups = append(req.Groups, in)
	req.Topics = append(req.Topics, one)
	answer, err := req.RequestWith(t.Context(), k)
	if err != nil {
		t.Fatal(err)
	}
	offsets := make([]int64, partitions)
	for i := range offsets {
		offsets[i] = -1
	}
	for _, g := range answer.Groups {
		if g.ErrorCode == kerr.GroupIDNotFound.Code {
			continue // nobody has joined it yet
		}
		if err := kerr.ErrorForCode(g.ErrorCode); err != nil {
			t.Fatal(err)
		}
		for _, top := range g.Topics {
			for _, p := range top.Partitions {
				offsets[p.Partition] = p.Offset
			}
		}
	}
	return offsets
}

// eventually polls a real server until something is so.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(60 * time.Second); !so(); {
		if time.Now().After(deadline) {
			t.Fatalf("after a minute it is still not so that %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// running is a worker at work.
type running struct {
	*streaming.Worker
	stop func() error // asks it to end, and waits
}

func run(t *testing.T, v weir.Verb, s streaming.Source, opts ...streaming.Option) *running {
	ctx, cancel := context.WithCancel(t.Context())
	w := streaming.NewWorker(v, s, append([]streaming.Option{
		streaming.Backoff(time.Millisecond, 50*time.Millisecond), streaming.Drain(20 * time.Second),
	}, opts...)...)
	done := make(chan struct{})
	var err error
	go func() {
		defer close(done)
		err = w.Run(ctx)
	}()
	stop := func() error {
		cancel()
		<-done
		return err
	}
	t.Cleanup(func() { _ = stop() })
	return &running{w, stop}
}

// cable is a member's way to the brokers, which can be cut: it then neither says goodbye nor
// commits anything more.
type cable struct {
	mu    sync.Mutex
	conns []net.Conn
	dead  bool
}

var errCut = errors.New("the cable is cut")

func (c *cable) dial(ctx context.Context, network, address string) (net.Conn, error) {
	c.mu.Lock()
	dead := c.dead
	c.mu.Unlock()
	if dead {
		return nil, errCut
	}
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dead {
		_ = conn.Close()
		return nil, errCut
	}
	c.conns = append(c.conns, conn)
	return conn, nil
}

func (c *cable) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dead = true
	for _, conn := range c.conns {
		_ = conn.Close()
	}
}

// owner is a worker that does nothing.
type owner struct{ lost chan streaming.Lane }

func (o owner) Revoke(context.Context, ...streaming.Lane) {}

func (o owner) Lost(lanes ...streaming.Lane) {
	for _, l := range lanes {
		o.lost <- l
	}
}
