package statetest

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weir-go/weir/state"
)

// tally is what histories went through, for the log, and so that a suite which injects nothing fails.
type tally struct {
	faults                                   faults
	records, deliveries, invocations, killed atomic.Int64
	expired                                  atomic.Int64          // records of windows that are no longer kept
	whole, parts                             atomic.Int64          // histories on stores that commit batches as a whole, or not
	busy, known                              atomic.Int64          // claims
	breach                                   atomic.Pointer[error] // of the contract, by a pipeline
}

func (s *tally) broken() error {
	if err := s.breach.Load(); err != nil {
		return *err
	}
	return nil
}

func (s *tally) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d records, of which the windows of %d expired, %d deliveries in %d invocations, of which %d were killed",
		s.records.Load(), s.expired.Load(), s.deliveries.Load(), s.invocations.Load(), s.killed.Load())
	for i := range s.faults {
		fmt.Fprintf(&b, "\n  %6d x %s", s.faults[i].Load(), faultNames[i])
	}
	return b.String()
}

func (s *tally) check(t *testing.T, claims bool) {
	t.Helper()
	for i := range s.faults {
		if s.faults[i].Load() == 0 && (i != faultLate || s.whole.Load() > 0) {
			t.Errorf("no fault of the kind %q was injected", faultNames[i])
		}
	}
	if s.expired.Load() == 0 {
		t.Error("no window expired")
	}
	if claims && (s.parts.Load() == 0 || s.busy.Load() == 0 || s.known.Load() == 0) {
		t.Errorf("%d histories on a store that commits nothing as a whole, %d claims that were pending elsewhere, %d that were done: each is to be there",
			s.parts.Load(), s.busy.Load(), s.known.Load())
	}
}

// record is one record of a history, and what the source says of it.
type record struct {
	ID    string   `json:"id"`
	Keys  []string `json:"keys"`
	Value int64    `json:"value"`
	At    int64    `json:"at"` // event time, Unix seconds

	seq     string // identifier of the source
	shard   int
	arrived int64 // Unix milliseconds
	sqs     bool
	done    bool
}

// event builds a Lambda event of records of one source.
func event(sqs bool, records []*record) []byte {
	var rows []string
	for _, r := range records {
		body, _ := json.Marshal(r)
		if sqs {
			text, _ := json.Marshal(string(body))
			rows = append(rows, fmt.Sprintf(`{"messageId":%q,"body":%s,"attributes":{"SentTimestamp":"%d","ApproximateReceiveCount":"1"},"eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:eu-west-1:1:q"}`,
				r.seq, text, r.arrived))
			continue
		}
		rows = append(rows, fmt.Sprintf(`{"kinesis":{"partitionKey":"p","sequenceNumber":%q,"data":%q,"approximateArrivalTimestamp":%d.%03d},"eventSource":"aws:kinesis","eventID":"shardId-%012d:%s","eventSourceARN":"arn:aws:kinesis:eu-west-1:1:stream/s"}`,
			r.seq, base64.StdEncoding.EncodeToString(body), r.arrived/1000, r.arrived%1000, r.shard, r.seq))
	}
	return []byte(`{"Records":[` + strings.Join(rows, ",") + `]}`)
}

// history is one random run.
type history struct {
	store state.Store
	rand  *rand.Rand
	setup setup
	recs  []*record
	sum   *tally
	told  *told
	dedup *leftovers   // or nil
	clock atomic.Int64 // Unix seconds, for what has a Retention
}

// setup is what a history draws at its start.
type setup struct {
	Name    string
	Kind    string // of the pipeline
	Windows bool
	ByID    bool
	MaxRows int
	MaxRow  int
	Records int
	Odds    float64
	Told    bool // commits by CommitVersions
	Dedup   bool // has a Deduper
	Atomic  state.Atomicity

	Begin     int64         // of the first window, Unix seconds
	Retention time.Duration // of windows, 0 for ever
}

func newHistory(s state.Store, d state.Deduper, name string, seed uint64) *history {
	r := rand.New(rand.NewPCG(seed, 1))
	caps := s.Caps()
	kinds := kinds
	if caps.OnlyAdds {
		kinds = kinds[:onlyAdds]
	}
	h := &history{store: s, rand: r, setup: setup{
		Name: name, Kind: kinds[r.IntN(len(kinds))].name, Windows: r.IntN(2) == 0, ByID: r.IntN(3) == 0,
		MaxRows: caps.MaxRows, MaxRow: caps.MaxRow, Records: 1 + r.IntN(12), Odds: []float64{0, 0.1, 0.3, 0.5}[r.IntN(4)],
	}}
	if r.IntN(4) == 0 {
		h.setup.Records = 20 + r.IntN(60)
	}
	burst := r.IntN(3) == 0 // all in one receipt
	if burst && r.IntN(5) == 0 {
		h.setup.Records = 200
	}
	if r.IntN(2) == 0 {
		h.setup.MaxRows = 5 + r.IntN(10) // many groups
	}
	if r.IntN(2) == 0 {
		h.setup.MaxRow = 80 + r.IntN(60) // small pages, so that receipts become deep
	}
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC).Unix()
	h.setup.Begin = now
	for i := range h.setup.Records {
		rec := &record{ID: fmt.Sprint("id-", i), Value: r.Int64N(100) - 50, At: now + r.Int64N(5*day), sqs: r.IntN(3) == 0, shard: r.IntN(2)}
		rec.arrived = rec.At*1000 + 1 + r.Int64N(5000)
		if burst {
			rec.arrived, rec.shard, rec.sqs = now*1000+r.Int64N(2000), 0, r.IntN(20) == 0
		}
		rec.seq = fmt.Sprintf("4954%052d", i)
		for range r.IntN(4) {
			rec.Keys = append(rec.Keys, fmt.Sprint("key-", r.IntN(6)))
		}
		h.recs = append(h.recs, rec)
		if h.setup.ByID && r.IntN(3) == 0 { // the same event by another way
			again := *rec
			again.sqs, again.seq = !rec.sqs, rec.seq+"9"
			h.recs = append(h.recs, &again)
		}
	}
	if _, ok := s.(state.Versioner); ok && r.IntN(2) == 0 {
		h.setup.Told, h.told = true, newTold()
	}
	if h.setup.Windows && r.IntN(3) == 0 {
		h.expire()
	}
	if h.setup.Atomic = caps.Atomic; d != nil {
		h.setup.Dedup, h.dedup = true, &leftovers{Deduper: d}
		if r.IntN(2) == 0 {
			h.setup.Atomic = state.None
		}
	}
	return h
}

const day = 86400

// expire gives windows a retention, and a clock that makes some of them expire. They begin today, for by
// its own clock the store may delete what has expired.
func (h *history) expire() {
	today := time.Now().Unix() / day * day
	for _, r := range h.recs {
		r.At += today - h.setup.Begin
		r.arrived += 1000 * (today - h.setup.Begin)
	}
	h.setup.Begin = today
	h.setup.Retention = []time.Duration{time.Hour, 12 * time.Hour, 24 * time.Hour, 60 * time.Hour}[h.rand.IntN(4)]
	h.clock.Store(today + day + h.rand.Int64N(4*day))
}

func (h *history) now() time.Time { return time.Unix(h.clock.Load(), 0) }

// expired tells whether a record's window is no longer kept.
func (h *history) expired(r *record) bool {
	return h.setup.Retention > 0 && h.clock.Load() >= (r.At/day+1)*day+int64(h.setup.Retention.Seconds())
}

// run plays the history and compares.
func (h *history) run(ctx context.Context, sum *tally) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	var late sync.WaitGroup
	defer late.Wait()
	h.sum = sum
	sum.records.Add(int64(len(h.recs)))
	if h.setup.Atomic == state.PerBatch {
		sum.whole.Add(1)
	} else {
		sum.parts.Add(1)
	}
	odds := h.setup.Odds
	var alive []*instance
	for round := 0; slices.ContainsFunc(h.recs, func(r *record) bool { return !r.done }); round++ {
		if err := sum.broken(); err != nil {
			return err
		}
		if round > 300 || ctx.Err() != nil {
			return fmt.Errorf("records stay undone after %d rounds", round)
		}
		if round > 20 {
			odds *= 0.7
		}
		var at []*invocation
		var wg sync.WaitGroup
		for i := range 1 + h.rand.IntN(3) {
			if i == len(alive) {
				alive = append(alive, h.start(&sum.faults, &late))
			}
			if alive[i].dead() || h.rand.IntN(3) == 0 {
				alive[i] = h.start(&sum.faults, &late)
			}
			alive[i].odds = odds
			if h.setup.Retention > 0 && h.rand.IntN(4) == 0 { // also while others work
				h.clock.Add(h.rand.Int64N(day / 3))
			}
			inv := h.draw(alive[i])
			at = append(at, inv)
			wg.Go(func() { inv.run(ctx) })
		}
		wg.Wait()
		for _, inv := range at {
			inv.settle(sum)
			if h.dedup != nil {
				h.dedup.add(inv.in.dedup)
			}
		}
		if h.dedup != nil && (round > 20 || h.rand.IntN(2) == 0) {
			if err := h.dedup.end(ctx, h.setup.Name); err != nil {
				return err
			}
		}
		if h.rand.IntN(4) == 0 {
			late.Wait()
		}
	}
	late.Wait()
	if err := sum.broken(); err != nil {
		return err
	}
	if err := h.told.end(ctx, h.store, h.setup.Name); err != nil {
		return err
	}
	reader := h.start(&sum.faults, &late)
	reader.odds = 0
	return reader.app.compare(ctx, h.distinct())
}

// distinct are the records that count.
func (h *history) distinct() (out []*record) {
	seen := map[string]bool{}
	for _, r := range h.recs {
		if id := r.ID; !h.setup.ByID || !seen[id] {
			seen[id] = true
			out = append(out, r)
		}
	}
	return out
}

// instance is a process of the function.
type instance struct {
	*process
	app app
}

func (h *history) start(n *faults, late *sync.WaitGroup) *instance {
	caps := h.store.Caps()
	caps.MaxRows, caps.MaxRow, caps.Atomic = h.setup.MaxRows, h.setup.MaxRow, h.setup.Atomic
	p := &process{Store: h.store, caps: caps, n: n, sum: h.sum, told: h.told, late: late, rand: rand.New(rand.NewPCG(h.rand.Uint64(), 2))}
	if h.dedup != nil {
		p.dedup = &claiming{Deduper: h.dedup.Deduper, p: p}
	}
	return &instance{p, kindNamed(h.setup.Kind).open(h, p)}
}

// invocation is one batch of one source, in one process.
type invocation struct {
	in       *instance
	sqs      bool
	recs     []*record
	response []byte
	err      error
}

func (h *history) draw(in *instance) *invocation {
	inv := &invocation{in: in, sqs: h.rand.IntN(3) == 0}
	for _, r := range h.recs {
		odds := 0.7
		if r.done {
			odds = 0.15
		}
		if r.sqs != inv.sqs {
			continue
		}
		for h.rand.Float64() < odds {
			inv.recs = append(inv.recs, r)
			odds = 0.05 // twice in one batch
		}
	}
	h.rand.Shuffle(len(inv.recs), func(i, j int) { inv.recs[i], inv.recs[j] = inv.recs[j], inv.recs[i] })
	return inv
}

func (inv *invocation) run(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	inv.in.cancel = cancel
	inv.response, inv.err = inv.in.app.invoke(ctx, inv.sqs, event(inv.sqs, inv.recs))
}

// settle marks what the answer says is done. A process that was killed gave none.
func (inv *invocation) settle(sum *tally) {
	sum.invocations.Add(1)
	sum.deliveries.Add(int64(len(inv.recs)))
	if inv.in.dead() {
		sum.killed.Add(1)
		return
	}
	var answer struct {
		BatchItemFailures []struct{ ItemIdentifier string }
	}
	if inv.err != nil || json.Unmarshal(inv.response, &answer) != nil {
		return
	}
	failed := map[string]bool{}
	for _, f := range answer.BatchItemFailures {
		failed[f.ItemIdentifier] = true
	}
	for _, r := range inv.recs {
		if !failed[r.seq] {
			r.done = true
		}
	}
}
