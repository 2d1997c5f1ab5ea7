package weir_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/weirtest"
)

// When nothing was done, the invocation fails by default; here it reports every record.
func ExampleReportAll() {
	show(weir.SQS(weir.Each(ship), weir.ReportAll()), weirtest.SQS(Order{"a", -1}))
	// Output:
	// 1 failed: negative amount
}

// A stream delivers what stands behind a failed record again; here it has not run before.
func ExampleStopOnFailure() {
	show(weir.Kinesis(weir.Each(ship), weir.StopOnFailure()), weirtest.Kinesis(Order{"a", 1}, Order{"b", -1}, Order{"c", 1}))
	// Output:
	// shipped a
	// 1 succeeded
	// 2 failed: negative amount
	// 3 skipped: weir: not run, since an earlier record failed
}

func ExampleSkipGroup() {
	show(weir.SQS(weir.Each(ship), weir.SkipGroup()), weirtest.FIFO(
		weirtest.In("north", Order{"n1", -1}, Order{"n2", 1}),
		weirtest.In("south", Order{"s1", 1})))
	// Output:
	// shipped s1
	// 1 failed: negative amount
	// 2 skipped: weir: not run, since an earlier record failed
	// 3 succeeded
}

// Records of one partition key stay in order; those of different keys run at a time.
func ExampleConcurrency() {
	var sum atomic.Int64
	add := func(ctx context.Context, o Order) error { sum.Add(int64(o.Amount)); return nil }
	show(weir.Kinesis(weir.Each(add), weir.Concurrency(8)), weirtest.Kinesis(
		weirtest.In("north", Order{"n1", 1}, Order{"n2", 10}),
		weirtest.In("south", Order{"s1", 100})))
	fmt.Println(sum.Load())
	// Output:
	// 1 succeeded
	// 2 succeeded
	// 3 succeeded
	// 111
}

// A handler's context ends the reserve before the Lambda deadline, so that there is time to answer.
func ExampleDeadlineReserve() {
	look := func(ctx context.Context, o Order) error {
		m, _ := weir.FromContext(ctx)
		lambda, _ := m.Deadline()
		mine, _ := ctx.Deadline()
		fmt.Println(lambda.Sub(mine))
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	weirtest.Run(ctx, weir.SQS(weir.Each(look), weir.DeadlineReserve(5*time.Second)), weirtest.SQS(Order{}))
	// Output:
	// 5s
}

func ExampleRecordTimeout() {
	call := func(ctx context.Context, o Order) error {
		if o.ID == "quick" {
			return nil
		}
		<-ctx.Done()
		return ctx.Err()
	}
	show(weir.SQS(weir.Each(call), weir.RecordTimeout(time.Millisecond)), weirtest.SQS(Order{"slow", 1}, Order{"quick", 1}))
	// Output:
	// 1 failed: weir: the record took longer than RecordTimeout: context deadline exceeded
	// 2 succeeded
}

// By default a record that cannot be decoded is retried, until the queue's redrive policy or the
// mapping's limits end that.
func ExampleFailUndecodable() {
	show(weir.SQS(weir.Each(ship), weir.OnUndecodable(weir.FailUndecodable)), weirtest.SQS("1", Order{"b", 1}))
	// Output:
	// shipped b
	// 1 failed: undecodable: json: cannot unmarshal number into Go value of type weir_test.Order
	// 2 succeeded
}

func ExampleDropUndecodable() {
	show(weir.SQS(weir.Each(ship), weir.OnUndecodable(weir.DropUndecodable)), weirtest.SQS("1", Order{"b", 1}))
	// Output:
	// shipped b
	// 1 dropped: dropped: undecodable: json: cannot unmarshal number into Go value of type weir_test.Order
	// 2 succeeded
}

func ExampleOnUndecodable() {
	setAside := func(ctx context.Context, m *weir.Message, err error) error {
		fmt.Printf("set aside %s: %v\n", m.Payload, err)
		return nil // taken care of: dropped. An error would retry the record.
	}
	show(weir.SQS(weir.Each(ship), weir.OnUndecodable(setAside)), weirtest.SQS("no JSON", Order{"b", 1}))
	// Output:
	// set aside no JSON: undecodable: invalid character 'o' in literal null (expecting 'u')
	// shipped b
	// 1 dropped: dropped: undecodable: invalid character 'o' in literal null (expecting 'u')
	// 2 succeeded
}

// meter is an observer: it has the methods of those interfaces that it cares for.
type meter struct{}

func (meter) RecordFailed(ctx context.Context, m *weir.Message, err error) error {
	fmt.Printf("%s failed: %v\n", m.Payload, err)
	return nil
}

func (meter) BatchEnded(ctx context.Context, s weir.Summary) {
	fmt.Printf("%d records, %d failed\n", s.Records, s.Failed)
}

func ExampleObserve() {
	weirtest.Run(context.Background(), weir.SQS(weir.Each(ship), weir.Observe(meter{})), weirtest.SQS(Order{"a", 1}, Order{"b", -1}))
	// Output:
	// shipped a
	// {"ID":"b","Amount":-1} failed: negative amount
	// 2 records, 1 failed
}

func ExampleLogger() {
	plain := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey || a.Key == "source" || a.Key == "error" {
			return slog.Attr{}
		}
		return a
	}}))
	weirtest.Run(context.Background(), weir.SQS(weir.Each(ship), weir.Logger(plain)), weirtest.SQS(Order{"a", 1}, Order{"b", -1}))
	// Output:
	// shipped a
	// level=WARN msg="records not done" requestId="" records=2 failed=1 skipped=0
}

// A team's own defaults fit every source.
func ExampleOptions() {
	ours := weir.Options(weir.ReportAll(), weir.OnUndecodable(weir.DropUndecodable))
	show(weir.SQS(weir.Each(ship), ours), weirtest.SQS("no JSON"))
	show(weir.Kinesis(weir.Each(ship), ours, weir.StopOnFailure()), weirtest.Kinesis(Order{"a", -1}))
	// Output:
	// 1 dropped: dropped: undecodable: invalid character 'o' in literal null (expecting 'u')
	// 1 failed: negative amount
}

// Decode brings a format of your own; here a line of text instead of JSON.
func ExampleDecode() {
	parse := func(payload []byte) (o Order, err error) {
		_, err = fmt.Sscan(string(payload), &o.ID, &o.Amount)
		return o, err
	}
	show(weir.SQS(weir.Each(ship, weir.Decode(parse))), weirtest.SQS("a 1", "b", "c 3"))
	// Output:
	// shipped a
	// shipped c
	// 1 succeeded
	// 2 failed: undecodable: EOF
	// 3 succeeded
}
