package streaming_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/streaming"
)

// script is a source that does what a test says.
type script struct {
	kind   streaming.Kind // Log if 0
	owner  streaming.Owner
	opened bool
	closed bool
	open   error

	mu      sync.Mutex
	polls   int
	poll    func(ctx context.Context, n int, room streaming.Room) ([]streaming.Fetch, error) // n counts from 1
	acks    []streaming.Ack
	settles int
	settle  func(ctx context.Context, n int, acks []streaming.Ack) error
}

func (s *script) Kind() streaming.Kind {
	if s.kind == 0 {
		return streaming.Log
	}
	return s.kind
}

func (s *script) Open(_ context.Context, o streaming.Owner) error {
	s.opened, s.owner = true, o
	return s.open
}
func (s *script) Close(context.Context) error { s.closed = true; return nil }

func (s *script) Poll(ctx context.Context, room streaming.Room) ([]streaming.Fetch, error) {
	s.polls++
	return s.poll(ctx, s.polls, room)
}

func (s *script) Settle(ctx context.Context, acks []streaming.Ack) error {
	s.mu.Lock()
	s.settles++
	n := s.settles
	s.mu.Unlock()
	if s.settle != nil {
		if err := s.settle(ctx, n, acks); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.acks = append(s.acks, acks...)
	return nil
}

// fetch is records of a lane by their offsets.
func fetch(lane string, epoch int64, offsets ...int64) streaming.Fetch {
	f := streaming.Fetch{Lane: streaming.Lane{Name: lane, Epoch: epoch}, Offsets: offsets}
	for _, o := range offsets {
		f.Messages = append(f.Messages, weir.Message{ID: fmt.Sprintf("%s@%d", lane, o), Payload: fmt.Append(nil, o)})
	}
	return f
}

func nothing(ctx context.Context) ([]streaming.Fetch, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

var accept = weir.Each(func(context.Context, int) error { return nil })

// TestPollFails: the worker backs off and polls again; what came with an error counts.
func TestPollFails(t *testing.T) {
	t.Parallel()
	errPoll := errors.New("no connection")
	for _, tt := range []struct {
		name string
		poll func(ctx context.Context, n int) ([]streaming.Fetch, error)
		err  error
		acks string
	}{
		{"and works again", func(_ context.Context, n int) ([]streaming.Fetch, error) {
			switch n {
			case 3:
				return []streaming.Fetch{fetch("a", 1, 5, 9)}, errPoll
			case 20:
				return []streaming.Fetch{fetch("a", 1, 10)}, io.EOF
			}
			return nil, errPoll
		}, nil, "[{{a 1} 9 false 0s} {{a 1} 10 false 0s}]"},
		{"for good", func(_ context.Context, n int) ([]streaming.Fetch, error) {
			if n == 1 {
				return []streaming.Fetch{fetch("a", 1, 5)}, nil
			}
			time.Sleep(time.Second)
			return nil, fmt.Errorf("%w: %w", streaming.ErrFatal, errPoll)
		}, errPoll, "[{{a 1} 5 false 0s}]"},
		{"by returning at once", func(_ context.Context, n int) ([]streaming.Fetch, error) {
			if n < 1000 {
				return nil, nil
			}
			return nil, io.EOF
		}, nil, "[]"},
		{"with nonsense", func(context.Context, int) ([]streaming.Fetch, error) {
			f := fetch("a", 1, 5)
			f.Offsets = nil
			return []streaming.Fetch{f}, nil
		}, streaming.ErrFatal, "[]"},
		{"with records of no lane", func(context.Context, int) ([]streaming.Fetch, error) {
			return []streaming.Fetch{fetch("", 0, 5)}, nil
		}, streaming.ErrFatal, "[]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				s := &script{poll: func(ctx context.Context, n int, _ streaming.Room) ([]streaming.Fetch, error) { return tt.poll(ctx, n) }}
				err := streaming.Run(t.Context(), accept, s)
				if tt.err == nil && err != nil || !errors.Is(err, tt.err) {
					t.Errorf("Run returned %v, want %v", err, tt.err)
				}
				want(t, "acks", fmt.Sprint(slices.Insert(s.acks, 0)), tt.acks)
				want(t, "closed", s.closed, true)
				if s.polls > 2 && time.Since(begin) < time.Second {
					t.Errorf("%d polls took %v", s.polls, time.Since(begin))
				}
			})
		})
	}
}

// TestSettleFails: acknowledgements are kept until the source takes them, and polling waits for a
// source that takes none.
func TestSettleFails(t *testing.T) {
	t.Parallel()
	errSettle := errors.New("no connection")
	synctest.Test(t, func(t *testing.T) {
		s := &script{}
		s.poll = func(ctx context.Context, n int, _ streaming.Room) ([]streaming.Fetch, error) {
			if n <= 10 {
				time.Sleep(time.Second)
				return []streaming.Fetch{fetch("a", 1, int64(n)), fetch("b", 1, int64(n))}, nil
			}
			return nil, io.EOF
		}
		s.settle = func(_ context.Context, n int, acks []streaming.Ack) error {
			want(t, "at most one a lane", len(acks) <= 2, true)
			if n <= 30 {
				return errSettle
			}
			return nil
		}
		if err := streaming.Run(t.Context(), accept, s); err != nil {
			t.Error(err)
		}
		last := map[string]int64{}
		for _, a := range s.acks {
			if a.Offset < last[a.Lane.Name] {
				t.Errorf("%s moves back to %d", a.Lane.Name, a.Offset)
			}
			last[a.Lane.Name] = a.Offset
		}
		want(t, "positions", fmt.Sprint(last), "map[a:10 b:10]")
	})
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		s := &script{}
		s.poll = func(ctx context.Context, n int, _ streaming.Room) ([]streaming.Fetch, error) {
			if n == 1 {
				return []streaming.Fetch{fetch("a", 1, 1)}, nil
			}
			return nothing(ctx)
		}
		s.settle = func(ctx context.Context, n int, _ []streaming.Ack) error {
			if n < 5 {
				return errSettle
			}
			stop()
			<-ctx.Done() // of the drain
			return ctx.Err()
		}
		if err := streaming.Run(ctx, accept, s); !errors.Is(err, streaming.ErrNotSettled) {
			t.Errorf("Run returned %v", err)
		}
	})
	// Who shuts down does not wait for a long pause to end.
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		s := &script{poll: func(ctx context.Context, n int, _ streaming.Room) ([]streaming.Fetch, error) {
			if n == 1 {
				return []streaming.Fetch{fetch("a", 1, 1)}, nil
			}
			return nothing(ctx)
		}}
		s.settle = func(context.Context, int, []streaming.Ack) error {
			if ctx.Err() == nil {
				return errSettle
			}
			return nil
		}
		time.AfterFunc(24*time.Hour, stop)
		if err := streaming.Run(ctx, accept, s, streaming.Backoff(time.Second, 1000*time.Hour)); err != nil {
			t.Error(err)
		}
		want(t, "acks", len(s.acks), 1)
	})
}

// TestOpenFails: Run says so, and nothing else is called.
func TestOpenFails(t *testing.T) {
	t.Parallel()
	s := &script{open: errDown}
	if err := streaming.Run(t.Context(), accept, s); !errors.Is(err, errDown) {
		t.Errorf("Run returned %v", err)
	}
	want(t, "polls", s.polls, 0)
}

// TestStaleRecords: what Poll returns of a lane that was revoked meanwhile is left alone, the same
// lane's next assignment is not.
func TestStaleRecords(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{}
		s.poll = func(ctx context.Context, n int, _ streaming.Room) ([]streaming.Fetch, error) {
			switch n {
			case 1:
				s.owner.Revoke(ctx, streaming.Lane{Name: "a", Epoch: 3})
				s.owner.Lost(streaming.Lane{Name: "b", Epoch: 1})
				return []streaming.Fetch{fetch("a", 3, 1, 2), fetch("b", 1, 1), fetch("c", 1, 1)}, nil
			case 2:
				return []streaming.Fetch{fetch("a", 2, 7), fetch("a", 4, 5)}, nil
			case 3:
				time.Sleep(time.Second)
				return []streaming.Fetch{fetch("c", 2, 9)}, nil // assigned anew, without a word
			case 4:
				return []streaming.Fetch{fetch("c", 1, 2)}, nil
			}
			return nil, io.EOF
		}
		var ran []string
		if err := streaming.Run(t.Context(), weir.EachMessage(func(_ context.Context, m *weir.Message) error {
			ran = append(ran, m.ID)
			return nil
		}), s); err != nil {
			t.Error(err)
		}
		slices.Sort(ran)
		want(t, "ran", fmt.Sprint(ran), "[a@5 c@1 c@9]")
		for _, a := range s.acks {
			if a.Lane == (streaming.Lane{Name: "c", Epoch: 1}) && a.Offset != 1 {
				t.Errorf("ack of %v", a)
			}
		}
		s.owner.Revoke(t.Context(), streaming.Lane{Name: "a", Epoch: 4}) // returns at once
	})
}

// TestLost: what is at work on a lane that was lost is told so, and never acknowledged.
func TestLost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{}
		ctx, stop := context.WithCancel(t.Context())
		s.poll = func(ctx context.Context, n int, _ streaming.Room) ([]streaming.Fetch, error) {
			if n == 1 {
				return []streaming.Fetch{fetch("a", 1, 1, 2, 3)}, nil
			}
			return nothing(ctx)
		}
		ran := 0
		err := streaming.Run(ctx, weir.Each(func(ctx context.Context, n int) error {
			if ran++; n == 2 {
				s.owner.Lost(streaming.Lane{Name: "a", Epoch: 1})
				<-ctx.Done()
				want(t, "cause", context.Cause(ctx), streaming.ErrRevoked)
				time.AfterFunc(time.Second, stop)
			}
			return nil
		}), s)
		if err != nil {
			t.Error(err)
		}
		want(t, "ran", ran, 2)
		want(t, "acks", len(s.acks), 0)
	})
}

// TestRevokeWaitsForSettle: the source is told what is done before Revoke returns.
func TestRevokeWaitsForSettle(t *testing.T) {
	t.Parallel()
	for _, hangs := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s := &script{}
			ctx, stop := context.WithCancel(t.Context())
			s.poll = func(ctx context.Context, n int, _ streaming.Room) ([]streaming.Fetch, error) {
				if n == 1 {
					return []streaming.Fetch{fetch("a", 1, 1, 2, 3)}, nil
				}
				return nothing(ctx)
			}
			ended := false
			s.settle = func(ctx context.Context, _ int, _ []streaming.Ack) error {
				defer func() { ended = true }()
				if hangs {
					<-ctx.Done()
					return ctx.Err()
				}
				time.Sleep(time.Second)
				return nil
			}
			time.AfterFunc(500*time.Millisecond, func() {
				revoke, cancel := context.WithTimeout(ctx, time.Minute)
				defer cancel()
				begin := time.Now()
				s.owner.Revoke(revoke, streaming.Lane{Name: "a", Epoch: 1})
				want(t, "settled", ended, true)
				if d := time.Since(begin); hangs && d != time.Minute || !hangs && d != 500*time.Millisecond {
					t.Errorf("Revoke took %v", d)
				}
				stop()
			})
			if err := streaming.Run(ctx, accept, s); err != nil {
				t.Error(err)
			}
			want(t, "settles", s.settles, 1)
		})
	}
}

// TestEndedAndStopped: a source has ended, and the worker is stopped before it is through.
func TestEndedAndStopped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		s := &script{poll: func(context.Context, int, streaming.Room) ([]streaming.Fetch, error) {
			return []streaming.Fetch{fetch("a", 1, 1, 2, 3)}, io.EOF
		}}
		err := streaming.Run(ctx, weir.Each(func(_ context.Context, n int) error {
			if n == 2 {
				stop()
				time.Sleep(time.Second)
			}
			return nil
		}), s)
		if !errors.Is(err, streaming.ErrNotDone) {
			t.Errorf("Run returned %v", err)
		}
		want(t, "acks", fmt.Sprint(s.acks), "[{{a 1} 2 false 0s}]")
	})
}

// TestBlockedLane: a lane that is blocked does not keep others from being polled, even if the source
// cannot leave it out.
func TestBlockedLane(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{}
		s.poll = func(_ context.Context, n int, _ streaming.Room) ([]streaming.Fetch, error) {
			time.Sleep(time.Second)
			out := []streaming.Fetch{fetch("a", 1, int64(2*n), int64(2*n+1)), fetch("b", 1, int64(n))}
			if n == 100 {
				return out, io.EOF
			}
			return out, nil
		}
		var other int
		begin := time.Now()
		err := streaming.Run(t.Context(), weir.EachMessage(func(_ context.Context, m *weir.Message) error {
			if m.ID == "a@2" && time.Since(begin) < 5*time.Minute {
				return errBad
			}
			if m.ID[0] == 'b' && time.Since(begin) < 2*time.Minute {
				other++
			}
			return nil
		}), s, streaming.BatchRecords(10), streaming.Attempts(1000))
		if err != nil {
			t.Error(err)
		}
		want(t, "records of the other lane meanwhile", other, 100)
		want(t, "last", s.acks[len(s.acks)-1].Offset, 201)
	})
}

// TestLog: what needs attention is logged.
func TestLog(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var text strings.Builder
		s := &script{}
		s.poll = func(_ context.Context, n int, _ streaming.Room) ([]streaming.Fetch, error) {
			switch n {
			case 1:
				return []streaming.Fetch{fetch("a", 1, 1)}, nil
			case 2:
				time.Sleep(time.Hour)
				return []streaming.Fetch{fetch("b", 1, 1)}, errDown
			}
			time.Sleep(time.Hour)
			return nil, io.EOF
		}
		s.settle = func(_ context.Context, n int, _ []streaming.Ack) error {
			if n == 1 {
				return errDown
			}
			return nil
		}
		runs := map[string]int{}
		verb := weir.EachMessage(func(_ context.Context, m *weir.Message) error {
			runs[m.ID]++
			if m.ID == "a@1" && runs[m.ID] < 3 {
				return errBad
			} else if m.ID == "b@1" && runs[m.ID] == 1 {
				return weir.Unavailable(errDown)
			}
			return nil
		})
		timeless := func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		}
		if err := streaming.Run(t.Context(), verb, s, streaming.Attempts(2), streaming.Name("w"),
			streaming.Logger(slog.New(slog.NewTextHandler(&text, &slog.HandlerOptions{ReplaceAttr: timeless})))); err != nil {
			t.Error(err)
		}
		lines := strings.Split(strings.TrimSpace(text.String()), "\n")
		slices.Sort(lines)
		want(t, "log", strings.Join(lines, "\n"), strings.TrimSpace(`
level=ERROR msg="record blocks its lane" worker=w lane=a id=a@1 attempts=2 error="bad record"
level=INFO msg=resumed worker=w
level=WARN msg="poll failed" worker=w failures=1 error="the store is down"
level=WARN msg="settle failed" worker=w failures=1 error="the store is down"
level=WARN msg=paused worker=w pauses=1 error="unavailable: the store is down"`))
	})
}
