package metrics_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/metrics"
)

func TestDocument(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, out := newEMF(t, metrics.Dimension("Function", "ingest"), metrics.TimeUnit(time.Second))
		e.Events("orders", 1) // is not of the document
		points := []metrics.Point{metrics.Count("Records", 3), metrics.Time("Duration", 1500*time.Millisecond), metrics.Count("Records", 4)}
		assert.NoError(t, e.Document("Source", "queue", points, metrics.Property{Name: "requestId", Value: "r1"}, metrics.Property{Name: "Source", Value: "x"}))
		const head = `{"_aws":{"Timestamp":946684800000,"CloudWatchMetrics":[{"Namespace":"weir","Dimensions":[[`
		const tail = `"Function"]],"Metrics":[{"Name":"Duration","Unit":"Seconds"},{"Name":"Records","Unit":"Count"}]}]},`
		assert.Equal(t, out.all, []string{head + `"Source",` + tail + `"Source":"queue","Function":"ingest","Duration":1.5,"Records":7,"requestId":"r1","Source_2":"x"}` + "\n"})

		out.all = nil
		assert.NoError(t, e.Document("Function", "theirs", points[:2])) // NewEMF's counts
		assert.NoError(t, e.Document("Source", "", points[:2]))
		want := head + tail + `"Function":"ingest","Duration":1.5,"Records":3}` + "\n"
		assert.Equal(t, out.all, []string{want, want})

		out.all = nil
		assert.NoError(t, e.Document("Source", "queue", nil))
		assert.Equal(t, len(out.all), 0)
		points = nil
		for i := range 250 {
			points = append(points, metrics.Count(fmt.Sprint("ü", i), 1))
		}
		assert.NoError(t, e.Document("\x00", strings.Repeat("ü", 2000), points))
		assert.Equal(t, len(out.all), 3)
		assert.NoError(t, e.Flush())
		assert.Equal(t, len(out.all), 4)
	})
}

func TestDocumentThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	e, err := metrics.NewEMF(metrics.Output(diskFull{}))
	assert.NoError(t, err)
	assert.Error(t, e.Document("a", "b", []metrics.Point{metrics.Count("c", 1)}), "metrics: write a document: disk full")
}

type diskFull struct{}

func (diskFull) Write([]byte) (int, error) { return 0, errors.New("disk full") }
