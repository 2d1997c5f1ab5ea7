package weir_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/assert"
)

// nap makes a handler that takes as long as its payload says, and cares for its context or not.
func nap(careful bool) weir.Verb {
	return weir.Each(func(ctx context.Context, d string) error {
		long, err := time.ParseDuration(d)
		if err != nil {
			return err
		}
		if !careful {
			time.Sleep(long)
			return nil
		}
		select {
		case <-time.After(long):
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
}

func naps(ds ...string) (recs []rec) {
	for i, d := range ds {
		recs = append(recs, rec{id: string(rune('a' + i)), body: d})
	}
	return recs
}

func TestDeadlineReserve(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		careful bool
		opts    []weir.SQSOption
		naps    []string
		took    time.Duration
		want    string
	}{
		"default is a tenth":      {true, nil, []string{"4s", "10s", "1s"}, 9 * time.Second, "a succeeded, b failed, c skipped"},
		"own reserve":             {true, []weir.SQSOption{weir.DeadlineReserve(3 * time.Second)}, []string{"4s", "10s", "1s"}, 7 * time.Second, "a succeeded, b failed, c skipped"},
		"a handler that stays":    {false, nil, []string{"4s", "10s", "1s"}, 9500 * time.Millisecond, "a succeeded, b skipped, c skipped"},
		"ends in the reserve":     {false, nil, []string{"4s", "5300ms", "1s"}, 9300 * time.Millisecond, "a succeeded, b succeeded, c skipped"},
		"lanes":                   {true, []weir.SQSOption{weir.Concurrency(2)}, []string{"4s", "10s", "1s", "20s"}, 9 * time.Second, "a succeeded, b failed, c succeeded, d failed"},
		"off":                     {false, []weir.SQSOption{weir.DeadlineReserve(0)}, []string{"4s", "10s", "1s"}, 15 * time.Second, "a succeeded, b succeeded, c succeeded"},
		"reserve longer than all": {true, []weir.SQSOption{weir.DeadlineReserve(time.Minute)}, []string{"4s", "4s", "1s"}, 5 * time.Second, "a succeeded, b failed, c skipped"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				defer time.Sleep(time.Hour) // let handlers that stayed behind end
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				if name == "off" {
					ctx = t.Context()
				}
				begin := time.Now()
				res := invoke(t, ctx, weir.SQS(nap(c.careful), c.opts...), sqsEvent(standardARN, naps(c.naps...)...))
				assert.NoError(t, res.err)
				assert.Equal(t, res.states(), c.want)
				assert.Equal(t, time.Since(begin), c.took)
				for _, r := range res.records {
					if r.Err != nil && !errors.Is(r.Err, weir.ErrDeadlineNear) {
						t.Errorf("record %s: %v", r.ID, r.Err)
					}
				}
			})
		})
	}
}

func TestReserveIsAtMostASecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
		defer cancel()
		var left time.Duration
		l := weir.SQS(weir.Each(func(ctx context.Context, _ string) error {
			at, _ := ctx.Deadline()
			m, _ := weir.FromContext(ctx)
			end, _ := m.Deadline()
			left = end.Sub(at)
			return nil
		}))
		invoke(t, ctx, l, sqsEvent(standardARN, named("a")...))
		assert.Equal(t, left, time.Second)
	})
}

func TestLateHandlerIsLogged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		defer time.Sleep(2 * time.Hour) // let the handler that stayed behind end
		var log bytes.Buffer
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		l := weir.SQS(nap(false), weir.Logger(slog.New(slog.NewTextHandler(&log, nil))))
		res := invoke(t, ctx, l, sqsEvent(standardARN, naps("1s", "1h")...))
		assert.Equal(t, res.failed, []string{"b"})
		assert.Contains(t, log.String(), "a handler ignores its context", "records not done")
	})
}

func TestRecordTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		l := weir.Kinesis(nap(true), weir.RecordTimeout(2*time.Second))
		res := invoke(t, t.Context(), l, kinesisEvent(naps("1s", "3s", "1s")...))
		assert.Equal(t, res.states(), "a succeeded, b failed, c succeeded")
		assert.Equal(t, time.Since(begin), 4*time.Second)
		if err := res.records[1].Err; !errors.Is(err, weir.ErrRecordTimeout) || !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
	})
}

func TestCancelledInvocation(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gone := errors.New("gone")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(1500*time.Millisecond, func() { cancel(gone) })
		res := invoke(t, ctx, weir.SQS(nap(true)), sqsEvent(standardARN, naps("1s", "1s", "1s")...))
		assert.Equal(t, res.states(), "a succeeded, b failed, c skipped")
		if !errors.Is(res.records[2].Err, gone) {
			t.Fatal(res.records[2].Err)
		}
	})
}

// What comes after the records has its time too, and no more than there is.
func TestSlowObserversDoNotDelayTheAnswer(t *testing.T) {
	t.Parallel()
	for name, slow := range map[string]string{"skipped": "skipped", "ended": "ended"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				defer time.Sleep(2 * time.Hour)
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				l := weir.SQS(nap(true), weir.Observe(dawdler(slow)))
				res := invoke(t, ctx, l, sqsEvent(standardARN, naps("1s", "20s", "1s", "1s")...))
				assert.NoError(t, ctx.Err())
				assert.Equal(t, res.states(), "a succeeded, b failed, c skipped, d skipped")
			})
		})
	}
}

// dawdler is an observer that takes an hour over what its name says.
type dawdler string

func (d dawdler) RecordSkipped(context.Context, *weir.Message, error) error {
	if d == "skipped" {
		time.Sleep(time.Hour)
	}
	return nil
}

func (d dawdler) BatchEnded(context.Context, weir.Summary) {
	if d == "ended" {
		time.Sleep(time.Hour)
	}
}

// An outcome stays what the handler says, also when its context has ended.
func TestOutcomesAfterTheContextEnded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		policy := 0
		l := weir.SQS(weir.Each(func(ctx context.Context, body string) error {
			time.Sleep(150 * time.Millisecond)
			switch body {
			case "drop":
				return weir.Drop(ctx.Err())
			case "bad":
				return weir.Undecodable(ctx.Err())
			case "error":
				return ctx.Err()
			}
			return nil
		}), weir.RecordTimeout(100*time.Millisecond), weir.OnUndecodable(func(_ context.Context, _ *weir.Message, err error) error {
			policy++
			return weir.Drop(err)
		}))
		res := invoke(t, t.Context(), l, sqsEvent(standardARN, named("ok", "drop", "bad", "error")...))
		assert.Equal(t, res.states(), "ok succeeded, drop dropped, bad dropped, error failed")
		assert.Equal(t, policy, 1)
		if err := res.records[3].Err; !errors.Is(err, weir.ErrRecordTimeout) || !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
	})
}

// Nobody is told of a success that comes too late to count.
func TestLateSuccessIsNotObserved(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var d diary
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		invoke(t, ctx, weir.SQS(nap(false), weir.Observe(&d)), sqsEvent(standardARN, naps("9800ms", "1s")...))
		time.Sleep(time.Hour)
		assert.Equal(t, d.lines, []string{"batch of 2", "started a", "skipped a", "skipped b", "ended"})
	})
}
