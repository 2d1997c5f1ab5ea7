package envelope_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/envelope"
	"github.com/weir-go/weir/weirtest"
)

func idle(context.Context, *weir.Message) error { return nil }

func bench(b *testing.B, l *weir.Lambda, e weirtest.Event, inside int) {
	b.Helper()
	event := e.JSON()
	b.ReportAllocs()
	b.SetBytes(int64(len(event)))
	for b.Loop() {
		if _, err := l.Invoke(b.Context(), event); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(inside), "ns/record")
}

func BenchmarkKPL(b *testing.B) {
	for _, each := range []int{1, 100} {
		var values []any
		for i := range 20 {
			var keyed []string
			for k := range each {
				keyed = append(keyed, fmt.Sprint("key-", (i+k)%16), strings.Repeat("x", 200))
			}
			values = append(values, aggregate(keyed...))
		}
		b.Run(fmt.Sprint("n=", each), func(b *testing.B) {
			bench(b, weir.Kinesis(envelope.KPL(weir.EachMessage(idle))), weirtest.Kinesis(values...), 20*each)
		})
	}
}

func BenchmarkGzip(b *testing.B) {
	var values []any
	for i := range 10 {
		values = append(values, to64(zip(fmt.Sprintf(`{"id":%d,"text":"%s"}`, i, strings.Repeat("hello ", 1000)))))
	}
	bench(b, weir.SQS(envelope.Base64(envelope.Gzip(weir.EachMessage(idle)))), weirtest.SQS(values...), 10)
}

func BenchmarkCloudWatchLogs(b *testing.B) {
	events := make([]string, 100)
	for i := range events {
		events[i] = fmt.Sprintf(`{"id":"%056d","timestamp":1432826855000,"message":"{\"level\":\"info\",\"n\":%d,\"text\":\"hello\"}"}`, i, i)
	}
	event := weirtest.Kinesis(zip(logsBody("DATA_MESSAGE", "["+strings.Join(events, ",")+"]")))
	bench(b, weir.Kinesis(logs(weir.EachMessage(idle))), event, 100)
}
