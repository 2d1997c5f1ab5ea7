package main

import (
	"os"
	"strings"
	"testing"
)

func TestEachOrderIsChargedOnce(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3) {
		for _, at := range []endpoints{{}, {store: "dynamodb"}} {
			var out strings.Builder
			if err := run(t.Context(), &out, at, 500, seed); err != nil {
				t.Errorf("seed %d, %+v: %v\n%s", seed, at, err, &out)
			}
		}
	}
}

// Against the servers that CI starts, see .ci/serve.sh.
func TestServers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		variable string
		at       func(url string) endpoints
	}{
		"Redis":      {"WEIR_REDIS", func(url string) endpoints { return endpoints{store: "redis://" + url} }},
		"PostgreSQL": {"WEIR_POSTGRES", func(url string) endpoints { return endpoints{store: url} }},
		"SQS":        {"WEIR_SQS", func(url string) endpoints { return endpoints{sqs: url} }},
		"S3":         {"WEIR_S3", func(url string) endpoints { return endpoints{s3: url} }},
	} {
		t.Run(name, func(t *testing.T) {
			url := os.Getenv(c.variable)
			if url == "" {
				t.Skipf("skipped: %s is not set; bash .ci/serve.sh starts servers and prints what to set it to", c.variable)
			}
			var out strings.Builder
			if err := run(t.Context(), &out, c.at(url), 500, 1); err != nil {
				t.Errorf("%v\n%s", err, &out)
			}
			t.Logf("\n%s", &out)
		})
	}
}

// The proof is no use unless it can fail.
func TestJudge(t *testing.T) {
	t.Parallel()
	list := []sale{{Order: Order{ID: "a"}}, {Order: Order{ID: "b"}, fate: declined}}
	for charged, want := range map[string]bool{"a": true, "": false, "aa": false, "ab": false} {
		b := &bank{charged: map[string]int{}}
		for _, id := range strings.Split(charged, "") {
			b.charged[id]++
		}
		var out strings.Builder
		if err := judge(&out, list, b); (err == nil) != want {
			t.Errorf("charged %q: %v\n%s", charged, err, &out)
		}
	}
}

func TestWrongStore(t *testing.T) {
	t.Parallel()
	err := run(t.Context(), &strings.Builder{}, endpoints{store: "mysql://x"}, 1, 1)
	if err == nil || !strings.Contains(err.Error(), "--store mysql://x: it takes") {
		t.Error(err)
	}
}
