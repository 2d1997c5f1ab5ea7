package envelope_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/envelope"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/middleware"
	"github.com/weir-go/weir/middleware/once"
	"github.com/weir-go/weir/state/mem"
	"github.com/weir-go/weir/weirtest"
)

// When the Kinesis record comes again, Once runs only what was not done.
func TestKPLWithOnce(t *testing.T) {
	t.Parallel()
	runs := map[string]int{}
	broken := true
	v := envelope.KPL(weir.Each(func(_ context.Context, s string) error {
		runs[s]++
		if s == "bad" && broken {
			return io.EOF
		}
		return nil
	}))
	l := weir.Kinesis(v, once.Use(once.New("kpl", mem.New()), once.MessageID()))
	assert.NoError(t, l.Err())
	event := weirtest.Kinesis(aggregate("k", "a", "k", "bad", "j", "b"), "plain", aggregate("k", "c", "k", "d"))
	weirtest.Run(t.Context(), l, event).Want(t, weirtest.Failed, weirtest.Succeeded, weirtest.Succeeded)
	broken = false
	weirtest.Run(t.Context(), l, event).WantDone(t)
	weirtest.Run(t.Context(), l, event).WantDone(t)
	assert.Equal(t, runs, map[string]int{"a": 1, "bad": 2, "b": 1, "plain": 1, "c": 1, "d": 1})
}

// The middleware that retries tries each child by itself.
func TestKPLWithRetry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		runs := map[string]int{}
		l := weir.Kinesis(envelope.KPL(weir.Each(func(_ context.Context, s string) error {
			if runs[s]++; s == "third" && runs[s] < 3 {
				return io.EOF
			}
			return nil
		})), middleware.Retry(middleware.Retries{Attempts: 3}))
		assert.NoError(t, l.Err())
		weirtest.Run(t.Context(), l, weirtest.Kinesis(aggregate("k", "a", "k", "third", "k", "b"))).WantDone(t)
		assert.Equal(t, runs, map[string]int{"a": 1, "third": 3, "b": 1})
	})
}

// What is damaged harms nobody before or behind it, whichever envelope it is damaged in.
func TestDamagedBetweenGood(t *testing.T) {
	t.Parallel()
	good := func(key string) string { return snsBody(to64(zip(s3Body(s3Put(key)))), "") }
	event := weirtest.SQS(
		good("a"),
		snsBody("no base64!", ""),
		good("b"),
		snsBody(to64([]byte("no gzip")), ""),
		snsBody(to64(zip("no JSON")), ""),
		to64(zip(s3Body(s3Put("c")))), // raw
		"",
		good("%zz"),
		good("d"))
	for _, drop := range []bool{false, true} {
		for _, workers := range []int{1, 4} {
			var mu sync.Mutex
			var got []string
			bad := weirtest.Failed
			opts := []weir.SQSOption{weir.Concurrency(workers)}
			if drop {
				bad = weirtest.Dropped
				opts = append(opts, weir.OnUndecodable(weir.DropUndecodable))
			}
			l := weir.SQS(envelope.SNS(envelope.Base64(envelope.Gzip(envelope.S3(weir.Each(func(_ context.Context, r envelope.S3Record) error {
				mu.Lock()
				defer mu.Unlock()
				got = append(got, r.Key)
				return nil
			}))))), opts...)
			ok := weirtest.Succeeded
			weirtest.Run(t.Context(), l, event).Want(t, ok, bad, ok, bad, bad, ok, bad, bad, ok)
			slices.Sort(got)
			assert.Equal(t, got, []string{"a", "b", "c", "d"})
		}
	}
}

// A record whose own data cannot be read is not opened.
func TestDamagedRecord(t *testing.T) {
	t.Parallel()
	event := strings.Replace(string(weirtest.Kinesis("a", "b", "c").JSON()), to64([]byte("b")), "***", 1)
	var s seen
	out, err := weir.Kinesis(envelope.KPL(envelope.KPL(s.verb()))).Invoke(t.Context(), []byte(event))
	assert.NoError(t, err)
	assert.Equal(t, s.list, []string{"a", "c"})
	assert.Equal(t, strings.Count(string(out), "itemIdentifier"), 1)
}

// One Lambda is invoked by many at a time.
func TestManyInvocations(t *testing.T) {
	t.Parallel()
	type got struct{ list []string }
	l := weir.SQS(envelope.SNS(envelope.Base64(envelope.Gzip(envelope.S3(weir.EachMessage(func(ctx context.Context, m *weir.Message) error {
		sns, _ := envelope.SNSFromContext(ctx)
		g, _ := ctx.Value(seenKey{}).(*got)
		g.list = append(g.list, sns.MessageAttributes["n"].String+m.Part+string(m.Payload))
		return nil
	}))))))
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			for round := range 5 {
				var values []any
				var want []string
				for k := range 10 {
					n := fmt.Sprint(i, "-", round, "-", k)
					a, b := `{"eventSource":"aws:s3","a":"`+n+`"}`, `{"eventSource":"aws:s3","b":"`+n+`"}`
					values = append(values, snsBody(to64(zip(s3Body(a, b))), `,"MessageAttributes":{"n":{"Type":"String","Value":"`+n+`"}}`))
					want = append(want, n+"0"+a, n+"1"+b)
				}
				var g got
				weirtest.Run(context.WithValue(t.Context(), seenKey{}, &g), l, weirtest.SQS(values...)).WantDone(t)
				if !slices.Equal(g.list, want) {
					t.Errorf("got  %q\nwant %q", g.list, want)
				}
			}
		})
	}
	all.Wait()
}

// What is empty is empty and not missing, which middleware tells apart.
func TestEmptyIsNotNil(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		wrap    func(weir.Verb) weir.Verb
		payload []byte
	}{
		"SNS": {envelope.SNS, []byte(snsBody("", ""))}, "raw": {envelope.SNS, []byte{}}, "Base64": {envelope.Base64, []byte{}}, "newline": {envelope.Base64, []byte("\n")},
		"padded": {envelope.Base64, []byte("\r\n")}, "Gzip": {gunzip(), zip("")}, "KPL": {unpack, aggregate("k", "")},
		"logs": {logMessages, zip(logsBody("DATA_MESSAGE", `[{"message":""}]`))},
	} {
		n := 0
		v := c.wrap(weir.EachMessage(func(_ context.Context, m *weir.Message) error {
			if n++; m.Payload == nil || len(m.Payload) > 0 {
				t.Errorf("%s: %#v", name, m.Payload)
			}
			return nil
		}))
		assert.Equal(t, weir.NewRunner("r", v).Run(t.Context(), []weir.Message{{ID: "1", Payload: c.payload}}).AllDone(), true, name)
		assert.Equal(t, n, 1, name)
	}
}

// Payloads that are parts of the one they came in must not be written into each other by append.
func TestPayloadsDoNotOverlap(t *testing.T) {
	t.Parallel()
	l := weir.Kinesis(envelope.S3(weir.EachMessage(func(_ context.Context, m *weir.Message) error {
		assert.Equal(t, cap(m.Payload), len(m.Payload))
		return nil
	})))
	weirtest.Run(t.Context(), l, weirtest.Kinesis(s3Body(s3Put("a"), s3Put("b")))).WantDone(t)
	for wrap, payload := range map[*func(weir.Verb) weir.Verb]string{
		ptr(envelope.SNS): snsBody("plain", ""), ptr(envelope.EventBridge): `{"detail-type":"T","source":"s","detail":{"a":1}}`,
		ptr(envelope.Debezium): withSchema(debeziumUpdate), ptr(unpack): string(aggregate("k", "a", "k", "b")),
	} {
		l := weir.Kinesis((*wrap)(weir.EachMessage(func(_ context.Context, m *weir.Message) error {
			assert.Equal(t, cap(m.Payload), len(m.Payload))
			return nil
		})))
		weirtest.Run(t.Context(), l, weirtest.Kinesis(payload)).WantDone(t)
	}
}

func ptr[T any](v T) *T { return &v }

// An opener that ignores its context is left behind: nothing is done, and nothing runs once it is back.
func TestLateOpener(t *testing.T) {
	t.Parallel()
	for _, workers := range []int{1, 3} {
		for _, depth := range []int{1, 2} {
			synctest.Test(t, func(t *testing.T) {
				ran := 0
				v := weir.EachMessage(func(context.Context, *weir.Message) error { ran++; return nil })
				v = weir.Unwrap(v, func(_ context.Context, m *weir.Message) ([]weir.Message, error) {
					if string(m.Payload) == "late" {
						time.Sleep(time.Hour)
					}
					return []weir.Message{m.With(m.Payload)}, nil
				})
				for range depth - 1 {
					v = envelope.SNS(v)
				}
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				begin := time.Now()
				res := weirtest.Run(ctx, weir.SQS(v, weir.Concurrency(workers), weir.ReportAll()), weirtest.SQS("a", "late", "b"))
				assert.Equal(t, time.Since(begin) < 10*time.Second, true)
				res.Want(t, weirtest.Skipped, weirtest.Skipped, weirtest.Skipped)
				for _, r := range res.Records {
					assert.Equal(t, errors.Is(r.Err, weir.ErrDeadlineNear), true, r.Err.Error())
				}
				time.Sleep(2 * time.Hour)
				assert.Equal(t, ran, 0)
			})
		}
	}
}

// Of a Batch that is late, what it has decided counts: a record is done if all in it is.
func TestLateBatch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := envelope.KPL(weir.Batch(func(_ context.Context, b *weir.BatchOf[string]) error {
			for item := range b.All() {
				switch item.Value {
				case "late":
					time.Sleep(time.Hour)
				case "bad":
					b.Fail(item, io.EOF)
				default:
					b.Done(item)
				}
			}
			return nil
		}, weir.Bisect()))
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		res := weirtest.Run(ctx, weir.Kinesis(v), weirtest.Kinesis(aggregate("k", "a", "k", "b"), aggregate("k", "c", "k", "bad"), aggregate("k", "d", "k", "late"), aggregate("k", "e")))
		res.Want(t, weirtest.Succeeded, weirtest.Failed, weirtest.Skipped, weirtest.Skipped)
		assert.Equal(t, errors.Is(res.Records[2].Err, weir.ErrDeadlineNear), true)
		time.Sleep(2 * time.Hour)
	})
}

// Bisect isolates one child; its parent fails, and so does nobody else.
func TestBisect(t *testing.T) {
	t.Parallel()
	for _, die := range []func(){func() {}, func() { panic("x") }} {
		done := map[string]int{}
		v := envelope.KPL(weir.Batch(func(_ context.Context, b *weir.BatchOf[string]) error {
			if slices.Contains(b.Values(), "bad") {
				die()
				return io.EOF
			}
			for _, s := range b.Values() {
				done[s]++
			}
			return nil
		}, weir.Bisect()))
		weirtest.Run(t.Context(), weir.Kinesis(v), weirtest.Kinesis(aggregate("k", "a", "k", "b"), aggregate("k", "c", "k", "bad", "k", "d"), "e", aggregate("k", "f"))).
			Want(t, weirtest.Succeeded, weirtest.Failed, weirtest.Succeeded, weirtest.Succeeded)
		assert.Equal(t, done, map[string]int{"a": 1, "b": 1, "c": 1, "d": 1, "e": 1, "f": 1})
	}
}

// A Runner that is told to halt finishes the child that runs, and its parent comes again.
func TestHalt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		halt, stop := context.WithCancel(t.Context())
		v := envelope.KPL(weir.Each(func(_ context.Context, s string) error {
			if s == "halt" {
				stop()
				synctest.Wait() // until the Runner knows
			}
			return nil
		}))
		msgs := []weir.Message{{ID: "1", Payload: aggregate("a", "x", "b", "y")}, {ID: "2", Payload: aggregate("c", "halt", "d", "z")}, {ID: "3", Payload: []byte("w")}}
		out := weir.NewRunner("r", v).RunUntil(t.Context(), halt, msgs)
		var got []string
		for i := range msgs {
			o, err := out.Of(i)
			got = append(got, fmt.Sprint(o, " ", errors.Is(err, weir.ErrHalted)))
		}
		assert.Equal(t, got, []string{"1 false", "4 true", "4 true"})
	})
}

// An observer that fails a child fails its parent, and one decision of OnFailure drops one child.
func TestObserversAndOnFailure(t *testing.T) {
	t.Parallel()
	var told []string
	l := weir.Kinesis(envelope.KPL(weir.Each(func(_ context.Context, s string) error {
		if s == "bad" || s == "worse" {
			return fmt.Errorf("it is %s", s)
		}
		return nil
	})), weir.Observe(vetoes{}), weir.OnFailure(func(_ context.Context, m *weir.Message, err error) error {
		told = append(told, m.Part+" "+err.Error())
		if string(m.Payload) == "bad" {
			return weir.Drop(err)
		}
		return err
	}))
	res := weirtest.Run(t.Context(), l, weirtest.Kinesis(aggregate("k", "a", "k", "bad"), aggregate("k", "veto", "k", "b"), aggregate("k", "bad", "k", "worse"), "fine"))
	res.Want(t, weirtest.Dropped, weirtest.Failed, weirtest.Failed, weirtest.Succeeded)
	assert.Equal(t, told, []string{"1 it is bad", "0 it is bad", "1 it is worse"})
	assert.Error(t, res.Records[0].Err, "1 of 2 records in it: part 1: dropped: it is bad")
	assert.Error(t, res.Records[1].Err, "part 0: ", "vetoed")
	assert.Error(t, res.Records[2].Err, "1 of 2 records in it: part 1: it is worse")
	var part *weir.PartError
	assert.Equal(t, errors.As(res.Records[2].Err, &part) && part.Part == "1", true)
}

type vetoes struct{}

func (vetoes) RecordSucceeded(_ context.Context, m *weir.Message) error {
	if string(m.Payload) == "veto" {
		return errors.New("vetoed")
	}
	return nil
}
