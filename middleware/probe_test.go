package middleware_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/middleware"
	"github.com/weir-go/weir/weirtest"
)

// The record that is let through may panic, or hang: another is, then.
func TestBreakerProbeIsLost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hang := make(chan struct{})
		d := &dependency{answers: map[string]error{"down": errDown}}
		fn := weir.SQS(weir.EachMessage(func(ctx context.Context, m *weir.Message) error {
			switch string(m.Payload) {
			case "panic":
				panic("ouch")
			case "hang":
				<-hang
				return errDown
			}
			return d.handle(ctx, m)
		}), weir.Concurrency(2), weir.ReportAll(), middleware.Breaker(middleware.Circuit{After: 1, CoolDown: 10 * time.Second}))
		run := func(text string) string {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			return states(weirtest.Run(ctx, fn, weirtest.SQS(words(text)...)))
		}
		assert.Equal(t, run("down"), "f")
		time.Sleep(10 * time.Second)
		assert.Equal(t, run("hang ok"), "ko") // skipped at the deadline
		assert.Equal(t, run("panic"), "f")
		assert.Equal(t, run("ok ok ok"), "sss")
		close(hang) // what it finds is out of date
		synctest.Wait()
		assert.Equal(t, run("ok"), "s")
	})
}

// One that is let through and says nothing, every time that it comes, does not keep out those beside it: next
// time one more is let through.
func TestBreakerProbeIsMute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &dependency{answers: map[string]error{"down": errDown, "permanent": weir.Permanent(errStock)}}
		fn := weir.SQS(weir.EachMessage(func(ctx context.Context, m *weir.Message) error {
			time.Sleep(time.Second)
			return d.handle(ctx, m)
		}), weir.Concurrency(4), weir.ReportAll(), middleware.Breaker(middleware.Circuit{After: 1, CoolDown: 10 * time.Second}))
		run := func(text string) string {
			time.Sleep(10 * time.Second)
			return states(weirtest.Run(t.Context(), fn, weirtest.SQS(words(text)...)))
		}
		count := func(text, state string) int { return strings.Count(run(text), state) }
		assert.Equal(t, run("down"), "f")
		assert.Equal(t, count("permanent permanent permanent permanent", "o"), 3)
		assert.Equal(t, count("permanent permanent permanent permanent", "o"), 2)
		assert.Equal(t, count("down down down down", "o"), 0) // after four in vain
		assert.Equal(t, count("down down down down", "o"), 3)
		assert.Equal(t, count("permanent permanent permanent permanent", "o"), 3)
		assert.Equal(t, count("ok ok ok ok", "s"), 2)
		assert.Equal(t, count("ok ok ok ok", "s"), 4)
	})
}

// A part that fails in every delivery does not keep a breaker of batches from running the others.
func TestBreakerPartsOfBatches(t *testing.T) {
	t.Parallel()
	done := ""
	verb := weir.Unwrap(weir.EachMessage(func(_ context.Context, m *weir.Message) error {
		if m.Part == "0" {
			return errStock
		}
		done += m.OrderingKey
		return nil
	}), func(_ context.Context, m *weir.Message) (parts []weir.Message, err error) {
		return []weir.Message{m.WithPart(0, nil), m.WithPart(1, nil)}, nil
	})
	fn := weir.Kinesis(verb, middleware.Breaker(middleware.Circuit{After: 1}))
	event := weirtest.Kinesis(weirtest.Record{OrderingKey: "a"}, weirtest.Record{OrderingKey: "b"})
	for _, want := range []string{"", "a", "aab"} { // each delivery finds one out
		weirtest.Run(t.Context(), fn, event)
		assert.Equal(t, done, want)
	}
}

// What began before the breaker opened says nothing once it is open, nor after it has closed again.
func TestBreakerStragglers(t *testing.T) {
	t.Parallel()
	for _, late := range []error{nil, errDown} {
		synctest.Test(t, func(t *testing.T) {
			fn := weir.SQS(weir.EachMessage(func(_ context.Context, m *weir.Message) error {
				switch string(m.Payload) {
				case "down":
					return errDown
				case "slow":
					time.Sleep(5 * time.Second)
					return late
				case "slower":
					time.Sleep(15 * time.Second)
					return late
				}
				return nil
			}), weir.Concurrency(3), weir.ReportAll(), middleware.Breaker(middleware.Circuit{After: 1, CoolDown: 10 * time.Second}))
			run := func(text string) string { return states(weirtest.Run(t.Context(), fn, weirtest.SQS(words(text)...))) }
			one := map[error]string{nil: "s", errDown: "f"}[late]
			var slow sync.WaitGroup
			slow.Go(func() { assert.Equal(t, run("slow slower"), one+one) })
			time.Sleep(time.Second)
			assert.Equal(t, run("down"), "f")
			time.Sleep(7 * time.Second) // slow is back
			assert.Equal(t, run("ok"), "o")
			time.Sleep(4 * time.Second)
			assert.Equal(t, run("ok"), "s") // closes it
			slow.Wait()
			assert.Equal(t, run("ok"), "s")
		})
	}
}

// Of many records at a time one is let through.
func TestBreakerOneProbe(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		down, calls := true, 0
		var mu sync.Mutex
		fn := weir.SQS(weir.EachMessage(func(ctx context.Context, m *weir.Message) error {
			mu.Lock()
			calls++
			mu.Unlock()
			time.Sleep(time.Second)
			if down {
				return errDown
			}
			return nil
		}), weir.Concurrency(16), weir.ReportAll(), middleware.Breaker(middleware.Circuit{After: 3, CoolDown: 10 * time.Second}))
		batch := func(want, least, most int) {
			t.Helper()
			calls = 0
			r := weirtest.Run(t.Context(), fn, weirtest.SQS(make([]any, 100)...))
			assert.Equal(t, 100-len(r.Retried()), want)
			if calls < least || calls > most {
				t.Errorf("%d calls, want %d to %d", calls, least, most)
			}
		}
		batch(0, 16, 18) // before the third of 16 has failed, two may take another record
		time.Sleep(10 * time.Second)
		batch(0, 1, 1)
		time.Sleep(10 * time.Second)
		down = false
		batch(1, 1, 1) // the others do not wait for what it finds
		batch(100, 100, 100)
	})
}
