package weir_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/assert"
)

func TestBatch(t *testing.T) {
	t.Parallel()
	cause := errors.New("cause")
	for name, c := range map[string]struct {
		f    func(*weir.BatchOf[string], []*weir.Item[string]) error
		want string
	}{
		"nil":        {func(*weir.BatchOf[string], []*weir.Item[string]) error { return nil }, "a succeeded, b succeeded, c succeeded"},
		"one failed": {func(b *weir.BatchOf[string], r []*weir.Item[string]) error { b.Fail(r[1], cause); return nil }, "a succeeded, b failed, c succeeded"},
		"one dropped": {func(b *weir.BatchOf[string], r []*weir.Item[string]) error {
			b.Fail(r[1], weir.Drop(cause))
			return nil
		}, "a succeeded, b dropped, c succeeded"},
		"error":                {func(*weir.BatchOf[string], []*weir.Item[string]) error { return cause }, "a failed, b failed, c failed"},
		"done before an error": {func(b *weir.BatchOf[string], r []*weir.Item[string]) error { b.Done(r[0]); return cause }, "a succeeded, b failed, c failed"},
		"failed before an error": {func(b *weir.BatchOf[string], r []*weir.Item[string]) error {
			b.Fail(r[2], weir.Drop(cause))
			return cause
		}, "a failed, b failed, c dropped"},
		"done after failed": {func(b *weir.BatchOf[string], r []*weir.Item[string]) error {
			b.Fail(r[0], cause)
			b.Done(r[0])
			return nil
		}, "a failed, b succeeded, c succeeded"},
		"failed after done": {func(b *weir.BatchOf[string], r []*weir.Item[string]) error {
			b.Done(r[0])
			b.Fail(r[0], cause)
			return nil
		}, "a failed, b succeeded, c succeeded"},
		"failed with nil":     {func(b *weir.BatchOf[string], r []*weir.Item[string]) error { b.Fail(r[0], nil); return nil }, "a failed, b succeeded, c succeeded"},
		"all dropped":         {func(*weir.BatchOf[string], []*weir.Item[string]) error { return weir.Drop(cause) }, "a dropped, b dropped, c dropped"},
		"panic":               {func(*weir.BatchOf[string], []*weir.Item[string]) error { panic("x") }, "a failed, b failed, c failed"},
		"panic with one done": {func(b *weir.BatchOf[string], r []*weir.Item[string]) error { b.Done(r[1]); panic("x") }, "a failed, b succeeded, c failed"},
		"goexit":              {func(*weir.BatchOf[string], []*weir.Item[string]) error { runtime.Goexit(); return nil }, "a failed, b failed, c failed"},
		"aborted by one": {func(b *weir.BatchOf[string], r []*weir.Item[string]) error {
			b.Fail(r[1], weir.Abort(cause))
			return nil
		}, "a succeeded, b failed, c succeeded"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := weir.Kinesis(weir.Batch(func(_ context.Context, b *weir.BatchOf[string]) error {
				assert.Equal(t, b.Len(), 3)
				assert.Equal(t, b.Values(), []string{"a", "b", "c"})
				return c.f(b, slices.Collect(b.All()))
			}), weir.ReportAll())
			res := invoke(t, t.Context(), l, kinesisEvent(named("a", "b", "c")...))
			assert.NoError(t, res.err)
			assert.Equal(t, res.states(), c.want)
		})
	}
}

func TestBatchLeavesUndecodableOut(t *testing.T) {
	t.Parallel()
	calls := 0
	l := weir.SQS(weir.Batch(func(_ context.Context, b *weir.BatchOf[int]) error {
		calls++
		assert.Equal(t, b.Values(), []int{1, 3})
		return nil
	}))
	res := invoke(t, t.Context(), l, sqsEvent(standardARN, rec{id: "a", body: "1"}, rec{id: "b", body: "x"}, rec{id: "c", body: "3"}))
	assert.Equal(t, res.states(), "a succeeded, b failed, c succeeded")
	res = invoke(t, t.Context(), l, sqsEvent(standardARN, rec{id: "b", body: "x"}))
	assert.Equal(t, res.states(), "b failed")
	assert.Equal(t, calls, 1)
}

// On a FIFO queue a batch verb must not let anything overtake what failed.
func TestBatchKeepsFIFOOrder(t *testing.T) {
	t.Parallel()
	recs := []rec{{"a", "1", "a"}, {"b", "2", "b"}, {"c", "1", "c"}, {"d", "2", "d"}}
	var got [][]string
	verb := weir.Batch(func(_ context.Context, b *weir.BatchOf[string]) error {
		got = append(got, b.Values())
		for r := range b.All() {
			if r.Value == "b" {
				b.Fail(r, errors.New("x"))
			}
		}
		return nil
	})
	res := invoke(t, t.Context(), weir.SQS(verb), sqsEvent(fifoARN, recs...))
	assert.Equal(t, res.states(), "a succeeded, b failed, c skipped, d skipped")
	res = invoke(t, t.Context(), weir.SQS(verb, weir.SkipGroup()), sqsEvent(fifoARN, recs...))
	assert.Equal(t, res.states(), "a succeeded, b failed, c succeeded, d skipped")

	got = nil
	numbers := weir.Batch(func(_ context.Context, b *weir.BatchOf[int]) error {
		got = append(got, []string{fmt.Sprint(b.Values())})
		return nil
	})
	recs = []rec{{"a", "1", "1"}, {"b", "2", "x"}, {"c", "1", "3"}, {"d", "2", "4"}}
	res = invoke(t, t.Context(), weir.SQS(numbers), sqsEvent(fifoARN, recs...))
	assert.Equal(t, res.states(), "a succeeded, b failed, c skipped, d skipped")
	res = invoke(t, t.Context(), weir.SQS(numbers, weir.SkipGroup()), sqsEvent(fifoARN, recs...))
	assert.Equal(t, res.states(), "a succeeded, b failed, c succeeded, d skipped")
	assert.Equal(t, got, [][]string{{"[1]"}, {"[1 3]"}}, "what ran")
}

// bulk fails as a whole when it meets a bad value, and notes what it was called with.
func bulk(calls *[]string, opts ...weir.BatchOption) weir.Verb {
	return weir.Batch(func(_ context.Context, b *weir.BatchOf[string]) error {
		all := strings.Join(b.Values(), "")
		*calls = append(*calls, all)
		switch {
		case strings.Contains(all, "P"):
			panic("P")
		case strings.Contains(all, "L"):
			return weir.RetryAfter(time.Second, errors.New("L"))
		case strings.ContainsAny(all, "XY"):
			return errors.New("X")
		}
		return nil
	}, opts...)
}

func TestBisect(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in, want, calls string
	}{
		{"abcdefgh", "", "abcdefgh"},
		{"abcdeXgh", "X", "abcdeXgh abcd eXgh eX e X gh"},
		{"aXcP", "XP", "aXcP aX a X cP c P"},
		{"XYXY", "XYXY", "XYXY XY X Y XY X Y"},
		{"aLX", "aLX", "aLX"},
		{"X", "X", "X"},
	} {
		var calls []string
		l := weir.Kinesis(bulk(&calls, weir.Bisect()), weir.ReportAll())
		var recs []rec
		for i, r := range c.in {
			recs = append(recs, rec{id: fmt.Sprintf("%d", i), body: string(r)})
		}
		res := invoke(t, t.Context(), l, kinesisEvent(recs...))
		got := ""
		for _, id := range res.failed {
			got += string(c.in[id[0]-'0'])
		}
		assert.Equal(t, got, c.want, c.in)
		assert.Equal(t, strings.Join(calls, " "), c.calls, c.in)
	}
}

func TestBisectKeepsFIFOOrder(t *testing.T) {
	t.Parallel()
	recs := []rec{{"a", "1", "a"}, {"b", "1", "X"}, {"c", "1", "c"}, {"d", "2", "d"}}
	var calls []string
	res := invoke(t, t.Context(), weir.SQS(bulk(&calls, weir.Bisect())), sqsEvent(fifoARN, recs...))
	assert.Equal(t, res.states(), "a succeeded, b failed, c skipped, d skipped")
	assert.Equal(t, calls, []string{"aXcd", "aX", "a", "X"})
	calls = nil
	res = invoke(t, t.Context(), weir.SQS(bulk(&calls, weir.Bisect()), weir.SkipGroup()), sqsEvent(fifoARN, recs...))
	assert.Equal(t, res.states(), "a succeeded, b failed, c skipped, d succeeded")
	assert.Equal(t, calls, []string{"aXcd", "aX", "a", "X", "d"})
}

func TestBisectStopsAtTheDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		l := weir.Kinesis(weir.Batch(func(ctx context.Context, b *weir.BatchOf[string]) error {
			select {
			case <-time.After(2800 * time.Millisecond):
			case <-ctx.Done():
				return ctx.Err()
			}
			if slices.Contains(b.Values(), "X") {
				return errors.New("X")
			}
			return nil
		}, weir.Bisect()))
		res := invoke(t, ctx, l, kinesisEvent(named("a", "b", "c", "X")...))
		assert.Equal(t, res.states(), "a succeeded, b succeeded, c failed, X skipped")
		if !errors.Is(res.records[2].Err, weir.ErrDeadlineNear) || !errors.Is(res.records[3].Err, weir.ErrDeadlineNear) {
			t.Fatal(res.records)
		}
	})
}

// What a bulk handler has decided counts, even if it is not back in time.
func TestBatchThatIsLate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		defer time.Sleep(time.Hour)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		l := weir.Kinesis(weir.Batch(func(_ context.Context, b *weir.BatchOf[string]) error {
			items := slices.Collect(b.All())
			b.Done(items[0])
			b.Fail(items[1], errors.New("own"))
			time.Sleep(11 * time.Second)
			b.Done(items[2])
			return nil
		}))
		res := invoke(t, ctx, l, kinesisEvent(named("a", "b", "c")...))
		assert.NoError(t, ctx.Err())
		assert.Equal(t, res.states(), "a succeeded, b failed, c skipped")
	})
}

// F08: a store that is down fails every call; bisecting must not call it for every record.
func TestF08_BisectGivesUp(t *testing.T) {
	t.Parallel()
	calls := 0
	l := weir.Kinesis(weir.Batch(func(context.Context, *weir.BatchOf[string]) error {
		calls++
		return errors.New("store down")
	}, weir.Bisect()))
	var recs []rec
	for i := range 10000 {
		recs = append(recs, rec{id: fmt.Sprint(i), body: "x"})
	}
	res := invoke(t, t.Context(), l, kinesisEvent(recs...))
	assert.Error(t, res.err, "10000 of 10000 records failed", "x unavailable: weir: Bisect gave up, after many calls in vain: store down")
	if calls > 100 {
		t.Fatal(calls)
	}
}

// What f says of many records is not taken for what each of them is: of those that were not told apart none is
// given up.
func TestBisectGivesUpNoGoodRecord(t *testing.T) {
	t.Parallel()
	bad := []error{weir.Undecodable(errors.New("bad")), weir.Permanent(errors.New("bad"))}
	for _, bad := range bad {
		for n := range 40 {
			f := weir.Batch(func(_ context.Context, b *weir.BatchOf[string]) error {
				for _, v := range b.Values() {
					if v == "bad" {
						return bad
					}
				}
				return nil
			}, weir.Bisect())
			var recs []rec
			for i := range 100 {
				r := rec{id: fmt.Sprint(i), body: "good"}
				if i < n {
					r.body = "bad"
				}
				recs = append(recs, r)
			}
			l := weir.SQS(f, weir.OnUndecodable(weir.DropUndecodable), weir.ReportAll(), weir.OnFailure(func(_ context.Context, _ *weir.Message, err error) error {
				var p *weir.PermanentError
				var u *weir.UnavailableError
				if errors.As(err, &p) && !errors.As(err, &u) {
					return weir.Drop(err)
				}
				return err
			}))
			event := sqsEvent(standardARN, recs...)
			for i, r := range invoke(t, t.Context(), l, event).records {
				if r.State == "dropped" && i >= n {
					t.Fatalf("%v: with %d bad records, good %d is %s", bad, n, i, r.State)
				}
			}
		}
	}
}

// As long as something gets done, bisecting goes on.
func TestBisectGoesOnWhileItGetsOn(t *testing.T) {
	t.Parallel()
	calls := 0
	l := weir.Kinesis(weir.Batch(func(_ context.Context, b *weir.BatchOf[string]) error {
		calls++
		for r := range b.All() {
			b.Done(r)
			break
		}
		return errors.New("connection lost")
	}, weir.Bisect()))
	var recs []rec
	for i := range 200 {
		recs = append(recs, rec{id: fmt.Sprint(i), body: "x"})
	}
	res := invoke(t, t.Context(), l, kinesisEvent(recs...))
	assert.Equal(t, res.failed, []string{})
	assert.Equal(t, calls, 200)
}

// Two bad records next to each other are still isolated among many.
func TestBisectIsPatientEnough(t *testing.T) {
	t.Parallel()
	for _, at := range []int{0, 1, 499, 511, 998} {
		var calls []string
		var recs []rec
		for i := range 1000 {
			body := "a"
			if i == at || i == at+1 {
				body = "X"
			}
			recs = append(recs, rec{id: fmt.Sprint(i), body: body})
		}
		res := invoke(t, t.Context(), weir.Kinesis(bulk(&calls, weir.Bisect())), kinesisEvent(recs...))
		assert.Equal(t, res.failed, []string{fmt.Sprint(at), fmt.Sprint(at + 1)})
	}
}

// unruly is an error whose methods panic.
type unruly struct{}

func (unruly) Error() string { return "unruly" }
func (unruly) As(any) bool   { panic("in As") }
func (unruly) Is(error) bool { panic("in Is") }

func TestErrorsWhoseMethodsPanic(t *testing.T) {
	t.Parallel()
	bulk := weir.Batch(func(_ context.Context, b *weir.BatchOf[string]) error {
		for r := range b.All() {
			if r.Value == "a" {
				b.Done(r)
			}
		}
		return unruly{}
	}, weir.Bisect())
	res := invoke(t, t.Context(), weir.Kinesis(bulk), kinesisEvent(named("a", "b")...))
	assert.Equal(t, res.states(), "a succeeded, b failed")
	calls := 0
	fickle := &twice{&calls}
	each := weir.Each(func(_ context.Context, s string) error {
		if s == "a" {
			return nil
		}
		return fickle
	})
	res = invoke(t, t.Context(), weir.SQS(each), sqsEvent(fifoARN, named("a", "b", "c")...))
	assert.Equal(t, res.states(), "a succeeded, b failed, c skipped")
}

// twice is an error that can be unwrapped once.
type twice struct{ calls *int }

func (twice) Error() string { return "twice" }

func (e *twice) Unwrap() error {
	if *e.calls++; *e.calls > 1 {
		panic("unwrapped again")
	}
	return nil
}
