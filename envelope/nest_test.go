package envelope_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/weir-go/weir"
)

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
