package deadletter_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/middleware/deadletter"
	"github.com/weir-go/weir/monoid"
	"github.com/weir-go/weir/pipeline"
	"github.com/weir-go/weir/state/mem"
	"github.com/weir-go/weir/weirtest"
)

// TestRedriveIntoPipeline: what a pipeline gave up counts once it is redriven, and once only, however often and
// whichever way; what it has counted, and was given up all the same, does not count again.
func TestRedriveIntoPipeline(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 6, 0, 0, 0, time.UTC)
	values := []any{"a", "bad", "c"}
	for source, event := range map[string]weirtest.Event{
		"SQS": weirtest.SQS(values...).At(at), "Kinesis": weirtest.Kinesis(values...).At(at), "Kafka": weirtest.Kafka(values...).At(at),
	} {
		store := mem.New()
		count := func(broken bool) *pipeline.Pipeline[string, int64] {
			return &pipeline.Pipeline[string, int64]{
				Name: "count",
				Key: func(s string) string {
					if broken && s == "bad" {
						panic("a bug")
					}
					return "all"
				},
				Value: func(string) int64 { return 1 }, Aggregate: monoid.Count(), StoreIn: store,
			}
		}
		total := func() int64 {
			t.Helper()
			r, err := count(false).Get(t.Context(), "all", pipeline.Consistent())
			assert.NoError(t, err)
			return r.Value
		}
		var b box
		fn := sources[source](count(true), deadletter.To(&b, deadletter.MaxAge(1)))
		assert.NoError(t, fn.Err())
		weirtest.Run(t.Context(), fn, event).WantDone(t)
		assert.Equal(t, total(), 2, source)
		assert.Equal(t, len(b.letters), 1, source)
		assert.Contains(t, b.letters[0].Error, "a bug")

		_, _, all := dropAll(t, source, event.JSON()) // as if their answers had been lost
		run := weir.NewRunner("redrive", count(false))
		for range 2 {
			for _, l := range append(all, b.letters...) {
				m, err := l.Message()
				assert.NoError(t, err)
				out := run.Run(t.Context(), []weir.Message{*m})
				if is, err := out.Of(0); is != weir.Succeeded {
					t.Fatalf("%s: %v: %v", source, is, err)
				}
				data, err := l.Event()
				assert.NoError(t, err)
				_, err = sources[source](count(false), deadletter.To(&b)).Invoke(t.Context(), data)
				assert.NoError(t, err)
			}
		}
		assert.Equal(t, total(), 3, source)
	}
}

// A part of a record is redriven into what was inside of Unwrap, alone.
func TestRedriveOfAPart(t *testing.T) {
	t.Parallel()
	var b box
	open := func(_ context.Context, m *weir.Message) (inside []weir.Message, err error) {
		for i, c := range m.Payload {
			inside = append(inside, m.WithPart(i, []byte{c}))
		}
		return inside, nil
	}
	done := map[string]int{}
	ship := func(broken bool) weir.Verb {
		return weir.Each(func(ctx context.Context, s string) error {
			if m, _ := weir.FromContext(ctx); broken && s == "b" {
				return weir.Permanent(errNo)
			} else {
				done[fmt.Sprint(m.ID, "/", m.Part, " ", s)]++
			}
			return nil
		})
	}
	weirtest.Run(t.Context(), weir.Kinesis(weir.Unwrap(ship(true), open), deadletter.To(&b, deadletter.Permanent())),
		weirtest.Kinesis(weirtest.Record{ID: "1", Value: "abc"})).WantDone(t)
	assert.Equal(t, fmt.Sprint(done), "map[1/0 a:1 1/2 c:1]")
	m, err := b.letters[0].Message()
	assert.NoError(t, err)
	assert.Equal(t, weir.NewRunner("redrive", ship(false)).Run(t.Context(), []weir.Message{*m}).AllDone(), true)
	assert.Equal(t, fmt.Sprint(done), "map[1/0 a:1 1/1 b:1 1/2 c:1]")
	assert.Contains(t, m.Raw(), "YWJj") // what carried it
}
