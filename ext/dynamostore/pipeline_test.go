package dynamostore_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/weir-go/weir"
	"github.com/weir-go/weir/ext/awslocal/dynamodb"
	"github.com/weir-go/weir/ext/dynamostore"
	"github.com/weir-go/weir/monoid"
	"github.com/weir-go/weir/pipeline"
	"github.com/weir-go/weir/state"
	"github.com/weir-go/weir/state/statetest"
	"github.com/weir-go/weir/weirtest"
)

type visit struct {
	Page string
	N    int64
}

// metered is a client that adds up what calls cost.
type metered struct {
	*sdk.Client
	mu    sync.Mutex
	calls []string
	units map[string]float64
}

func (m *metered) note(op string, capacity ...types.ConsumedCapacity) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls = append(m.calls, op)
	for _, c := range capacity {
		m.units[op] += *c.CapacityUnits
	}
}

func (m *metered) reset() { m.calls, m.units = nil, map[string]float64{} }

func (m *metered) BatchGetItem(ctx context.Context, in *sdk.BatchGetItemInput, opts ...func(*sdk.Options)) (*sdk.BatchGetItemOutput, error) {
	in.ReturnConsumedCapacity = types.ReturnConsumedCapacityTotal
	out, err := m.Client.BatchGetItem(ctx, in, opts...)
	if err == nil {
		m.note("BatchGetItem", out.ConsumedCapacity...)
	}
	return out, err
}

func (m *metered) TransactWriteItems(ctx context.Context, in *sdk.TransactWriteItemsInput, opts ...func(*sdk.Options)) (*sdk.TransactWriteItemsOutput, error) {
	in.ReturnConsumedCapacity = types.ReturnConsumedCapacityTotal
	out, err := m.Client.TransactWriteItems(ctx, in, opts...)
	if err == nil {
		m.note("TransactWriteItems", out.ConsumedCapacity...)
	}
	return out, err
}

// event is n records from one shard, numbered from first.
func event(n, keys, first int) weirtest.Event {
	records := make([]any, n)
	for i := range records {
		records[i] = weirtest.Record{
			Value: visit{Page: fmt.Sprint("page-", i%keys), N: int64(first + i)}, ID: fmt.Sprintf("%056d", first+i),
			Time: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).Add(time.Duration(first+i) * time.Millisecond), // 1,000 a second
		}
	}
	return weirtest.Kinesis(records...)
}

// TestCost is what the package's doc says of it: calls and capacity units of 1,000 records of
// one shard over 50 keys.
func TestCost(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		aggregate monoid.Monoid[int64]
		keys      float64 // read units for what is under the keys
	}{
		"count": {monoid.Count(), 0},
		"max":   {monoid.Max[int64](), 50},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := inProcess(t)
			m := &metered{Client: b.client}
			p := &pipeline.Pipeline[visit, int64]{
				Name: "visits", Key: func(v visit) string { return v.Page }, Value: func(v visit) int64 { return v.N },
				Aggregate: c.aggregate, StoreIn: dynamostore.New(m, b.table),
			}
			lambda := weir.Kinesis(p)
			m.reset()
			invoke(t, lambda, event(1, 1, -60_000)) // also reads and writes the pipeline's meta, once a process
			t.Logf("first invocation, 1 record: %v %v", m.calls, m.units)
			var most float64
			for i := range 10 { // as much as a shard takes in the time of a slot
				m.reset()
				invoke(t, lambda, event(1000, 50, 1000*i))
				t.Logf("batch %d: %v %v", i, m.calls, m.units)
				read, write := m.units["BatchGetItem"]-c.keys, m.units["TransactWriteItems"]-2*50
				most = max(most, write)
				switch {
				case i == 0 && (len(m.calls) != 2 || read != 1 || write != 24), len(m.calls) > 4, read > 60, write > 190:
					t.Errorf("batch %d: %d calls, and %v read and %v write units for receipts", i, len(m.calls), read, write)
				}
			}
			t.Logf("at most %v write units for receipts", most)
		})
	}
}

func invoke(t testing.TB, l *weir.Lambda, e weirtest.Event) {
	t.Helper()
	if r := weirtest.Run(t.Context(), l, e); r.Err != nil || len(r.Retried()) > 0 {
		t.Fatalf("%v, %d records to be retried", r.Err, len(r.Retried()))
	}
}

// visits counts visits of pages.
func visits(s state.Store, d state.Deduper) *pipeline.Pipeline[visit, int64] {
	return &pipeline.Pipeline[visit, int64]{
		Name: "visits", Key: func(v visit) string { return v.Page }, Value: func(visit) int64 { return 1 },
		Aggregate: monoid.Count(), StoreIn: s, Dedup: d,
	}
}

// TestF23_ThrottledDedup: while the table of claims throttles, records fail, and none is merged.
// Then they come again, and count once.
func TestF23_ThrottledDedup(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := inProcess(t)
		p := visits(b.store, dynamostore.NewDeduper(b.client, b.table))
		lambda := weir.Kinesis(p, weir.ReportAll())
		e := event(20, 2, 0)
		b.always("UpdateItem", dynamodb.Fault{Do: dynamodb.Throttle})
		if r := weirtest.Run(t.Context(), lambda, e); r.Err != nil || len(r.Retried()) != 20 {
			t.Errorf("throttled: %v, %d records to be retried, want 20", r.Err, len(r.Retried()))
		}
		b.srv.Fault(nil)
		if got, err := p.Get(t.Context(), "page-0", pipeline.Consistent()); err != nil || got.Present {
			t.Errorf("merged without a claim: %+v %v", got, err)
		}
		for range 2 {
			invoke(t, lambda, e)
		}
		if got, err := p.Get(t.Context(), "page-0", pipeline.Consistent()); err != nil || got.Value != 10 {
			t.Errorf("%+v %v, want 10", got, err)
		}
	})
}

// TestExactOnTheWire: pipelines are exact although DynamoDB misbehaves below the SDK: answers
// are lost, requests too, transactions meet, capacity lacks, batches are done in part.
func TestExactOnTheWire(t *testing.T) {
	t.Parallel()
	srv := dynamodb.New(dynamodb.Lag(2))
	hasty := retry.NewStandard(func(o *retry.StandardOptions) { // three attempts, as always
		o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return time.Millisecond, nil })
		o.RateLimiter = ratelimit.None // here, failures are no reason to give up
	})
	b := bedOf(t, srv, newClient("http://dynamodb.invalid", srv.Client(), func(o *sdk.Options) { o.Retryer = hasty }))
	seed := uint64(time.Now().UnixNano())
	t.Logf("faults from seed %d", seed)
	faults := []dynamodb.Action{
		dynamodb.Cut, dynamodb.Refuse, dynamodb.Throttle, dynamodb.Internal, dynamodb.InternalAfter, dynamodb.Conflict, dynamodb.CancelThrottled, dynamodb.InProgress,
	}
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(seed, 0))
	met := map[dynamodb.Action]int{}
	srv.Fault(func(r dynamodb.Request) dynamodb.Fault {
		mu.Lock()
		defer mu.Unlock()
		if r.Op == "BatchGetItem" { // other failures of reads are up to statetest
			return dynamodb.Fault{Unprocessed: random.IntN(bytes.Count(r.Body, []byte(`"a":`)))}
		}
		if r.Op != "TransactWriteItems" || random.IntN(4) != 0 {
			return dynamodb.Fault{}
		}
		a := faults[random.IntN(len(faults))]
		met[a]++
		return dynamodb.Fault{Do: a, Entry: random.IntN(5)}
	})
	statetest.Exact(t, b.store, 30, seed)
	t.Logf("%d transactions, faults %v", srv.Requests("TransactWriteItems"), met)
	for _, a := range faults {
		if met[a] == 0 {
			t.Errorf("no fault of kind %d", a)
		}
	}
}
