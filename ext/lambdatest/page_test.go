package lambdatest

import (
	"log"
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-lambda-go/lambda"
	"go.etcd.io/bbolt"

	"github.com/weir-go/weir/ext/boltstore"
	"github.com/weir-go/weir/kinesis"
	"github.com/weir-go/weir/metrics"
	"github.com/weir-go/weir/monoid"
	"github.com/weir-go/weir/pipeline"
	"github.com/weir-go/weir/state/mem"
	"github.com/weir-go/weir/weirtest"
)

// page is the program of the document that weir was asked for in, but for its import paths.
func page() {
	pipe := buildPipeline() // shared with the Kafka worker
	handler, err := kinesis.NewHandler(pipe, kinesis.JSONDecoder[Event](),
		kinesis.WithMetrics(rec),
		kinesis.WithDedup(deduper),
	)
	if err != nil {
		log.Fatal(err)
	}
	lambda.Start(handler)
}

type Event struct {
	Page string
	N    int64
}

var (
	rec     = new(metrics.InMemory)
	deduper = mem.NewDeduper()
)

func buildPipeline() *pipeline.Pipeline[Event, int64] { return pipelineIn(os.Getenv("PAGE_DB")) }

func pipelineIn(path string) *pipeline.Pipeline[Event, int64] {
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		log.Fatal(err)
	}
	store, err := boltstore.New(db)
	if err != nil {
		log.Fatal(err)
	}
	return &pipeline.Pipeline[Event, int64]{
		Name: "clicks", Key: func(e Event) string { return e.Page }, Value: func(e Event) int64 { return e.N },
		Aggregate: monoid.Sum[int64](), StoreIn: store,
	}
}

func init() { programs["page"] = page }

// The program runs under the real runtime client, in processes that come and go.
func TestPage(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "page.db")
	event := weirtest.Kinesis(Event{"home", 1}, "{", Event{"home", 2}, Event{"help", 4})
	for range 2 { // the second process knows nothing of the first
		f := start(t, "page", "PAGE_DB="+db)
		for range 2 {
			responds(t, f.call(t, string(event.JSON())))
		}
		if err := f.Stop(); err != nil {
			t.Fatal(err)
		}
	}
	all, err := pipelineIn(db).GetMany(t.Context(), []string{"home", "help"})
	if err != nil || all[0].Value != 3 || all[1].Value != 4 {
		t.Errorf("%+v, %v", all, err)
	}
}
