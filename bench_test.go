package weir_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/weir-go/weir"
)

// keyed makes n messages over k ordering keys; without keys each stands alone.
func keyed(n, k int) []weir.Message {
	msgs := make([]weir.Message, n)
	for i := range msgs {
		msgs[i] = weir.Message{ID: fmt.Sprint(i), Payload: []byte("x")}
		if k > 0 {
			msgs[i].OrderingKey = fmt.Sprint("key-", i%k)
		}
	}
	return msgs
}

// BenchmarkSchedule is what a record costs beside decoding it and handling it.
func BenchmarkSchedule(b *testing.B) {
	work := func(context.Context, *weir.Message) error { return nil }
	for _, n := range []int{10, 1000, 10000} {
		run := func(name string, k int, opts ...weir.FlowOption) {
			msgs := keyed(n, k)
			l := weir.From(weir.Source{Name: "bench", Decode: func([]byte) ([]weir.Message, error) { return msgs, nil }}, weir.EachMessage(work), opts...)
			b.Run(fmt.Sprintf("%s/n=%d", name, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := l.Invoke(b.Context(), nil); err != nil {
						b.Fatal(err)
					}
				}
				perRecord(b, n)
			})
		}
		run("sequential", 0)
		run("lanes/keys=100", 100, weir.Concurrency(8))
		run("lanes/keys=0", 0, weir.Concurrency(8))
		b.Run(fmt.Sprintf("peer/loop-with-recover/n=%d", n), func(b *testing.B) {
			msgs := keyed(n, 0)
			b.ReportAllocs()
			for b.Loop() {
				for i := range msgs {
					func() {
						defer func() { _ = recover() }()
						_ = work(b.Context(), &msgs[i])
					}()
				}
			}
			perRecord(b, n)
		})
		b.Run(fmt.Sprintf("peer/goroutine-each/n=%d", n), func(b *testing.B) {
			msgs := keyed(n, 0)
			b.ReportAllocs()
			for b.Loop() {
				var wg sync.WaitGroup
				for i := range msgs {
					wg.Go(func() { _ = work(b.Context(), &msgs[i]) })
				}
				wg.Wait()
			}
			perRecord(b, n)
		})
		b.Run(fmt.Sprintf("peer/channel/n=%d", n), func(b *testing.B) {
			msgs := keyed(n, 0)
			b.ReportAllocs()
			for b.Loop() {
				var wg sync.WaitGroup
				c := make(chan *weir.Message)
				for range 8 {
					wg.Go(func() {
						for m := range c {
							_ = work(b.Context(), m)
						}
					})
				}
				for i := range msgs {
					c <- &msgs[i]
				}
				close(c)
				wg.Wait()
			}
			perRecord(b, n)
		})
	}
}

func perRecord(b *testing.B, n int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/record")
}

// BenchmarkInvoke is whole invocations: bytes in, bytes out.
func BenchmarkInvoke(b *testing.B) {
	type click struct {
		User, Page, Referrer string
		At, Ms               int
		Tags                 []string
	}
	body := `{"User":"u-1029384756","Page":"/products/4711/reviews","Referrer":"https://example.com/search?q=weir","At":1760000000,"Ms":137,"Tags":["a","b","c"]}`
	nothing := func(context.Context, click) error { return nil }
	change := func(context.Context, weir.Change[struct{ Body string }]) error { return nil }
	for _, n := range []int{1, 10, 1000} {
		var recs []rec
		for i := range n {
			recs = append(recs, rec{fmt.Sprintf("4965%052d", i), fmt.Sprint("user-", i%100), body})
		}
		for _, c := range []struct {
			name  string
			l     *weir.Lambda
			event []byte
		}{
			{"sqs", weir.SQS(weir.Each(nothing)), sqsEvent(standardARN, recs...)},
			{"kinesis", weir.Kinesis(weir.Each(nothing)), kinesisEvent(recs...)},
			{"dynamodb", weir.DynamoDB(weir.Each(change)), dynamoDBEvent(recs...)},
		} {
			b.Run(fmt.Sprintf("%s/n=%d", c.name, n), func(b *testing.B) {
				b.SetBytes(int64(len(c.event)))
				b.ReportAllocs()
				for b.Loop() {
					if _, err := c.l.Invoke(b.Context(), c.event); err != nil {
						b.Fatal(err)
					}
				}
				perRecord(b, n)
			})
		}
	}
}

// What Decode adds to calling the function in the handler.
func BenchmarkDecodeOption(b *testing.B) {
	type order struct{ ID, Customer string }
	decode := func([]byte) (order, error) { return order{ID: "a", Customer: "b"}, nil }
	for _, way := range []struct {
		name string
		verb weir.Verb
	}{
		{"option", weir.Each(func(context.Context, order) error { return nil }, weir.Decode(decode))},
		{"peer/direct", weir.EachMessage(func(_ context.Context, m *weir.Message) error { _, err := decode(m.Payload); return err })},
	} {
		const n = 1000
		msgs := keyed(n, 0)
		l := weir.From(weir.Source{Name: "bench", Decode: func([]byte) ([]weir.Message, error) { return msgs, nil }}, way.verb)
		b.Run(fmt.Sprintf("%s/n=%d", way.name, n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := l.Invoke(b.Context(), nil); err != nil {
					b.Fatal(err)
				}
			}
			perRecord(b, n)
		})
	}
}
