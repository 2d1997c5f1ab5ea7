package streaming_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/streaming"
	"github.com/weir-go/weir/streaming/memlog"
)

// TestProperty: whatever records do, and however the worker is set up, each is done or given up
// once its last attempt is known, in the order of its lane, and nothing is acknowledged before.
func TestProperty(t *testing.T) {
	t.Parallel()
	_, n := seed(t)
	for i := range uint64(40) {
		random := rand.New(rand.NewPCG(n, i))
		synctest.Test(t, func(t *testing.T) { worker(t, random) })
		if t.Failed() {
			t.Fatalf("failed in round %d", i)
		}
	}
}

// behaviour is what a record does each time that it is run; the last one stays.
type behaviour []string

func worker(t *testing.T, random *rand.Rand) {
	partitions := 1 + random.IntN(5)
	records := 1 + random.IntN(200)
	attempts, refused := 1+random.IntN(3), map[string]int{} // fewer times than would end Run
	kinds := []string{"ok", "ok", "ok", "fail", "panic", "drop", "later", "unavailable", "undecodable", "abort", "busy", "slow", "goexit"}
	l := memlog.New("p", partitions)
	plans := map[string]behaviour{}
	for range records {
		part := random.IntN(partitions)
		var b behaviour
		vain := 0 // attempts of DeadLetter, or by no fault of the record's: as many as Attempts would end Run
		for range random.IntN(3) {
			kind := kinds[random.IntN(len(kinds))]
			if free := kind == "abort" || kind == "busy"; free {
				if vain++; vain >= attempts {
					kind = "ok"
				}
			}
			b = append(b, kind)
		}
		switch random.IntN(20) {
		case 0:
			b = append(b, "fail")
		default:
			b = append(b, "ok")
		}
		id := fmt.Sprintf("p-%d@%d", part, l.Append(part, []byte("x")))
		plans[id], refused[id] = b, vain
	}
	l.End()
	g := l.Group()

	var mu sync.Mutex
	runs := map[string]int{}
	ended := map[string]string{}
	next := make([]int64, partitions)
	fails := random.IntN(3) == 0
	end := func(m *weir.Message, how string) {
		if ended[m.ID] != "" {
			t.Errorf("%s is %s, and was %s", m.ID, how, ended[m.ID])
		}
		ended[m.ID] = how
		var part int
		var off int64
		fmt.Sscanf(m.ID, "p-%d@%d", &part, &off)
		if off != next[part] {
			t.Errorf("%s is %s, but %d is next", m.ID, how, next[part])
		}
		next[part]++
		if c := g.Committed(part); c > off {
			t.Errorf("%s is %s, and %d was committed before", m.ID, how, c)
		}
	}
	boom := errors.New("boom")
	verb := weir.EachMessage(func(_ context.Context, m *weir.Message) error {
		mu.Lock()
		defer mu.Unlock()
		b := plans[m.ID]
		what := b[min(runs[m.ID], len(b)-1)]
		runs[m.ID]++
		switch what {
		case "fail":
			return boom
		case "panic":
			panic(boom)
		case "later":
			return weir.RetryAfter(time.Minute, boom)
		case "unavailable":
			return weir.Unavailable(boom)
		case "undecodable":
			return weir.Undecodable(boom)
		case "abort":
			return weir.Abort(boom)
		case "busy":
			return fmt.Errorf("order 5: %w", busy{weir.RetryAfter(time.Minute, boom)})
		case "drop":
			end(m, "dropped")
			return weir.Drop(boom)
		case "slow":
			mu.Unlock()
			time.Sleep(3 * time.Second)
			mu.Lock()
		case "goexit":
			return weir.ErrGoexit
		}
		end(m, "done")
		return nil
	})
	w := streaming.NewWorker(verb, g.Member(),
		streaming.Concurrency(1+random.IntN(4)), streaming.BatchRecords(1+random.IntN(30)), streaming.Attempts(attempts),
		streaming.Linger(time.Duration(random.IntN(3))*time.Second), streaming.InFlight(1+random.IntN(5000)),
		streaming.DeadLetter(func(_ context.Context, m *weir.Message, err error) error {
			mu.Lock()
			defer mu.Unlock()
			if fails && refused[m.ID] < attempts-1 && random.IntN(2) == 0 {
				refused[m.ID]++
				return errors.New("the sink is full")
			}
			end(m, "given up")
			return nil
		}))
	if err := w.Run(t.Context()); err != nil {
		t.Error(err)
	}
	if len(ended) != records {
		t.Errorf("%d records ended, want %d", len(ended), records)
	}
	for i := range partitions {
		want(t, "committed", g.Committed(i), l.Len(i))
	}
	for _, v := range g.Violations() {
		t.Error(v)
	}
	s := w.Status()
	want(t, "succeeded and given up", s.Succeeded+s.DeadLettered, int64(records))
	want(t, "left in the account", fmt.Sprint(s.Waiting, s.Running, s.Bytes, s.Owed, s.Blocked), "0 0 0 0 0")
	want(t, "state", s.State, streaming.Stopped)
}
