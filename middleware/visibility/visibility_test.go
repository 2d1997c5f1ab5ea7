package visibility_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/middleware/visibility"
	"github.com/weir-go/weir/weirtest"
)

type timeouts = map[string]time.Duration

// Each error has its delay, and what is done has none.
func TestDelays(t *testing.T) {
	t.Parallel()
	later := func(d time.Duration) error { return weir.RetryAfter(d, errNo) }
	for _, tt := range []struct {
		name    string
		err     error
		attempt int
		want    time.Duration
	}{
		{"first receive", errNo, 1, 2 * time.Second},
		{"third receive", errNo, 3, 8 * time.Second},
		{"the most", errNo, 50, time.Minute},
		{"permanent", weir.Permanent(errNo), 2, 4 * time.Second},
		{"aborted itself", weir.Abort(errNo), 2, 4 * time.Second},
		{"unavailable", weir.Unavailable(errNo), 2, 4 * time.Second},
		{"undecodable", weir.Undecodable(errNo), 1, 2 * time.Second},
		{"said by the error", later(7 * time.Second), 5, 7 * time.Second},
		{"said inside", fmt.Errorf("ship: %w", weir.Permanent(later(7*time.Second))), 5, 7 * time.Second},
		{"said by one of several", errors.Join(errNo, later(5*time.Second), later(9*time.Second)), 1, 9 * time.Second},
		{"at once", later(0), 5, 0},
		{"negative", later(-time.Hour), 5, 0},
		{"no sooner", later(1), 1, time.Second},
		{"rounded up", later(1500 * time.Millisecond), 1, 2 * time.Second},
		{"more than SQS allows", later(1 << 62), 1, 11*time.Hour + 50*time.Minute},
		{"unavailable for longer", weir.Unavailable(later(30 * time.Second)), 2, 30 * time.Second},
		{"unavailable, received often", weir.Unavailable(later(3 * time.Second)), 4, 16 * time.Second},
		{"panics when looked into", hostile{}, 2, 4 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := &client{}
				got, _, err := invoke(t, weirtest.SQS(record("good", 3), record("bad", tt.attempt)), fails(map[string]error{"bad": tt.err}), c, nil)
				assert.NoError(t, err)
				assert.Equal(t, got, timeouts{"bad": tt.want})
				assert.Equal(t, c.arns[0], "arn:aws:sqs:eu-west-1:123456789012:queue")
			})
		})
	}
}

type hostile struct{}

func (hostile) Error() string { return "hostile" }
func (hostile) Unwrap() error { panic("look away") }

// A group gets what its first message that is not done gets. Groups that were not run come back
// at once, unless they have been sent back before.
func TestFIFO(t *testing.T) {
	t.Parallel()
	batch := weirtest.FIFO(
		inGroup("a", "a1", 1), inGroup("b", "b1", 1), inGroup("a", "a2", 3), inGroup("a", "a3", 1),
		inGroup("b", "b2", 4), inGroup("c", "c1", 1), inGroup("c", "c2", 9), inGroup("d", "d1", 4), inGroup("d", "d2", 1))
	for _, tt := range []struct {
		name string
		errs map[string]error
		opts []weir.SQSOption
		want timeouts
	}{
		{"the rest waits", map[string]error{"a2": errNo}, nil, timeouts{
			"a2": 8 * time.Second, "a3": 8 * time.Second, // by the third receive of a2
			"b2": 8 * time.Second, // one behind a failure after its fourth
			"c1": 0, "c2": 0, "d1": 8 * time.Second, "d2": 8 * time.Second}},
		{"other groups go on", map[string]error{"a2": weir.RetryAfter(time.Hour, errNo), "d1": errNo}, []weir.SQSOption{weir.SkipGroup()}, timeouts{
			"a2": time.Hour, "a3": time.Hour, "d1": 16 * time.Second, "d2": 16 * time.Second}},
		{"aborted", map[string]error{"b1": weir.Abort(errNo)}, []weir.SQSOption{weir.SkipGroup()}, timeouts{
			"b1": 2 * time.Second, "b2": 2 * time.Second, "a2": 4 * time.Second, "a3": 4 * time.Second,
			"c1": 0, "c2": 0, "d1": 8 * time.Second, "d2": 8 * time.Second}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := &client{}
			got, _, err := invoke(t, batch, fails(tt.errs), c, nil, tt.opts...)
			assert.NoError(t, err)
			assert.Equal(t, got, tt.want)
			assert.Equal(t, len(c.calls), 1)
		})
	}
}

// Messages of a fair queue, which is a standard queue, have groups and no order.
func TestFairQueue(t *testing.T) {
	t.Parallel()
	c := &client{}
	got, _, err := invoke(t, weirtest.SQS(inGroup("a", "a1", 1), inGroup("a", "a2", 3), record("b", 1)),
		fails(map[string]error{"a1": errNo, "a2": errNo}), c, nil)
	assert.NoError(t, err)
	assert.Equal(t, got, timeouts{"a1": 2 * time.Second, "a2": 8 * time.Second})
}

// An invocation that fails as a whole has its delays all the same.
func TestNothingDone(t *testing.T) {
	t.Parallel()
	c := &client{}
	got, out, err := invoke(t, weirtest.SQS(record("a", 1), record("b", 2)), func(context.Context, *weir.Message) error { return errNo }, c, nil)
	var all *weir.BatchError
	assert.Equal(t, errors.As(err, &all), true)
	assert.Equal(t, len(out), 0)
	assert.Equal(t, got, timeouts{"a": 2 * time.Second, "b": 4 * time.Second})
}

// All is done: nobody is asked.
func TestAllDone(t *testing.T) {
	t.Parallel()
	c := &client{}
	_, _, err := invoke(t, many(25), fails(nil), c, nil)
	assert.NoError(t, err)
	assert.Equal(t, len(c.calls), 0)
}

// What was given up is done: its visibility is not touched.
func TestDropped(t *testing.T) {
	t.Parallel()
	c := &client{}
	got, _, err := invoke(t, weirtest.SQS(record("a", 9), record("b", 1)), fails(map[string]error{"a": errNo, "b": errNo}), c, nil,
		weir.OnFailure(func(_ context.Context, m *weir.Message, err error) error {
			if m.Attempt > 5 {
				return weir.Drop(err)
			}
			return err
		}))
	assert.NoError(t, err)
	assert.Equal(t, got, timeouts{"b": 2 * time.Second})
}

// A message that is unfinished at the deadline keeps its timeout, for its handler may still run;
// one whose handler has returned then has failed.
func TestUnfinished(t *testing.T) {
	t.Parallel()
	for _, unfinished := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			c := &client{}
			opts := []visibility.Option{}
			if unfinished {
				opts = append(opts, visibility.Unfinished())
			}
			stuck := make(chan struct{})
			fn := weir.SQS(weir.EachMessage(func(ctx context.Context, m *weir.Message) error {
				switch string(m.Payload) {
				case "slow":
					<-ctx.Done()
					return ctx.Err()
				case "stuck":
					<-stuck
				}
				return nil
			}), weir.Concurrency(2), visibility.BackOff(c, visibility.Exponential(2*time.Second, time.Minute), opts...))
			event := weirtest.SQS(record("good", 1), record("slow", 2), record("stuck", 3), record("unrun", 4)).JSON()
			_, err := fn.Invoke(ctx, event)
			assert.NoError(t, err)
			want := timeouts{"slow": 4 * time.Second}
			if unfinished {
				want["stuck"], want["unrun"] = 8*time.Second, 16*time.Second
			}
			assert.Equal(t, c.byID(t, event), want)
			close(stuck)
		})
	}
}

// A delay of one's own, for some records.
func TestDelay(t *testing.T) {
	t.Parallel()
	c := &client{}
	got, _, err := invoke(t, weirtest.SQS(record("good", 1), record("a", 1), record("b", 1), record("c", 2)), fails(map[string]error{"a": errNo, "b": weir.RetryAfter(time.Hour, errNo), "c": errNo}), c,
		[]visibility.Option{visibility.Delay(func(m *weir.Message, err error) (time.Duration, bool) {
			if m.ID == "c" {
				panic("ouch")
			}
			return 90 * time.Second, m.ID == "b"
		})})
	assert.NoError(t, err)
	assert.Equal(t, got, timeouts{"a": 2 * time.Second, "b": 90 * time.Second, "c": 4 * time.Second})
}

// Lambda knows only the message that carried the others.
func TestUnwrap(t *testing.T) {
	t.Parallel()
	c := &client{}
	open := func(_ context.Context, m *weir.Message) ([]weir.Message, error) {
		return []weir.Message{m.WithPart(0, []byte("x")), m.WithPart(1, []byte("y")), m.WithPart(2, []byte("z"))}, nil
	}
	fn := weir.SQS(weir.Unwrap(weir.EachMessage(fails(map[string]error{"y": errNo, "z": weir.RetryAfter(40*time.Second, errNo)})), open),
		weir.ReportAll(), visibility.BackOff(c, visibility.Exponential(2*time.Second, time.Minute)))
	event := weirtest.SQS(record("m", 1)).JSON()
	_, err := fn.Invoke(t.Context(), event)
	assert.NoError(t, err)
	assert.Equal(t, c.byID(t, event), timeouts{"m": 40 * time.Second})
}

// What cannot be is refused, before anything runs.
func TestRefused(t *testing.T) {
	t.Parallel()
	ok := visibility.Exponential(time.Second, time.Minute)
	for _, tt := range []struct {
		o    weir.SQSOption
		want string
	}{
		{visibility.BackOff(nil, ok), "Client is nil"},
		{visibility.BackOff(broken{}, ok), "out of order"},
		{visibility.BackOff(&client{}, visibility.Schedule{}), "Base is 0s"},
		{visibility.BackOff(&client{}, visibility.Exponential(time.Minute, time.Second)), "less than its Base"},
		{visibility.BackOff(&client{}, ok, visibility.Timeout(0)), "Timeout(0s)"},
		{visibility.BackOff(&client{}, ok, visibility.Delay(nil)), "Delay(nil)"},
		{visibility.BackOff(&client{}, ok, visibility.OnError(nil)), "OnError(nil)"},
		{visibility.BackOff(&client{}, ok, nil), "option 0 is nil"},
	} {
		fn := weir.SQS(weir.EachMessage(fails(nil)), tt.o)
		assert.Error(t, fn.Err(), "visibility: BackOff", tt.want)
		_, err := fn.Invoke(t.Context(), weirtest.SQS("x").JSON())
		assert.Error(t, err, tt.want)
	}
}

type broken struct{}

func (broken) Err() error { return errors.New("out of order") }
func (broken) ChangeVisibility(context.Context, string, []visibility.Entry) ([]visibility.Failure, error) {
	return nil, nil
}
