package memlog_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/streaming"
	"github.com/weir-go/weir/streaming/memlog"
)

// told is an owner that notes what it is told.
type told struct{ revoked, lost []streaming.Lane }

func (o *told) Revoke(_ context.Context, lanes ...streaming.Lane) {
	o.revoked = append(o.revoked, lanes...)
}
func (o *told) Lost(lanes ...streaming.Lane) { o.lost = append(o.lost, lanes...) }

// poll returns what a member reads, as "lane/epoch: offsets".
func poll(t *testing.T, m *memlog.Member, room streaming.Room) (got []string) {
	t.Helper()
	fetches, err := m.Poll(t.Context(), room)
	if err != nil {
		return []string{err.Error()}
	}
	for _, f := range fetches {
		got = append(got, fmt.Sprintf("%s/%d: %v", f.Lane.Name, f.Lane.Epoch, f.Offsets))
	}
	slices.Sort(got)
	return got
}

func want(t *testing.T, what string, got any, want string) {
	t.Helper()
	if fmt.Sprint(got) != want {
		t.Errorf("%s: %v, want %s", what, got, want)
	}
}

var plenty = streaming.Room{Records: 1000, Bytes: 1 << 20}

func TestGroup(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := memlog.New("t", 2)
		for range 3 {
			l.Append(0, make([]byte, 10))
			l.Append(1, make([]byte, 10))
		}
		g := l.Group()
		a, b := g.Member(), g.Member()
		var oa, ob told
		if err := a.Open(t.Context(), &oa); err != nil {
			t.Fatal(err)
		}
		want(t, "bounded records", poll(t, a, streaming.Room{Records: 2, Bytes: 1000}), "[t-0/1: [0 1]]")
		want(t, "bounded bytes", poll(t, a, streaming.Room{Records: 100, Bytes: 11}), "[t-1/1: [0 1]]")
		a.Pause(streaming.Lane{Name: "t-1", Epoch: 1})
		want(t, "without the paused", poll(t, a, plenty), "[t-0/1: [2]]")
		a.Resume(streaming.Lane{Name: "t-1", Epoch: 1})
		want(t, "resumed", poll(t, a, plenty), "[t-1/1: [2]]")
		begin := time.Now()
		want(t, "nothing", poll(t, a, plenty), "[]")
		if time.Since(begin) == 0 {
			t.Error("Poll does not wait")
		}
		commit := func(m *memlog.Member, lane string, epoch, offset int64) {
			if err := m.Settle(t.Context(), []streaming.Ack{{Lane: streaming.Lane{Name: lane, Epoch: epoch}, Offset: offset}}); err != nil {
				t.Error(err)
			}
		}
		commit(a, "t-1", 1, 1)
		if err := b.Open(t.Context(), &ob); err != nil {
			t.Fatal(err)
		}
		want(t, "revoked", oa.revoked, "[{t-1 1}]")
		want(t, "from what is committed", poll(t, b, plenty), "[t-1/2: [2]]")
		if n, known := b.Lag(); n != 0 || !known {
			t.Errorf("lag %d, %v", n, known)
		}
		want(t, "no violations so far", g.Violations(), "[]")
		commit(a, "t-1", 1, 2)
		commit(b, "t-1", 2, 7)
		commit(b, "t-1", 2, 0)
		want(t, "violations", len(g.Violations()), "3")
		want(t, "committed", fmt.Sprint(g.Committed(0), g.Committed(1)), "0 2")

		b.Kill()
		want(t, "lost", ob.lost, "[{t-1 2}]")
		want(t, "taken over", poll(t, a, plenty), "[t-1/3: [2]]")
		commit(b, "t-1", 2, 2)
		want(t, "committed by the dead", g.Committed(1), "2")

		l.End()
		if _, err := a.Poll(t.Context(), plenty); !errors.Is(err, io.EOF) {
			t.Errorf("alone, with all read: %v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		c := g.Member()
		if err := c.Open(t.Context(), &told{}); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Poll(ctx, plenty); !errors.Is(err, context.Canceled) {
			t.Errorf("with another, and not all committed: %v", err)
		}
	})
}

// A handler under test, fed from memory.
func Example() {
	log := memlog.New("orders", 2)
	log.Append(0, []byte(`"first"`), []byte(`"second"`))
	log.AppendMessages(1, weir.Message{Payload: []byte(`"third"`), Time: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)})
	log.End()
	group := log.Group()
	err := streaming.Run(context.Background(), weir.EachMessage(func(_ context.Context, m *weir.Message) error {
		fmt.Println(m.ID, string(m.Payload))
		return nil
	}), group.Member())
	fmt.Println(err, group.Committed(0), group.Committed(1), log.Len(0))
	// Output:
	// orders-0@0 "first"
	// orders-0@1 "second"
	// orders-1@0 "third"
	// <nil> 2 1 2
}
