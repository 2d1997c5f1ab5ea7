package offload_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/middleware/offload"
	"github.com/weir-go/weir/weirtest"
)

// none fails a test if something could not be deleted.
func none(t *testing.T) func(context.Context, offload.Pointer, error) {
	return func(_ context.Context, p offload.Pointer, err error) { t.Errorf("%s: %v", p, err) }
}

// outcomes is a handler that ends as its text says.
func outcomes(_ context.Context, text string) error {
	switch text {
	case "fail":
		return errors.New("no")
	case "drop":
		return weir.Drop(errors.New("no"))
	case "panic":
		panic("no")
	}
	return nil
}

func TestDeleteAfter(t *testing.T) {
	t.Parallel()
	fill := func() *bucket {
		return bucketOf("done", "ok", "failed", "fail", "dropped", "drop", "panicked", "panic", "shared", "ok", "other", "ok", "observed", "observed")
	}
	event := weirtest.SQS(large("a", "done"), large("b", "failed"), large("c", "dropped"), large("d", "panicked"), large("e", "done"),
		large("f", "shared"), large("g", "observed"), weirtest.Record{ID: "h", Value: at("other").Body()}, "small")
	kept := map[string]bool{"failed": true, "dropped": true, "panicked": true, "other": true, "observed": true}
	no := weir.Observe(succeeded(func(m *weir.Message) error {
		if m.ID == "g" {
			return errors.New("no")
		}
		return nil
	}))
	for name, make := range map[string]func(b *bucket, del weir.FlowOption) *weir.Lambda{
		"load": func(b *bucket, del weir.FlowOption) *weir.Lambda {
			return weir.SQS(weir.Each(outcomes), no, offload.Load(b, buckets), del)
		},
		"load, 4 at a time": func(b *bucket, del weir.FlowOption) *weir.Lambda {
			return weir.SQS(weir.Each(outcomes), weir.Concurrency(4), del, no, offload.Load(b, buckets))
		},
		"unwrap": func(b *bucket, del weir.FlowOption) *weir.Lambda {
			return weir.SQS(offload.Unwrap(weir.Each(outcomes), b, buckets), del, no)
		},
		"parts": func(b *bucket, del weir.FlowOption) *weir.Lambda {
			return weir.SQS(offload.Unwrap(weir.Unwrap(weir.Each(outcomes), func(_ context.Context, m *weir.Message) ([]weir.Message, error) {
				return []weir.Message{m.WithPart(0, []byte("ok")), m.WithPart(1, m.Payload)}, nil
			}), b, buckets), del, no)
		},
		"stream": func(b *bucket, del weir.FlowOption) *weir.Lambda {
			return weir.SQS(weir.EachMessage(func(ctx context.Context, m *weir.Message) error {
				r, err := offload.Open(ctx)
				if err != nil {
					return err
				}
				text, err := io.ReadAll(r)
				if err != nil {
					return err
				}
				return outcomes(ctx, string(text))
			}), no, offload.Load(b, buckets, offload.Stream()), del)
		},
		"after a retry": func(b *bucket, del weir.FlowOption) *weir.Lambda {
			return weir.SQS(weir.Each(outcomes), no, weir.Use(func(next weir.Handler) weir.Handler {
				return func(ctx context.Context, m *weir.Message) error {
					_ = next(ctx, m)
					return next(ctx, m)
				}
			}), offload.Load(b, buckets), del)
		},
		"twice": func(b *bucket, del weir.FlowOption) *weir.Lambda {
			return weir.SQS(weir.Each(outcomes), no, offload.Load(b, buckets), del, del)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := fill()
			r := weirtest.Run(t.Context(), make(b, offload.DeleteAfter(b, none(t))), event)
			r.Want(t, weirtest.Succeeded, weirtest.Failed, weirtest.Dropped, weirtest.Failed, weirtest.Succeeded,
				weirtest.Succeeded, weirtest.Failed, weirtest.Succeeded, weirtest.Succeeded)
			assert.Equal(t, b.keys(), kept)
			for _, d := range b.deletes {
				assert.Equal(t, len(d) == 0 || len(d) == 2, true, fmt.Sprint(d))
			}
		})
	}
}

type succeeded func(m *weir.Message) error

func (f succeeded) RecordSucceeded(_ context.Context, m *weir.Message) error { return f(m) }

// An object that another record needs stays, even if that was not run at all.
func TestDeleteAfterSpares(t *testing.T) {
	t.Parallel()
	b := bucketOf("1", "ok", "2", "fail")
	fn := weir.SQS(weir.Each(outcomes), offload.Load(b, buckets), offload.DeleteAfter(b, none(t)))
	weirtest.Run(t.Context(), fn, weirtest.FIFO(large("a", "1"), large("b", "2"), large("c", "1"))).
		Want(t, weirtest.Succeeded, weirtest.Failed, weirtest.Skipped)
	assert.Equal(t, b.keys(), map[string]bool{"1": true, "2": true})

	b = bucketOf("1", "ok", "2", "fail", "3", "ok")
	fn = weir.SQS(weir.Each(outcomes), offload.Load(b, buckets), offload.DeleteAfter(b, none(t)))
	weirtest.Run(t.Context(), fn, weirtest.FIFO(large("a", "1"), large("b", "2"), large("c", "3"))).
		Want(t, weirtest.Succeeded, weirtest.Failed, weirtest.Skipped)
	assert.Equal(t, b.keys(), map[string]bool{"2": true, "3": true})

	// Records that share an identifier: one is not done, so both come back.
	b = bucketOf("1", "ok", "2", "fail", "3", "ok")
	fn = weir.SQS(weir.Each(outcomes), offload.Load(b, buckets), offload.DeleteAfter(b, none(t)))
	_, err := fn.Invoke(t.Context(), weirtest.SQS(large("a", "1"), large("a", "2"), large("c", "3")).JSON())
	assert.NoError(t, err)
	assert.Equal(t, b.keys(), map[string]bool{"1": true, "2": true})
}

// Without an identifier to report the whole batch comes back; so does, on streams, what stands
// behind a failure.
func TestDeleteAfterKeepsTheBatch(t *testing.T) {
	t.Parallel()
	b := bucketOf("1", "ok", "2", "fail")
	opts := weir.FlowOptions(offload.Load(b, buckets, offload.Unmarked()), offload.DeleteAfter(b, none(t)))
	event := `{"Records":[{"messageId":"a","body":%q,"eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:eu-west-1:1:q"},` +
		`{"body":%q,"eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:eu-west-1:1:q"}]}`
	_, err := weir.SQS(weir.Each(outcomes), opts).Invoke(t.Context(), fmt.Appendf(nil, event, at("1").Body(), at("2").Body()))
	assert.Error(t, err, "no identifier")
	assert.Equal(t, len(b.keys()), 2)

	fn := weir.Kinesis(weir.Each(outcomes), opts)
	weirtest.Run(t.Context(), fn, weirtest.Kinesis(at("2").Body(), at("1").Body())).Want(t, weirtest.Failed, weirtest.Succeeded)
	assert.Equal(t, len(b.keys()), 2)
	weirtest.Run(t.Context(), fn, weirtest.Kinesis(at("1").Body())).WantDone(t)
	assert.Equal(t, b.keys(), map[string]bool{"2": true})
}

// A deletion that fails, panics or takes for ever changes nothing.
func TestDeleteFails(t *testing.T) {
	t.Parallel()
	b := bucketOf("1", "ok", "2", "ok")
	b.failed = func(p offload.Pointer) error {
		if p.Key == "1" {
			return errors.New("AccessDenied")
		}
		return nil
	}
	var told []string
	fn := weir.SQS(weir.Each(outcomes), offload.Load(b, buckets), offload.DeleteAfter(b, func(_ context.Context, p offload.Pointer, err error) {
		told = append(told, err.Error())
	}))
	weirtest.Run(t.Context(), fn, weirtest.SQS(large("a", "1"), large("b", "2"))).WantDone(t)
	assert.Equal(t, told, []string{"offload: s3://large/1: AccessDenied"})

	b.failed = func(offload.Pointer) error { panic("no") }
	weirtest.Run(t.Context(), weir.SQS(weir.Each(outcomes), offload.Load(b, buckets), offload.DeleteAfter(b, none(t))),
		weirtest.SQS(large("a", "1"))).WantDone(t)

	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		b := bucketOf("1", "ok")
		fn := weir.SQS(weir.Each(outcomes), offload.Load(b, buckets), offload.DeleteAfter(stuck{}, none(t)))
		weirtest.Run(ctx, fn, weirtest.SQS(large("a", "1"))).WantDone(t)
	})
}

type stuck struct{}

func (stuck) Delete(ctx context.Context, p []offload.Pointer, failed func(offload.Pointer, error)) {
	<-ctx.Done()
}

// Whatever happens in a batch: no object is deleted that a record needs which comes back, or that
// was dropped.
func TestDeleteAfterNeverTooEarly(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	for range 300 {
		b := bucketOf()
		var events []any
		var keys []string
		for i := range rng.IntN(12) {
			key := fmt.Sprint(rng.IntN(9))
			if _, ok := b.objects[at(key)]; !ok {
				b.objects[at(key)] = []string{"ok", "ok", "ok", "fail", "drop", "panic"}[rng.IntN(6)]
			}
			r := large(fmt.Sprint("m", i), key)
			r.OrderingKey = fmt.Sprint(rng.IntN(3))
			events, keys = append(events, r), append(keys, key)
		}
		event := weirtest.SQS(events...)
		if rng.IntN(2) == 0 {
			event = weirtest.FIFO(events...)
		}
		opts := []weir.SQSOption{offload.Load(b, buckets), offload.DeleteAfter(b, none(t)), weir.Concurrency(1 + rng.IntN(4))}
		if rng.IntN(2) == 0 {
			opts = append(opts, weir.SkipGroup())
		}
		if rng.IntN(3) == 0 {
			opts = append(opts, weir.StopOnFailure())
		}
		r := weirtest.Run(t.Context(), weir.SQS(weir.Each(outcomes), opts...), event)
		left := b.keys()
		needed := map[string]bool{}
		for i, o := range r.Records {
			if o.State != weirtest.Succeeded {
				needed[keys[i]] = true
			}
		}
		for i, o := range r.Records {
			if !left[keys[i]] == needed[keys[i]] {
				t.Fatalf("%s of %s, which %s: left %v, needed %v", keys[i], o.ID, o.State, left[keys[i]], needed[keys[i]])
			}
		}
	}
}

// Invocations at the same time, of one Lambda, do not mix up their objects.
func TestManyInvocations(t *testing.T) {
	t.Parallel()
	b := bucketOf()
	for i := range 16 {
		for k, end := range []string{"ok", "fail", "ok"} {
			b.objects[at(fmt.Sprint(i, "/", k))] = end
		}
	}
	for _, fn := range []*weir.Lambda{
		weir.SQS(weir.Each(outcomes), weir.Concurrency(2), offload.Load(b, buckets), offload.DeleteAfter(b, none(t))),
		weir.SQS(offload.Unwrap(weir.Each(outcomes), b, buckets), offload.DeleteAfter(b, none(t))),
	} {
		var all sync.WaitGroup
		for i := range 16 {
			all.Go(func() {
				var events []any
				for k := range 3 {
					events = append(events, large(fmt.Sprint("m", k), fmt.Sprint(i, "/", k))) // identifiers are the same
				}
				r := weirtest.Run(t.Context(), fn, weirtest.SQS(events...))
				r.Want(t, weirtest.Succeeded, weirtest.Failed, weirtest.Succeeded)
			})
		}
		all.Wait()
		left := b.keys()
		assert.Equal(t, len(left), 16)
		for i := range 16 {
			assert.Equal(t, left[fmt.Sprint(i, "/1")], true)
			b.objects[at(fmt.Sprint(i, "/0"))], b.objects[at(fmt.Sprint(i, "/2"))] = "ok", "ok"
		}
	}
}
