package weir_test

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/weirtest"
)

// fromHex is a decoder of the user's.
func fromHex(payload []byte) (string, error) {
	b, err := hex.DecodeString(string(payload))
	return string(b), err
}

func TestDecode(t *testing.T) {
	t.Parallel()
	var got []string
	add := func(_ context.Context, s string) error { got = append(got, s); return nil }
	event := sqsEvent(standardARN, rec{"a", "", "6869"}, rec{"b", "", "no hex"}, rec{"c", "", "796f"})
	for name, v := range map[string]weir.Verb{
		"Each": weir.Each(add, weir.Decode(fromHex)),
		"Batch": weir.Batch(func(ctx context.Context, b *weir.BatchOf[string]) error {
			for _, s := range b.Values() {
				_ = add(ctx, s)
			}
			return nil
		}, weir.Decode(fromHex)),
	} {
		got = nil
		res := invoke(t, t.Context(), weir.SQS(v), event)
		assert.Equal(t, strings.Join(got, " "), "hi yo")
		assert.Equal(t, res.states(), "a succeeded, b failed, c succeeded")
		if err := res.records[1].Err; !errors.Is(err, weir.ErrUndecodable) || !strings.Contains(err.Error(), "invalid byte") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A panic in the user's decoder fails its record.
func TestDecodePanics(t *testing.T) {
	t.Parallel()
	boom := func(p []byte) (string, error) {
		if string(p) == "x" {
			panic("boom")
		}
		return string(p), nil
	}
	l := weir.SQS(weir.Each(func(context.Context, string) error { return nil }, weir.Decode(boom)))
	res := invoke(t, t.Context(), l, sqsEvent(standardARN, rec{"a", "", "x"}, rec{"b", "", "y"}))
	assert.Equal(t, res.states(), "a failed, b succeeded")
}

func TestDecodeThatCannotBe(t *testing.T) {
	t.Parallel()
	for _, l := range []*weir.Lambda{
		weir.SQS(weir.Each(func(context.Context, string) error { return nil }, weir.Decode[string](nil))),
		weir.SQS(weir.Batch(func(context.Context, *weir.BatchOf[string]) error { return nil }, weir.Decode[string](nil))),
		weir.SQS(weir.Batch(func(context.Context, *weir.BatchOf[int]) error { return nil }, weir.Decode(fromHex))),
	} {
		if l.Err() == nil || !strings.Contains(l.Err().Error(), "Decode") {
			t.Error(l.Err())
		}
	}
}

// Nor inside a verb that checks nothing.
func TestEachInsideAVerbWithoutCheck(t *testing.T) {
	t.Parallel()
	inner := weir.Each(func(context.Context, string) error { return nil }, weir.Decode[string](nil))
	l := weir.SQS(verbFunc(func(ctx context.Context, w *weir.Work) error { return inner.Process(ctx, w) }))
	res := invoke(t, t.Context(), l, sqsEvent(standardARN, rec{"a", "", "x"}))
	assert.Equal(t, res.states(), "a failed")
	if err := res.records[0].Err; err == nil || !strings.Contains(err.Error(), "Decode") {
		t.Error(err)
	}
}

// One without Check is told of what cannot be, and no more: middleware may put another payload there.
func TestEachOfAnotherSource(t *testing.T) {
	t.Parallel()
	inner := weir.Each(func(context.Context, weir.Change[struct{}]) error { return nil })
	verb := verbFunc(func(ctx context.Context, w *weir.Work) error { return inner.Process(ctx, w) })
	res := invoke(t, t.Context(), weir.Kinesis(verb, weir.OnUndecodable(weir.DropUndecodable)), kinesisEvent(named("a")...))
	assert.Equal(t, res.states(), "a dropped")
}

// Around what is decoded in a way of its own, another type would get nothing.
func TestEmbeddedInAnother(t *testing.T) {
	t.Parallel()
	type item struct{ ID string }
	type change struct{ weir.Change[item] }
	type newImage struct{ *weir.NewImage[item] }
	type pair struct{ weir.Pair[string, item] }
	type deep struct{ *change }
	for _, l := range []*weir.Lambda{
		weir.DynamoDB(weir.Each(func(context.Context, change) error { return nil })),
		weir.DynamoDB(weir.Batch(func(context.Context, *weir.BatchOf[newImage]) error { return nil })),
		weir.Kafka(weir.Each(func(context.Context, pair) error { return nil })),
		weir.DynamoDB(weir.Each(func(context.Context, deep) error { return nil })),
	} {
		if l.Err() == nil || !strings.Contains(l.Err().Error(), "embedded") {
			t.Error(l.Err())
		}
	}
	if _, err := weir.NewDecoder[pair]().Decode(new(weir.Message)); !errors.Is(err, weir.ErrUndecodable) {
		t.Error(err)
	}
}

type endless *endless

func TestPointersWithoutEnd(t *testing.T) {
	t.Parallel()
	l := weir.SQS(weir.Each(func(context.Context, endless) error { return nil }))
	res := invoke(t, t.Context(), l, sqsEvent(standardARN, rec{"a", "", "null"}))
	assert.Equal(t, res.states(), "a succeeded")
}

// What handlers keep shares chunks of memory with what comes later, in this invocation and in the
// next; nothing of it may change, and appending to a slice must not write to another.
func TestKeptValuesShareNothingThatChanges(t *testing.T) {
	t.Parallel()
	type order struct {
		ID   string
		Tags []string
		Raw  []byte
	}
	var kept []order
	l := weir.SQS(weir.Each(func(_ context.Context, o order) error {
		kept = append(kept, o)
		_ = append(o.Tags, "intruder")
		_ = append(o.Raw, "intruder"...)
		return nil
	}), weir.Concurrency(1))
	const rounds = 50
	for i := range rounds {
		id := strings.Repeat(string(rune('a'+i%26)), 1+i)
		event := sqsEvent(standardARN,
			rec{"1", "", `{"ID":"` + id + `","Tags":["x` + id + `","y"],"Raw":"aGk="}`},
			rec{"2", "", `{"ID":"\u00e9","Tags":[],"Raw":"aG8="}`})
		invoke(t, t.Context(), l, event)
		clear(event)
	}
	for i := range rounds {
		id := strings.Repeat(string(rune('a'+i%26)), 1+i)
		assert.Equal(t, kept[2*i], order{id, []string{"x" + id, "y"}, []byte("hi")})
		assert.Equal(t, kept[2*i+1], order{"é", []string{}, []byte("ho")})
	}
}

// Chunks live for several invocations. What stands in them must not keep the payloads of earlier
// ones alive, which can be large.
func TestNothingOfLargePayloadsStays(t *testing.T) {
	type order struct {
		ID   string   `dynamodbav:"id"`
		Tags []string `dynamodbav:"body"`
	}
	const size, rounds = 200_000, 300
	large := strings.Repeat("x", size)
	for name, invokeOne := range map[string]func(){
		"SQS": func() {
			l := weir.SQS(weir.Each(func(context.Context, order) error { return nil }))
			event := sqsEvent(standardARN, rec{"1", "", `{"Tags":["a"],"ID":"` + large + `"}`})
			for range rounds {
				invoke(t, t.Context(), l, event)
			}
		},
		"DynamoDB": func() {
			l := weir.DynamoDB(weir.Each(func(context.Context, weir.Change[order]) error { return nil }))
			event := dynamoDBEvent(rec{"1", large, "x"})
			event = []byte(strings.ReplaceAll(string(event), `"body":{"S":"x"}`, `"body":{"SS":["x"]}`))
			for range rounds {
				invoke(t, t.Context(), l, event)
			}
		},
	} {
		before := heap()
		invokeOne()
		if kept := int(heap()) - int(before); kept > 4<<20 {
			t.Errorf("%s: %d kB stay behind %d payloads of %d kB", name, kept>>10, rounds, size>>10)
		}
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// A decoder that cannot ask whom it must is no fault of the record, which nobody may then give up.
func TestDecodeUnavailable(t *testing.T) {
	t.Parallel()
	ask := func(payload []byte) (string, error) {
		switch string(payload) {
		case "down":
			return "", fmt.Errorf("asking: %w", weir.Unavailable(errors.New("no answer")))
		case "bad":
			return "", errors.New("no such thing")
		}
		return string(payload), nil
	}
	drop := weir.OnUndecodable(weir.DropUndecodable)
	none := func(context.Context, string) error { return nil }
	own := weir.NewDecoder(weir.Decode(ask))
	event := sqsEvent(standardARN, rec{"a", "", "down"}, rec{"b", "", "bad"}, rec{"c", "", "good"})
	for name, v := range map[string]weir.Verb{
		"Each":  weir.Each(none, weir.Decode(ask)),
		"Batch": weir.Batch(func(context.Context, *weir.BatchOf[string]) error { return nil }, weir.Decode(ask)),
		"own": weir.EachMessage(func(_ context.Context, m *weir.Message) error {
			_, err := own.Decode(m)
			return err
		}),
	} {
		res := invoke(t, t.Context(), weir.SQS(v, drop), event)
		assert.Equal(t, res.states(), "a failed, b dropped, c succeeded", name)
		err := res.records[0].Err
		if u := (*weir.UnavailableError)(nil); !errors.As(err, &u) || errors.Is(err, weir.ErrUndecodable) {
			t.Errorf("%s: %v", name, err)
		}
	}
	type count struct{ N int }
	add := func(_ context.Context, c count, _ string) (count, error) { return count{c.N + 1}, nil }
	l := weir.KinesisWindow(weir.Fold(add, nil, weir.Decode(ask)), drop)
	e := weirtest.Kinesis("good", "bad", "down", "good").InWindow(weir.WindowInfo{}, nil)
	res := weirtest.Run(t.Context(), l, e)
	assert.Equal(t, string(res.State), `{"N":1}`)
	assert.Equal(t, len(res.Retried()), 2)
}
