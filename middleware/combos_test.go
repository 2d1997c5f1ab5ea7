package middleware_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/middleware"
	"github.com/weir-go/weir/middleware/deadletter"
	"github.com/weir-go/weir/middleware/once"
	"github.com/weir-go/weir/middleware/visibility"
	"github.com/weir-go/weir/state/mem"
	"github.com/weir-go/weir/streaming"
	"github.com/weir-go/weir/streaming/memlog"
	"github.com/weir-go/weir/weirtest"
)

// combo is a set of options in some order, around a handler each of whose records behaves in its own way.
type combo struct {
	seed  uint64
	rng   *rand.Rand // of the set-up
	parts bool
	once  bool
	late  bool // handlers may ignore their contexts
	names []string
	store *mem.Store

	mu                       sync.Mutex
	fates                    *rand.Rand
	fate, runs, done, letter map[string]int
	order                    []string // of what is done
}

func newCombo(seed uint64) *combo {
	rng := rand.New(rand.NewPCG(seed, 0))
	return &combo{seed: seed, rng: rng, parts: rng.IntN(2) == 0, once: rng.IntN(2) == 0, late: rng.IntN(3) == 0, store: mem.New(),
		fates: rand.New(rand.NewPCG(seed, 1)), fate: map[string]int{}, runs: map[string]int{}, done: map[string]int{}, letter: map[string]int{}}
}

func (c *combo) String() string {
	return fmt.Sprintf("seed %d, parts %v, %v", c.seed, c.parts, c.names)
}

func (c *combo) handle(ctx context.Context, m *weir.Message) error {
	time.Sleep(time.Duration(1+len(m.Payload)) * time.Millisecond)
	c.mu.Lock()
	defer c.mu.Unlock()
	k := string(m.Payload)
	c.runs[k]++
	f, known := c.fate[k]
	if !known {
		f = c.fates.IntN(20)
		c.fate[k] = f
	}
	switch n := c.runs[k]; {
	case ctx.Err() != nil:
		return ctx.Err()
	case f == 0:
		return weir.Drop(errStock)
	case f == 1:
		return weir.Permanent(errStock)
	case f == 2 && n < 3:
		panic("ouch")
	case f == 3 && n < 4:
		return weir.Abort(errStock)
	case f == 4 && n < 3:
		return weir.RetryAfter(time.Second, errStock)
	case f < 8 && n < f-2, f == 9:
		return errStock
	case f == 10 && n < 3:
		return errDown
	case f == 11 && n < 3:
		runtime.Goexit()
	case f == 12 && n < 3, f == 13 && n < 3 && c.late:
		return c.hang(ctx, f == 13)
	}
	c.done[k]++
	c.order = append(c.order, k)
	return nil
}

// hang takes longer than an invocation.
func (c *combo) hang(ctx context.Context, late bool) error {
	c.mu.Unlock()
	defer c.mu.Lock()
	end := ctx.Done()
	if late {
		end = nil
	}
	select {
	case <-end:
	case <-time.After(time.Minute):
	}
	return errStock
}

// verb opens a record into as many parts as its number says, by leaves.
func (c *combo) verb() weir.Verb {
	v := weir.EachMessage(c.handle)
	if !c.parts {
		return v
	}
	return weir.Unwrap(v, func(_ context.Context, m *weir.Message) (parts []weir.Message, err error) {
		for i, text := range c.leaves(string(m.Payload)) {
			parts = append(parts, m.WithPart(i, []byte(text)))
		}
		return parts, nil
	})
}

// leaves are what is handled of a record, whose text is its lane and its number.
func (c *combo) leaves(text string) (all []string) {
	if !c.parts {
		return []string{text}
	}
	_, number, _ := strings.Cut(text, "-")
	n, _ := strconv.Atoi(number)
	for i := range n % 4 {
		all = append(all, fmt.Sprintf("%s/%d", text, i))
	}
	return all
}

func (c *combo) options(coolDown time.Duration) weir.FlowOption {
	rng := rand.New(rand.NewPCG(c.seed, 2))
	sink := deadletter.Func(func(_ context.Context, l *deadletter.Letter) error {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.fates.IntN(4) == 0 {
			return errors.New("the sink is full")
		}
		c.letter[string(l.Payload)]++
		return nil
	})
	many := deadletter.When("many", func(m *weir.Message, _ error) bool { // for sources that do not count
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.runs[string(m.Payload)] > 8
	})
	var opts []weir.FlowOption
	c.names = nil
	add := func(name string, yes bool, o weir.FlowOption) {
		if yes {
			c.names, opts = append(c.names, name), append(opts, o)
		}
	}
	add("once", c.once, once.Use(once.New("x", c.store, once.Lease(10*time.Second)), once.MessageID()))
	add("retry", rng.IntN(2) == 0, middleware.Retry(middleware.Retries{Attempts: 2}))
	add(fmt.Sprint("breaker of ", coolDown), rng.IntN(2) == 0, middleware.Breaker(middleware.Circuit{After: 2, CoolDown: coolDown}))
	add("adaptive", rng.IntN(2) == 0, middleware.Adaptive(middleware.Limits{Most: 4, Start: 1, Throttled: func(error) bool { return true }}))
	add("copies", rng.IntN(3) == 0, weir.Use(func(next weir.Handler) weir.Handler {
		return func(ctx context.Context, m *weir.Message) error {
			own := m.With([]byte(string(m.Payload)))
			return next(weir.WithMessage(ctx, &own), &own)
		}
	}))
	if rng.IntN(3) == 0 {
		breaker, limit := middleware.Breaker(middleware.Circuit{After: 3, CoolDown: coolDown}), middleware.Adaptive(middleware.Limits{Most: 3, Slow: 20 * time.Millisecond})
		for range 2 {
			add("breaker twice", true, breaker)
			add("adaptive twice", true, limit)
		}
	}
	add("panics", rng.IntN(4) == 0, middleware.Retry(middleware.Retries{Panics: true, If: func(error) bool { return true }}))
	add("timeout", rng.IntN(3) == 0, weir.RecordTimeout(5*time.Second))
	add("concurrency", rng.IntN(2) == 0, weir.Concurrency(3))
	add("dead letters", true, deadletter.To(sink, deadletter.Permanent(), many))
	rng.Shuffle(len(opts), func(i, j int) {
		opts[i], opts[j], c.names[i], c.names[j] = opts[j], opts[i], c.names[j], c.names[i]
	})
	return weir.FlowOptions(opts...)
}

// check compares what has become of records with what should.
func (c *combo) check(t *testing.T, records []string, ordered bool) {
	t.Helper()
	for _, r := range records {
		for _, k := range c.leaves(r) {
			if c.done[k]+c.letter[k] == 0 {
				t.Errorf("%v: %s is lost after %d runs, of fate %d", c, k, c.runs[k], c.fate[k])
			}
			if c.once && c.done[k] > 1 {
				t.Errorf("%v: %s is done %d times", c, k, c.done[k])
			}
		}
	}
	last, seen := map[string]int{}, map[string]bool{}
	for _, k := range c.order {
		if seen[k] || !ordered { // again, with all behind it
			continue
		}
		seen[k] = true
		lane, rest, _ := strings.Cut(k, "-")
		number, _, _ := strings.Cut(rest, "/")
		n, _ := strconv.Atoi(number)
		if n < last[lane] {
			t.Errorf("%v: %s is done after %d", c, k, last[lane])
		}
		last[lane] = n
	}
}

type anyVisibility struct{}

func (anyVisibility) ChangeVisibility(context.Context, string, []visibility.Entry) ([]visibility.Failure, error) {
	return nil, nil
}

// Whatever is combined, in whatever order: all is done or put aside in the end, nothing is lost, once is
// once, and lanes keep their order.
func TestCombosOnLambda(t *testing.T) {
	t.Parallel()
	base := rand.Uint64()
	for i := range uint64(120) {
		synctest.Test(t, func(t *testing.T) {
			c := newCombo(base + i)
			source := []string{"SQS", "FIFO", "SkipGroup", "Kinesis", "Kafka"}[c.rng.IntN(5)]
			option := c.options(time.Duration(c.rng.IntN(2)) * time.Second)
			c.names = append(c.names, source)
			var records []string
			var values []any
			for i := range 1 + c.rng.IntN(12) {
				lane := c.rng.IntN(3)
				records = append(records, fmt.Sprintf("%d-%d", lane, i))
				r := weirtest.Record{Value: records[i]}
				switch source {
				case "SQS":
				case "Kafka":
					r.OrderingKey = fmt.Sprint("topic-", lane)
				default:
					r.OrderingKey = fmt.Sprint("g", lane)
				}
				values = append(values, r)
			}
			var event weirtest.Event
			var fn *weir.Lambda
			switch source {
			case "SQS":
				event, fn = weirtest.SQS(values...), weir.SQS(c.verb(), option, visibility.BackOff(anyVisibility{}, visibility.Exponential(time.Second, time.Minute)))
			case "FIFO":
				event, fn = weirtest.FIFO(values...), weir.SQS(c.verb(), option)
			case "SkipGroup":
				event, fn = weirtest.FIFO(values...), weir.SQS(c.verb(), option, weir.SkipGroup())
			case "Kinesis":
				event, fn = weirtest.Kinesis(values...), weir.Kinesis(c.verb(), option)
			case "Kafka":
				event, fn = weirtest.Kafka(values...), weir.Kafka(c.verb(), option)
			}
			assert.NoError(t, fn.Err())
			left := len(records)
			for range 1000 {
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
				r := weirtest.Run(ctx, fn, event)
				cancel()
				if left = len(r.Retried()); left == 0 {
					break
				}
				event = event.Again(r.Retried()...)
				time.Sleep(time.Second)
			}
			if left > 0 {
				t.Errorf("%v: %d records are not done for ever", c, left)
			}
			time.Sleep(time.Minute)                                     // for those that are late
			c.check(t, records, source != "SQS" && source != "Kinesis") // of Kinesis what follows a failure runs before it is back
		})
		if t.Failed() {
			return
		}
	}
}

// The same behind one or two workers, whose partitions move.
func TestCombosInWorkers(t *testing.T) {
	t.Parallel()
	base := rand.Uint64()
	for i := range uint64(120) {
		synctest.Test(t, func(t *testing.T) {
			c := newCombo(base + i)
			log := memlog.New("orders", 3)
			var records []string
			for i := range 5 + c.rng.IntN(40) {
				p := c.rng.IntN(3)
				records = append(records, fmt.Sprintf("%d-%d", p, i))
				log.Append(p, []byte(records[i]))
			}
			log.End()
			group := log.Group()
			concurrency, batch, workers := 1+c.rng.IntN(3), 1+c.rng.IntN(20), 1+c.rng.IntN(2)
			var all sync.WaitGroup
			for range workers {
				member, option := group.Member(), c.options(time.Second) // each has its own
				all.Go(func() {
					ctx, cancel := context.WithTimeout(t.Context(), 2*time.Hour)
					defer cancel()
					err := streaming.Run(ctx, c.verb(), member, streaming.Handling(option), streaming.Concurrency(concurrency),
						streaming.BatchRecords(batch), streaming.Attempts(1_000_000))
					if err != nil {
						t.Errorf("%v: %v", c, err)
					}
				})
			}
			for range 5 {
				time.Sleep(200 * time.Millisecond)
				group.Rebalance()
			}
			all.Wait()
			time.Sleep(time.Minute)
			c.check(t, records, true)
			for _, v := range group.Violations() {
				t.Errorf("%v: %v", c, v)
			}
		})
		if t.Failed() {
			return
		}
	}
}
