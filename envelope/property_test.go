package envelope_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weir-go/weir"
)

var seedFlag = flag.Uint64("seed", 0, "seed of the property tests, 0 for a new one")

func TestNests(t *testing.T) {
	t.Parallel()
	s := *seedFlag
	if s == 0 {
		s = rand.Uint64()
	}
	t.Logf("-seed %d", s)
	r := rand.New(rand.NewPCG(s, 0))
	rounds := 3000
	if testing.Short() {
		rounds = 300
	}
	exact, late := 0, map[string]int{}
	for i := range rounds {
		n := newNest(r)
		if n.exact() {
			exact++
		}
		var problem error
		synctest.Test(t, func(t *testing.T) {
			var got []string
			got, problem = n.run(t, rand.New(rand.NewPCG(r.Uint64(), 1)))
			for _, state := range got {
				if n.slow {
					late[state]++
				}
			}
		})
		if problem != nil {
			t.Fatalf("-seed %d, round %d: %v\n%s", s, i, problem, n)
		}
	}
	t.Logf("%d rounds compared with the model; up to a deadline, %v", exact, late)
	if len(late) < 4 {
		t.Errorf("up to a deadline, all records were %v", late)
	}
	if exact < rounds/4 {
		t.Errorf("only %d rounds were compared with the model", exact)
	}
}

func (n *nest) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s levels=%d workers=%d batch=%v drop=%v giveUp=%v slow=%v\n", n.source, n.levels, n.workers, n.batch, n.drop, n.giveUp, n.slow)
	var show func(o *node, indent string)
	show = func(o *node, indent string) {
		fmt.Fprintf(&b, "%s%s key=%s %s\n", indent, o.name, o.key, o.does)
		for _, k := range o.kids {
			show(k, indent+"  ")
		}
	}
	for _, o := range n.outer {
		show(o, "  ")
	}
	return b.String()
}

// witness is what is seen while a nest runs.
type witness struct {
	nest     *nest
	mu       sync.Mutex
	problem  error
	began    []string        // leaves, in order
	returned map[string]bool // whose handlers came back
	told     map[string]int  // calls of observers, by kind
	sum      *weir.Summary
	closed   bool
}

func (w *witness) fail(format string, args ...any) {
	if w.problem == nil {
		w.problem = fmt.Errorf(format, args...)
	}
}

func (w *witness) tell(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.closed {
		w.told[what]++
	}
}

func (w *witness) RecordStarted(_ context.Context, _ *weir.Message) { w.tell("started") }
func (w *witness) RecordSucceeded(_ context.Context, m *weir.Message) error {
	if w.nest.byName[string(m.Payload)].does == "veto" {
		return errDeed
	}
	w.tell("succeeded")
	return nil
}
func (w *witness) RecordDropped(_ context.Context, _ *weir.Message, _ error) error {
	w.tell("dropped")
	return nil
}
func (w *witness) RecordFailed(_ context.Context, _ *weir.Message, _ error) error {
	w.tell("failed")
	return nil
}
func (w *witness) RecordSkipped(_ context.Context, _ *weir.Message, err error) error {
	w.tell("skipped")
	if err == nil || errors.Is(err, weir.ErrUndecided) {
		w.mu.Lock()
		w.fail("skipped for no reason: %v", err)
		w.mu.Unlock()
	}
	return nil
}
func (w *witness) BatchEnded(_ context.Context, s weir.Summary) { w.sum = &s }

// check looks at a leaf that has come to the handler.
func (n *nest) check(ctx context.Context, w *witness, m *weir.Message) *node {
	w.mu.Lock()
	defer w.mu.Unlock()
	o := n.byName[string(m.Payload)]
	if slices.Contains(w.began, o.name) {
		w.fail("%s ran twice", o.name)
	}
	w.began = append(w.began, o.name)
	var above []string
	for c := range weir.Carriers(ctx, m) {
		above = append(above, string(c.Payload))
		if c.ID != m.ID {
			w.fail("%s: carrier of another ID", o.name)
		}
	}
	if m.Part != o.part || m.OrderingKey != o.key || !slices.Equal(above, o.above) {
		w.fail("%s: part %q, key %q, carriers %v; want %q, %q, %v", o.name, m.Part, m.OrderingKey, above, o.part, o.key, o.above)
	}
	return o
}

func (n *nest) run(t *testing.T, r *rand.Rand) (got []string, problem error) {
	w := &witness{nest: n, returned: map[string]bool{}, told: map[string]int{}}
	running := map[string]bool{}
	v := weir.EachMessage(func(ctx context.Context, m *weir.Message) error {
		o := n.check(ctx, w, m)
		w.mu.Lock()
		if o.key != "" && running[o.key] {
			w.fail("%s overlaps another of its key", o.name)
		}
		running[o.key] = true
		nap := time.Duration(r.IntN(100)) * time.Millisecond
		if n.slow && r.IntN(4) == 0 {
			nap = time.Duration(r.IntN(20)) * time.Second
		}
		w.mu.Unlock()
		defer func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			running[o.key] = false
			if !w.closed {
				w.returned[o.name] = true
			}
		}()
		time.Sleep(nap)
		return do(o.does)
	})
	if n.batch {
		v = weir.Batch(func(ctx context.Context, b *weir.BatchOf[string]) error {
			for item := range b.All() {
				o := n.check(ctx, w, item.Message)
				w.returned[o.name] = true
				switch o.does {
				case "done", "veto":
					b.Done(item)
				case "panic", "goexit":
					b.Fail(item, errDeed)
				default:
					b.Fail(item, do(o.does))
				}
			}
			return nil
		})
	}
	for range n.levels {
		v = weir.Unwrap(v, n.open)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if !n.slow {
		ctx = t.Context()
	}
	got = n.invoke(ctx, v, w)
	w.mu.Lock()
	w.closed = true
	problem = w.problem
	began, returned := slices.Clone(w.began), w.returned
	w.mu.Unlock()
	if problem == nil {
		problem = n.judge(w, got, began, returned)
	}
	time.Sleep(time.Hour) // those left behind come home
	return got, problem
}

// judge compares what became of the outer records with what must hold.
func (n *nest) judge(w *witness, got []string, began []string, returned map[string]bool) error {
	want := n.model()
	for i, o := range n.outer {
		if n.exact() && got[i] != want[o.name] {
			return fmt.Errorf("%s is %s, want %s", o.name, got[i], want[o.name])
		}
		leaves := n.leaves([]*node{o})
		failed := false
		for _, l := range leaves {
			ran := returned[l.name] || strings.HasPrefix(l.does, "open ")
			failed = failed || ran && n.outcome(l) == "failed"
			if (got[i] == "succeeded" || got[i] == "dropped") && (!ran || n.outcome(l) == "failed") {
				return fmt.Errorf("%s is %s, and %s in it was not done", o.name, got[i], l.name)
			}
			if got[i] == "succeeded" && n.outcome(l) == "dropped" {
				return fmt.Errorf("%s succeeded, and %s in it was dropped", o.name, l.name)
			}
		}
		if got[i] == "failed" && !failed {
			return fmt.Errorf("%s failed, and nothing in it did", o.name)
		}
	}
	at := map[string]int{}
	order := n.leaves(n.outer)
	for _, name := range began { // each lane is in order
		o := n.byName[name]
		i := slices.Index(order, o)
		if o.key != "" && at[o.key] > i {
			return fmt.Errorf("%s overtook", name)
		}
		at[o.key] = i
	}
	counts := map[string]int{}
	for _, state := range got {
		counts[state]++
	}
	if w.sum != nil && (w.sum.Records != len(got) || w.sum.Succeeded != counts["succeeded"] || w.sum.Dropped != counts["dropped"] ||
		w.sum.Failed != counts["failed"] || w.sum.Skipped != counts["skipped"]) {
		return fmt.Errorf("the summary is %+v of %v", *w.sum, got)
	}
	if !n.exact() {
		return nil
	}
	leaves := map[string]int{}
	for _, o := range order {
		leaves[want[o.name]]++
	}
	for _, kind := range []string{"succeeded", "dropped", "failed"} {
		if w.told[kind] != leaves[kind] {
			return fmt.Errorf("%d observed as %s, want %d", w.told[kind], kind, leaves[kind])
		}
	}
	if w.told["skipped"] != counts["skipped"] {
		return fmt.Errorf("%d observed as skipped, want %d", w.told["skipped"], counts["skipped"])
	}
	return nil
}
