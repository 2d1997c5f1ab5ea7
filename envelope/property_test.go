package envelope_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weir-go/weir"
)

var seedFlag = flag.Uint64("seed", 0, "seed of the property tests, 0 for a new one")

// node is a record in a random nest of records: a leaf, which the handler gets, a list of others,
// or one that cannot be opened.
type node struct {
	name, key string
	does      string // "list", or "open " and a deed, or the deed of a leaf
	kids      []*node
	part      string
	opens     time.Duration // how long that takes
	above     []string      // the records it is in, the nearest first, as Carriers has them
}

// nest is a batch of nested records and the rules under which it runs.
type nest struct {
	source  string // sqs, fifo, group, kinesis, stop, kafka, kafka-on, runner
	levels  int
	workers int
	batch   bool // by the verb Batch
	drop    bool // OnUndecodable(DropUndecodable)
	giveUp  bool // OnFailure drops plain errors
	slow    bool // handlers and openers that ignore their context, up to a deadline
	outer   []*node
	byName  map[string]*node
}

var nestDeeds = []string{"done", "done", "done", "done", "done", "error", "drop", "undecodable", "veto", "panic", "goexit", "abort"}

func newNest(r *rand.Rand) *nest {
	n := &nest{
		source: []string{"sqs", "fifo", "group", "kinesis", "stop", "kafka", "kafka-on", "runner"}[r.IntN(8)],
		levels: 1 + r.IntN(3), workers: []int{1, 1, 2, 8}[r.IntN(4)], batch: r.IntN(4) == 0, drop: r.IntN(2) == 0, byName: map[string]*node{},
	}
	if n.batch {
		n.workers = 1
	}
	n.slow = !n.batch && r.IntN(6) == 0
	n.giveUp = r.IntN(3) == 0
	trouble := 1 + r.IntN(len(nestDeeds))
	keys := 1 + r.IntN(4)
	for range 1 + r.IntN(8) {
		n.outer = append(n.outer, n.grow(r, 1, trouble, keys, ""))
	}
	if strings.HasPrefix(n.source, "kafka") { // an event has them by partition
		slices.SortStableFunc(n.outer, func(a, b *node) int { return strings.Compare(a.key, b.key) })
	}
	for _, o := range n.outer {
		o.link(n, nil, "")
	}
	return n
}

func (n *nest) grow(r *rand.Rand, level, trouble, keys int, key string) *node {
	if key == "" || n.source == "kinesis" || n.source == "runner" { // as KPL does
		key = fmt.Sprint("t-", r.IntN(keys))
	}
	if n.source == "sqs" {
		key = ""
	}
	o := &node{name: fmt.Sprint("n", len(n.byName)), key: key, does: nestDeeds[r.IntN(trouble)]}
	if n.slow && r.IntN(10) == 0 {
		o.opens = time.Duration(r.IntN(12)) * time.Second
	}
	n.byName[o.name] = o
	if level > n.levels || r.IntN(3) == 0 {
		return o
	}
	if o.does != "done" && o.does != "veto" && r.IntN(2) == 0 {
		o.does = "open " + o.does
		return o
	}
	o.does = "list"
	for range r.IntN(5) {
		o.kids = append(o.kids, n.grow(r, level+1, trouble, keys, key))
	}
	return o
}

// link says what Part and Carriers have to be.
func (o *node) link(n *nest, above []string, part string) {
	o.above, o.part = above, part
	for i, k := range o.kids {
		p := fmt.Sprint(i)
		if part != "" {
			p = part + "/" + p
		}
		k.link(n, append([]string{o.name}, above...), p)
	}
	for len(o.kids) == 0 && len(o.above) < n.levels { // handed on as it is
		o.above = append([]string{o.name}, o.above...)
	}
}

var errDeed = errors.New("deed")

func do(deed string) error {
	switch deed {
	case "error":
		return errDeed
	case "drop":
		return weir.Drop(errDeed)
	case "undecodable":
		return weir.Undecodable(errDeed)
	case "abort":
		return weir.Abort(errDeed)
	case "panic":
		panic(errDeed)
	case "goexit":
		runtime.Goexit()
	}
	return nil
}

func (n *nest) open(_ context.Context, m *weir.Message) (inside []weir.Message, err error) {
	o := n.byName[string(m.Payload)]
	time.Sleep(o.opens)
	if deed, ok := strings.CutPrefix(o.does, "open "); ok {
		return nil, do(deed)
	}
	if o.does != "list" {
		return []weir.Message{m.With(m.Payload)}, nil
	}
	for i, k := range o.kids {
		c := m.WithPart(i, []byte(k.name))
		c.OrderingKey = k.key
		inside = append(inside, c)
	}
	return inside, nil
}

// fate is what became of records: done, dropped, failed or skipped.
type fate map[string]string

// rule is what a failure means to what stands behind it.
func (n *nest) barred(failed []*node, o *node) bool {
	switch n.source {
	case "fifo", "stop":
		return len(failed) > 0
	case "group", "kafka", "runner":
		return slices.ContainsFunc(failed, func(f *node) bool { return f.key == o.key && o.key != "" })
	}
	return false
}

// leaves are what the verb works on, in order.
func (n *nest) leaves(list []*node) (all []*node) {
	for _, o := range list {
		if o.does == "list" {
			all = append(all, n.leaves(o.kids)...)
		} else {
			all = append(all, o)
		}
	}
	return all
}

// outcome is what a leaf's deed makes of it.
func (n *nest) outcome(o *node) string {
	switch strings.TrimPrefix(o.does, "open ") {
	case "done":
		return "succeeded"
	case "drop":
		return "dropped"
	case "undecodable":
		if n.drop {
			return "dropped"
		}
	case "error":
		if n.giveUp {
			return "dropped"
		}
	}
	return "failed"
}

func (o *node) aborts() bool { return strings.HasSuffix(o.does, "abort") }

// model says what becomes of every record, for one worker.
func (n *nest) model() fate {
	f := fate{}
	var failed []*node
	aborted := false
	settle := func(o *node) {
		if n.barred(failed, o) {
			return
		}
		if f[o.name] = n.outcome(o); f[o.name] == "failed" {
			failed = append(failed, o)
			aborted = aborted || o.aborts()
		}
	}
	all := n.leaves(n.outer)
	if n.batch { // those that are damaged first, and then those that may run at once
		for _, o := range all {
			if strings.HasPrefix(o.does, "open ") {
				settle(o)
			}
		}
		var run []*node
		for _, o := range all {
			if f[o.name] == "" && !n.barredAt(all, failed, o) && !strings.HasPrefix(o.does, "open ") {
				run = append(run, o)
			}
		}
		if !aborted {
			for _, o := range run {
				if !n.barredAt(all, failed, o) {
					settle2(n, f, &failed, o)
				}
			}
		}
	} else {
		for _, o := range all {
			if aborted {
				break
			}
			settle(o)
		}
	}
	for _, o := range all {
		if f[o.name] == "" {
			f[o.name] = "skipped"
		}
	}
	for level := n.levels; level >= 1; level-- {
		n.fold(f, level)
	}
	return f
}

// barredAt is barred where failures may stand behind o too.
func (n *nest) barredAt(all, failed []*node, o *node) bool {
	var before []*node
	for _, f := range failed {
		if slices.Index(all, f) < slices.Index(all, o) {
			before = append(before, f)
		}
	}
	return n.barred(before, o)
}

func settle2(n *nest, f fate, failed *[]*node, o *node) {
	if f[o.name] = n.outcome(o); f[o.name] == "failed" {
		*failed = append(*failed, o)
	}
}

// at are the records of a level: those that one of the Unwraps opens.
func (n *nest) at(level int) []*node {
	list := n.outer
	for range level - 1 {
		var next []*node
		for _, o := range list {
			if o.does == "list" {
				next = append(next, o.kids...)
			} else {
				next = append(next, o)
			}
		}
		list = next
	}
	return list
}

// fold decides the lists of a level by what is in them.
func (n *nest) fold(f fate, level int) {
	var failed []*node
	for _, o := range n.at(level) {
		if o.does == "list" && f[o.name] == "" {
			has := map[string]bool{}
			for _, k := range o.kids {
				has[f[k.name]] = true
			}
			switch {
			case has["failed"]:
				f[o.name] = "failed"
			case has["skipped"], len(o.kids) == 0 && n.barred(failed, o):
				f[o.name] = "skipped"
			case has["dropped"]:
				f[o.name] = "dropped"
			default:
				f[o.name] = "succeeded"
			}
		}
		if f[o.name] == "failed" {
			failed = append(failed, o)
		}
	}
}

// exact reports whether there is only one thing that can happen.
func (n *nest) exact() bool {
	if n.slow {
		return false
	}
	if n.workers == 1 {
		return true
	}
	return n.source != "fifo" && n.source != "stop" && !slices.ContainsFunc(n.leaves(n.outer), (*node).aborts)
}

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
