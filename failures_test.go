package weir_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/assert"
)

// The tests of this file are named for the known ways to lose or double data that they rule out.

// F05: everything undecodable, the answer success, nothing logged.
func TestF05_UndecodableIsNeverSilent(t *testing.T) {
	t.Parallel()
	event := kinesisEvent(rec{id: "a", body: "x"}, rec{id: "b", body: "y"})
	verb := weir.Each(func(_ context.Context, n int) error { return nil })
	res := invoke(t, t.Context(), weir.Kinesis(verb), event)
	if !errors.Is(res.err, weir.ErrUndecodable) {
		t.Fatal(res.err)
	}
	var log bytes.Buffer
	var d diary
	l := weir.Kinesis(verb, weir.OnUndecodable(weir.DropUndecodable), weir.Observe(&d), weir.Logger(slog.New(slog.NewTextHandler(&log, nil))))
	res = invoke(t, t.Context(), l, event)
	assert.Equal(t, res.states(), "a dropped, b dropped")
	assert.Equal(t, d.sum.Dropped, 2)
	assert.Contains(t, strings.Join(d.lines, ","), "dropped a", "dropped b")
	assert.Contains(t, log.String(), "records dropped", "dropped=2", "undecodable: invalid character 'x'")
}

// F06: a panic in user code kills the invocation, and what stood before the poison record
// counts again each time.
func TestF06_PanicFailsOneRecord(t *testing.T) {
	t.Parallel()
	counts := map[string]int{}
	l := weir.SQS(weir.Each(func(_ context.Context, body string) error {
		if body == "poison" {
			_ = body[len(body):][0]
		}
		counts[body]++
		return nil
	}))
	left := []string{"a", "b", "poison", "c"}
	for range 3 {
		res := invoke(t, t.Context(), l, sqsEvent(standardARN, named(left...)...))
		left = []string{"poison"}
		if res.err == nil {
			assert.Equal(t, res.failed, left)
		} else if !strings.Contains(res.err.Error(), "index out of range") {
			t.Fatal(res.err)
		}
	}
	assert.Equal(t, counts, map[string]int{"a": 1, "b": 1, "c": 1})
}

// F07: the handler answers a millisecond after the deadline, and nobody hears it.
func TestF07_AnswersBeforeTheDeadline(t *testing.T) {
	t.Parallel()
	for _, workers := range []int{1, 4} {
		for _, careful := range []bool{true, false} {
			synctest.Test(t, func(t *testing.T) {
				defer time.Sleep(time.Hour)
				ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
				defer cancel()
				l := weir.SQS(nap(careful), weir.Concurrency(workers))
				res := invoke(t, ctx, l, sqsEvent(standardARN, naps("1s", "2s", "3001ms", "1s", "1h")...))
				if ctx.Err() != nil {
					t.Fatal("answered too late")
				}
				assert.Equal(t, res.records[0].State, "succeeded")
				assert.Equal(t, slices.Contains(res.failed, "a"), false)
				assert.Equal(t, slices.Contains(res.failed, "c"), true)
			})
		}
	}
}

// F08, for handlers: the store is down, and the batch is burned record after record.
func TestF08_AbortEndsTheBatchAtOnce(t *testing.T) {
	t.Parallel()
	for _, workers := range []int{1, 8} {
		synctest.Test(t, func(t *testing.T) {
			begin := time.Now()
			var recs []rec
			for i := range 1000 {
				recs = append(recs, rec{id: fmt.Sprint(i), lane: fmt.Sprint(i % 100), body: "x"})
			}
			l := weir.Kinesis(weir.Each(func(_ context.Context, s string) error {
				time.Sleep(200 * time.Millisecond)
				return weir.Abort(errors.New("store down"))
			}), weir.Concurrency(workers))
			res := invoke(t, t.Context(), l, kinesisEvent(recs...))
			assert.Error(t, res.err, "1000 of 1000 records failed", "store down", "not run, since the handler aborted the batch")
			assert.Equal(t, time.Since(begin), 200*time.Millisecond)
		})
	}
}

// F09, for handlers: what stands behind a failed record is delivered again and counts again.
// Under StopOnFailure it has not run before.
func TestF09_StopOnFailureCountsOnce(t *testing.T) {
	t.Parallel()
	total, tries := 0, 0
	l := weir.Kinesis(weir.Each(func(_ context.Context, n int) error {
		if n == 1 {
			if tries++; tries <= 3 {
				return errors.New("not yet")
			}
		}
		total += n
		return nil
	}), weir.StopOnFailure())
	recs := []rec{{"101", "k", "1"}, {"102", "k", "10"}, {"103", "k", "100"}}
	for range 4 {
		invoke(t, t.Context(), l, kinesisEvent(recs...))
	}
	assert.Equal(t, total, 111)
}

// F10: FIFO group 1, 2, 3: 1 fails, 2 and 3 are applied, then 1: the last writer is 1.
func TestF10_FIFOGroupOrder(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string][]weir.SQSOption{
		"stop": nil, "skip": {weir.SkipGroup()}, "lanes": {weir.Concurrency(4)}, "lanes and skip": {weir.Concurrency(4), weir.SkipGroup()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				last := map[string]string{}
				mu := make(chan struct{}, 1)
				failures := 1
				l := weir.SQS(weir.Each(func(ctx context.Context, body string) error {
					m, _ := weir.FromContext(ctx)
					mu <- struct{}{}
					defer func() { <-mu }()
					if body == "1" && m.OrderingKey == "g" && failures > 0 {
						failures--
						return errors.New("not yet")
					}
					last[m.OrderingKey] += body
					return nil
				}), opts...)
				recs := []rec{{"a", "g", "1"}, {"b", "h", "1"}, {"c", "g", "2"}, {"d", "h", "2"}, {"e", "g", "3"}}
				for len(recs) > 0 {
					res := invoke(t, t.Context(), l, sqsEvent(fifoARN, recs...))
					recs = slices.DeleteFunc(recs, func(r rec) bool { return res.err == nil && !slices.Contains(res.failed, r.id) })
				}
				assert.Equal(t, last, map[string]string{"g": "123", "h": "12"})
			})
		})
	}
}

// F20: DynamoDB Streams failures reported by eventID, which Lambda does not know.
func TestF20_DynamoDBReportsSequenceNumbers(t *testing.T) {
	t.Parallel()
	l := weir.DynamoDB(weir.EachMessage(func(_ context.Context, m *weir.Message) error {
		if m.ID == "100000000000000000022" {
			return errors.New("x")
		}
		return nil
	}))
	res := invoke(t, t.Context(), l, dynamoDBEvent(named("100000000000000000011", "100000000000000000022")...))
	assert.Equal(t, res.failed, []string{"100000000000000000022"})
}

// F21: all failed, no error, and the mapping does not report item failures: all are lost.
func TestF21_AllFailedIsAnError(t *testing.T) {
	t.Parallel()
	fails := weir.EachMessage(func(context.Context, *weir.Message) error { return errors.New("x") })
	for _, res := range []report{
		invoke(t, t.Context(), weir.SQS(fails), sqsEvent(standardARN, named("a", "b")...)),
		invoke(t, t.Context(), weir.SQS(fails), sqsEvent(fifoARN, named("a", "b")...)),
		invoke(t, t.Context(), weir.Kinesis(fails), kinesisEvent(named("a", "b")...)),
		invoke(t, t.Context(), weir.DynamoDB(fails), dynamoDBEvent(named("a")...)),
	} {
		if _, ok := errors.AsType[*weir.BatchError](res.err); !ok {
			t.Fatal(res.err)
		}
	}
	res := invoke(t, t.Context(), weir.SQS(fails, weir.ReportAll()), sqsEvent(standardARN, named("a", "b")...))
	assert.Equal(t, res.failed, []string{"a", "b"})
}
