package weir_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/assert"
)

// lines opens a payload of several lines. "empty" holds nothing; "!" and what follows is trouble.
func lines(ctx context.Context, m *weir.Message) (inside []weir.Message, err error) {
	switch text := string(m.Payload); text {
	case "empty":
		return nil, nil
	case "!undecodable":
		return nil, weir.Undecodable(io.ErrUnexpectedEOF)
	case "!drop":
		return nil, weir.Drop(io.ErrUnexpectedEOF)
	case "!abort":
		return nil, weir.Abort(io.ErrUnexpectedEOF)
	case "!error":
		return nil, io.ErrUnexpectedEOF
	case "!panic":
		panic("opener")
	case "!goexit":
		runtime.Goexit()
	case "!wait":
		<-ctx.Done()
		return nil, ctx.Err()
	default:
		parts := strings.Split(text, "\n")
		if len(parts) == 1 {
			return []weir.Message{m.With([]byte(text))}, nil
		}
		for i, p := range parts {
			inside = append(inside, m.WithPart(i, []byte(p)))
		}
	}
	return inside, nil
}

// obey does what its payload says.
func obey(_ context.Context, s string) error {
	switch s {
	case "fail":
		return io.EOF
	case "drop":
		return weir.Drop(io.EOF)
	case "abort":
		return weir.Abort(io.EOF)
	case "panic":
		panic("handler")
	}
	return nil
}

func bodies(texts ...string) (recs []rec) {
	for i, text := range texts {
		recs = append(recs, rec{id: string(rune('a' + i)), lane: "lane", body: text})
	}
	return recs
}

func TestUnwrap(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		arn    string
		opts   []weir.SQSOption
		bodies []string
		want   string
	}{
		"all done":              {standardARN, nil, []string{"1\n2", "3", "empty"}, "a succeeded, b succeeded, c succeeded"},
		"one part of several":   {standardARN, nil, []string{"1\nfail\n2", "3"}, "a failed, b succeeded"},
		"a part dropped":        {standardARN, nil, []string{"1\ndrop", "3"}, "a dropped, b succeeded"},
		"dropped and failed":    {standardARN, nil, []string{"drop\nfail", "3"}, "a failed, b succeeded"},
		"aborted":               {standardARN, nil, []string{"1", "2\nabort\n3", "4"}, "a succeeded, b failed, c skipped"},
		"panic of the handler":  {standardARN, nil, []string{"panic\n1", "2"}, "a failed, b succeeded"},
		"undecodable":           {standardARN, nil, []string{"!undecodable", "2"}, "a failed, b succeeded"},
		"undecodable, dropped":  {standardARN, []weir.SQSOption{weir.OnUndecodable(weir.DropUndecodable)}, []string{"!undecodable", "2", "!error"}, "a dropped, b succeeded, c failed"},
		"the opener drops":      {standardARN, nil, []string{"!drop", "2"}, "a dropped, b succeeded"},
		"the opener aborts":     {standardARN, nil, []string{"1", "!abort", "2"}, "a succeeded, b failed, c skipped"},
		"the opener panics":     {standardARN, nil, []string{"1", "!panic", "2"}, "a succeeded, b failed, c succeeded"},
		"the opener goes":       {standardARN, nil, []string{"1", "!goexit", "2"}, "a succeeded, b failed, c succeeded"},
		"fifo":                  {fifoARN, nil, []string{"1\n2", "3\nfail\n4", "5", "empty"}, "a succeeded, b failed, c skipped, d skipped"},
		"fifo, opener":          {fifoARN, nil, []string{"1\n2", "!error", "5"}, "a succeeded, b failed, c skipped"},
		"fifo, given up":        {fifoARN, []weir.SQSOption{weir.OnFailure(giveUpAll)}, []string{"1\n2", "3\nfail\n4", "!error", "5"}, "a succeeded, b dropped, c dropped, d succeeded"},
		"in lanes":              {fifoARN, []weir.SQSOption{weir.Concurrency(4), weir.SkipGroup()}, []string{"1\n2", "3\nfail\n4", "5"}, "a succeeded, b failed, c skipped"},
		"concurrently":          {standardARN, []weir.SQSOption{weir.Concurrency(4)}, []string{"1\n2", "3\nfail\n4", "!panic", "!goexit", "5"}, "a succeeded, b failed, c failed, d failed, e succeeded"},
		"stop on failure":       {standardARN, []weir.SQSOption{weir.StopOnFailure()}, []string{"1", "2\nfail\n3", "4"}, "a succeeded, b failed, c skipped"},
		"nothing but emptiness": {standardARN, nil, []string{"empty", "empty"}, "a succeeded, b succeeded"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for verb, v := range map[string]weir.Verb{
				"each":   weir.Unwrap(weir.Each(obey), lines),
				"nested": weir.Unwrap(weir.Unwrap(weir.Each(obey), alone), lines),
			} {
				res := invoke(t, t.Context(), weir.SQS(v, c.opts...), sqsEvent(c.arn, bodies(c.bodies...)...))
				assert.Equal(t, res.states(), c.want, verb)
			}
		})
	}
}

func giveUpAll(_ context.Context, _ *weir.Message, err error) error { return weir.Drop(err) }

func alone(_ context.Context, m *weir.Message) ([]weir.Message, error) {
	return []weir.Message{m.With(m.Payload)}, nil
}

// Parts are what the verb sees in every way, and Lambda hears of what carried them.
func TestUnwrapParts(t *testing.T) {
	t.Parallel()
	var seen []string
	twice := func(_ context.Context, m *weir.Message) ([]weir.Message, error) {
		return []weir.Message{m.WithPart(0, m.Payload), m.WithPart(1, append(m.Payload[:len(m.Payload):len(m.Payload)], '!'))}, nil
	}
	d := &diary{}
	l := weir.SQS(weir.Unwrap(weir.Unwrap(weir.EachMessage(func(ctx context.Context, m *weir.Message) error {
		from, _ := weir.FromContext(ctx)
		seen = append(seen, fmt.Sprintf("%s:%s:%s:%s:%t", m.ID, m.Part, m.Payload, m.Attribute("awsRegion"), from == m))
		if string(m.Payload) == "3!" {
			return io.EOF
		}
		return nil
	}), twice), lines), weir.Observe(d))
	res := invoke(t, t.Context(), l, sqsEvent(standardARN, bodies("1\n2", "3")...))
	assert.Equal(t, strings.Join(seen, " "), "a:0/0:1:eu-west-1:true a:0/1:1!:eu-west-1:true a:1/0:2:eu-west-1:true a:1/1:2!:eu-west-1:true "+
		"b:0:3:eu-west-1:true b:1:3!:eu-west-1:true")
	assert.Equal(t, res.failed, []string{"b"})
	assert.Equal(t, d.sum.Records, 2)
	assert.Equal(t, d.sum.Succeeded, 1)
	assert.Equal(t, d.sum.Failed, 1)
	assert.Error(t, d.sum.Err, "1 of 2 records in it: part 1: EOF")
	var part *weir.PartError
	assert.Equal(t, errors.As(d.sum.Err, &part) && part.Part == "1", true)
	assert.Equal(t, strings.Count(strings.Join(d.lines, ","), "succeeded"), 5)
}

func TestUnwrapABatch(t *testing.T) {
	t.Parallel()
	var calls []string
	l := weir.SQS(weir.Unwrap(weir.Batch(func(_ context.Context, b *weir.BatchOf[string]) error {
		calls = append(calls, strings.Join(b.Values(), " "))
		for _, v := range b.Values() {
			if v == "fail" {
				return io.EOF
			}
		}
		return nil
	}, weir.Bisect()), lines))
	res := invoke(t, t.Context(), l, sqsEvent(standardARN, bodies("1\n2", "!error", "3\nfail", "4")...))
	assert.Equal(t, res.states(), "a succeeded, b failed, c failed, d succeeded")
	assert.Equal(t, calls[0], "1 2 3 fail 4")
}

func TestUnwrapRefused(t *testing.T) {
	t.Parallel()
	v := weir.Each(nothing)
	assert.Error(t, weir.SQS(weir.Unwrap(nil, lines)).Err(), "no verb")
	assert.Error(t, weir.SQS(weir.Unwrap(v, nil)).Err(), "the Opener is nil")
	assert.Error(t, weir.DynamoDB(weir.Unwrap(v, lines)).Err(), "does not apply to DynamoDB")
	assert.Error(t, weir.SQS(weir.Unwrap(weir.Each[string](nil), lines)).Err(), "nil")
}

func TestUnwrapAtTheDeadline(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		f      func(context.Context, string) error
		bodies []string
		want   string
	}{
		"while opening":          {obey, []string{"1", "!wait", "2"}, "a skipped, b skipped, c skipped"},
		"while running":          {func(ctx context.Context, s string) error { return sleep(ctx, s, "2") }, []string{"1\n2\n3", "4"}, "a failed, b skipped"},
		"a handler that stays":   {func(_ context.Context, s string) error { return sleep(context.Background(), s, "3") }, []string{"1\n2", "3", "4"}, "a succeeded, b skipped, c skipped"},
		"a part done, one stays": {func(_ context.Context, s string) error { return sleep(context.Background(), s, "2") }, []string{"1\n2", "3"}, "a skipped, b skipped"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				d := &diary{}
				l := weir.SQS(weir.Unwrap(weir.Each(c.f), lines), weir.Observe(d))
				begin := time.Now()
				res := invoke(t, ctx, l, sqsEvent(standardARN, bodies(c.bodies...)...))
				assert.Equal(t, res.states(), c.want)
				assert.Equal(t, time.Since(begin) < 10*time.Second, true)
				for _, r := range res.records {
					if r.State == "skipped" && !errors.Is(r.Err, weir.ErrDeadlineNear) {
						t.Errorf("%s: %v", r.ID, r.Err)
					}
				}
				time.Sleep(time.Minute) // until the handler that stays has gone
			})
		})
	}
}

// sleep takes longer than the invocation has, if s is the one that does.
func sleep(ctx context.Context, s, long string) error {
	if s != long {
		return nil
	}
	select {
	case <-time.After(time.Minute / 2):
	case <-ctx.Done():
	}
	return ctx.Err()
}

func TestUnwrapInARunner(t *testing.T) {
	t.Parallel()
	halt, stop := context.WithCancel(t.Context())
	r := weir.NewRunner("log", weir.Unwrap(weir.Each(func(ctx context.Context, s string) error {
		if s == "2" {
			stop()
		}
		for halt.Err() == nil && s == "2" {
			runtime.Gosched()
		}
		return obey(ctx, s)
	}), lines))
	msgs := []weir.Message{
		{ID: "a", OrderingKey: "k", Payload: []byte("1\nfail")}, {ID: "b", OrderingKey: "k", Payload: []byte("3")},
		{ID: "c", OrderingKey: "l", Payload: []byte("2")},
	}
	out := r.RunUntil(t.Context(), halt, msgs)
	for i, want := range []weir.Outcome{weir.Failed, weir.Skipped, weir.Succeeded} {
		got, err := out.Of(i)
		assert.Equal(t, got, want, msgs[i].ID)
		if got == weir.Skipped {
			assert.Equal(t, errors.Is(err, weir.ErrSkipped), true)
		}
	}
}

// Two parts of one identity would be one to whoever remembers what is done.
func TestUnwrapPartsAreTold(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		open func(m *weir.Message) []weir.Message
		want string
	}{
		"With twice": {func(m *weir.Message) []weir.Message { return []weir.Message{m.With(m.Payload), m.With(m.Payload)} }, "failed"},
		"one number twice": {func(m *weir.Message) []weir.Message {
			return []weir.Message{m.WithPart(1, nil), m.WithPart(0, nil), m.WithPart(1, nil)}
		}, "failed"},
		"in no order": {func(m *weir.Message) []weir.Message {
			return []weir.Message{m.WithPart(10, nil), m.WithPart(9, nil), m.With(nil)}
		}, "succeeded"},
		"as WithPart counts": {func(m *weir.Message) []weir.Message { return []weir.Message{m.WithPart(9, nil), m.WithPart(10, nil)} }, "succeeded"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := weir.SQS(weir.Unwrap(weir.Each(nothing), func(_ context.Context, m *weir.Message) ([]weir.Message, error) { return c.open(m), nil }))
			res := invoke(t, t.Context(), l, sqsEvent(standardARN, bodies("x", "y")...))
			assert.Equal(t, res.records[0].State, c.want)
			if c.want == "failed" {
				assert.Error(t, res.err, "the Opener returned two records with Part")
			}
		})
	}
}

// half decides the first record, and panics or ends in another way.
type half struct{ end func() error }

func (h half) Process(ctx context.Context, w *weir.Work) error {
	w.Decide(ctx, func(i int, _ *weir.Message) error {
		if i > 0 {
			return io.EOF
		}
		return nil
	})
	return h.end()
}

// What a verb has decided before it dies counts, as it does without Unwrap.
func TestUnwrapVerbDies(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func() error{
		"returns": func() error { return nil },
		"fails":   func() error { return io.ErrClosedPipe },
		"panics":  func() error { panic("verb") },
		"exits":   func() error { runtime.Goexit(); return nil },
	} {
		for _, verb := range []weir.Verb{half{end}, weir.Unwrap(half{end}, lines), weir.Unwrap(weir.Unwrap(half{end}, lines), lines)} {
			res := invoke(t, t.Context(), weir.SQS(verb), sqsEvent(standardARN, named("a", "b")...))
			assert.NoError(t, res.err)
			assert.Equal(t, res.states(), "a succeeded, b failed", name)
			assert.Equal(t, errors.Is(res.records[1].Err, io.EOF), true, name)
		}
	}
}
