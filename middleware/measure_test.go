package middleware_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/metrics"
	"github.com/weir-go/weir/middleware"
	"github.com/weir-go/weir/weirtest"
)

// judge does what a record says.
var judge = weir.Each(func(ctx context.Context, s string) error {
	switch s {
	case "failed":
		return errors.New("no")
	case "dropped":
		return weir.Drop(errors.New("old"))
	case "undecodable":
		return weir.Undecodable(errors.New("what"))
	case "rude":
		return rude{}
	case "slow":
		<-ctx.Done()
		return ctx.Err()
	}
	return nil
})

// rude is an error whose methods panic.
type rude struct{}

func (rude) Error() string   { return "rude" }
func (rude) Is(error) bool   { panic("rude") }
func (rude) Unwrap() []error { return nil }

func TestMeasure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		l := weir.SQS(judge, middleware.Measure(metrics.Output(&out), metrics.Namespace("Shop"), metrics.Dimension("Service", "orders")))
		assert.NoError(t, l.Err())
		now := time.Now()
		event := weirtest.SQS("a", weirtest.Record{Value: "failed", Attempt: 7}, "dropped", "undecodable", weirtest.Record{Value: "rude", Time: now.Add(-90 * time.Second)}).At(now)
		_, err := l.Invoke(lambdaContext(t.Context(), "r1"), event.JSON())
		assert.NoError(t, err)
		assert.Equal(t, out.String(), `{"_aws":{"Timestamp":946684800000,"CloudWatchMetrics":[{"Namespace":"Shop","Dimensions":[["Source","Service"]],"Metrics":[`+
			`{"Name":"DeadlineAborted","Unit":"Count"},{"Name":"Dropped","Unit":"Count"},{"Name":"Duration","Unit":"Milliseconds"},{"Name":"Failed","Unit":"Count"},`+
			`{"Name":"HighestAttempt","Unit":"Count"},{"Name":"OldestAge","Unit":"Milliseconds"},{"Name":"Processed","Unit":"Count"},`+
			`{"Name":"Records","Unit":"Count"},{"Name":"Skipped","Unit":"Count"},{"Name":"Undecodable","Unit":"Count"}]}]},`+
			`"Source":"queue","Service":"orders","DeadlineAborted":0,"Dropped":1,"Duration":0,"Failed":3,"HighestAttempt":7,"OldestAge":90000,`+
			`"Processed":1,"Records":5,"Skipped":0,"Undecodable":1,"requestId":"r1"}`+"\n")
	})
}

// measurements are what a sink was told.
func measurements(t *testing.T, ctx context.Context, v weir.Verb, e weirtest.Event, opts ...weir.SQSOption) (all []middleware.Measurement) {
	t.Helper()
	l := weir.SQS(v, append(opts, middleware.MeasureWith(func(_ context.Context, m middleware.Measurement) { all = append(all, m) }))...)
	assert.NoError(t, l.Err())
	_, _ = l.Invoke(ctx, e.JSON())
	return all
}

func TestMeasureWith(t *testing.T) {
	t.Parallel()
	one := func(v weir.Verb, e weirtest.Event, opts ...weir.SQSOption) string {
		t.Helper()
		all := measurements(t, t.Context(), v, e, opts...)
		assert.Equal(t, len(all), 1)
		m := all[0]
		return fmt.Sprintf("%d: %d %d %d %d, undecodable %d", m.Records, m.Succeeded, m.Dropped, m.Failed, m.Skipped, m.Undecodable)
	}
	some := weirtest.SQS("a", "undecodable", "undecodable", "failed")
	assert.Equal(t, one(judge, some), "4: 1 0 3 0, undecodable 2")
	assert.Equal(t, one(judge, some, weir.OnUndecodable(weir.DropUndecodable)), "4: 1 2 1 0, undecodable 2")
	assert.Equal(t, one(judge, some, weir.StopOnFailure()), "4: 1 0 1 2, undecodable 1")
	assert.Equal(t, one(judge, weirtest.SQS()), "0: 0 0 0 0, undecodable 0")
	batch := weir.Batch(func(context.Context, *weir.BatchOf[int]) error { return nil })
	assert.Equal(t, one(batch, weirtest.SQS("1", "x", "2")), "3: 2 0 1 0, undecodable 1")

	// Parts of a record are one record.
	lines := func(_ context.Context, m *weir.Message) (parts []weir.Message, err error) {
		for i, line := range strings.Fields(string(m.Payload)) {
			parts = append(parts, m.WithPart(i, []byte(line)))
		}
		return parts, nil
	}
	assert.Equal(t, one(weir.Unwrap(judge, lines), weirtest.SQS("undecodable undecodable a", "a a"), weir.OnUndecodable(weir.DropUndecodable)), "2: 1 1 0 0, undecodable 1")
	assert.Equal(t, one(weir.Unwrap(judge, lines), weirtest.SQS("undecodable undecodable failed", "a a")), "2: 1 0 1 0, undecodable 1")
}

// Records without an identifier are counted one by one.
func TestMeasureNameless(t *testing.T) {
	t.Parallel()
	var got middleware.Measurement
	two := func([]byte) ([]weir.Message, error) { return make([]weir.Message, 2), nil }
	nameless := weir.From(weir.Source{Name: "x", Decode: two}, weir.Each(func(context.Context, int) error { return nil }),
		weir.OnUndecodable(weir.DropUndecodable), middleware.MeasureWith(func(_ context.Context, m middleware.Measurement) { got = m }))
	_, err := nameless.Invoke(t.Context(), []byte("{}"))
	assert.NoError(t, err)
	assert.Equal(t, [...]int{got.Dropped, got.Undecodable}, [...]int{2, 2})
}

func TestDeadlineAborted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		all := measurements(t, ctx, judge, weirtest.SQS("a", "slow", "a"))
		assert.Equal(t, len(all), 1)
		assert.Equal(t, all[0].DeadlineAborted, true)
		assert.Equal(t, all[0].Duration, 9*time.Second)
		all = measurements(t, ctx, judge, weirtest.SQS("a"))
		assert.Equal(t, all[0].DeadlineAborted, false)
	})
}

func TestSourceName(t *testing.T) {
	t.Parallel()
	for arn, want := range map[string]string{
		"arn:aws:sqs:eu-west-1:1:orders.fifo":                        "orders.fifo",
		"arn:aws-cn:kinesis:cn-north-1:1:stream/clicks":              "clicks",
		"arn:aws:dynamodb:eu-west-1:1:table/orders/stream/2026-01-0": "orders",
		"arn:aws:kafka:eu-west-1:1:cluster/shop/uuid":                "shop",
		"b-1:9092,b-2:9092":                                          "b-1:9092,b-2:9092",
		"arn:aws:kinesis:eu-west-1:1:x":                              "arn:aws:kinesis:eu-west-1:1:x",
		"arn:aws:mq:eu-west-1:1:broker":                              "arn:aws:mq:eu-west-1:1:broker",
		"":                                                           "",
	} {
		assert.Equal(t, middleware.Measurement{Summary: weir.Summary{Source: arn}}.SourceName(), want)
	}
}

// A source without a name leaves the dimension out, one's own takes its place, and an output that
// fails changes nothing.
func TestMeasureDimensions(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	own := weir.From(weir.Source{Name: "x", Decode: func([]byte) ([]weir.Message, error) { return []weir.Message{{ID: "1"}}, nil }}, judge, middleware.Measure(metrics.Output(&out)))
	_, err := own.Invoke(t.Context(), []byte("{}"))
	assert.NoError(t, err)
	assert.Contains(t, out.String(), `"Dimensions":[[]]`)
	out.Reset()
	_, err = weir.SQS(judge, middleware.Measure(metrics.Output(&out), metrics.Dimension("Source", "mine"))).Invoke(t.Context(), weirtest.SQS("a").JSON())
	assert.NoError(t, err)
	assert.Contains(t, out.String(), `"Dimensions":[["Source"]]`, `"Source":"mine"`)
	res, err := weir.SQS(judge, middleware.Measure(metrics.Output(diskFull{}))).Invoke(t.Context(), weirtest.SQS("a").JSON())
	assert.NoError(t, err)
	assert.Equal(t, string(res), `{"batchItemFailures":[]}`)
}

type diskFull struct{}

func (diskFull) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestMeasureWhatCannotBe(t *testing.T) {
	t.Parallel()
	assert.Error(t, weir.SQS(judge, middleware.Measure(metrics.Namespace(""))).Err(), "Measure: metrics: NewEMF: a namespace has")
	assert.Error(t, weir.SQS(judge, middleware.MeasureWith(nil)).Err(), "MeasureWith: the function is nil")
}

// Invocations at the same time do not mix, and two of them do not share a line.
func TestMeasureConcurrently(t *testing.T) {
	t.Parallel()
	out := &lines{}
	l := weir.SQS(judge, middleware.Measure(metrics.Output(out)), weir.OnUndecodable(weir.DropUndecodable), weir.Concurrency(3))
	var wait sync.WaitGroup
	for n := range 16 {
		wait.Go(func() {
			values := []any{"a"}
			for range n {
				values = append(values, "undecodable")
			}
			if _, err := l.Invoke(t.Context(), weirtest.SQS(values...).JSON()); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	assert.Equal(t, len(out.all), 16)
	seen := map[int]bool{}
	for _, line := range out.all {
		var d struct{ Records, Undecodable, Dropped, Processed int }
		assert.NoError(t, json.Unmarshal([]byte(line), &d))
		assert.Equal(t, [...]int{d.Undecodable, d.Dropped, d.Processed}, [...]int{d.Records - 1, d.Records - 1, 1})
		seen[d.Records] = true
	}
	assert.Equal(t, len(seen), 16)
}

// lines keeps what is written, a line a Write.
type lines struct {
	mu  sync.Mutex
	all []string
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, string(b))
	return len(b), nil
}
