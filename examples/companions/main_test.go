package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/weir-go/weir/middleware/deadletter"
)

var first = flag.Uint64("seed", 1, "the first seed")

func TestEachOrderIsChargedOnce(t *testing.T) {
	t.Parallel()
	var again, large atomic.Int64
	t.Run("seeds", func(t *testing.T) {
		for i, store := range []string{"", "", "", "dynamodb"} {
			seed := *first + uint64(i)
			t.Run(fmt.Sprintf("%d%s", seed, store), func(t *testing.T) {
				t.Parallel()
				var out strings.Builder
				s, err := run(t.Context(), &out, endpoints{store: store}, 500, seed)
				if err != nil {
					t.Fatalf("%v\n%s", err, &out)
				}
				again.Add(int64(s.shopQueue.again + s.partnerQueue.again))
				large.Add(int64(s.shopQueue.againLarge))
			})
		}
	})
	if again.Load() == 0 || large.Load() == 0 {
		t.Errorf("%d messages that were done were delivered again, %d of them large: that proves nothing", again.Load(), large.Load())
	}
}

// Nothing is proved by no orders.
func TestNoOrders(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, -1} {
		if _, err := run(t.Context(), io.Discard, endpoints{}, n, 1); err == nil || !strings.Contains(err.Error(), "it takes 1 or more") {
			t.Errorf("%d: %v", n, err)
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
			if _, err := run(t.Context(), &out, c.at(url), 500, 1); err != nil {
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
	permanent, receives, dropped := deadletter.ReasonPermanent, deadletter.ReasonReceives, deadletter.ReasonDropped
	for _, c := range []struct {
		charged string
		a, b    []deadletter.Reason
		want    verdict
	}{
		{"a", nil, []deadletter.Reason{permanent}, verdict{}},
		{"a", []deadletter.Reason{receives}, []deadletter.Reason{receives, permanent}, verdict{}},
		{"", nil, []deadletter.Reason{permanent}, verdict{lost: 1}},
		{"aa", nil, []deadletter.Reason{permanent}, verdict{twice: 1}},
		{"ab", nil, []deadletter.Reason{permanent}, verdict{wrong: 1}},
		{"a", nil, nil, verdict{lost: 1}},
		{"a", nil, []deadletter.Reason{receives}, verdict{lost: 1}},
		{"a", []deadletter.Reason{permanent}, []deadletter.Reason{permanent}, verdict{falseLetters: 1}},
		{"a", []deadletter.Reason{dropped}, []deadletter.Reason{permanent}, verdict{falseLetters: 1}},
	} {
		charged := map[string]int{}
		for _, id := range strings.Split(c.charged, "") {
			charged[id]++
		}
		var out strings.Builder
		if got := judge(&out, list, charged, map[string][]deadletter.Reason{"a": c.a, "b": c.b}); got != c.want {
			t.Errorf("charged %q, letters %v and %v: %+v\n%s", c.charged, c.a, c.b, got, &out)
		}
	}
}

func TestWrongStore(t *testing.T) {
	t.Parallel()
	_, err := run(t.Context(), &strings.Builder{}, endpoints{store: "mysql://x"}, 1, 1)
	if err == nil || !strings.Contains(err.Error(), "--store mysql://x: it takes") {
		t.Error(err)
	}
}
