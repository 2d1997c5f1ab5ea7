package pipeline_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/kpl"
	"github.com/weir-go/weir/monoid"
	"github.com/weir-go/weir/pipeline"
	"github.com/weir-go/weir/state"
	"github.com/weir-go/weir/state/mem"
	"github.com/weir-go/weir/weirtest"
)

// A Kafka record counts once, however often and by whatever cut of its partition it comes.
func TestKafkaCountsOnce(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, build func(state.Store) *pipeline.Pipeline[order, int64]) {
		seed := rand.Uint64()
		t.Logf("seed %d", seed)
		r := rand.New(rand.NewPCG(seed, 1))
		for range 40 {
			store := &faulty{Store: mem.New()}
			lost := errors.New("the answer is lost")
			store.after = func(n int, writes []state.Write) error {
				if !isMeta(writes) && n%3 == 0 {
					return lost
				}
				return nil
			}
			p := build(store)
			p.Retry.Attempts = 1
			var sum int64
			var all []any
			for lane := range 3 {
				var values []any
				for i := range 1 + r.IntN(30) {
					amount := r.Int64N(100)
					sum += amount
					values = append(values, weirtest.Record{
						ID:    fmt.Sprintf("orders-%d@%d", lane, i),
						Value: order{Customer: fmt.Sprint("c", r.IntN(3)), Amount: amount},
					})
				}
				all = append(all, weirtest.In(fmt.Sprint("orders-", lane), values...))
			}
			l := weir.Kafka(p)
			deliver(t, l, weirtest.Kafka(all...))
			deliver(t, l, weirtest.Kafka(all...)) // from the last commit on, say
			want(t, "total", total(t, p), sum)
		}
	})
}

// Two partitions have the same offsets, and so do two topics and two clusters.
func TestKafkaIdentities(t *testing.T) {
	t.Parallel()
	p := amounts(mem.New())
	one := order{Customer: "c0", Amount: 1}
	event := weirtest.Kafka(weirtest.Record{ID: "a-0@7", Value: one}, weirtest.Record{ID: "a-1@7", Value: one}, weirtest.Record{ID: "b-0@7", Value: one})
	for range 2 {
		deliver(t, weir.Kafka(p), event)
		deliver(t, weir.Kafka(p), event.From("other:9092"))
		deliver(t, weir.Kafka(p, weir.KafkaCluster("third")), event.From("other:9092"))
	}
	want(t, "records", total(t, p), 9)
	// A name makes two ways one.
	q := amounts(mem.New())
	deliver(t, weir.Kafka(q, weir.KafkaCluster("mine")), event)
	deliver(t, weir.Kafka(q, weir.KafkaCluster("mine")), event.From("other:9092"))
	want(t, "records", total(t, q), 3)
}

// What stands behind a failed record of its partition comes again, and counts once.
func TestKafkaPoison(t *testing.T) {
	t.Parallel()
	p := amounts(mem.New())
	one := order{Customer: "c0", Amount: 1}
	event := weirtest.Kafka(weirtest.In("a-0", one, "{", one), weirtest.In("a-1", one, one))
	l := weir.Kafka(p)
	for range 3 {
		res := weirtest.Run(t.Context(), l, event)
		res.Want(t, weirtest.Succeeded, weirtest.Failed, weirtest.Skipped, weirtest.Succeeded, weirtest.Succeeded)
	}
	deliver(t, weir.Kafka(p, weir.OnUndecodable(weir.DropUndecodable)), event.Again("a-0@1"))
	want(t, "total", total(t, p), 4)
}

// Key and value make a record; a tombstone is one where the type says so.
func TestKafkaPairs(t *testing.T) {
	t.Parallel()
	p := &pipeline.Pipeline[weir.Pair[string, *order], int64]{
		Name: "pairs", Key: func(o weir.Pair[string, *order]) string { return o.Key },
		Value: func(o weir.Pair[string, *order]) int64 {
			if o.Value == nil {
				return 100
			}
			return o.Value.Amount
		},
		Aggregate: monoid.Sum[int64](), StoreIn: mem.New(), Retry: fast,
	}
	weirtest.Run(t.Context(), weir.Kafka(p), weirtest.Kafka(
		weirtest.Record{Key: "anna", Value: order{Amount: 5}}, weirtest.Record{Key: "anna", Value: nil})).WantDone(t)
	got, err := p.Get(t.Context(), "anna")
	if err != nil {
		t.Fatal(err)
	}
	want(t, "anna", got.Value, 105)
	if err := weir.Kinesis(p).Err(); err == nil {
		t.Error("a pipeline of pairs takes Kinesis records")
	}
}

// What happens to look aggregated is not, unless it comes from Kinesis.
func TestKafkaIsNotDeaggregated(t *testing.T) {
	t.Parallel()
	p := amounts(mem.New())
	p.Decode = func(b []byte) (order, error) { return order{Customer: "c0", Amount: 1}, nil }
	blob := kpl.Append(nil, []kpl.Record{{PartitionKey: "k", Data: []byte("1")}, {PartitionKey: "k", Data: []byte("2")}})
	deliver(t, weir.Kafka(p), weirtest.Kafka(blob))
	want(t, "records of Kafka", total(t, p), 1)
	deliver(t, weir.Kinesis(p), weirtest.Kinesis(blob))
	want(t, "and of Kinesis", total(t, p), 3)
}
