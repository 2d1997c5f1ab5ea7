package kafkasource

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/monoid"
	"github.com/weir-go/weir/pipeline"
	"github.com/weir-go/weir/state"
	"github.com/weir-go/weir/state/mem"
	"github.com/weir-go/weir/streaming"
)

// mortal is a store as one process sees it. When that is killed its calls end anywhere: those
// that it was waiting for may have been applied or not.
type mortal struct {
	state.Store
	mu   sync.Mutex
	rng  *rand.Rand
	dead bool
}

var errKilled = errors.New("killed")

func (m *mortal) kill() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.dead = true
}

func (m *mortal) toss() (dead, coin bool, wait time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.dead, m.rng.IntN(2) == 0, time.Duration(m.rng.IntN(3)) * time.Millisecond
}

func (m *mortal) Commit(ctx context.Context, name string, writes []state.Write) error {
	if dead, _, _ := m.toss(); dead {
		return errKilled
	}
	_, _, wait := m.toss()
	time.Sleep(wait) // as a real store takes: it is where a kill finds the worker
	if dead, coin, _ := m.toss(); dead && coin {
		return errKilled
	}
	err := m.Store.Commit(ctx, name, writes)
	if dead, _, _ := m.toss(); dead {
		return errKilled
	}
	return err
}

func totals(s state.Store) *pipeline.Pipeline[int64, int64] {
	return &pipeline.Pipeline[int64, int64]{
		Name: "totals", Key: func(n int64) string { return "k" + strconv.FormatInt(n%5, 10) },
		Value: func(n int64) int64 { return n }, Aggregate: monoid.Sum[int64](), StoreIn: s,
		Retry: pipeline.Retry{Base: time.Millisecond, Max: 5 * time.Millisecond},
	}
}

// TestF43_KilledWorkers: two workers share six partitions. One or the other is killed, 50 times, in
// whatever it is doing; the group's coordinator moves, commits fail, are not answered, or
// are applied and answered as failed; members are told to join anew. In the end each record is in
// the totals once.
func TestF43_KilledWorkers(t *testing.T) {
	t.Parallel()
	const partitions = 6
	kills := 50
	if testing.Short() {
		kills = 5
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	c := broker(t, partitions)
	var counter atomic.Int64
	trouble(c, &counter)
	producer := client(t, c)
	shared := mem.New()

	var sums [5]int64
	sent := int64(0)
	send := func(n int) {
		var rs []*kgo.Record
		for range n {
			sent++
			sums[sent%5] += sent
			rs = append(rs, &kgo.Record{Value: strconv.AppendInt(nil, sent, 10), Partition: rng.Int32N(partitions)})
		}
		produce(t, producer, rs...)
	}

	type process struct {
		*running
		cable *cable
		store *mortal
	}
	start := func(slot int) process {
		p := process{cable: new(cable), store: &mortal{Store: shared, rng: rand.New(rand.NewPCG(rng.Uint64(), 0))}}
		opts := []kgo.Opt{
			kgo.Dialer(p.cable.dial), kgo.HeartbeatInterval(50 * time.Millisecond),
			// Who waits in JoinGroup for longer than its session kfake drops without an answer, and Kafka does not.
			kgo.RebalanceTimeout(300 * time.Millisecond), kgo.SessionTimeout(time.Second),
			kgo.RetryBackoffFn(func(int) time.Duration { return 20 * time.Millisecond }),
		}
		if slot == 1 { // the second comes back as the member that it was
			opts = append(opts, kgo.InstanceID("second"))
		}
		p.running = run(t, totals(p.store), source(c, opts...), streaming.BatchRecords(20+rng.IntN(100)), streaming.Concurrency(2), streaming.Drain(8*time.Second))
		return p
	}
	workers := []process{start(0), start(1)}
	var ends sync.WaitGroup
	for range kills {
		send(100 + rng.IntN(200))
		time.Sleep(time.Duration(rng.IntN(300)) * time.Millisecond)
		slot := rng.IntN(2)
		dead := workers[slot]
		dead.store.kill()
		dead.cable.cut()
		ends.Go(func() { _ = dead.stop() }) // it can do nothing any more
		workers[slot] = start(slot)
	}
	send(500)

	p := totals(shared)
	log := func() string { return fmt.Sprint(committed(t, producer, partitions)) }
	eventually(t, "everything is counted and committed", func() bool {
		n := int64(0)
		for _, o := range committed(t, producer, partitions) {
			n += max(0, o)
		}
		return n >= sent
	})
	for i, want := range sums {
		r, err := p.Get(t.Context(), "k"+strconv.Itoa(i), pipeline.Consistent())
		if err != nil {
			t.Fatal(err)
		}
		if r.Value != want {
			t.Errorf("k%d: %d, want %d (offsets %s)", i, r.Value, want, log())
		}
	}
	for _, w := range workers {
		if err := w.stop(); err != nil {
			t.Errorf("a worker that was not killed ended with %v", err)
		}
	}
	ends.Wait()
	t.Logf("%d records, %d kills, %d requests troubled", sent, kills, counter.Load())
	if counter.Load() == 0 {
		t.Error("no request met with trouble")
	}
}

// trouble makes some requests of the group fail, always in the same order of turns.
func trouble(c *kfake.Cluster, hits *atomic.Int64) {
	commits, beats := 0, 0
	c.ControlKey(kmsg.OffsetCommit.Int16(), func(kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		if commits++; commits%13 == 0 {
			hits.Add(1)
			return nil, errCut, true // the connection ends without an answer
		}
		return nil, nil, false
	})
	for _, f := range []struct {
		key   kmsg.Key
		err   *kerr.Error
		every *int
		n     int
	}{
		{kmsg.OffsetCommit, kerr.RequestTimedOut, new(int), 7}, // and is applied
		{kmsg.OffsetCommit, kerr.CoordinatorLoadInProgress, new(int), 11},
		{kmsg.OffsetCommit, kerr.RebalanceInProgress, new(int), 17},
		{kmsg.Heartbeat, kerr.RebalanceInProgress, &beats, 31},
		{kmsg.Heartbeat, kerr.UnknownMemberID, &beats, 67},
	} {
		c.Fault(kfake.Fault{
			Keys: []kmsg.Key{f.key}, Err: f.err, Count: -1, TopLevel: f.key == kmsg.Heartbeat,
			When: func(kmsg.Request) bool {
				if *f.every++; *f.every%f.n != 0 {
					return false
				}
				hits.Add(1)
				return true
			},
		})
	}
}

// TestF43_RevokeWaits: a partition goes to a member that joins only when what runs on it is done and
// committed, and the new one goes on behind that.
func TestF43_RevokeWaits(t *testing.T) {
	t.Parallel()
	for _, balancer := range []kgo.GroupBalancer{kgo.CooperativeStickyBalancer(), kgo.RangeBalancer()} {
		t.Run(balancer.ProtocolName(), func(t *testing.T) {
			t.Parallel()
			c := broker(t, 2)
			k := client(t, c)
			for i := range 20 {
				produce(t, k, &kgo.Record{Partition: int32(i % 2), Value: []byte("1")})
			}
			var mu sync.Mutex
			times := map[string]int{}
			inside := map[string]bool{}
			begun, free := make(chan struct{}, 100), make(chan struct{})
			handler := weir.EachMessage(func(_ context.Context, m *weir.Message) error {
				mu.Lock()
				times[m.ID]++
				if inside[m.Shard] {
					t.Errorf("%s: two records at the same time", m.Shard)
				}
				inside[m.Shard] = true
				mu.Unlock()
				begun <- struct{}{}
				<-free
				mu.Lock()
				defer mu.Unlock()
				inside[m.Shard] = false
				return nil
			})
			opt := []kgo.Opt{kgo.Balancers(balancer), kgo.HeartbeatInterval(50 * time.Millisecond)}
			first := run(t, handler, source(c, opt...), streaming.Concurrency(2))
			<-begun
			<-begun // one record of each partition
			second := source(c, opt...)
			other := run(t, handler, second, streaming.Concurrency(2))
			eventually(t, "a member is told to give up a partition", func() bool {
				s := first.Status()
				return s.Lanes < 2
			})
			for _, o := range committed(t, k, 2) {
				want(t, "committed", o, -1)
			}
			second.mu.RLock()
			want(t, "partitions of the other member", len(second.parts), 0)
			second.mu.RUnlock()
			close(free)
			eventually(t, "all is committed", func() bool {
				o := committed(t, k, 2)
				return o[0] == 10 && o[1] == 10
			})
			for id, n := range times {
				if n != 1 {
					t.Errorf("%s was processed %d times", id, n)
				}
			}
			want(t, "records", len(times), 20)
			for _, r := range []*running{first, other} {
				if err := r.stop(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// TestF43_Lost: a member of which the group has not heard loses its partitions while a record is
// at work. It does not commit it, and the record is done by the other member.
func TestF43_Lost(t *testing.T) {
	t.Parallel()
	c := broker(t, 1)
	k := client(t, c)
	produce(t, k, &kgo.Record{Value: []byte("1")})
	began := make(chan context.Context, 1)
	cb := new(cable)
	quick := []kgo.Opt{kgo.SessionTimeout(500 * time.Millisecond), kgo.HeartbeatInterval(50 * time.Millisecond)}
	free := make(chan struct{})
	first := run(t, weir.EachMessage(func(ctx context.Context, _ *weir.Message) error {
		began <- ctx
		<-free
		return nil
	}), source(c, append(quick, kgo.Dialer(cb.dial))...))
	<-began
	cb.cut()
	done := make(chan string, 1)
	second := run(t, weir.EachMessage(func(_ context.Context, m *weir.Message) error {
		done <- m.ID
		return nil
	}), source(c, quick...))
	want(t, "the other member does", <-done, topic+"-0@0")
	eventually(t, "it is committed", func() bool { return committed(t, k, 1)[0] == 1 })
	close(free)
	_ = first.stop() // which says what it could not settle, or nothing if it knows that it has lost
	if err := second.stop(); err != nil {
		t.Error(err)
	}
}

// TestF39_LowestOffset: batches end in any order, records fail at first, and whatever the broker is
// asked to commit, all before it is done.
func TestF39_LowestOffset(t *testing.T) {
	t.Parallel()
	const partitions, each = 4, 200
	c := broker(t, partitions)
	k := client(t, c)
	var rs []*kgo.Record
	for i := range partitions * each {
		rs = append(rs, &kgo.Record{Partition: int32(i % partitions), Value: []byte("1")})
	}
	produce(t, k, rs...)
	var mu sync.Mutex
	var done [partitions]int64 // records of each
	var last [partitions]int64
	commits := 0
	c.ControlKey(kmsg.OffsetCommit.Int16(), func(req kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		mu.Lock()
		defer mu.Unlock()
		commits++
		for _, top := range req.(*kmsg.OffsetCommitRequest).Topics {
			for _, p := range top.Partitions {
				if p.Offset > done[p.Partition] {
					t.Errorf("partition %d: commit of %d, and %d are done", p.Partition, p.Offset, done[p.Partition])
				}
				if p.Offset < last[p.Partition] {
					t.Errorf("partition %d: commit of %d after %d", p.Partition, p.Offset, last[p.Partition])
				}
				last[p.Partition] = p.Offset
				if p.Metadata == nil || *p.Metadata == "" {
					t.Error("a commit without metadata")
				}
			}
		}
		return nil, nil, false
	})
	r := run(t, weir.EachMessage(func(_ context.Context, m *weir.Message) error {
		p := m.Kafka.Partition
		if m.Kafka.Offset%37 == 0 && m.Attempt == 1 {
			return errors.New("not yet")
		}
		if m.Kafka.Offset%29 == int64(p) {
			time.Sleep(time.Millisecond) // so that partitions fall apart
		}
		mu.Lock()
		defer mu.Unlock()
		if done[p] != m.Kafka.Offset {
			t.Errorf("partition %d: %d runs when %d are done", p, m.Kafka.Offset, done[p])
		}
		done[p]++
		return nil
	}), source(c), streaming.Concurrency(4), streaming.BatchRecords(7))
	eventually(t, "all is committed", func() bool {
		return strings.Count(fmt.Sprint(committed(t, k, partitions)), fmt.Sprint(each)) == partitions
	})
	if err := r.stop(); err != nil {
		t.Error(err)
	}
	mu.Lock()
	defer mu.Unlock()
	if commits < 10 {
		t.Errorf("only %d commits were seen", commits)
	}
}

// TestPausedLogGoesBack: the assignment that begins when a log goes back is not paused, though the
// one before it was. Nobody would resume it.
func TestPausedLogGoesBack(t *testing.T) {
	t.Parallel()
	c := broker(t, 1)
	k := client(t, c)
	produce(t, k, &kgo.Record{Value: []byte("1")}, &kgo.Record{Value: []byte("2")})
	s := source(c)
	if err := s.Open(t.Context(), owner{make(chan streaming.Lane, 9)}); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close(t.Context()) }()
	var got []streaming.Fetch
	eventually(t, "records come", func() bool {
		got, _ = s.Poll(t.Context(), streaming.Room{Records: 10, Bytes: 1000})
		return len(got) > 0
	})
	s.Pause(got[0].Lane)
	want(t, "paused topics", len(s.client.PauseFetchPartitions(nil)), 1)
	s.mu.Lock()
	label := s.parts[place{topic, 0}].label
	s.mu.Unlock()
	var lost []streaming.Lane
	s.sort([]*kgo.Record{{Topic: topic, Offset: 0, Context: label}}, 2, &lost) // as Poll does with what was on its way
	want(t, "lost", len(lost), 1)
	want(t, "paused topics", len(s.client.PauseFetchPartitions(nil)), 0)
}
