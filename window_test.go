package weir_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/assert"
)

type tally struct {
	Sum  int
	Seen []string `json:",omitempty"`
}

var errPoison = errors.New("poison")

func count(_ context.Context, s tally, n int) (tally, error) {
	if n < 0 {
		s.Sum = -1000 // must not be kept
		return s, errPoison
	}
	s.Sum += n
	return s, nil
}

// windowEvent puts the fields of a window around the records of an event.
func windowEvent(event []byte, state string, final, early bool) []byte {
	return []byte(fmt.Sprintf(`{"window":{"start":"2026-01-02T03:04:00Z","end":"2026-01-02T03:06:00Z"},"state":%s,"shardId":"shardId-000000000006","eventSourceARN":%q,"isFinalInvokeForWindow":%v,"isWindowTerminatedEarly":%v,%s`,
		state, streamARN, final, early, event[1:]))
}

func numbers(ns ...int) (recs []rec) {
	for i, n := range ns {
		recs = append(recs, rec{id: fmt.Sprint("s", i), body: fmt.Sprint(n)})
	}
	return recs
}

func TestWindow(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		state string
		ns    []int
		final bool
		early bool
		opts  []weir.WindowOption
		want  string
		done  string
	}{
		"first":                  {`{}`, []int{1, 2}, false, false, nil, `{"batchItemFailures":[],"state":{"Sum":3}}`, ""},
		"null state":             {`null`, []int{1, 2}, false, false, nil, `{"batchItemFailures":[],"state":{"Sum":3}}`, ""},
		"next":                   {`{"Sum":10}`, []int{1, 2}, false, false, nil, `{"batchItemFailures":[],"state":{"Sum":13}}`, ""},
		"final":                  {`{"Sum":10}`, []int{1}, true, false, nil, `{"batchItemFailures":[],"state":{"Sum":11}}`, "11 true false"},
		"final and empty":        {`{"Sum":10}`, nil, true, false, nil, `{"batchItemFailures":[],"state":{"Sum":10}}`, "10 true false"},
		"early":                  {`{"Sum":10}`, nil, false, true, nil, `{"batchItemFailures":[],"state":{"Sum":10}}`, "10 false true"},
		"a failure":              {`{"Sum":10}`, []int{1, -1, 5}, false, false, nil, `{"batchItemFailures":[{"itemIdentifier":"s1"},{"itemIdentifier":"s2"}],"state":{"Sum":11}}`, ""},
		"a failure at the end":   {`{"Sum":10}`, []int{1, -1}, true, false, nil, `{"batchItemFailures":[{"itemIdentifier":"s1"}],"state":{"Sum":11}}`, ""},
		"all failed":             {`{"Sum":10}`, []int{-1, 5}, false, false, nil, `poison`, ""},
		"all failed and listed":  {`{"Sum":10}`, []int{-1, 5}, false, false, []weir.WindowOption{weir.ReportAll()}, `{"batchItemFailures":[{"itemIdentifier":"s0"},{"itemIdentifier":"s1"}],"state":{"Sum":10}}`, ""},
		"a bad state":            {`{"Sum":"x"}`, []int{1}, false, false, nil, `weir: window state of shard shardId-000000000006, window from 2026-01-02T03:04:00Z`, ""},
		"a dropped record":       {`{"Sum":10}`, []int{1, 7, 2}, false, false, nil, `{"batchItemFailures":[],"state":{"Sum":13}}`, ""},
		"an observer that fails": {`{"Sum":10}`, []int{1, 8, 2}, false, false, nil, `a record that is in it was failed by an observer`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			done := ""
			fold := weir.Fold(func(ctx context.Context, s tally, n int) (tally, error) {
				if w, ok := weir.WindowFromContext(ctx); !ok || w.ShardID == "" {
					t.Error("no window in the context")
				}
				if n == 7 {
					return s, weir.Drop(nil)
				}
				return count(ctx, s, n)
			}, func(_ context.Context, w weir.WindowInfo, s tally) error {
				assert.Equal(t, w.End.Sub(w.Start), 2*time.Minute)
				assert.Equal(t, w.SourceARN, streamARN)
				done = fmt.Sprint(s.Sum, w.Final, w.TerminatedEarly)
				return nil
			})
			opts := append(c.opts, weir.Observe(failOn("8")))
			out, err := weir.KinesisWindow(fold, opts...).Invoke(t.Context(), windowEvent(kinesisEvent(numbers(c.ns...)...), c.state, c.final, c.early))
			if err != nil {
				assert.Error(t, err, c.want)
			} else {
				assert.Equal(t, string(out), c.want)
			}
			assert.Equal(t, done, c.done)
		})
	}
}

func TestWindowIsObserved(t *testing.T) {
	t.Parallel()
	var d diary
	out, err := weir.KinesisWindow(weir.Fold(count, nil), weir.Observe(&d)).Invoke(t.Context(), windowEvent(kinesisEvent(numbers(1, 2)...), `{}`, false, false))
	assert.NoError(t, err)
	assert.Equal(t, string(out), `{"batchItemFailures":[],"state":{"Sum":3}}`)
	assert.Equal(t, strings.Join(d.lines, ", "), "batch of 2, started s0, succeeded s0, started s1, succeeded s1, ended")
}

// failOn is an observer that fails the success of one payload.
type failOn string

func (f failOn) RecordSucceeded(_ context.Context, m *weir.Message) error {
	if string(m.Payload) == string(f) {
		return errors.New("observer")
	}
	return nil
}

func TestWindowStateIsBounded(t *testing.T) {
	t.Parallel()
	l := weir.KinesisWindow(weir.Fold(func(_ context.Context, s map[string]string, n int) (map[string]string, error) {
		return map[string]string{"a": strings.Repeat("x", n)}, nil
	}, nil))
	_, err := l.Invoke(t.Context(), windowEvent(kinesisEvent(numbers(1<<20-8)...), `{}`, false, false))
	assert.NoError(t, err)
	_, err = l.Invoke(t.Context(), windowEvent(kinesisEvent(numbers(1<<20-7)...), `{}`, false, false))
	assert.Error(t, err, "1048577 bytes as JSON, more than the 1048576")
	if !errors.Is(err, weir.ErrWindowState) {
		t.Fatal(err)
	}
}

// The final state is dropped by Lambda, so its size harms nobody; and its bytes are counted
// as they are, not as HTML.
func TestWindowStateSizeIsLambdas(t *testing.T) {
	t.Parallel()
	done := 0
	l := weir.KinesisWindow(weir.Fold(func(_ context.Context, s map[string]string, n int) (map[string]string, error) {
		return map[string]string{"a": strings.Repeat("<", n)}, nil
	}, func(context.Context, weir.WindowInfo, map[string]string) error { done++; return nil }))
	_, err := l.Invoke(t.Context(), windowEvent(kinesisEvent(numbers(1<<20-8)...), `{}`, false, false))
	assert.NoError(t, err)
	out, err := l.Invoke(t.Context(), windowEvent(kinesisEvent(numbers(1<<20)...), `{}`, true, false))
	assert.NoError(t, err)
	assert.Equal(t, string(out), `{"batchItemFailures":[],"state":{}}`)
	assert.Equal(t, done, 1)
}

// A window whose end cannot be taken note of is not over.
func TestWindowEndNeedsTime(t *testing.T) {
	t.Parallel()
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	done := 0
	l := weir.KinesisWindow(weir.Fold(count, func(context.Context, weir.WindowInfo, tally) error { done++; return nil }))
	_, err := l.Invoke(gone, windowEvent(kinesisEvent(), `{"Sum":5}`, true, false))
	if !errors.Is(err, context.Canceled) || done != 0 {
		t.Fatal(err, done)
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		l := weir.KinesisWindow(weir.Fold(func(ctx context.Context, s tally, n int) (tally, error) {
			time.Sleep(2800 * time.Millisecond)
			return count(ctx, s, n)
		}, func(context.Context, weir.WindowInfo, tally) error { done++; return nil }))
		_, err := l.Invoke(ctx, windowEvent(kinesisEvent(numbers(1)...), `{}`, true, false))
		if !errors.Is(err, weir.ErrDeadlineNear) || done != 0 {
			t.Fatal(err, done)
		}
	})
}

type grumpy struct{ A int }

func (grumpy) MarshalJSON() ([]byte, error)  { panic("marshal") }
func (*grumpy) UnmarshalJSON(b []byte) error { panic("unmarshal") }

func TestWindowStateThatPanics(t *testing.T) {
	t.Parallel()
	l := weir.KinesisWindow(weir.Fold(func(_ context.Context, s grumpy, n int) (grumpy, error) { return s, nil }, nil))
	for state, want := range map[string]string{`{}`: "marshal", `{"A":1}`: "unmarshal"} {
		_, err := l.Invoke(t.Context(), windowEvent(kinesisEvent(numbers(1)...), state, false, false))
		assert.Error(t, err, "window state", "panic: "+want)
	}
}

func TestWindowOfNilMap(t *testing.T) {
	t.Parallel()
	l := weir.KinesisWindow(weir.Fold(func(_ context.Context, s map[string]int, n int) (map[string]int, error) { return s, nil }, nil))
	out, err := l.Invoke(t.Context(), windowEvent(kinesisEvent(numbers(1)...), `{}`, false, false))
	assert.NoError(t, err)
	assert.Equal(t, string(out), `{"batchItemFailures":[],"state":{}}`)
}

func TestWindowEndFails(t *testing.T) {
	t.Parallel()
	for name, done := range map[string]func() error{
		"error": func() error { return errPoison },
		"panic": func() error { panic(errPoison) },
	} {
		l := weir.KinesisWindow(weir.Fold(count, func(context.Context, weir.WindowInfo, tally) error { return done() }))
		_, err := l.Invoke(t.Context(), windowEvent(kinesisEvent(numbers(1)...), `{}`, true, false))
		if !errors.Is(err, errPoison) {
			t.Fatal(name, err)
		}
	}
}

func TestWindowWithALateHandlerFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		defer time.Sleep(time.Hour)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		l := weir.KinesisWindow(weir.Fold(func(ctx context.Context, s tally, n int) (tally, error) {
			time.Sleep(time.Duration(n) * time.Second)
			return count(ctx, s, n)
		}, nil))
		_, err := l.Invoke(ctx, windowEvent(kinesisEvent(numbers(1, 20)...), `{}`, false, false))
		if !errors.Is(err, weir.ErrDeadlineNear) {
			t.Fatal(err)
		}
	})
}

func TestWindowNeedsAWindow(t *testing.T) {
	t.Parallel()
	_, err := weir.KinesisWindow(weir.Fold(count, nil)).Invoke(t.Context(), kinesisEvent(numbers(1)...))
	assert.Error(t, err, "no window: set TumblingWindowInSeconds", "or use weir.Kinesis")
	event := strings.Replace(string(windowEvent(kinesisEvent(), `{}`, true, false)), "2026-01-02T03:04:00Z", "soon", 1)
	_, err = weir.KinesisWindow(weir.Fold(count, nil)).Invoke(t.Context(), []byte(event))
	assert.Error(t, err, "window.start", "soon")
	l := weir.KinesisWindow(weir.Fold(func(_ context.Context, s int, n int) (int, error) { return s + n, nil }, nil))
	assert.Error(t, l.Err(), "the state must be a struct or a map", "int")
}

func TestDynamoDBWindow(t *testing.T) {
	t.Parallel()
	type item struct {
		Body string `dynamodbav:"body"`
	}
	l := weir.DynamoDBWindow(weir.Fold(func(_ context.Context, s tally, c weir.Change[item]) (tally, error) {
		return tally{Sum: s.Sum + 1, Seen: append(s.Seen, c.New.Body)}, nil
	}, nil))
	out, err := l.Invoke(t.Context(), windowEvent(dynamoDBEvent(named("a", "b")...), `{"Seen":["z"],"Sum":1}`, false, false))
	assert.NoError(t, err)
	var got struct{ State tally }
	assert.NoError(t, json.Unmarshal(out, &got))
	assert.Equal(t, got.State, tally{3, []string{"z", "a", "b"}})
}

// Whatever fails wherever, the states of a window add up to the records that were done.
func TestWindowCountsEachRecordOnce(t *testing.T) {
	t.Parallel()
	for fails := range 64 {
		left := []int{1, 10, 100, 1000, 10000, 100000}
		tries := map[int]int{}
		l := weir.KinesisWindow(weir.Fold(func(ctx context.Context, s tally, n int) (tally, error) {
			tries[n]++
			bit := len(fmt.Sprint(n)) - 1
			if fails>>bit&1 == 1 && tries[n] == 1 {
				return s, errPoison
			}
			return count(ctx, s, n)
		}, nil))
		state := `{}`
		for range 10 {
			recs := numbers(left...)
			out, err := l.Invoke(t.Context(), windowEvent(kinesisEvent(recs...), state, false, false))
			if err != nil {
				continue // all failed: delivered again with the same state
			}
			var answer struct {
				State             json.RawMessage
				BatchItemFailures []struct{ ItemIdentifier string }
			}
			assert.NoError(t, json.Unmarshal(out, &answer))
			state = string(answer.State)
			left = left[len(left)-len(answer.BatchItemFailures):]
			if len(left) == 0 {
				break
			}
		}
		assert.Equal(t, state, `{"Sum":111111}`)
	}
}
