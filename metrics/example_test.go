package metrics_test

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"time"

	"github.com/weir-go/weir/metrics"
)

func ExampleInMemory() {
	var m metrics.InMemory
	m.Events("orders", 998)
	m.Events("orders:dedup_skip", 2)
	m.Errors("orders", 1, errors.New("refused"))
	for ms := range 100 {
		m.Latency("orders", "commit", time.Duration(ms)*time.Millisecond)
	}
	s := m.Snapshot()
	commit := s.Latency[metrics.Call{Name: "orders", Op: "commit"}]
	fmt.Println(s.Events["orders"], "records,", s.Errors["orders"].Count, "failed:", s.Errors["orders"].Last)
	fmt.Println(commit.Count, "commits, mean", commit.Mean(), "max", commit.Max, "median about", commit.Quantile(0.5).Round(5*time.Millisecond))
	// Output:
	// 998 records, 1 failed: refused
	// 100 commits, mean 49.5ms max 99ms median about 50ms
}

func ExampleNewEMF() {
	emf, err := metrics.NewEMF(
		metrics.Namespace("shop"),
		metrics.Dimension("Function", "ingest"), // os.Getenv("AWS_LAMBDA_FUNCTION_NAME")
		metrics.TimeUnit(time.Millisecond),
		metrics.Output(withoutTime{}), // os.Stdout is the default
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	emf.Events("orders", 998)
	emf.Latency("orders", "commit", 12*time.Millisecond)
	_ = emf.Flush() // a pipeline does so after each batch
	// Output:
	// {"_aws":{"Timestamp":0,"CloudWatchMetrics":[{"Namespace":"shop","Dimensions":[["Pipeline","Function"]],"Metrics":[{"Name":"commit_latency","Unit":"Milliseconds"},{"Name":"events","Unit":"Count"}]}]},"Pipeline":"orders","Function":"ingest","commit_latency":12,"events":998}
}

// withoutTime writes to standard output what is the same each time.
type withoutTime struct{}

func (withoutTime) Write(b []byte) (int, error) {
	return os.Stdout.Write(regexp.MustCompile(`"Timestamp":\d+`).ReplaceAll(b, []byte(`"Timestamp":0`)))
}

func ExampleTee() {
	var m metrics.InMemory
	emf, _ := metrics.NewEMF(metrics.Output(withoutTime{}))
	both := metrics.Tee(&m, emf)
	both.Events("orders", 3)
	fmt.Println(m.Snapshot().Events["orders"])
	// Output: 3
}

func ExampleEnabled() {
	var recorder metrics.Recorder = metrics.Noop{}
	if metrics.Enabled(recorder) {
		fmt.Println("reading the clock")
	}
	// Output:
}
