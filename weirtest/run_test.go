package weirtest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/weirtest"
)

// pack takes a second, unless its context ends before.
func pack(ctx context.Context, _ string) error {
	select {
	case <-time.After(time.Second):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// A deadline inside a bubble is virtual: this takes no time.
func TestVirtualDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
		defer cancel()
		res := weirtest.Run(ctx, weir.SQS(weir.Each(pack)), weirtest.SQS("a", "b", "c", "d"))
		res.Want(t, weirtest.Succeeded, weirtest.Succeeded, weirtest.Failed, weirtest.Skipped)
		for _, r := range res.Records[2:] {
			if !errors.Is(r.Err, weir.ErrDeadlineNear) {
				t.Errorf("record %s is not done because of %v", r.ID, r.Err)
			}
		}
	})
}

func TestRunHasLambdasLongestDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		hang := weir.SQS(weir.Each(func(ctx context.Context, _ string) error {
			<-ctx.Done()
			return context.Cause(ctx)
		}))
		weirtest.Run(t.Context(), hang, weirtest.SQS("a")).Want(t, weirtest.Failed)
		if d := time.Since(start); d < 14*time.Minute || d > 15*time.Minute {
			t.Errorf("the invocation took %v", d)
		}
	})
}

func TestStates(t *testing.T) {
	t.Parallel()
	outcome := weir.Each(func(_ context.Context, v string) error {
		switch v {
		case "drop":
			return weir.Drop(errors.New("enough"))
		case "fail":
			return errors.New("no")
		case "abort":
			return weir.Abort(errors.New("stop"))
		}
		return nil
	})
	res := weirtest.Run(t.Context(), weir.SQS(outcome), weirtest.SQS("ok", "drop", "fail", "abort", "ok"))
	res.Want(t, weirtest.Succeeded, weirtest.Dropped, weirtest.Failed, weirtest.Failed, weirtest.Skipped)
	if got, want := res.Retried(), weirtest.SQS(1, 2, 3, 4, 5).IDs()[2:]; !slices.Equal(got, want) {
		t.Errorf("retried %v, want %v", got, want)
	}
}

func TestWholeInvocationFails(t *testing.T) {
	t.Parallel()
	ok := weir.Each(func(context.Context, string) error { return nil })
	res := weirtest.Run(t.Context(), weir.SQS(ok), weirtest.Kinesis("a", "b"))
	if !errors.Is(res.Err, weir.ErrNotBatch) || len(res.Retried()) != 2 || res.Response != nil {
		t.Errorf("got error %v, retried %v, response %s", res.Err, res.Retried(), res.Response)
	}
	res.Want(t, weirtest.Failed, weirtest.Failed)

	res = weirtest.Run(t.Context(), weir.SQS(weir.Each(func(context.Context, string) error { return errors.New("no") }), weir.ReportAll()), weirtest.SQS("a"))
	res.Want(t, weirtest.Failed)
	if res.Err != nil {
		t.Error(res.Err)
	}
}

func TestEveryWindowSource(t *testing.T) {
	t.Parallel()
	type count struct{ N int }
	add := func(_ context.Context, c count, v weir.Change[Order]) (count, error) {
		if v.New.Total < 0 {
			return c, errors.New("negative")
		}
		return count{c.N + 1}, nil
	}
	event := weirtest.DynamoDB(orders, weirtest.Inserted(Order{ID: 1}), weirtest.Inserted(Order{ID: 2, Total: -1}), weirtest.Inserted(Order{ID: 3}))
	res := weirtest.Run(t.Context(), weir.DynamoDBWindow(weir.Fold(add, nil)), event.InWindow(weir.WindowInfo{}, nil))
	res.Want(t, weirtest.Succeeded, weirtest.Failed, weirtest.Skipped)
	if string(res.State) != `{"N":1}` {
		t.Errorf("the state is %s", res.State)
	}
	if again := event.Again(res.Retried()...); again.Len() != 2 {
		t.Errorf("%d records come again", again.Len())
	}
}

// lambda is one of another make.
type lambda func() (string, error)

func (l lambda) Invoke(context.Context, []byte) ([]byte, error) {
	out, err := l()
	return []byte(out), err
}

func TestOtherLambdas(t *testing.T) {
	t.Parallel()
	event := weirtest.SQS("a", "b")
	id := event.IDs()[1]
	for response, want := range map[string][]weirtest.State{
		``:                         {weirtest.Succeeded, weirtest.Succeeded},
		`null`:                     {weirtest.Succeeded, weirtest.Succeeded},
		`{}`:                       {weirtest.Succeeded, weirtest.Succeeded},
		`{"batchItemFailures":[]}`: {weirtest.Succeeded, weirtest.Succeeded},
		`{"batchItemFailures":[{"itemIdentifier":"` + id + `"}]}`: {weirtest.Succeeded, weirtest.Failed},
		`{"batchItemFailures":[{"itemIdentifier":""}]}`:           {weirtest.Failed, weirtest.Failed},
		`{"batchItemFailures":[{"foo":"x"}]}`:                     {weirtest.Failed, weirtest.Failed},
		`{"batchItemFailures":[{"itemIdentifier":"other"}]}`:      {weirtest.Failed, weirtest.Failed},
		`not JSON`: {weirtest.Failed, weirtest.Failed},
	} {
		weirtest.Run(t.Context(), lambda(func() (string, error) { return response, nil }), event).Want(t, want...)
	}
}

// recorder keeps what an assertion prints.
type recorder struct{ strings.Builder }

func (*recorder) Helper() {}

func (r *recorder) Errorf(format string, args ...any) { fmt.Fprintf(r, format, args...) }

func TestAssertionsFail(t *testing.T) {
	t.Parallel()
	ok := weir.SQS(weir.Each(func(context.Context, json.RawMessage) error { return nil }))
	for want, assert := range map[string]func(weirtest.T){
		"the batch has 1 records, but 2 states are wanted": func(r weirtest.T) {
			weirtest.Run(t.Context(), ok, weirtest.SQS(1)).Want(r, weirtest.Succeeded, weirtest.Succeeded)
		},
		"succeeded, want failed": func(r weirtest.T) {
			weirtest.Run(t.Context(), ok, weirtest.SQS(1)).Want(r, weirtest.Failed)
		},
		"1 of 2 records did not end as wanted": func(r weirtest.T) {
			weirtest.Run(t.Context(), ok, weirtest.SQS(1, "x")).WantDone(r)
		},
		"no record failed, but the invocation did\n  error: weir: SQS: no verb": func(r weirtest.T) {
			weirtest.Run(t.Context(), weir.SQS(nil), weirtest.SQS()).WantDone(r)
		},
		"no record failed, but the invocation did\n    0  4965": func(r weirtest.T) {
			window := weir.KinesisWindow(weir.Fold(
				func(_ context.Context, s Sum, _ int) (Sum, error) { return s, nil },
				func(context.Context, weir.WindowInfo, Sum) error { return errors.New("no room") },
			))
			weirtest.Run(t.Context(), window, weirtest.Kinesis(1).InWindow(weir.WindowInfo{Final: true}, nil)).Want(r, weirtest.Succeeded)
		},
		"the response does not tell Lambda what became of the records": func(r weirtest.T) {
			weirtest.Run(t.Context(), liar{ok}, weirtest.SQS(1, "x")).Want(r, weirtest.Succeeded, weirtest.Failed)
		},
	} {
		var r recorder
		if assert(&r); !strings.Contains(r.String(), want) {
			t.Errorf("got %q, want %q", r.String(), want)
		}
	}
}

// liar runs a Lambda and hides its failures.
type liar struct{ l *weir.Lambda }

func (l liar) Invoke(ctx context.Context, event []byte) ([]byte, error) {
	_, err := l.l.Invoke(ctx, event)
	return []byte(`{"batchItemFailures":[]}`), err
}
