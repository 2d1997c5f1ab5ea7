package exacttest

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/archive"
	"github.com/weir-go/weir/ext/awslocal/dynamodb"
	"github.com/weir-go/weir/ext/dynamostore"
	"github.com/weir-go/weir/metrics"
	"github.com/weir-go/weir/monoid"
	"github.com/weir-go/weir/pipeline"
	"github.com/weir-go/weir/weirtest"
)

// sale is an event that may come by any way, and by several.
type sale struct {
	ID     string
	Shop   string
	Amount int64
	At     time.Time
}

// sales are the takings per shop and day.
func sales(client *sdk.Client, table string, rec metrics.Recorder) *pipeline.Pipeline[sale, int64] {
	return &pipeline.Pipeline[sale, int64]{
		Name: "sales", Key: func(s sale) string { return s.Shop }, Value: func(s sale) int64 { return s.Amount },
		Aggregate: monoid.Sum[int64](), Window: pipeline.Daily(0),
		ID: func(s sale) string { return s.ID }, Time: func(s sale) time.Time { return s.At },
		StoreIn: dynamostore.New(client, table), Metrics: rec,
	}
}

const (
	shards   = 2
	parallel = 10 // the mapping's parallelization factor
)

// TestThreeSources feeds one pipeline from a Kinesis Lambda with a parallelization factor of 10, an
// SQS Lambda and a replay, at the same time, into one DynamoDB table. Events come by several ways, and
// several times by each; every fifth commit or so loses its answer or meets a conflict. The totals
// must be exact.
func TestThreeSources(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))

	srv := dynamodb.New(dynamodb.Lag(3), dynamodb.ConflictOneIn(10, seed))
	endpoint, err := srv.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = srv.Close() })
	client := sdk.New(sdk.Options{
		Region: "us-east-1", BaseEndpoint: &endpoint,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
		}),
	})
	if err := dynamostore.CreateTable(t.Context(), client, "weir"); err != nil {
		t.Fatal(err)
	}
	cuts := cutSome(srv, seed)

	type cell struct {
		shop string
		day  int64
	}
	want := map[cell]int64{}
	var lanes [shards][parallel][]any
	var queue []any
	var lines []sale
	day := time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)
	const n = 1500
	for i := range n {
		s := sale{fmt.Sprint("sale-", i), fmt.Sprint("shop-", r.IntN(20)), 1 + r.Int64N(1000), day.Add(time.Duration(r.Int64N(int64(5 * 24 * time.Hour)))).Truncate(time.Second)}
		want[cell{s.Shop, s.At.Unix() / 86400}] += s.Amount
		ways := 1 + r.IntN(7) // at least one of three
		for range 1 + r.IntN(2) {
			if ways&1 != 0 {
				lane := &lanes[r.IntN(shards)][r.IntN(parallel)]
				*lane = append(*lane, s)
			}
			if ways&2 != 0 {
				queue = append(queue, s)
			}
			if ways&4 != 0 {
				lines = append(lines, s)
			}
		}
	}
	r.Shuffle(len(queue), func(i, j int) { queue[i], queue[j] = queue[j], queue[i] })

	rec := new(metrics.InMemory)
	var wg sync.WaitGroup
	for shard := range lanes {
		for _, values := range lanes[shard] {
			arn := fmt.Sprintf("arn:aws:kinesis:us-east-1:1:stream/s%d", shard)
			wg.Go(func() {
				l := weir.Kinesis(sales(client, "weir", rec)) // a process of its own
				for batch := range slices.Chunk(values, 40) {
					deliver(t, l, weirtest.Kinesis(batch...).From(arn))
				}
			})
		}
	}
	for part := range slices.Chunk(queue, (len(queue)+3)/4) {
		wg.Go(func() {
			l := weir.SQS(sales(client, "weir", rec))
			for batch := range slices.Chunk(part, 10) {
				e := weirtest.SQS(batch...)
				deliver(t, l, e)
				deliver(t, l, e) // a standard queue delivers at least once
			}
		})
	}
	file := write(t, lines)
	var twice [2]pipeline.ReplayResult
	for i := range twice {
		wg.Go(func() {
			for { // until it gets through: a store that fails stops it, and running it again is safe
				res, err := pipeline.Replay(t.Context(), sales(client, "weir", rec), archive.Files([]string{file}), pipeline.ReplayBatch(100))
				if twice[i] = res; err == nil {
					return
				}
				t.Logf("replay %d: %v", i, err)
			}
		})
	}
	wg.Wait()

	p := sales(client, "weir", nil)
	for c, amount := range want {
		at := time.Unix(c.day*86400, 0)
		got, err := p.Range(t.Context(), c.shop, at, at.Add(24*time.Hour), pipeline.Consistent())
		if err != nil || got.Value != amount {
			t.Errorf("%v: %+v, %v, want %d", c, got, err, amount)
		}
	}
	cells := 0
	for shop, err := range p.AllKeys(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		for _, err := range p.Windows(t.Context(), shop, day.AddDate(-1, 0, 0), day.AddDate(1, 0, 0), pipeline.Consistent()) {
			if err != nil {
				t.Fatal(err)
			}
			cells++
		}
	}
	if cells != len(want) {
		t.Errorf("%d windows stored, want %d", cells, len(want))
	}
	s := rec.Snapshot()
	t.Logf("%d events, %d deliveries merged or recognised, of them %d duplicates; %d answers cut; the second replay: %d merged, %d duplicates",
		n, s.Events["sales"], s.Events["sales:dedup_skip"], cuts(), twice[1].Merged, twice[1].Duplicates)
	if merged := s.Events["sales"] - s.Events["sales:dedup_skip"]; merged > n {
		t.Errorf("%d records merged, of %d events", merged, n)
	}
	if cuts() == 0 {
		t.Error("no answer was cut off: the test shows less than it says")
	}
}

// deliver invokes a Lambda until nothing of the event comes back.
func deliver(t *testing.T, l *weir.Lambda, e weirtest.Event) {
	t.Helper()
	for n := 0; ; n++ {
		retried := weirtest.Run(t.Context(), l, e).Retried()
		if len(retried) == 0 {
			return
		}
		if n > 100 {
			t.Error("records come back for ever")
			return
		}
		e = e.Again(retried...)
	}
}

// cutSome has the server apply some transactions and cut the connection instead of answering.
func cutSome(srv *dynamodb.Server, seed uint64) (count func() int) {
	var mu sync.Mutex
	r, cuts := rand.New(rand.NewPCG(seed, 1)), 0
	srv.Fault(func(q dynamodb.Request) dynamodb.Fault {
		mu.Lock()
		defer mu.Unlock()
		if q.Op == "TransactWriteItems" && r.IntN(10) == 0 {
			cuts++
			return dynamodb.Fault{Do: dynamodb.Cut}
		}
		return dynamodb.Fault{}
	})
	return func() int {
		mu.Lock()
		defer mu.Unlock()
		return cuts
	}
}

func write(t *testing.T, lines []sale) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sales.jsonl.gz")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	z := gzip.NewWriter(f)
	enc := json.NewEncoder(z)
	for _, s := range lines {
		if err := enc.Encode(s); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}
