// Package kafkasource reads topics of Apache Kafka as a member of a consumer group, for the workers
// of package streaming.
//
//	source := kafkasource.New("arn:aws:kafka:eu-west-1:111122223333:cluster/orders/0f0f",
//		kgo.SeedBrokers("b-1.orders:9098", "b-2.orders:9098"),
//		kgo.ConsumerGroup("totals"),
//		kgo.ConsumeTopics("orders"),
//		kgo.DialTLSConfig(new(tls.Config)),
//		kgo.SASL(...),
//	)
//	err := streaming.Run(ctx, departures, source)
//
// The options are those of franz-go: TLS, SASL, static membership (kgo.InstanceID), time-outs,
// rack, hooks and all others, but for what is the source's own to do: commits, and what happens when
// partitions come and go. Its defaults are kgo's, except for two: kgo.ReadCommitted, and
// cooperative-sticky balancing alone, which lets the partitions that stay go on during a rebalance.
// A group that balances otherwise at present needs its balancer too, kgo.Balancers(...).
//
// # What a record is
//
// Messages are as weir.Kafka makes them: Shard is "orders-1", ID is "orders-1@77", and SourceARN
// the cluster as it was named to New. So a pipeline takes a record for the same whether it comes
// through a Lambda or a worker, as long as the names of the cluster agree; see weir.KafkaCluster.
// A record without a value is a Tombstone.
//
// # What is promised
//
// The group's offset moves up to the first record of a partition that is not done, never beyond. A
// partition goes to another member once its records that have begun are done and committed, or
// after three quarters of kgo.RebalanceTimeout. A member of which the group has not heard for
// kgo.SessionTimeout commits nothing more: what it was at work on is done once more by another.
//
// A worker that ends during a rebalance leaves the group without waiting for other members. But the
// client commits nothing while it waits for them to join again. If that takes longer than
// streaming.Drain, because one of them has died, say, Run returns streaming.ErrNotSettled, and what
// was done and not committed is done once more.
package kafkasource

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/weir-go/weir/streaming"
)

// Source is a streaming.Source. It is also a streaming.Pauser and a streaming.Lagger.
type Source struct {
	cluster string
	opts    []kgo.Opt

	client    *kgo.Client
	owner     streaming.Owner
	isolation int8 // as the protocol has it
	static    bool // a member that stays while it restarts
	end       context.CancelFunc
	ended     <-chan struct{}
	leaving   atomic.Bool // nothing that a JoinGroup is answered counts any more
	beside    sync.WaitGroup
	rest      []streaming.Fetch // polled, but too much for its Poll, which alone uses it

	mu    sync.RWMutex
	epoch int64 // the last of any lane
	parts map[place]*assigned
}

var (
	_ streaming.Source = (*Source)(nil)
	_ streaming.Pauser = (*Source)(nil)
	_ streaming.Lagger = (*Source)(nil)
)

// New makes a source of a group's topics. The cluster is a name that stays, such as the ARN
// of an MSK cluster. Nothing is connected before the worker runs.
func New(cluster string, opts ...kgo.Opt) *Source {
	return &Source{cluster: cluster, opts: opts, parts: map[place]*assigned{}}
}

// Kind implements streaming.Source: it is a Log.
func (s *Source) Kind() streaming.Kind { return streaming.Log }

// Open makes the client. It joins the group, and tries as long as it takes.
func (s *Source) Open(_ context.Context, o streaming.Owner) error {
	if s.cluster == "" {
		return errors.New("kafkasource: the cluster has no name: give New one that stays, such as its ARN")
	}
	ctx, end := context.WithCancel(context.Background())
	s.owner, s.end, s.ended = o, end, ctx.Done() // the client calls the source from the start
	opts := append([]kgo.Opt{
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.Balancers(kgo.CooperativeStickyBalancer()),
	}, s.opts...)
	opts = append(opts,
		kgo.WithContext(ctx),
		kgo.DisableAutoCommit(),
		kgo.OnPartitionsAssigned(s.assign),
		kgo.OnPartitionsRevoked(s.revoke),
		kgo.OnPartitionsLost(s.lose),
		kgo.WithHooks(labels{s}, farewell{s}),
	)
	client, err := kgo.NewClient(opts...)
	if err == nil {
		if err = check(client); err != nil {
			client.Close()
		}
	}
	if err != nil {
		end()
		return fmt.Errorf("kafkasource: %w", err)
	}
	s.client = client
	s.isolation, _ = client.OptValue(kgo.FetchIsolationLevel).(int8)
	s.static, _ = client.OptValues(kgo.InstanceID)[1].(bool)
	s.beside.Go(func() { s.measure(ctx) })
	return nil
}

// check refuses options under which the source would not work.
func check(c *kgo.Client) error {
	if group, _ := c.OptValue(kgo.ConsumerGroup).(string); group == "" {
		return errors.New("no group: give New the option kgo.ConsumerGroup")
	}
	if blocks, _ := c.OptValue(kgo.BlockRebalanceOnPoll).(bool); blocks {
		return errors.New("kgo.BlockRebalanceOnPoll is not for workers: leave it out, partitions are waited for without it")
	}
	return nil
}

// Pause implements streaming.Pauser.
func (s *Source) Pause(lanes ...streaming.Lane) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if own := s.own(lanes); len(own) > 0 {
		s.client.PauseFetchPartitions(own)
	}
}

// Resume implements streaming.Pauser.
func (s *Source) Resume(lanes ...streaming.Lane) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if own := s.own(lanes); len(own) > 0 {
		s.client.ResumeFetchPartitions(own)
	}
}

// own returns the partitions of the lanes that are not over.
func (s *Source) own(lanes []streaming.Lane) map[string][]int32 {
	own := map[string][]int32{}
	for _, l := range lanes {
		if at := placeOf(l.Name); s.parts[at] != nil && s.parts[at].Lane == l {
			own[at.topic] = append(own[at.topic], at.partition)
		}
	}
	return own
}
