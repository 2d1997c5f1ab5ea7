package health

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/weir-go/weir/streaming"
)

func (p *pages) metrics(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	_, _ = io.WriteString(w, page(p.r.Status()))
}

// page is a Status in Prometheus' text format.
func page(s streaming.Status) string {
	var b strings.Builder
	worker := label(s.Name)
	metric := func(name, kind, help string, value any) {
		fmt.Fprintf(&b, "# HELP weir_worker_%s %s\n# TYPE weir_worker_%s %s\n", name, help, name, kind)
		fmt.Fprintf(&b, "weir_worker_%s{worker=%s} %v\n", name, worker, value)
	}
	metric("succeeded_total", "counter", "Records that are done, dropped ones included.", s.Succeeded)
	metric("failures_total", "counter", "Failures of records.", s.Failed)
	metric("retries_total", "counter", "Failures after which the record was kept or went back to be tried again.", s.Retried)
	metric("dead_letters_total", "counter", "Records that were given up.", s.DeadLettered)
	metric("waiting_records", "gauge", "Records that were polled and wait.", s.Waiting)
	metric("running_records", "gauge", "Records of the batches at work.", s.Running)
	metric("in_flight_bytes", "gauge", "Memory of the records that wait and run.", s.Bytes)
	metric("lanes", "gauge", "Lanes in hand.", s.Lanes)
	metric("blocked_lanes", "gauge", "Lanes that wait for a failed record.", s.Blocked)
	metric("unacknowledged", "gauge", "Lanes, or records of a queue, that the source is still to be told of.", s.Owed)
	metric("paused", "gauge", "1 while something that all records need is unavailable.", bit(s.Paused))
	metric("ready", "gauge", "1 while the worker is ready.", bit(s.Ready))
	if s.LagKnown {
		metric("lag_records", "gauge", "Records that are in the source and not done.", s.Lag)
	}
	fmt.Fprint(&b, "# HELP weir_worker_batch_seconds How long batches take.\n# TYPE weir_worker_batch_seconds histogram\n")
	var n int64
	for i, count := range s.Durations.Counts {
		le := "+Inf"
		if i < len(s.Durations.Bounds) {
			le = seconds(s.Durations.Bounds[i])
		}
		n += count
		fmt.Fprintf(&b, "weir_worker_batch_seconds_bucket{worker=%s,le=%q} %d\n", worker, le, n)
	}
	fmt.Fprintf(&b, "weir_worker_batch_seconds_sum{worker=%s} %s\n", worker, seconds(s.Durations.Sum))
	fmt.Fprintf(&b, "weir_worker_batch_seconds_count{worker=%s} %d\n", worker, n)
	return b.String()
}

func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'g', -1, 64) }

func bit(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// label quotes a label's value by the rules of the format, which knows three escapes.
func label(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(strings.ToValidUTF8(s, "?")) + `"`
}
