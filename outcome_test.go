package weir_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/assert"
)

func TestOutcomes(t *testing.T) {
	t.Parallel()
	cause := errors.New("cause")
	for name, c := range map[string]struct {
		f    func() error
		want string
	}{
		"nil":                       {func() error { return nil }, "succeeded"},
		"error":                     {func() error { return cause }, "failed"},
		"drop":                      {func() error { return weir.Drop(cause) }, "dropped"},
		"drop nil":                  {func() error { return weir.Drop(nil) }, "dropped"},
		"wrapped drop":              {func() error { return fmt.Errorf("x: %w", weir.Drop(cause)) }, "dropped"},
		"drop of retry":             {func() error { return weir.Drop(weir.RetryAfter(1, cause)) }, "dropped"},
		"retry of drop":             {func() error { return weir.RetryAfter(time.Second, weir.Drop(cause)) }, "failed"},
		"drops joined":              {func() error { return errors.Join(weir.Drop(cause), weir.Drop(nil)) }, "dropped"},
		"drop joined with an error": {func() error { return errors.Join(weir.Drop(cause), cause) }, "failed"},
		"nothing joined":            {func() error { return joined{} }, "failed"},
		"undecodable":               {func() error { return weir.Undecodable(cause) }, "failed"},
		"panic":                     {func() error { panic("boom") }, "failed"},
		"panic with a drop":         {func() error { panic(weir.Drop(cause)) }, "failed"},
		"panic with nil":            {func() error { panic(nil) }, "failed"},
		"goexit":                    {func() error { runtime.Goexit(); return nil }, "failed"},
		"an error that panics":      {func() error { return (*bad)(nil) }, "failed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := weir.SQS(weir.Each(func(_ context.Context, body string) error {
				if body == "b" {
					return c.f()
				}
				return nil
			}), weir.RecordTimeout(time.Hour))
			res := invoke(t, t.Context(), l, sqsEvent(standardARN, named("a", "b", "c")...))
			assert.NoError(t, res.err)
			assert.Equal(t, res.states(), "a succeeded, b "+c.want+", c succeeded")
		})
	}
}

type joined struct{}

func (joined) Error() string   { return "joined" }
func (joined) Unwrap() []error { return nil }

type bad struct{ text string }

func (b *bad) Error() string { return b.text }

func (b *bad) Unwrap() error { return errors.New(b.text) }

func TestErrorsKeepTheirCause(t *testing.T) {
	t.Parallel()
	l := weir.SQS(weir.Each(func(_ context.Context, body string) error {
		switch body {
		case "panic":
			panic(io.ErrUnexpectedEOF)
		case "later":
			return weir.RetryAfter(5*time.Second, io.EOF)
		case "goexit":
			runtime.Goexit()
		}
		return fmt.Errorf("body %s: %w", body, io.ErrClosedPipe)
	}))
	res := invoke(t, t.Context(), l, sqsEvent(standardARN, named("panic", "later", "goexit", "x")...))
	for _, target := range []error{io.ErrUnexpectedEOF, io.EOF, io.ErrClosedPipe, weir.ErrGoexit} {
		if !errors.Is(res.err, target) {
			t.Errorf("%v is not in %v", target, res.err)
		}
	}
	p, ok := errors.AsType[*weir.PanicError](res.err)
	if !ok {
		t.Fatal("no PanicError")
	}
	assert.Contains(t, string(p.Stack), "TestErrorsKeepTheirCause")
	later, _ := errors.AsType[*weir.RetryAfterError](res.err)
	assert.Equal(t, later.Delay, 5*time.Second)
	e, _ := errors.AsType[*weir.BatchError](res.err)
	assert.Equal(t, []any{e.Source, e.Total, len(e.Records), e.Records[3].ID, e.Records[3].Index}, []any{standardARN, 4, 4, "x", 3})
}

func TestBatchErrorPrintsOneLinePerCause(t *testing.T) {
	t.Parallel()
	var recs []rec
	for i := range 100 {
		recs = append(recs, rec{id: fmt.Sprint("id", i), body: fmt.Sprint(i)})
	}
	l := weir.SQS(weir.Each(func(_ context.Context, n int) error {
		if n < 20 {
			return fmt.Errorf("own %d\nwith %s", n, strings.Repeat("long ", 100))
		}
		return errors.New("connection refused")
	}))
	res := invoke(t, t.Context(), l, sqsEvent(standardARN, recs...))
	assert.Error(t, res.err, "weir: 100 of 100 records failed ("+standardARN+")\n", "\n  1 x own 0 with long", "... and 11 more causes")
	lines := strings.Split(res.err.Error(), "\n")
	assert.Equal(t, len(lines), 12)
	res = invoke(t, t.Context(), l, sqsEvent(standardARN, recs[50:55]...))
	assert.Equal(t, res.err.Error(), "weir: 5 of 5 records failed ("+standardARN+")\n  5 x connection refused [id50 id51 id52 ...]")
}

func TestAbortStartsNothingMore(t *testing.T) {
	t.Parallel()
	var ran []string
	l := weir.Kinesis(weir.Each(func(_ context.Context, body string) error {
		ran = append(ran, body)
		if body == "b" {
			return weir.Abort(errors.New("database gone"))
		}
		return nil
	}))
	res := invoke(t, t.Context(), l, kinesisEvent(named("a", "b", "c", "d")...))
	assert.Equal(t, ran, []string{"a", "b"})
	assert.Equal(t, res.failed, []string{"b", "c", "d"})
	assert.Equal(t, res.states(), "a succeeded, b failed, c skipped, d skipped")
	if !errors.Is(res.records[2].Err, weir.ErrAborted) {
		t.Fatal(res.records[2].Err)
	}
}

func TestUndecodable(t *testing.T) {
	t.Parallel()
	type order struct{ N int }
	event := sqsEvent(standardARN, rec{id: "a", body: `{"N":1}`}, rec{id: "b", body: `{"N":`}, rec{id: "c", body: `{"N":3}`})
	var got []int
	verb := weir.Each(func(_ context.Context, o order) error { got = append(got, o.N); return nil })
	for _, c := range []struct {
		opts []weir.SQSOption
		want string
	}{
		{nil, "a succeeded, b failed, c succeeded"},
		{[]weir.SQSOption{weir.OnUndecodable(weir.FailUndecodable)}, "a succeeded, b failed, c succeeded"},
		{[]weir.SQSOption{weir.OnUndecodable(weir.DropUndecodable)}, "a succeeded, b dropped, c succeeded"},
		{[]weir.SQSOption{weir.OnUndecodable(func(context.Context, *weir.Message, error) error { return nil })}, "a succeeded, b dropped, c succeeded"},
		{[]weir.SQSOption{weir.OnUndecodable(func(context.Context, *weir.Message, error) error { return errors.New("queue down") })}, "a succeeded, b failed, c succeeded"},
		{[]weir.SQSOption{weir.OnUndecodable(func(context.Context, *weir.Message, error) error { panic("x") })}, "a succeeded, b failed, c succeeded"},
		{[]weir.SQSOption{weir.OnUndecodable(func(context.Context, *weir.Message, error) error { runtime.Goexit(); return nil })}, "a succeeded, b failed, c succeeded"},
	} {
		got = nil
		res := invoke(t, t.Context(), weir.SQS(verb, c.opts...), event)
		assert.Equal(t, res.states(), c.want)
		assert.Equal(t, got, []int{1, 3})
	}
	var seen error
	var raw string
	l := weir.SQS(verb, weir.OnUndecodable(func(ctx context.Context, m *weir.Message, err error) error {
		from, _ := weir.FromContext(ctx)
		if from != m {
			t.Error("FromContext gives another message")
		}
		seen, raw = err, m.Raw()
		return weir.Drop(err)
	}))
	invoke(t, t.Context(), l, event)
	if !errors.Is(seen, weir.ErrUndecodable) {
		t.Fatal(seen)
	}
	assert.Contains(t, raw, `"messageId":"b"`)
}
