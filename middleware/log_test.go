package middleware_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/middleware"
	"github.com/weir-go/weir/weirtest"
)

func textLogger() (*slog.Logger, *bytes.Buffer) {
	var b bytes.Buffer
	return slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey || a.Key == slog.LevelKey {
			return slog.Attr{}
		}
		return a
	}})), &b
}

// lambdaContext is as aws-lambda-go makes one.
func lambdaContext(ctx context.Context, id string) context.Context {
	type key struct{}
	return context.WithValue(ctx, key{}, &struct{ AwsRequestID string }{id})
}

func TestLogger(t *testing.T) {
	t.Parallel()
	l, out := textLogger()
	ctx := lambdaContext(t.Context(), "r1")
	say := weir.Each(func(ctx context.Context, s string) error {
		middleware.Logger(ctx).Info(s)
		return nil
	})
	invoke := func(l *weir.Lambda, e weirtest.Event) {
		t.Helper()
		out.Reset()
		_, err := l.Invoke(ctx, e.JSON())
		assert.NoError(t, err)
	}
	const queue = "source=arn:aws:sqs:eu-west-1:123456789012:queue"
	arn := weirtest.SQS("a").JSON()
	account := strings.Split(string(arn), ":sqs:eu-west-1:")[1][:12]
	source := strings.Replace(queue, "123456789012", account, 1)

	invoke(weir.SQS(say, middleware.Log(l)), weirtest.SQS(weirtest.Record{ID: "m1", Value: "hi", Attempt: 2}))
	assert.Equal(t, out.String(), "msg=hi "+source+" id=m1 attempt=2 requestId=r1\n")

	invoke(weir.SQS(say, middleware.Log(l)), weirtest.FIFO(weirtest.Record{ID: "m1", Value: "hi", OrderingKey: strings.Repeat("é", 1000)}))
	assert.Equal(t, out.String(), "msg=hi "+source+".fifo id=m1 key="+strings.Repeat("é", 128)+"... attempt=1 requestId=r1\n")

	invoke(weir.Kafka(say, middleware.Log(l), weir.KafkaCluster("c")), weirtest.Kafka(weirtest.Record{ID: "orders-1@77", OrderingKey: "orders-1", Value: "hi"}))
	assert.Equal(t, out.String(), "msg=hi source=c id=orders-1@77 key=orders-1 requestId=r1\n")

	two := func(_ context.Context, m *weir.Message) ([]weir.Message, error) {
		return []weir.Message{m.WithPart(0, []byte("a")), m.WithPart(1, []byte("b"))}, nil
	}
	invoke(weir.SQS(weir.Unwrap(say, two), middleware.Log(l)), weirtest.SQS(weirtest.Record{ID: "m1", Value: "hi"}))
	assert.Equal(t, out.String(), "msg=a "+source+" id=m1 part=0 attempt=1 requestId=r1\nmsg=b "+source+" id=m1 part=1 attempt=1 requestId=r1\n")

	batch := weir.Batch(func(ctx context.Context, b *weir.BatchOf[string]) error {
		middleware.Logger(ctx).Info("batch")
		for r := range b.All() {
			middleware.Logger(weir.WithMessage(ctx, r.Message)).Info(r.Value)
		}
		return nil
	})
	invoke(weir.SQS(batch, middleware.Log(l)), weirtest.SQS(weirtest.Record{ID: "m1", Value: "hi"}))
	assert.Equal(t, out.String(), "msg=batch\nmsg=hi "+source+" id=m1 attempt=1 requestId=r1\n")

	// Observers of records find it too.
	invoke(weir.SQS(say, middleware.Log(l), weir.Observe(observer{})), weirtest.SQS(weirtest.Record{ID: "m1", Value: "hi"}))
	assert.Contains(t, out.String(), "msg=succeeded "+source+" id=m1 ")

	// Attributes and groups of the handler's own come behind those of the record.
	grouped := weir.Each(func(ctx context.Context, s string) error {
		middleware.Logger(ctx).With("a", 1).WithGroup("g").Info(s, "b", 2)
		middleware.Logger(ctx).WithGroup("g").Warn(s, "b", 2)
		middleware.Logger(ctx).Debug("below the level")
		return nil
	})
	invoke(weir.SQS(grouped, middleware.Log(l)), weirtest.SQS(weirtest.Record{ID: "m1", Value: "hi"}))
	assert.Equal(t, out.String(), "msg=hi "+source+" id=m1 attempt=1 requestId=r1 a=1 g.b=2\nmsg=hi "+source+" id=m1 attempt=1 requestId=r1 g.b=2\n")

	assert.Equal(t, middleware.Logger(t.Context()) == slog.Default(), true)
}

type observer struct{}

func (observer) RecordSucceeded(ctx context.Context, _ *weir.Message) error {
	middleware.Logger(ctx).Info("succeeded")
	return nil
}

// Without a logger of its own it is the default one, with the attributes all the same.
func TestDefaultLogger(t *testing.T) { // not parallel: the default logger is the process's
	l, out := textLogger()
	was := slog.Default()
	slog.SetDefault(l)
	defer slog.SetDefault(was)
	say := weir.Each(func(ctx context.Context, s string) error { middleware.Logger(ctx).Info(s); return nil })
	for _, opts := range [][]weir.SQSOption{nil, {middleware.Log(nil)}} {
		out.Reset()
		_, err := weir.SQS(say, opts...).Invoke(t.Context(), weirtest.SQS(weirtest.Record{ID: "m1", Value: "hi"}).JSON())
		assert.NoError(t, err)
		assert.Contains(t, out.String(), "msg=hi ", " id=m1 attempt=1\n")
	}
}

// A logger that nobody asks for costs a batch, and no record of it.
func TestLogCostsNothing(t *testing.T) { // not parallel: allocations are the process's
	if raceEnabled {
		t.Skip("skipped: pools forget under the race detector")
	}
	l, _ := textLogger()
	quiet := weir.EachMessage(func(context.Context, *weir.Message) error { return nil })
	allocs := func(n int, opts ...weir.SQSOption) float64 {
		values := make([]any, n)
		for i := range values {
			values[i] = "a"
		}
		event := weirtest.SQS(values...).JSON()
		fn := weir.SQS(quiet, opts...)
		return testing.AllocsPerRun(20, func() { _, _ = fn.Invoke(context.Background(), event) })
	}
	few, many := allocs(10, middleware.Log(l))-allocs(10), allocs(1000, middleware.Log(l))-allocs(1000)
	if few > 12 || many > few+3 {
		t.Errorf("%v more allocations for 10 records, %v for 1000", few, many)
	}
	t.Logf("%v more allocations for 10 records, %v for 1000", few, many)
}
