package weir_test

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

var seed = flag.Uint64("seed", 0, "seed of the property tests, 0 for a new one")

// play is one random batch: what each record does, under which rules.
type play struct {
	source   string
	recs     []rec
	does     map[string]string
	workers  int
	stop     bool
	skip     bool
	goOn     bool // of a Kafka partition
	every    bool // offset is reported
	all      bool
	deadline bool
}

var deeds = []string{"done", "done", "done", "done", "error", "drop", "later", "panic", "goexit", "undecodable", "stuck"}

func newPlay(r *rand.Rand) play {
	p := play{
		source:  []string{"sqs", "fifo", "kinesis", "dynamodb", "kafka"}[r.IntN(5)],
		does:    map[string]string{},
		workers: []int{1, 1, 2, 3, 16}[r.IntN(5)],
		stop:    r.IntN(4) == 0,
		all:     r.IntN(2) == 0,
	}
	p.skip = p.source == "fifo" && !p.stop && r.IntN(2) == 0
	p.goOn = p.source == "kafka" && !p.stop && r.IntN(3) == 0
	p.every = p.source == "kafka" && r.IntN(3) == 0
	p.deadline = r.IntN(5) == 0
	trouble := r.IntN(len(deeds) + 1) // how much of the list is used
	for i := range r.IntN(40) {
		id := fmt.Sprintf("%021d", i+1)
		lane := fmt.Sprint("g", r.IntN(1+r.IntN(8)))
		if p.source == "kafka" {
			lane = "t-" + lane[1:]
			id = fmt.Sprintf("%s@%d", lane, i*i)
		}
		p.recs = append(p.recs, rec{id, lane, id})
		deed := deeds[r.IntN(max(1, trouble))]
		if deed == "stuck" && !p.deadline {
			deed = "error"
		}
		if r.IntN(100) == 0 {
			deed = "abort"
		}
		p.does[id] = deed
	}
	if p.source == "kafka" { // by partition, in the order in which those come first
		first := map[string]int{}
		for i, r := range p.recs {
			if _, known := first[r.lane]; !known {
				first[r.lane] = i
			}
		}
		slices.SortStableFunc(p.recs, func(a, b rec) int { return first[a.lane] - first[b.lane] })
	}
	return p
}

func (p play) lambda(v weir.Verb) *weir.Lambda {
	opts := []weir.FlowOption{weir.Concurrency(p.workers)}
	if p.stop {
		opts = append(opts, weir.StopOnFailure())
	}
	if p.all {
		opts = append(opts, weir.ReportAll())
	}
	return p.with(v, opts)
}

// with builds the Lambda of the play's source.
func (p play) with(v weir.Verb, opts []weir.FlowOption) *weir.Lambda {
	switch p.source {
	case "kafka":
		var ko []weir.KafkaOption
		for _, o := range opts {
			ko = append(ko, o)
		}
		if p.goOn {
			ko = append(ko, weir.ContinueOnFailure())
		}
		if p.every {
			ko = append(ko, weir.ReportEveryOffset())
		}
		return weir.Kafka(v, ko...)
	case "kinesis", "dynamodb":
		var so []weir.StreamOption
		for _, o := range opts {
			so = append(so, o)
		}
		if p.source == "kinesis" {
			return weir.Kinesis(v, so...)
		}
		return weir.DynamoDB(v, so...)
	}
	var so []weir.SQSOption
	for _, o := range opts {
		so = append(so, o)
	}
	if p.skip {
		so = append(so, weir.SkipGroup())
	}
	return weir.SQS(v, so...)
}

func (p play) event() []byte {
	switch p.source {
	case "kinesis":
		return kinesisEvent(p.recs...)
	case "dynamodb":
		return dynamoDBEvent(p.recs...)
	case "fifo":
		return sqsEvent(fifoARN, p.recs...)
	case "kafka":
		return kafkaEvent(p.recs...)
	}
	return sqsEvent(standardARN, p.recs...)
}

// TestProperties plays random batches against what must always hold.
func TestProperties(t *testing.T) {
	t.Parallel()
	s := *seed
	if s == 0 {
		s = rand.Uint64()
	}
	t.Logf("-seed %d", s)
	r := rand.New(rand.NewPCG(s, 0))
	n := 3000
	if testing.Short() {
		n = 300
	}
	for range n {
		p := newPlay(r)
		var problem error
		// The bubble fails if a goroutine is left behind when it ends.
		synctest.Test(t, func(t *testing.T) { problem = p.run(t, rand.New(rand.NewPCG(r.Uint64(), 1))) })
		if problem != nil {
			t.Fatalf("seed %d: %v\n%+v", s, problem, p)
		}
	}
}

func (p play) run(t *testing.T, r *rand.Rand) error {
	var mu sync.Mutex
	var order []string
	var problem error
	running, most := map[string]int{}, 0
	l := p.lambda(weir.EachMessage(func(ctx context.Context, m *weir.Message) error {
		mu.Lock()
		lane := m.OrderingKey
		if lane == "" {
			lane = m.ID
		}
		if running[lane]++; running[lane] > 1 {
			problem = fmt.Errorf("two records of lane %s at a time", lane)
		}
		now := 0
		for _, k := range running {
			now += k
		}
		most = max(most, now)
		order = append(order, m.ID)
		nap := time.Duration(r.IntN(400)) * time.Millisecond // less than half the reserve
		mu.Unlock()
		defer func() {
			mu.Lock()
			running[lane]--
			mu.Unlock()
		}()
		time.Sleep(nap)
		switch p.does[m.ID] {
		case "error":
			return errors.New("error")
		case "drop":
			return weir.Drop(errors.New("drop"))
		case "later":
			return weir.RetryAfter(time.Minute, errors.New("later"))
		case "panic":
			panic("panic")
		case "goexit":
			runtime.Goexit()
		case "undecodable":
			return weir.Undecodable(errors.New("undecodable"))
		case "abort":
			return weir.Abort(errors.New("abort"))
		case "stuck":
			<-ctx.Done()
			return ctx.Err()
		}
		return nil
	}))
	ctx := t.Context()
	if p.deadline {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
	}
	res := p.invoke(t, ctx, l)
	if problem != nil {
		return problem
	}
	if most > p.workers {
		return fmt.Errorf("%d at a time, Concurrency is %d", most, p.workers)
	}
	return p.check(res, order)
}

func (p play) invoke(t *testing.T, ctx context.Context, l *weir.Lambda) report {
	if p.source == "kafka" {
		return invokeKafka(t, ctx, l, p.event())
	}
	return invoke(t, ctx, l, p.event())
}

// resume keeps what a Kafka response has of the records that are not done: each partition's first.
func (p play) resume(undone []string) []string {
	if p.source != "kafka" || p.goOn || p.every {
		return undone
	}
	var firsts []string
	seen := map[string]bool{}
	for _, id := range undone {
		if lane, _, _ := strings.Cut(id, "@"); !seen[lane] {
			seen[lane] = true
			firsts = append(firsts, id)
		}
	}
	return firsts
}

func (p play) check(res report, order []string) error {
	var be *weir.BatchError
	if res.err != nil {
		if !errors.As(res.err, &be) || p.all || len(be.Records) != len(p.recs) || len(p.recs) == 0 {
			return fmt.Errorf("error %w", res.err)
		}
		for _, r := range be.Records {
			res.failed = append(res.failed, r.ID)
		}
	}
	stops := p.source == "fifo" || p.source == "kafka" && !p.goOn // a lane, at a failure
	ran := map[string]int{}
	for i, id := range order {
		if _, twice := ran[id]; twice {
			return fmt.Errorf("%s ran twice", id)
		}
		ran[id] = i
	}
	var want []string
	lastOfLane := map[string]int{}
	failedLane := map[string]bool{}
	failed := false
	for _, r := range p.recs {
		at, did := ran[r.id]
		good := did && (p.does[r.id] == "done" || p.does[r.id] == "drop")
		if !good {
			want = append(want, r.id)
		}
		if did && p.workers == 1 && (failed && (p.stop || p.source == "fifo" && !p.skip) || failedLane[r.lane] && (p.skip || p.source == "kafka" && stops)) {
			return fmt.Errorf("%s ran after a failure", r.id)
		}
		if did && failedLane[r.lane] && stops {
			return fmt.Errorf("%s ran after a failure in its group", r.id)
		}
		if p.source != "sqs" && did {
			if last, ok := lastOfLane[r.lane]; ok && at < last {
				return fmt.Errorf("%s overtook in lane %s", r.id, r.lane)
			}
			lastOfLane[r.lane] = at
		}
		if did && !good {
			failed, failedLane[r.lane] = true, true
		}
	}
	if res.err == nil {
		if !p.all && len(want) > 0 && len(want) == len(p.recs) {
			return errors.New("all failed, and no error")
		}
		want = p.resume(want)
	}
	if p.source != "kafka" { // whose order counts
		slices.Sort(want)
	}
	if !slices.Equal(res.failed, want) && len(res.failed)+len(want) > 0 {
		return fmt.Errorf("reported %v, want %v", res.failed, want)
	}
	return nil
}
