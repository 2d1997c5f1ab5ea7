package deadletter_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/middleware/deadletter"
	"github.com/weir-go/weir/weirtest"
)

var errNo = errors.New("no")

// box is a sink in memory.
type box struct {
	mu      sync.Mutex
	letters []deadletter.Letter
}

func (b *box) Send(_ context.Context, l *deadletter.Letter) error {
	data, err := l.Encode()
	if err != nil {
		return err
	}
	back, err := deadletter.Parse(data)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.letters = append(b.letters, back...)
	return nil
}

func (b *box) ids() string {
	var ids []string
	for _, l := range b.letters {
		ids = append(ids, l.RecordID+l.Part)
	}
	return strings.Join(ids, " ")
}

func fails(err error) func(context.Context, string) error {
	return func(context.Context, string) error { return err }
}

// Which policy gives up what, and why.
func TestPolicies(t *testing.T) {
	t.Parallel()
	now := func(age time.Duration) weirtest.Record {
		return weirtest.Record{ID: "m1", Value: "x", Time: time.Now().Add(-age), Attempt: 5}
	}
	all := []deadletter.Option{
		deadletter.MaxReceives(5), deadletter.MaxAge(time.Hour), deadletter.Undecodable(), deadletter.Permanent(),
		deadletter.When("always", func(*weir.Message, error) bool { return true }),
	}
	for _, tt := range []struct {
		name   string
		err    error
		age    time.Duration
		opts   []deadletter.Option
		reason deadletter.Reason // "" for a record that is retried
	}{
		{"nothing", errNo, 0, nil, ""},
		{"dropped", weir.Drop(errNo), 0, nil, deadletter.ReasonDropped},
		{"received often", errNo, 0, []deadletter.Option{deadletter.MaxReceives(5)}, deadletter.ReasonReceives},
		{"not often enough", errNo, 0, []deadletter.Option{deadletter.MaxReceives(6)}, ""},
		{"too old", errNo, time.Hour, []deadletter.Option{deadletter.MaxAge(time.Hour)}, deadletter.ReasonAge},
		{"not old enough", errNo, time.Hour - time.Minute, []deadletter.Option{deadletter.MaxAge(time.Hour)}, ""},
		{"undecodable", weir.Undecodable(errNo), 0, []deadletter.Option{deadletter.Undecodable()}, deadletter.ReasonUndecodable},
		{"undecodable, without a policy", weir.Undecodable(errNo), 0, []deadletter.Option{deadletter.Permanent()}, ""},
		{"permanent", fmt.Errorf("about: %w", weir.Permanent(errNo)), 0, []deadletter.Option{deadletter.Permanent()}, deadletter.ReasonPermanent},
		{"a part is permanent", errors.Join(errNo, weir.Permanent(errNo)), 0, []deadletter.Option{deadletter.Permanent()}, ""},
		{"permanent, without a policy", weir.Permanent(errNo), 0, []deadletter.Option{deadletter.Undecodable()}, ""},
		{"a rule", errNo, 0, []deadletter.Option{deadletter.When("no", func(_ *weir.Message, err error) bool { return errors.Is(err, errNo) })}, deadletter.ReasonRule},
		{"retry later", weir.RetryAfter(time.Hour, errNo), 0, all, deadletter.ReasonReceives},
		{"an abort", weir.Abort(errNo), 2 * time.Hour, all, ""},
		{"a part is an abort", errors.Join(errNo, weir.Abort(errNo)), 2 * time.Hour, all, ""},
		{"unavailable", weir.Unavailable(errNo), 2 * time.Hour, all, ""},
		{"blameless", fmt.Errorf("x: %w", blameless(true)), 2 * time.Hour, all, ""},
		{"not blameless", fmt.Errorf("x: %w", blameless(false)), 2 * time.Hour, all, deadletter.ReasonReceives},
		{"the deadline", fmt.Errorf("%w: %w", weir.ErrDeadlineNear, errNo), 2 * time.Hour, all, ""},
	} {
		synctest.Test(t, func(t *testing.T) {
			var b box
			fn := weir.SQS(weir.Each(fails(tt.err)), deadletter.To(&b, tt.opts...), weir.ReportAll())
			assert.NoError(t, fn.Err())
			r := weirtest.Run(t.Context(), fn, weirtest.SQS(now(tt.age)))
			if tt.reason == "" {
				assert.Equal(t, r.Records[0].State, weirtest.Failed, tt.name)
				assert.Equal(t, len(b.letters), 0, tt.name)
				return
			}
			assert.Equal(t, r.Records[0].State, weirtest.Dropped, tt.name)
			assert.Equal(t, len(b.letters), 1, tt.name)
			l := b.letters[0]
			assert.Equal(t, l.Reason, tt.reason, tt.name)
			assert.Contains(t, l.Error, "no")
			assert.Equal(t, []any{string(l.Payload), l.Attempt, l.RecordID, l.Source, l.GivenUpAt.Equal(time.Now())},
				[]any{"x", 5, "m1", "arn:aws:sqs:eu-west-1:123456789012:queue", true}, tt.name)
		})
	}
}

// What was not run or not finished is not given up, however old it is.
func TestNothingIsGivenUpForTheDeadline(t *testing.T) {
	t.Parallel()
	for _, obedient := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			var b box
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			fn := weir.SQS(weir.Each(func(ctx context.Context, _ string) error {
				if obedient {
					<-ctx.Done()
				} else {
					time.Sleep(2 * time.Minute)
				}
				return errNo
			}), deadletter.To(&b, deadletter.MaxReceives(1), deadletter.MaxAge(1)), weir.ReportAll())
			r := weirtest.Run(ctx, fn, weirtest.SQS("a", "b"))
			assert.Equal(t, len(r.Retried()), 2)
			synctest.Wait()
			time.Sleep(5 * time.Minute)
			assert.Equal(t, b.ids(), "")
		})
	}
}

// A sink that fails, panics, ends its goroutine, dawdles or never returns fails the record, and so does one
// whose answer is lost: it may have the letter then.
func TestSinkFails(t *testing.T) {
	t.Parallel()
	var b box
	for name, send := range map[string]deadletter.Func{
		"down":   func(context.Context, *deadletter.Letter) error { return errNo },
		"panics": func(context.Context, *deadletter.Letter) error { panic("no") },
		"lost": func(ctx context.Context, l *deadletter.Letter) error {
			_ = b.Send(ctx, l)
			return errNo
		},
		"slow": func(ctx context.Context, l *deadletter.Letter) error {
			select {
			case <-ctx.Done():
				return context.Cause(ctx)
			case <-time.After(time.Hour):
				return nil
			}
		},
		"never": func(context.Context, *deadletter.Letter) error { time.Sleep(time.Hour); return nil },
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			begin := time.Now()
			fn := weir.SQS(weir.Each(func(_ context.Context, s string) error {
				if s == "bad" {
					return errNo
				}
				return nil
			}), deadletter.To(send, deadletter.MaxReceives(1)))
			r := weirtest.Run(ctx, fn, weirtest.SQS("good", "bad", "good"))
			if took := time.Since(begin); took >= 20*time.Second {
				t.Errorf("%s: answered after %v", name, took)
			}
			if name == "slow" || name == "never" {
				assert.Equal(t, len(r.Retried()), 2, name) // and that behind it has not been run
				assert.Equal(t, r.Records[2].State, weirtest.Skipped, name)
			} else {
				r.Want(t, weirtest.Succeeded, weirtest.Failed, weirtest.Succeeded)
				assert.Error(t, r.Records[1].Err, "no")
			}
			time.Sleep(2 * time.Hour) // whoever is late
		})
	}
	assert.Equal(t, len(b.letters), 1)
}

// Timeout bounds a sink where the deadline is far, or there is none.
func TestTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		slow := deadletter.Func(func(ctx context.Context, _ *deadletter.Letter) error {
			<-ctx.Done()
			return context.Cause(ctx)
		})
		begin := time.Now()
		r := weirtest.Run(t.Context(), weir.SQS(weir.Each(fails(weir.Drop(errNo))), deadletter.To(slow)), weirtest.SQS("a"))
		assert.Error(t, r.Records[0].Err, "deadletter: the sink did not take the record", "deadline exceeded", "given up for: no")
		assert.Equal(t, time.Since(begin), deadletter.DefaultTimeout)
		begin = time.Now()
		weirtest.Run(t.Context(), weir.SQS(weir.Each(fails(weir.Drop(errNo))), deadletter.To(slow, deadletter.Timeout(time.Second))), weirtest.SQS("a"))
		assert.Equal(t, time.Since(begin), time.Second)
	})
}

type wrong struct{ *box }

func (wrong) Err() error { return errors.New("no bucket") }

func TestRefused(t *testing.T) {
	t.Parallel()
	var b box
	each := weir.Each(fails(nil))
	keep := func(_ context.Context, _ *weir.Message, err error) error { return err }
	for want, fn := range map[string]*weir.Lambda{
		"the sink is nil":                    weir.SQS(each, deadletter.To(nil)),
		"no bucket":                          weir.SQS(each, deadletter.To(wrong{&b})),
		"MaxReceives(0)":                     weir.SQS(each, deadletter.To(&b, deadletter.MaxReceives(0))),
		"MaxAge(0s)":                         weir.SQS(each, deadletter.To(&b, deadletter.MaxAge(0))),
		"Timeout(-1ns)":                      weir.SQS(each, deadletter.To(&b, deadletter.Timeout(-1))),
		`When("x")`:                          weir.SQS(each, deadletter.To(&b, deadletter.When("x", nil))),
		"option 0 is nil":                    weir.SQS(each, deadletter.To(&b, nil)),
		"OnFailure beside deadletter.To":     weir.SQS(each, deadletter.To(&b, deadletter.MaxAge(1)), weir.OnFailure(keep)),
		"deadletter.To beside deadletter.To": weir.SQS(each, deadletter.To(&b, deadletter.MaxAge(1)), deadletter.To(&b, deadletter.Permanent())),
	} {
		assert.Error(t, fn.Err(), want)
	}
	assert.NoError(t, weir.SQS(each, deadletter.To(&b), weir.OnFailure(keep)).Err())
	for want, s := range map[string]deadletter.Sink{"a nil deadletter.Func": deadletter.Func(nil), "no bucket": wrong{&b}, "make it by OpenFile": &deadletter.File{}} {
		assert.Error(t, deadletter.Send(s)(t.Context(), &weir.Message{}, errNo), want)
	}
	assert.Error(t, new(deadletter.File).Send(t.Context(), &deadletter.Letter{}), "make it by OpenFile")
	assert.Error(t, new(deadletter.File).Close(), "make it by OpenFile")
}

// A policy that can never do what it is there for says so.
func TestLamePolicy(t *testing.T) {
	t.Parallel()
	var b box
	r := weirtest.Run(t.Context(), weir.Kinesis(weir.Each(fails(errNo)), deadletter.To(&b, deadletter.MaxReceives(1))), weirtest.Kinesis("x"))
	assert.Error(t, r.Records[0].Err, "no (not given up by deadletter.MaxReceives(1): the source does not count deliveries: use MaxAge)")
	r = weirtest.Run(t.Context(), weir.Kinesis(weir.Each(fails(errNo)), deadletter.To(&b, deadletter.MaxReceives(1), deadletter.MaxAge(1e6*time.Hour))), weirtest.Kinesis("x"))
	assert.Equal(t, r.Records[0].Err, errNo)
}

// Other verbs, other sources.
func TestEverywhere(t *testing.T) {
	t.Parallel()
	old := deadletter.MaxAge(1)
	batch := weir.Batch(func(_ context.Context, b *weir.BatchOf[string]) error {
		for r := range b.All() {
			if r.Value == "bad" {
				b.Fail(r, errNo)
			}
		}
		return nil
	})
	one := weir.Each(func(_ context.Context, s string) error {
		if s == "bad" {
			panic(errNo)
		}
		return nil
	})
	split := weir.Unwrap(one, func(_ context.Context, m *weir.Message) (inside []weir.Message, err error) {
		if string(m.Payload) == "good" {
			return nil, errNo
		}
		for i, part := range strings.Fields(string(m.Payload)) {
			inside = append(inside, m.WithPart(i, []byte(part)))
		}
		return inside, nil
	})
	item := weir.Each(func(_ context.Context, c weir.Change[struct{ N int }]) error {
		if c.New.N == 1 {
			return errNo
		}
		return nil
	})
	for _, tt := range []struct {
		name  string
		fn    func(o weir.FlowOption) *weir.Lambda
		event weirtest.Event
		want  string
	}{
		{"Batch", func(o weir.FlowOption) *weir.Lambda { return weir.SQS(batch, o) }, weirtest.SQS("good", "bad"), "bad"},
		{"FIFO", func(o weir.FlowOption) *weir.Lambda { return weir.SQS(one, o) }, weirtest.FIFO("good", "bad", "good"), "bad"},
		{"Kinesis", func(o weir.FlowOption) *weir.Lambda { return weir.Kinesis(one, o) }, weirtest.Kinesis("bad", "good"), "bad"},
		{"Kafka", func(o weir.FlowOption) *weir.Lambda { return weir.Kafka(one, o) }, weirtest.Kafka("good", "bad", "good"), "bad"},
		{"Unwrap", func(o weir.FlowOption) *weir.Lambda { return weir.Kinesis(split, o) }, weirtest.Kinesis("a bad b", "good"), "bad good"},
		{"DynamoDB", func(o weir.FlowOption) *weir.Lambda { return weir.DynamoDB(item, o) },
			weirtest.DynamoDB(weirtest.Table{Key: "N"}, weirtest.Inserted(struct{ N int }{1}), weirtest.Inserted(struct{ N int }{2})), ""},
	} {
		var b box
		fn := tt.fn(deadletter.To(&b, old))
		assert.NoError(t, fn.Err())
		r := weirtest.Run(t.Context(), fn, tt.event)
		assert.Equal(t, len(r.Retried()), 0, tt.name)
		var got []string
		for _, l := range b.letters {
			got = append(got, string(l.Payload))
			if len(l.Record) == 0 {
				t.Errorf("%s: no record", tt.name)
			}
			if strings.HasPrefix(l.Error, "panic") && !strings.Contains(l.Stack, "to_test.go") {
				t.Errorf("%s: no stack", tt.name)
			}
		}
		assert.Equal(t, strings.Join(got, " "), tt.want, tt.name)
	}
}

// A worker gives records up the same way.
func TestRunner(t *testing.T) {
	t.Parallel()
	var b box
	r := weir.NewRunner("worker", weir.Each(fails(errNo)), deadletter.To(&b, deadletter.MaxReceives(3)))
	out := r.Run(t.Context(), []weir.Message{{ID: "1", Payload: []byte("x"), Attempt: 3}, {ID: "2", Payload: []byte("y"), Attempt: 2}})
	is, _ := out.Of(0)
	assert.Equal(t, is, weir.Dropped)
	is, _ = out.Of(1)
	assert.Equal(t, is, weir.Failed)
	assert.Equal(t, b.ids(), "1")

	send := deadletter.Send(&b)
	assert.NoError(t, send(t.Context(), &weir.Message{ID: "3"}, errNo))
	assert.Equal(t, b.ids(), "1 3")
	assert.Error(t, deadletter.Send(nil)(t.Context(), &weir.Message{ID: "3"}, errNo), "sink is nil")
}

type bomb struct{}

func (bomb) Error() string { panic("of the error") }
func (bomb) Unwrap() error { panic("of the error") }

// An error whose methods panic does not keep its record from being put aside.
func TestHostileErrors(t *testing.T) {
	t.Parallel()
	l := deadletter.NewLetter(&weir.Message{}, weir.Drop(bomb{}))
	assert.Contains(t, l.Error, "bomb, whose Error method panics")
	l = deadletter.NewLetter(&weir.Message{}, weir.Drop(nil))
	assert.Equal(t, l.Error, "no reason given")
	l = deadletter.NewLetter(&weir.Message{}, nil)
	assert.Equal(t, l.Error, "no reason given")
	l = deadletter.NewLetter(&weir.Message{}, weir.Drop(errors.New(strings.Repeat("é", 1<<20))))
	assert.Contains(t, l.Error, "é... (2097152 bytes in all)")
	if len(l.Error) > 65<<10 {
		t.Errorf("%d bytes", len(l.Error))
	}
	l = deadletter.NewLetter(&weir.Message{}, weir.Drop(fmt.Errorf("a: %w", errors.Join(errNo, weir.Permanent(errNo)))))
	assert.Equal(t, fmt.Sprint(l.ErrorTypes), "[*fmt.wrapError *errors.joinError *errors.errorString *weir.PermanentError *errors.errorString]")
}

// TestNothingIsLost: random records, failures and faults of the sink, over redeliveries. In the end each
// record is processed or in the sink, and both only where an answer was lost.
func TestNothingIsLost(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	for range 100 {
		const n = 30
		var mu sync.Mutex
		chance := func(p float64) bool {
			mu.Lock()
			defer mu.Unlock()
			return r.Float64() < p
		}
		bad, faulty := r.Float64(), r.Float64()*0.8
		processed, lost := map[string]bool{}, map[string]bool{}
		var b box
		sink := deadletter.Func(func(ctx context.Context, l *deadletter.Letter) error {
			switch {
			case chance(faulty / 3):
				return errNo
			case chance(faulty / 3):
				panic("the sink")
			case chance(faulty / 3):
				mu.Lock()
				lost[l.RecordID] = true
				mu.Unlock()
				_ = b.Send(ctx, l)
				return errors.New("no answer")
			}
			return b.Send(ctx, l)
		})
		handle := func(ctx context.Context, s string) error {
			m, _ := weir.FromContext(ctx)
			switch {
			case chance(bad / 4):
				return weir.Permanent(errNo)
			case chance(bad / 4):
				return weir.Undecodable(errNo)
			case chance(bad / 4):
				panic("the handler")
			case chance(bad / 4):
				return errNo
			}
			mu.Lock()
			defer mu.Unlock()
			processed[m.ID] = true
			return nil
		}
		opts := []weir.SQSOption{deadletter.To(sink, deadletter.MaxReceives(3), deadletter.Permanent(), deadletter.Undecodable()), weir.ReportAll(), weir.Concurrency(1 + r.IntN(4))}
		event := weirtest.SQS(records(n)...)
		if r.IntN(2) == 0 {
			event = weirtest.FIFO(records(n)...)
		}
		fn := weir.SQS(weir.Each(handle), opts...)
		for deliveries := 0; event.Len() > 0; deliveries++ {
			if deliveries > 1000 {
				t.Fatal("it does not end")
			}
			res := weirtest.Run(t.Context(), fn, event)
			event = event.Again(res.Retried()...)
		}
		sunk := map[string]int{}
		letters := map[string]string{}
		for _, l := range b.letters {
			sunk[l.RecordID]++
			letters[l.RecordID] += l.ID + " "
		}
		for id := range letters {
			if all := strings.Fields(letters[id]); len(all) != strings.Count(letters[id], all[0]) {
				t.Fatalf("%s: letters %s", id, letters[id])
			}
		}
		for _, id := range weirtest.SQS(records(n)...).IDs() {
			switch {
			case !processed[id] && sunk[id] == 0:
				t.Fatalf("%s is lost", id)
			case (processed[id] && sunk[id] > 0 || sunk[id] > 1) && !lost[id]:
				t.Fatalf("%s: processed: %v, letters: %d, and no answer was lost", id, processed[id], sunk[id])
			}
		}
	}
}

func records(n int) (values []any) {
	for i := range n {
		values = append(values, fmt.Sprint(i))
	}
	return values
}

// Batches at the same time share a sink.
func TestConcurrently(t *testing.T) {
	t.Parallel()
	var b box
	fn := weir.SQS(weir.Each(fails(weir.Drop(errNo))), weir.Concurrency(4), deadletter.To(&b))
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() { weirtest.Run(t.Context(), fn, weirtest.SQS(records(20)...)).WantDone(t) })
	}
	all.Wait()
	assert.Equal(t, len(b.letters), 320)
}

func BenchmarkTo(b *testing.B) {
	event := weirtest.SQS(records(1000)...).JSON()
	for _, tt := range []struct {
		name string
		err  error
		opts []weir.SQSOption
	}{
		{"without", nil, nil},
		{"nothing fails", nil, []weir.SQSOption{deadletter.To(&box{}, deadletter.MaxReceives(5), deadletter.Undecodable())}},
		{"all dropped", weir.Drop(errNo), []weir.SQSOption{deadletter.To(deadletter.Func(func(_ context.Context, l *deadletter.Letter) error {
			_, err := l.Encode()
			return err
		}))}},
	} {
		b.Run(tt.name+"/n=1000", func(b *testing.B) {
			fn := weir.SQS(weir.Each(fails(tt.err)), tt.opts...)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := fn.Invoke(b.Context(), event); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

type blameless bool

func (b blameless) Error() string   { return "no fault of the record's" }
func (b blameless) Blameless() bool { return bool(b) }
