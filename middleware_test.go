package weir_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/assert"
)

func pass(next weir.Handler) weir.Handler { return next }

func nothing(context.Context, string) error { return nil }

func TestUseIsMadeForEachBatch(t *testing.T) {
	t.Parallel()
	var made int
	count := func(next weir.Handler) weir.Handler {
		made++
		n := 0
		return func(ctx context.Context, m *weir.Message) error {
			if n++; n > 2 {
				return fmt.Errorf("record %d of the batch", n)
			}
			return next(ctx, m)
		}
	}
	l := weir.SQS(weir.Each(nothing), weir.Use(count))
	for range 2 {
		assert.Equal(t, invoke(t, t.Context(), l, sqsEvent(standardARN, named("a", "b", "c")...)).failed, []string{"c"})
	}
	assert.Equal(t, made, 2)
}

func TestUseThatGoesWrong(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		m    weir.Middleware
		want string
	}{
		"panics while made":  {func(weir.Handler) weir.Handler { panic("boom") }, "panic: boom"},
		"makes no handler":   {func(weir.Handler) weir.Handler { return nil }, "middleware 1 returned a nil Handler"},
		"panics on a record": {func(weir.Handler) weir.Handler { return func(context.Context, *weir.Message) error { panic("boom") } }, "panic: boom"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := weir.SQS(weir.Each(nothing), weir.Use(pass, c.m))
			assert.NoError(t, l.Err())
			res := invoke(t, t.Context(), l, sqsEvent(standardARN, named("a", "b")...))
			assert.Error(t, res.err, "2 of 2 records failed", c.want)
			var ours *weir.UnavailableError // so that no policy gives records up for it
			assert.Equal(t, errors.As(res.err, &ours), name != "panics on a record")
		})
	}
}

func TestUseRefused(t *testing.T) {
	t.Parallel()
	all := func(context.Context, *weir.BatchOf[string]) error { return nil }
	assert.Error(t, weir.SQS(weir.Each(nothing), weir.Use(pass, nil)).Err(), "middleware 1 is nil")
	assert.Error(t, weir.SQS(weir.Batch(all), weir.Use(pass)).Err(), "Use: does not apply to Batch")
	assert.NoError(t, weir.SQS(weir.Batch(all), weir.Use()).Err())
	assert.Error(t, weir.SQS(weir.Unwrap(weir.Batch(all), lines), weir.Use(pass)).Err(), "Use: does not apply to Batch")
	assert.Error(t, weir.SQS(weir.Each(nothing), weir.OnFailure(nil)).Err(), "OnFailure(nil)")
	giveUp := weir.OnFailure(func(_ context.Context, _ *weir.Message, err error) error { return err })
	assert.Error(t, weir.SQS(weir.Each(nothing), giveUp, giveUp).Err(), "OnFailure beside OnFailure")
	assert.Error(t, weir.SQS(weir.Batch(all), weir.Named("shop.Retry", weir.Named("inner", weir.Use(pass))), weir.Named("shop.Log", weir.Use(pass))).Err(),
		"shop.Retry, shop.Log: does not apply to Batch")
	assert.Error(t, weir.Kinesis(weir.Each(nothing), weir.Named("shop.Letters", giveUp), giveUp).Err(), "OnFailure beside shop.Letters: only one can")
	assert.Error(t, weir.SQS(weir.Each(nothing), weir.FlowOptions(giveUp, nil)).Err(), "option 1 is nil")
	assert.Error(t, weir.SQS(weir.Each(nothing), weir.SQSOnly(weir.Refuse(io.ErrNoProgress))).Err(), io.ErrNoProgress.Error())
	_, err := weir.SQS(weir.Each(nothing), weir.Refuse(io.ErrNoProgress)).Invoke(t.Context(), sqsEvent(standardARN))
	assert.Equal(t, errors.Is(err, io.ErrNoProgress), true)
}

// Middleware sees the batch, stands inside the record's timeout, and may hand on another message.
func TestUseAroundARecord(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		look := func(next weir.Handler) weir.Handler {
			return func(ctx context.Context, m *weir.Message) error {
				var ids []string
				for other := range weir.BatchFromContext(ctx) {
					ids = append(ids, other.ID)
				}
				if m.ID == "slow" {
					<-ctx.Done()
					return context.Cause(ctx)
				}
				inner := m.With([]byte(strings.Join(ids, " ")))
				return next(weir.WithMessage(ctx, &inner), &inner)
			}
		}
		l := weir.SQS(weir.Each(func(ctx context.Context, s string) error {
			m, _ := weir.FromContext(ctx)
			if s != "a slow b" || string(m.Payload) != s || m.Attribute("awsRegion") != "eu-west-1" {
				return fmt.Errorf("%s: %q", m.ID, s)
			}
			return nil
		}), weir.Use(look), weir.RecordTimeout(time.Second), weir.Concurrency(2))
		res := invoke(t, t.Context(), l, sqsEvent(standardARN, named("a", "slow", "b")...))
		assert.NoError(t, res.err)
		assert.Equal(t, res.failed, []string{"slow"})
		assert.Equal(t, errors.Is(res.records[1].Err, weir.ErrRecordTimeout), true)
	})
	for range weir.BatchFromContext(t.Context()) {
		t.Error("a batch without one")
	}
}

func TestOnFailure(t *testing.T) {
	t.Parallel()
	giveUp := func(_ context.Context, m *weir.Message, err error) error {
		switch m.ID {
		case "nil":
			return nil
		case "drop":
			return weir.Drop(err)
		case "panic":
			panic("of the policy")
		case "abort":
			return weir.Abort(err)
		}
		return err
	}
	for name, c := range map[string]struct {
		v    weir.Verb
		opts []weir.SQSOption
		arn  string
		want string
	}{
		"errors": {weir.Each(func(context.Context, string) error { return io.EOF }), nil, standardARN,
			"nil dropped, drop dropped, panic failed, other failed, abort failed, last skipped"},
		"panics": {weir.Each(func(context.Context, string) error { panic(io.EOF) }), nil, standardARN,
			"nil dropped, drop dropped, panic failed, other failed, abort failed, last skipped"},
		"in a batch": {weir.Batch(func(context.Context, *weir.BatchOf[string]) error { return io.EOF }), nil, standardARN,
			"nil dropped, drop dropped, panic failed, other failed, abort failed, last failed"},
		"undecodable": {weir.Each(func(context.Context, int) error { return nil }), nil, standardARN,
			"nil dropped, drop dropped, panic failed, other failed, abort failed, last skipped"},
		"undecodable and dropped": {weir.Each(func(context.Context, int) error { return nil }), []weir.SQSOption{weir.OnUndecodable(weir.DropUndecodable)}, standardARN,
			"nil dropped, drop dropped, panic dropped, other dropped, abort dropped, last dropped"},
		"success": {weir.Each(nothing), nil, standardARN,
			"nil succeeded, drop succeeded, panic succeeded, other succeeded, abort succeeded, last succeeded"},
		"a queue goes on behind what was given up": {weir.Each(func(context.Context, string) error { return io.EOF }), nil, fifoARN,
			"nil dropped, drop dropped, panic failed, other skipped, abort skipped, last skipped"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := weir.SQS(c.v, append(c.opts, weir.OnFailure(giveUp))...)
			res := invoke(t, t.Context(), l, sqsEvent(c.arn, named("nil", "drop", "panic", "other", "abort", "last")...))
			assert.Equal(t, res.states(), c.want)
		})
	}
}

// A failing observer of what was given up fails the record, and is not asked about again.
func TestOnFailureThenTheObserver(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	giveUp := weir.OnFailure(func(_ context.Context, _ *weir.Message, err error) error {
		asked.Add(1)
		return weir.Drop(err)
	})
	for what, trip := range map[string]func() error{
		"error": func() error { return io.ErrClosedPipe },
		"panic": func() error { panic("sink") },
	} {
		asked.Store(0) // and asked once a record
		d := &diary{trip: map[string]func() error{"dropped a": trip}}
		l := weir.SQS(weir.Each(func(context.Context, string) error { return io.EOF }), giveUp, weir.Observe(d))
		res := invoke(t, t.Context(), l, sqsEvent(standardARN, named("a", "b")...))
		assert.Equal(t, res.states(), "a failed, b dropped", what)
		assert.Equal(t, asked.Load(), 2, what)
		assert.Contains(t, strings.Join(d.lines, ","), "dropped a,failed a")
	}
}

func TestOnFailureOfADamagedRecord(t *testing.T) {
	t.Parallel()
	l := weir.Kinesis(weir.Each(nothing), weir.OnFailure(func(_ context.Context, m *weir.Message, err error) error {
		if !errors.Is(err, weir.ErrUndecodable) {
			t.Errorf("%v", err)
		}
		return weir.Drop(err)
	}))
	event := strings.Replace(string(kinesisEvent(named("1", "2")...)), `"data":"MQ=="`, `"data":7`, 1)
	assert.Equal(t, invoke(t, t.Context(), l, []byte(event)).states(), "1 dropped, 2 succeeded")
}

type spanKey struct{}

// spanner gives batches a context of its own.
type spanner struct {
	ids   []string
	ended any
	died  error
	boom  bool
}

func (s *spanner) BatchContext(ctx context.Context, batch iter.Seq[*weir.Message]) context.Context {
	if s.boom {
		panic("boom")
	}
	for m := range batch {
		s.ids = append(s.ids, m.ID+m.Attribute("awsRegion"))
	}
	return context.WithValue(ctx, spanKey{}, "span")
}

func (s *spanner) BatchEnded(ctx context.Context, _ weir.Summary) {
	s.ended, s.died = ctx.Value(spanKey{}), ctx.Err()
}

func TestBatchContext(t *testing.T) {
	t.Parallel()
	for name, v := range map[string]weir.Verb{
		"each": weir.Each(func(ctx context.Context, _ string) error {
			if ctx.Value(spanKey{}) != "span" {
				return io.EOF
			}
			return nil
		}),
		"batch": weir.Batch(func(ctx context.Context, _ *weir.BatchOf[string]) error {
			if ctx.Value(spanKey{}) != "span" {
				return io.EOF
			}
			return nil
		}),
	} {
		s := new(spanner)
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		res := invoke(t, ctx, weir.SQS(v, weir.Observe(s)), sqsEvent(standardARN, named("a", "b")...))
		assert.Equal(t, res.states(), "a succeeded, b succeeded", name)
		assert.Equal(t, s.ids, []string{"aeu-west-1", "beu-west-1"}, name)
		assert.Equal(t, s.ended, any("span"), name)
		assert.NoError(t, s.died)
	}
	s := new(spanner)
	broken := weir.NewRunner("x", weir.Each(nothing), weir.Observe(s), weir.Refuse(io.EOF))
	broken.Run(t.Context(), []weir.Message{{ID: "a"}})
	assert.Equal(t, s.ended, any("span"), "of a Runner that cannot work")
	s = &spanner{boom: true}
	res := invoke(t, t.Context(), weir.SQS(weir.Each(nothing), weir.Observe(s)), sqsEvent(standardARN, named("a")...))
	assert.Equal(t, res.states(), "a succeeded", "an observer that panics changes nothing")
}

// What is said after the answer changes nothing, so nobody is asked about it.
func TestPoliciesAfterTheAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var asked atomic.Int32
		l := weir.SQS(weir.Each(func(context.Context, string) error {
			time.Sleep(time.Minute)
			return weir.Undecodable(io.EOF)
		}), weir.OnUndecodable(func(context.Context, *weir.Message, error) error { asked.Add(1); return nil }),
			weir.OnFailure(func(context.Context, *weir.Message, error) error { asked.Add(1); return nil }))
		assert.Equal(t, invoke(t, ctx, l, sqsEvent(standardARN, named("a")...)).states(), "a skipped")
		time.Sleep(time.Hour)
		assert.Equal(t, asked.Load(), 0)
	})
}
