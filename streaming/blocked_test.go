package streaming_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/metrics"
	"github.com/weir-go/weir/streaming"
)

// endless polls lanes for ever, the first ones first. An answer takes all the room there is.
func endless(p *pausing, lanes ...string) {
	next := map[string]int64{}
	p.poll = func(ctx context.Context, _ int, room streaming.Room) (fs []streaming.Fetch, err error) {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(time.Second):
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		left := room.Bytes
		for _, name := range lanes {
			if p.off[name] {
				continue
			}
			f := streaming.Fetch{Lane: streaming.Lane{Name: name, Epoch: 1}}
			for ; left > 0 && len(f.Messages) < 100; left -= 1000 {
				next[name]++
				f.Offsets = append(f.Offsets, next[name])
				f.Messages = append(f.Messages, weir.Message{ID: fmt.Sprint(name, next[name]), Payload: make([]byte, 1000-256)})
			}
			if len(f.Messages) > 0 {
				fs = append(fs, f)
			}
		}
		return fs, nil
	}
}

// onlyBad fails all records of lanes whose names begin with "bad", and counts the others.
func onlyBad(done *atomic.Int64) weir.Verb {
	return weir.EachMessage(func(_ context.Context, m *weir.Message) error {
		if strings.HasPrefix(m.OrderingKey, "bad") {
			return errors.New("bad")
		}
		done.Add(1)
		return nil
	})
}

// TestBlockedLaneLeavesRoom: a lane that is blocked for ever, and whose records come first, does not hold up
// another.
func TestBlockedLaneLeavesRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &pausing{}
		endless(p, "bad", "good")
		var done atomic.Int64
		ctx, cancel := context.WithCancel(context.Background())
		w := streaming.NewWorker(onlyBad(&done), p, streaming.InFlight(50_000))
		ran := make(chan error, 1)
		go func() { ran <- w.Run(ctx) }()
		before := int64(0)
		for range 10 {
			time.Sleep(time.Minute)
			if n := done.Load(); n < before+1000 {
				t.Fatalf("%d records of the good lane are done, %d a minute ago", n, before)
			}
			before = done.Load()
			s := w.Status()
			if !s.Ready || s.Blocked != 1 || s.Bytes > 2*50_000+1000 {
				t.Errorf("%+v", s)
			}
		}
		cancel()
		want(t, "run", <-ran, nil)
	})
}

// TestBlockedLanesTakeAll: once nothing can be polled because of blocked lanes, the worker says so.
func TestBlockedLanesTakeAll(t *testing.T) {
	for _, can := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			p := &pausing{}
			endless(p, "bad1", "bad2", "bad3", "bad4", "bad5", "good")
			var s streaming.Source = p
			if !can {
				endless(p, "bad1", "good")
				s = &p.script
			}
			var done atomic.Int64
			ctx, cancel := context.WithCancel(context.Background())
			w := streaming.NewWorker(onlyBad(&done), s, streaming.InFlight(50_000))
			ran := make(chan error, 1)
			go func() { ran <- w.Run(ctx) }()
			time.Sleep(time.Hour)
			if s := w.Status(); s.Ready || !strings.Contains(s.Reason, "InFlight") || s.Bytes > 2*50_000+1000 {
				t.Errorf("with a Pauser %v: %+v", can, s)
			}
			cancel()
			want(t, "run", <-ran, nil)
		})
	}
}

// panicky is a Recorder with a bug.
type panicky struct{ metrics.Noop }

func (panicky) Enabled() bool                    { return true }
func (panicky) Events(string, int)               { panic("recorder") }
func (panicky) Batch(string, int, time.Duration) { panic("recorder") }

// TestRecorderPanics: that costs counts, and neither records nor the process.
func TestRecorderPanics(t *testing.T) {
	t.Parallel()
	l := numbers(3, 1)
	l.End()
	g := l.Group()
	var logged strings.Builder
	err := streaming.Run(t.Context(), accept, g.Member(), streaming.Metrics(panicky{}),
		streaming.Logger(slog.New(slog.NewTextHandler(&logged, nil))))
	want(t, "run", err, nil)
	want(t, "committed", g.Committed(0), 3)
	want(t, "logged", strings.Contains(logged.String(), "recorder"), true)
}

// TestInFlightCountsKafka: keys and headers take memory as payloads do.
func TestInFlightCountsKafka(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{}
		s.poll = func(ctx context.Context, n int, room streaming.Room) ([]streaming.Fetch, error) {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			f := fetch("a-0", 1, int64(n))
			f.Messages[0].Kafka = &weir.KafkaRecord{
				Key:     make([]byte, 3000),
				Headers: weir.KafkaHeaders{{Name: "trace", Value: make([]byte, 7000)}},
			}
			return []streaming.Fetch{f}, nil
		}
		ctx, cancel := context.WithCancel(context.Background())
		w := streaming.NewWorker(weir.EachMessage(func(ctx context.Context, _ *weir.Message) error {
			<-ctx.Done()
			return ctx.Err()
		}), s, streaming.InFlight(100_000), streaming.BatchRecords(1000))
		ran := make(chan error, 1)
		go func() { ran <- w.Run(ctx) }()
		time.Sleep(time.Minute)
		st := w.Status()
		want(t, "records in memory", st.Waiting+st.Running, 10)
		cancel()
		want(t, "run", <-ran, nil)
	})
}

// TestSettleHangs: a queue that takes no acknowledgements is not asked for ever more records, and
// the worker says what is wrong until it takes them.
func TestSettleHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{kind: streaming.Queue}
		var handed int64
		s.poll = func(ctx context.Context, n int, room streaming.Room) ([]streaming.Fetch, error) {
			select {
			case <-time.After(100 * time.Millisecond):
			case <-ctx.Done():
				return nil, ctx.Err()
			}
			f := streaming.Fetch{}
			for range min(10, room.Records) {
				handed++
				f.Offsets = append(f.Offsets, handed)
				f.Messages = append(f.Messages, weir.Message{ID: fmt.Sprint(handed), Payload: []byte("1")})
			}
			return []streaming.Fetch{f}, nil
		}
		s.settle = func(_ context.Context, n int, _ []streaming.Ack) error {
			if n == 1 {
				time.Sleep(10 * time.Minute)
			}
			return nil
		}
		ctx, cancel := context.WithCancel(context.Background())
		w := streaming.NewWorker(accept, s)
		ran := make(chan error, 1)
		go func() { ran <- w.Run(ctx) }()
		time.Sleep(20 * time.Second)
		want(t, "ready while it may be slow", w.Status().Ready, true)
		time.Sleep(5 * time.Minute)
		st := w.Status()
		held := st.Owed + st.Waiting + st.Running
		if st.Ready || !strings.Contains(st.Reason, "has not answered") || int64(st.Owed) < 100 || held > 9*20 {
			t.Errorf("while it hangs: %+v", st)
		}
		time.Sleep(10 * time.Minute)
		st = w.Status()
		want(t, "ready again", st.Ready, true)
		want(t, "goes on", st.Succeeded > 3000, true)
		cancel()
		want(t, "run", <-ran, nil)
	})
}

// TestFiniteSourceDeadSink: a source that ends does not wait for ever for a DeadLetter that never takes a
// record.
func TestFiniteSourceDeadSink(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(context.Background(), 24*time.Hour)
		defer cancel()
		s := &script{}
		s.poll = func(context.Context, int, streaming.Room) ([]streaming.Fetch, error) {
			return []streaming.Fetch{fetch("a", 1, 1, 2)}, io.EOF
		}
		sunk, down := 0, errors.New("sink down")
		err := streaming.Run(ctx, weir.Each(func(context.Context, int) error { return errBad }), s,
			streaming.Attempts(3), streaming.DeadLetter(func(context.Context, *weir.Message, error) error { sunk++; return down }))
		if ctx.Err() != nil || !errors.Is(err, streaming.ErrNotDone) || !errors.Is(err, down) || !errors.Is(err, errBad) {
			t.Error(err)
		}
		want(t, "calls of DeadLetter", sunk, 3)
		want(t, "acknowledged", len(s.acks), 0)
	})
}
