package streaming_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/middleware/once"
	"github.com/weir-go/weir/state/mem"
	"github.com/weir-go/weir/streaming"
	"github.com/weir-go/weir/streaming/memlog"
)

// busy is an error that is not its record's fault.
type busy struct{ error }

func (busy) Blameless() bool { return true }
func (b busy) Unwrap() error { return b.error }

// TestBlameless: what is not the record's fault uses up no attempt, however often it comes, and the
// record is not given up before it has failed by itself.
func TestBlameless(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		err  error
		took time.Duration // at least
	}{
		{busy{errBad}, 0},
		{fmt.Errorf("order 5: %w", busy{weir.RetryAfter(time.Minute, errBad)}), 20 * time.Minute},
		{weir.Abort(errBad), 0},
		{errors.Join(weir.Undecodable(errBad), busy{errBad}), 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			l := memlog.New("orders", 1)
			l.Append(0, []byte("a"), []byte("b"))
			g := l.Group()
			begin := time.Now()
			runs, attempts := 0, ""
			w := streaming.NewWorker(weir.EachMessage(func(_ context.Context, m *weir.Message) error {
				if string(m.Payload) == "b" {
					return nil
				}
				if runs++; runs <= 20 {
					if m.Attempt > 1 {
						t.Errorf("attempt %d in run %d", m.Attempt, runs)
					}
					return tt.err
				}
				attempts += fmt.Sprint(m.Attempt)
				return errBad
			}), g.Member(), streaming.Attempts(3), streaming.DeadLetter(func(context.Context, *weir.Message, error) error {
				attempts += " dead"
				l.End()
				return nil
			}))
			ran := make(chan error, 1)
			go func() { ran <- w.Run(t.Context()) }()
			time.Sleep(time.Millisecond)
			want(t, "blocked meanwhile", w.Status().Blocked, 1)
			want(t, "run", <-ran, nil)
			want(t, "runs", runs, 23)
			want(t, "attempts", attempts, "123 dead")
			want(t, "committed", g.Committed(0), 2)
			if took := time.Since(begin); took < tt.took {
				t.Errorf("it took %v, want %v", took, tt.took)
			}
		})
	}
}

// TestBlamelessAtTheEnd: a source that has ended is not waited for for ever, and the record is not lost.
func TestBlamelessAtTheEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := memlog.New("orders", 1)
		l.Append(0, []byte("a"))
		l.End()
		g := l.Group()
		runs := 0
		err := streaming.Run(t.Context(), weir.EachMessage(func(context.Context, *weir.Message) error { runs++; return busy{errBad} }),
			g.Member(), streaming.Attempts(4), streaming.DeadLetter(func(context.Context, *weir.Message, error) error {
				t.Error("given up")
				return nil
			}))
		if !errors.Is(err, streaming.ErrNotDone) || !errors.Is(err, errBad) {
			t.Error(err)
		}
		want(t, "runs", runs, 4)
		want(t, "committed", g.Committed(0), 0)
	})
}

// TestOnceElsewhere: a message that another process works on is done by nobody yet. It comes back
// after the lease, and is not given up for having been received often.
func TestOnceElsewhere(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := mem.New()
		ship := func() weir.FlowOption { return once.Use(once.New("ship", store), once.Payload()) }
		began, crashes := make(chan struct{}), make(chan struct{})
		elsewhere := weir.NewRunner("elsewhere", weir.EachMessage(func(context.Context, *weir.Message) error {
			close(began)
			<-crashes
			return errors.New("failed after all")
		}), ship())
		over := make(chan struct{})
		go func() {
			defer close(over)
			elsewhere.Run(context.Background(), []weir.Message{{ID: "m0", Payload: []byte("order")}})
		}()
		<-began
		go func() { time.Sleep(5 * time.Minute); close(crashes) }()
		q := newQueue(queued{id: "m0", body: "order", attempt: 4})
		runs := 0
		err := streaming.Run(t.Context(), weir.EachMessage(func(context.Context, *weir.Message) error { runs++; return nil }), q,
			streaming.Handling(ship()), streaming.DeadLetter(func(_ context.Context, m *weir.Message, err error) error {
				t.Errorf("given up at attempt %d: %v", m.Attempt, err)
				return nil
			}))
		want(t, "run", err, nil)
		want(t, "runs", runs, 1)
		want(t, "deleted", fmt.Sprint(q.deleted), "[m0]")
		<-over
	})
}

// TestPermanentOutside: the outermost counts, so a record whose failure is Permanent does not pause the
// worker, whatever is inside.
func TestPermanentOutside(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(queued{id: "m0", body: "poison"}, queued{id: "m1", body: "good"})
		given := ""
		err := streaming.Run(t.Context(), weir.EachMessage(func(_ context.Context, m *weir.Message) error {
			if string(m.Payload) == "good" {
				return nil
			}
			return weir.Permanent(fmt.Errorf("no such customer: %w", weir.Unavailable(errBad)))
		}), q, streaming.DeadLetter(func(_ context.Context, m *weir.Message, _ error) error {
			given += fmt.Sprint(m.ID, " ", m.Attempt)
			return nil
		}))
		want(t, "run", err, nil)
		want(t, "given up", given, "m0 5")
		want(t, "deleted", len(q.deleted), 2)
	})
}

// TestUndecodablePart: one part that cannot be decoded does not give up the others, which may work next
// time; nor does a record whose handler wants it back.
func TestUndecodablePart(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		bad  error
		good int    // in which run part 1 works, 0 if it has none
		want string // the runs in which records were given up
	}{
		{weir.Undecodable(errBad), 0, "1"},
		{weir.Undecodable(errBad), 1, "1"},
		{weir.Undecodable(errBad), 3, "3"},
		{weir.RetryAfter(1, weir.Undecodable(errBad)), 1, "5"},
	} {
		synctest.Test(t, func(t *testing.T) {
			l := memlog.New("orders", 1)
			l.Append(0, []byte("a"))
			l.End()
			g := l.Group()
			runs, given, good := 0, "", false
			v := weir.Unwrap(weir.EachMessage(func(_ context.Context, m *weir.Message) error {
				if m.Part == "0" {
					runs++
					return tt.bad
				}
				if runs < tt.good {
					return errors.New("transient")
				}
				good = true
				return nil
			}), func(_ context.Context, m *weir.Message) ([]weir.Message, error) {
				parts := []weir.Message{m.WithPart(0, nil)}
				if tt.good > 0 {
					parts = append(parts, m.WithPart(1, nil))
					parts[0].OrderingKey, parts[1].OrderingKey = "x", "y"
				}
				return parts, nil
			})
			err := streaming.Run(t.Context(), v, g.Member(), streaming.DeadLetter(func(context.Context, *weir.Message, error) error {
				given += fmt.Sprint(runs)
				return nil
			}))
			want(t, "run", err, nil)
			want(t, "given up in run", given, tt.want)
			want(t, "the other part is done", good, tt.good > 0)
			want(t, "committed", g.Committed(0), 1)
		})
	}
}

// hostile is an error whose methods panic.
type hostile struct{ error }

func (hostile) Blameless() bool { panic("Blameless panics") }

// TestHostileErrors: they cost their record its attempts, and not the process.
func TestHostileErrors(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(queued{id: "m0"})
		given := 0
		err := streaming.Run(t.Context(), weir.EachMessage(func(context.Context, *weir.Message) error { return hostile{errBad} }), q,
			streaming.DeadLetter(func(_ context.Context, m *weir.Message, _ error) error { given = m.Attempt; return nil }))
		want(t, "run", err, nil)
		want(t, "given up at attempt", given, 5)
	})
}
