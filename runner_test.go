package weir_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/assert"
)

func batchOf(payloads ...string) (msgs []weir.Message) {
	for i, p := range payloads {
		msgs = append(msgs, weir.Message{ID: fmt.Sprint(i), OrderingKey: p[:1], Payload: []byte(p[1:])})
	}
	return msgs
}

func outcomes(o weir.Outcomes, n int) (all []string) {
	for i := range n {
		what, err := o.Of(i)
		all = append(all, fmt.Sprint(what, " ", err))
	}
	return all
}

func TestRunner(t *testing.T) {
	t.Parallel()
	errBad := errors.New("bad")
	handle := func(_ context.Context, n int) error {
		switch n {
		case 1:
			return errBad
		case 2:
			return weir.Drop(errBad)
		case 3:
			panic(errBad)
		case 4:
			return weir.Abort(errBad)
		}
		return nil
	}
	for _, tt := range []struct {
		name string
		opts []weir.FlowOption
		in   []string
		want string
	}{
		{"all done", nil, []string{"a0", "a2", "b0"}, "[1 <nil> 2 dropped: bad 1 <nil>]"},
		{"a failure stops its key", nil, []string{"a1", "b0", "a0", "b3", "b0", "c0"},
			"[3 bad 1 <nil> 4 weir: not run, since an earlier record failed 3 panic: bad 4 weir: not run, since an earlier record failed 1 <nil>]"},
		{"concurrently as well", []weir.FlowOption{weir.Concurrency(4)}, []string{"a1", "b0", "a0"},
			"[3 bad 1 <nil> 4 weir: not run, since an earlier record failed]"},
		{"or everything", []weir.FlowOption{weir.StopOnFailure()}, []string{"a0", "a1", "b0"},
			"[1 <nil> 3 bad 4 weir: not run, since an earlier record failed]"},
		{"abort", nil, []string{"a0", "b4", "c0"}, "[1 <nil> 3 aborted: bad 4 weir: not run, since the handler aborted the batch]"},
		{"undecodable", nil, []string{"a{"}, "[3 undecodable: unexpected end of JSON input]"},
		{"undecodable, dropped", []weir.FlowOption{weir.OnUndecodable(weir.DropUndecodable)}, []string{"a{", "a0"},
			"[2 dropped: undecodable: unexpected end of JSON input 1 <nil>]"},
		{"nothing", nil, nil, "[]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := weir.NewRunner("test", weir.Each(handle), tt.opts...)
			if r.Err() != nil {
				t.Fatal(r.Err())
			}
			msgs := batchOf(tt.in...)
			o := r.Run(t.Context(), msgs)
			if got := fmt.Sprint(outcomes(o, len(msgs))); got != tt.want {
				t.Errorf("outcomes %s, want %s", got, tt.want)
			}
			done := true
			for i := range msgs {
				if what, _ := o.Of(i); what != weir.Succeeded && what != weir.Dropped {
					done = false
				}
			}
			if o.AllDone() != done {
				t.Errorf("AllDone is %v", o.AllDone())
			}
		})
	}
}

func TestRunnerNotBuilt(t *testing.T) {
	t.Parallel()
	r := weir.NewRunner("", nil)
	if r.Err() == nil {
		t.Fatal("no error")
	}
	o := r.Run(t.Context(), batchOf("a0"))
	if what, err := o.Of(0); what != weir.Skipped || !errors.Is(err, r.Err()) {
		t.Errorf("the record is %v, %v", what, err)
	}
}

// TestRunnerHalts: no record starts once halt has ended, those that run finish.
func TestRunnerHalts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		halt, stop := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer stop()
		r := weir.NewRunner("test", weir.Each(func(ctx context.Context, n int) error {
			time.Sleep(time.Second)
			return ctx.Err()
		}))
		msgs := batchOf("a0", "a0", "a0", "b0")
		got := fmt.Sprint(outcomes(r.RunUntil(t.Context(), halt, msgs), 4))
		if got != fmt.Sprintf("[1 <nil> 1 <nil> 4 %v 4 %v]", weir.ErrHalted, weir.ErrHalted) {
			t.Error(got)
		}
		// They may be given to it again.
		if o := r.Run(t.Context(), msgs[2:]); !o.AllDone() {
			t.Error(outcomes(o, 2))
		}
		if o := r.RunUntil(t.Context(), halt, msgs); fmt.Sprint(o.Of(0)) != fmt.Sprint(weir.Skipped, weir.ErrHalted) {
			t.Error(outcomes(o, 4))
		}
	})
	// A verb that takes the batch as a whole goes on, or it would never get anywhere.
	halted, stop := context.WithCancel(t.Context())
	stop()
	r := weir.NewRunner("test", weir.Batch(func(context.Context, *weir.BatchOf[int]) error { return nil }))
	if o := r.RunUntil(t.Context(), halted, batchOf("a0")); !o.AllDone() {
		t.Error(outcomes(o, 1))
	}
}

// TestRunnerDeadline: as for a Lambda, a handler that ignores its context is given up in time.
func TestRunnerDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		r := weir.NewRunner("test", weir.Each(func(context.Context, int) error {
			time.Sleep(time.Minute)
			return nil
		}))
		begin := time.Now()
		o := r.Run(ctx, batchOf("a0"))
		if what, err := o.Of(0); what != weir.Skipped || err != weir.ErrDeadlineNear || time.Since(begin) >= 10*time.Second {
			t.Errorf("the record is %v, %v after %v", what, err, time.Since(begin))
		}
		time.Sleep(time.Hour)
	})
}

func TestSetRaw(t *testing.T) {
	t.Parallel()
	msgs := batchOf("a0", "a0")
	msgs[0].SetRaw([]byte(`{"messageId":"m","attributes":{"SenderId":"me"},"messageAttributes":{"color":{"dataType":"String","stringValue":"red"}}}`))
	seen := 0
	r := weir.NewRunner("test", weir.EachMessage(func(_ context.Context, m *weir.Message) error {
		seen++
		if m.ID == "0" && (m.Attribute("SenderId") != "me" || m.MessageAttributes()["color"].String != "red") {
			t.Errorf("record 0 is %s", m.Raw())
		}
		if m.ID == "1" && m.Raw() != "" {
			t.Errorf("record 1 is %s", m.Raw())
		}
		if _, ok := m.Deadline(); ok || m.RequestID() != "" {
			t.Error("a deadline or a request")
		}
		return nil
	}))
	for range 2 { // the second time it is still there
		r.Run(t.Context(), msgs)
	}
	if seen != 4 {
		t.Errorf("%d records ran", seen)
	}
}

func TestUnavailable(t *testing.T) {
	t.Parallel()
	cause := errors.New("no connection")
	err := weir.Unavailable(fmt.Errorf("save: %w", weir.Drop(cause)))
	o := weir.NewRunner("test", weir.Each(func(context.Context, int) error { return err })).Run(t.Context(), batchOf("a0"))
	what, got := o.Of(0)
	if what != weir.Failed || got.Error() != "unavailable: save: dropped: no connection" || !errors.Is(got, cause) {
		t.Errorf("the record is %v, %v", what, got)
	}
}

func ExampleRunner() {
	r := weir.NewRunner("file", weir.Each(func(_ context.Context, n int) error {
		if n < 0 {
			return weir.Drop(errors.New("negative"))
		}
		return nil
	}))
	lines := []weir.Message{{ID: "1", Payload: []byte(`7`)}, {ID: "2", Payload: []byte(`-7`)}, {ID: "3", Payload: []byte(`seven`)}}
	done := r.Run(context.Background(), lines)
	for i := range lines {
		outcome, err := done.Of(i)
		fmt.Println(outcome == weir.Succeeded, outcome == weir.Dropped, err)
	}
	// Output:
	// true false <nil>
	// false true dropped: negative
	// false false undecodable: invalid character 's' looking for beginning of value
}

func ExampleUnavailable() {
	var db = errors.New("connection refused")
	save := func(context.Context, int) error { return weir.Unavailable(db) }
	done := weir.NewRunner("worker", weir.Each(save)).Run(context.Background(), []weir.Message{{ID: "1", Payload: []byte(`7`)}})
	_, err := done.Of(0)
	var u *weir.UnavailableError
	fmt.Println(errors.As(err, &u), err)
	// Output: true unavailable: connection refused
}

// A handler that was left behind may still be reading a message when that is run again.
func TestRunnerAgainBesideALateHandler(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var runs atomic.Int32
		r := weir.NewRunner("log", weir.EachMessage(func(_ context.Context, m *weir.Message) error {
			for late := runs.Add(1) == 1; late; {
				time.Sleep(time.Second)
				if _, ok := m.Deadline(); !ok || m.Raw() != `{"a":1}` {
					t.Error("the late handler's message has changed")
				}
				late = time.Now().Before(time.Date(2000, 1, 1, 0, 5, 0, 0, time.UTC))
			}
			return nil
		}))
		msgs := []weir.Message{{ID: "a"}, {ID: "b"}}
		for i := range msgs {
			msgs[i].SetRaw([]byte(`{"a":1}`))
		}
		for _, want := range []weir.Outcome{weir.Skipped, weir.Succeeded, weir.Succeeded} {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			got, _ := r.Run(ctx, msgs).Of(0)
			assert.Equal(t, got, want)
			cancel()
		}
		time.Sleep(time.Hour)
	})
}
