package streaming_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/streaming"
)

// closing is a source with something to do when it is closed.
type closing struct {
	*script
	close func(context.Context) error
}

func (c closing) Close(ctx context.Context) error { return c.close(ctx) }

// TestCloseFails: what was done is settled, so a source that cannot say goodbye is no failure of the
// worker's, unless it says so. But it is logged.
func TestCloseFails(t *testing.T) {
	t.Parallel()
	errBye := errors.New("nobody listens")
	for _, tt := range []struct{ bye, want error }{
		{errBye, nil},
		{fmt.Errorf("%w: %w", streaming.ErrFatal, errBye), errBye},
	} {
		ctx, stop := context.WithCancel(t.Context())
		s := closing{&script{}, func(context.Context) error { return tt.bye }}
		s.poll = func(ctx context.Context, _ int, _ streaming.Room) ([]streaming.Fetch, error) {
			stop()
			return nothing(ctx)
		}
		var logged strings.Builder
		err := streaming.Run(ctx, accept, s, streaming.Logger(slog.New(slog.NewTextHandler(&logged, nil))))
		if !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
			t.Errorf("Close returned %v: Run returned %v", tt.bye, err)
		}
		want(t, "logged", strings.Contains(logged.String(), errBye.Error()), tt.want == nil)
	}
}

// TestCloseWithinDrain: closing gets a quarter of Drain at most, and no more than is left of it, but a second.
func TestCloseWithinDrain(t *testing.T) {
	t.Parallel()
	const drain = 20 * time.Second
	for _, tt := range []struct{ handler, close time.Duration }{
		{0, 5 * time.Second},
		{10 * time.Second, 5 * time.Second},
		{17 * time.Second, 3 * time.Second},
		{time.Hour, time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, stop := context.WithCancel(t.Context())
			var got time.Duration
			s := closing{&script{}, func(ctx context.Context) error {
				end, _ := ctx.Deadline()
				got = time.Until(end)
				return nil
			}}
			s.poll = func(ctx context.Context, n int, _ streaming.Room) ([]streaming.Fetch, error) {
				if n == 1 {
					return []streaming.Fetch{fetch("a", 1, 1)}, nil
				}
				return nothing(ctx)
			}
			err := streaming.Run(ctx, weir.Each(func(context.Context, int) error {
				stop()
				time.Sleep(tt.handler)
				return nil
			}), s, streaming.Drain(drain))
			want(t, "left behind", errors.Is(err, streaming.ErrLeftBehind), tt.handler > drain)
			want(t, "time to close", got, tt.close)
			time.Sleep(tt.handler) // until the handler that was left behind is back
		})
	}
}

// TestLostUnsettled: the worker stops polling when the source takes no acknowledgements. It goes on
// when there is nothing to acknowledge any more, because the lane was lost meanwhile.
func TestLostUnsettled(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(streaming.Owner, streaming.Lane){
		"lost":    func(o streaming.Owner, l streaming.Lane) { o.Lost(l) },
		"revoked": func(o streaming.Owner, l streaming.Lane) { o.Revoke(canceled(), l) },
	} {
		for _, during := range []bool{false, true} { // whether Settle is under way
			t.Run(fmt.Sprint(name, during), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					ctx, stop := context.WithTimeout(t.Context(), time.Hour)
					defer stop()
					s := &script{}
					s.poll = func(ctx context.Context, n int, _ streaming.Room) ([]streaming.Fetch, error) {
						switch n {
						case 1:
							return []streaming.Fetch{fetch("a", 1, 1)}, nil
						case 2:
							select {
							case <-time.After(80 * time.Second): // Settle fails meanwhile
							case <-ctx.Done():
							}
							return nil, nil
						case 3:
							return []streaming.Fetch{fetch("b", 1, 7)}, nil
						}
						return nothing(ctx)
					}
					s.settle = func(_ context.Context, _ int, acks []streaming.Ack) error {
						if acks[0].Lane.Name == "b" {
							stop()
							return nil
						}
						if during {
							time.Sleep(20 * time.Second)
						}
						return errors.New("not the coordinator")
					}
					w := streaming.NewWorker(accept, s)
					time.AfterFunc(90*time.Second, func() {
						want(t, "ready", w.Status().Ready, false)
						lose(s.owner, streaming.Lane{Name: "a", Epoch: 1})
					})
					if err := w.Run(ctx); err != nil {
						t.Error(err)
					}
					want(t, "the other lane is settled", errors.Is(ctx.Err(), context.Canceled), true)
				})
			})
		}
	}
}

func canceled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}
