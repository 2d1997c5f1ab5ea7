package once_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/middleware/once"
	"github.com/weir-go/weir/state/mem"
	"github.com/weir-go/weir/weirtest"
)

// BenchmarkOnce measures batches of 10 records on a store in memory: what it adds to a handler, beside
// the store's own time.
func BenchmarkOnce(b *testing.B) {
	const records = 10
	handler := weir.EachMessage(func(context.Context, *weir.Message) error { return nil })
	event := func() weirtest.Event {
		var all []any
		for i := range records {
			all = append(all, order{ID: fmt.Sprint(i)})
		}
		return weirtest.SQS(all...)
	}()
	serial := 0
	fresh := once.KeyFunc(func(m *weir.Message) (string, error) { serial++; return fmt.Sprint(serial), nil })
	for _, c := range []struct {
		name string
		opts []weir.SQSOption
	}{
		{"without", nil},
		{"new", []weir.SQSOption{once.Use(once.New("f", mem.New()), fresh)}},
		{"known", []weir.SQSOption{once.Use(once.New("f", mem.New()), once.MessageID())}},
		{"pointer", []weir.SQSOption{once.Use(once.New("f", mem.New()), once.Pointer("/id"))}},
		{"cached", []weir.SQSOption{once.Use(once.New("f", mem.New(), once.Cache(records)), once.MessageID())}},
	} {
		b.Run(c.name, func(b *testing.B) {
			l, body := weir.SQS(handler, c.opts...), event.JSON()
			b.ReportAllocs()
			for b.Loop() {
				if _, err := l.Invoke(b.Context(), body); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/records, "ns/record")
		})
	}
}
