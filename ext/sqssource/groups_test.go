package sqssource

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/streaming"
)

// TestWorkersOfGroups: three workers share a FIFO queue, and a third of all attempts fail. Of a group one
// message is at work at a time, in the order in which they were sent, on whichever worker. It needs the
// server that locks groups.
func TestWorkersOfGroups(t *testing.T) {
	t.Parallel()
	const groups, each = 5, 8
	b := newBed(t, endpoint(t, "fauxqs", "WEIR_FAUXQS"))
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	url, err := b.queue(".fifo", nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := range each {
		for g := range groups {
			if err := b.send(url, fmt.Sprint("g", g), fmt.Sprint(i)); err != nil {
				t.Fatal(err)
			}
		}
	}
	var mu sync.Mutex
	working := map[string]bool{}
	failures := 0
	j := newJournal(groups * each)
	v := weir.Each(func(ctx context.Context, name string) error {
		m, _ := weir.FromContext(ctx)
		mu.Lock()
		if working[m.OrderingKey] {
			t.Errorf("%s of %s while another of it is at work", name, m.OrderingKey)
		}
		working[m.OrderingKey] = true
		fails := m.Attempt < 3 && random.IntN(3) == 0
		mu.Unlock()
		if runtime.Gosched(); !fails {
			j.add(m, name)
		}
		mu.Lock()
		defer mu.Unlock()
		working[m.OrderingKey] = false
		if fails {
			failures++
			return errors.New("not yet")
		}
		return nil
	})
	errs := make(chan error, 3)
	for range cap(errs) {
		go func() { errs <- b.work(v, New(b, url), j.full, streaming.Backoff(time.Millisecond, time.Millisecond)) }()
	}
	for range cap(errs) {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	for g, done := range j.done {
		if got := fmt.Sprint(done); got != "[0 1 2 3 4 5 6 7]" {
			t.Errorf("%s was done in the order %s", g, got)
		}
	}
	want(t, "groups", len(j.done), groups)
	t.Logf("%d attempts failed", failures)
}
