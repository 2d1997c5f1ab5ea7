package health_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/streaming"
	"github.com/weir-go/weir/streaming/health"
	"github.com/weir-go/weir/streaming/memlog"
)

// fixed reports what a test says.
type fixed streaming.Status

func (f fixed) Status() streaming.Status { return streaming.Status(f) }

func get(t *testing.T, h http.Handler, path string) (status int, body string) {
	t.Helper()
	r := httptest.NewRecorder()
	h.ServeHTTP(r, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	return r.Code, r.Body.String()
}

func TestPages(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		status fixed
		path   string
		opts   []health.Option
		code   int
		body   string
	}{
		{"live", fixed{Oldest: time.Minute}, "/livez", nil, 200, "ok\n"},
		{"stuck", fixed{Oldest: 11 * time.Minute}, "/livez", nil, 503, "a batch has been at work for 11m0s\n"},
		{"patient", fixed{Oldest: 11 * time.Minute}, "/livez", []health.Option{health.StuckAfter(time.Hour)}, 200, "ok\n"},
		{"ready", fixed{Ready: true}, "/readyz", nil, 200, "ok\n"},
		{"not ready", fixed{Reason: "paused: the store is down"}, "/readyz", nil, 503, "paused: the store is down\n"},
		{"other", fixed{}, "/", nil, 404, "404 page not found\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if code, body := get(t, health.Handler(tt.status, tt.opts...), tt.path); code != tt.code || body != tt.body {
				t.Errorf("%s: %d %q", tt.path, code, body)
			}
		})
	}
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	s := fixed{
		Name: "a\"b\\c\nd", Ready: true, Succeeded: 12, Failed: 4, Retried: 3, DeadLettered: 1, Batches: 5, Waiting: 6, Running: 7, Bytes: 8,
		Lanes: 9, Blocked: 2, Owed: 1, Lag: 99, LagKnown: true,
		Durations: streaming.Histogram{Bounds: []time.Duration{time.Millisecond, time.Second}, Counts: []int64{2, 0, 3}, Sum: 4500 * time.Millisecond},
	}
	_, body := get(t, health.Handler(s), "/metrics")
	for _, line := range []string{
		`weir_worker_succeeded_total{worker="a\"b\\c\nd"} 12`,
		`# TYPE weir_worker_succeeded_total counter`,
		`weir_worker_failures_total{worker="a\"b\\c\nd"} 4`,
		`weir_worker_retries_total{worker="a\"b\\c\nd"} 3`,
		`weir_worker_dead_letters_total{worker="a\"b\\c\nd"} 1`,
		`weir_worker_waiting_records{worker="a\"b\\c\nd"} 6`,
		`weir_worker_running_records{worker="a\"b\\c\nd"} 7`,
		`weir_worker_in_flight_bytes{worker="a\"b\\c\nd"} 8`,
		`weir_worker_lanes{worker="a\"b\\c\nd"} 9`,
		`weir_worker_blocked_lanes{worker="a\"b\\c\nd"} 2`,
		`weir_worker_unacknowledged{worker="a\"b\\c\nd"} 1`,
		`weir_worker_paused{worker="a\"b\\c\nd"} 0`,
		`weir_worker_ready{worker="a\"b\\c\nd"} 1`,
		`weir_worker_lag_records{worker="a\"b\\c\nd"} 99`,
		`weir_worker_batch_seconds_bucket{worker="a\"b\\c\nd",le="0.001"} 2`,
		`weir_worker_batch_seconds_bucket{worker="a\"b\\c\nd",le="1"} 2`,
		`weir_worker_batch_seconds_bucket{worker="a\"b\\c\nd",le="+Inf"} 5`,
		`weir_worker_batch_seconds_sum{worker="a\"b\\c\nd"} 4.5`,
		`weir_worker_batch_seconds_count{worker="a\"b\\c\nd"} 5`,
	} {
		if !strings.Contains(body, line+"\n") {
			t.Errorf("no line %s in\n%s", line, body)
		}
	}
	s.LagKnown = false
	if _, body := get(t, health.Handler(s), "/metrics"); strings.Contains(body, "lag") {
		t.Errorf("a lag that is not known:\n%s", body)
	}
}

// TestServed: the pages are there while the worker runs, and gone when it has ended.
func TestServed(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + l.Addr().String()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	fetch := func(path string) string {
		r, err := client.Get(url + path)
		if err != nil {
			return err.Error()
		}
		defer r.Body.Close()
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return err.Error()
		}
		return fmt.Sprint(r.StatusCode, " ", string(body))
	}
	log := memlog.New("n", 1)
	log.Append(0, []byte(`1`), []byte(`2`))
	log.End()
	err = streaming.Run(t.Context(), weir.Each(func(_ context.Context, n int) error {
		if got := fetch("/livez") + fetch("/readyz"); got != "200 ok\n200 ok\n" {
			t.Errorf("while it runs: %s", got)
		}
		if got := fetch("/metrics"); !strings.Contains(got, "weir_worker_lag_records{worker=\"numbers\"} 2\n") {
			t.Errorf("metrics:\n%s", got)
		}
		return nil
	}), log.Group().Member(), streaming.Name("numbers"), health.On(l))
	if err != nil {
		t.Error(err)
	}
	if got := fetch("/livez"); !strings.Contains(got, "refused") {
		t.Errorf("after its end: %s", got)
	}
}

// TestTaken: a worker whose port is another's does not start.
func TestTaken(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	log := memlog.New("n", 1)
	err = streaming.Run(t.Context(), weir.Each(func(context.Context, int) error { return nil }), log.Group().Member(), health.At(l.Addr().String()))
	if err == nil || !strings.Contains(err.Error(), "address already in use") {
		t.Errorf("Run returned %v", err)
	}
}

func ExampleAt() {
	log := memlog.New("orders", 1)
	log.Append(0, []byte(`{"id":7}`))
	log.End()
	err := streaming.Run(context.Background(), weir.Each(func(context.Context, map[string]int) error { return nil }),
		log.Group().Member(), health.At("127.0.0.1:0"))
	fmt.Println(err)
	// Output: <nil>
}

func ExampleHandler() {
	log := memlog.New("orders", 1)
	w := streaming.NewWorker(weir.Each(func(context.Context, string) error { return nil }), log.Group().Member())
	page := httptest.NewRecorder()
	health.Handler(w).ServeHTTP(page, httptest.NewRequest(http.MethodGet, "/readyz", nil))
	fmt.Println(page.Code, page.Body)
	// Output: 503 starting
}
