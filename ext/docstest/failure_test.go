package docstest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/weirtest"
)

var (
	errUnknownProduct = errors.New("unknown product")
	errClosed         = errors.New("warehouse closed")
	errNoDatabase     = errors.New("no database")
	errHiccup         = errors.New("connection reset")
)

func book(_ context.Context, o Order) error {
	return map[string]error{"b": errUnknownProduct, "c": errClosed, "d": errHiccup, "e": errNoDatabase}[o.ID]
}

// snippet:begin outcomes
func handle(ctx context.Context, o Order) error {
	switch err := book(ctx, o); {
	case errors.Is(err, errUnknownProduct):
		return weir.Drop(err) // done: trying again is of no use to anybody
	case errors.Is(err, errClosed):
		return weir.RetryAfter(10*time.Minute, err) // later: see middleware/visibility
	case errors.Is(err, errNoDatabase):
		return weir.Abort(err) // what has not begun need not begin
	default:
		return err // nil is done, any other error is retried
	}
}

// snippet:end

func Example_outcomes() {
	show(weir.SQS(weir.Each(handle)), weirtest.SQS(Order{ID: "a"}, Order{ID: "b"}, Order{ID: "c"}, Order{ID: "d"}, Order{ID: "e"}, Order{ID: "f"}))
	// Output:
	// 1 succeeded
	// 2 dropped: dropped: unknown product
	// 3 failed: retry after 10m0s: warehouse closed
	// 4 failed: connection reset
	// 5 failed: aborted: no database
	// 6 skipped: weir: not run, since the handler aborted the batch
}

// Four records, of which b fails, under each rule: what runs, and what is delivered again.
func Example_rules() {
	var ran []string
	f := func(ctx context.Context, name string) error {
		ran = append(ran, name)
		if name == "b" {
			return errors.New("no")
		}
		return nil
	}
	print := func(rule string, l *weir.Lambda, e weirtest.Event) {
		ran = nil
		res := weirtest.Run(context.Background(), l, e)
		again := e.Again(res.Retried()...)
		fmt.Printf("%-28s ran %-7s  again %s\n", rule, strings.Join(ran, " "), namesOf(e, again.IDs()))
	}
	v := weir.Each(f)
	north, south := []any{"a", "b", "c"}, []any{"d"}
	standard := weirtest.SQS("a", "b", "c", "d")
	print("SQS", weir.SQS(v), standard)
	print("SQS, StopOnFailure", weir.SQS(v, weir.StopOnFailure()), standard)
	fifo := weirtest.FIFO(weirtest.In("north", north...), weirtest.In("south", south...))
	print("SQS FIFO", weir.SQS(v), fifo)
	print("SQS FIFO, SkipGroup", weir.SQS(v, weir.SkipGroup()), fifo)
	stream := weirtest.Kinesis("a", "b", "c", "d")
	print("Kinesis", weir.Kinesis(v), stream)
	print("Kinesis, StopOnFailure", weir.Kinesis(v, weir.StopOnFailure()), stream)
	kafka := weirtest.Kafka(weirtest.In("north-0", north...), weirtest.In("south-0", south...))
	print("Kafka", weir.Kafka(v), kafka)
	print("Kafka, StopOnFailure", weir.Kafka(v, weir.StopOnFailure()), kafka)
	print("Kafka, ContinueOnFailure", weir.Kafka(v, weir.ContinueOnFailure()), kafka)
	// Output:
	// SQS                          ran a b c d  again b
	// SQS, StopOnFailure           ran a b      again b c d
	// SQS FIFO                     ran a b      again b c d
	// SQS FIFO, SkipGroup          ran a b d    again b c
	// Kinesis                      ran a b c d  again b c d
	// Kinesis, StopOnFailure       ran a b      again b c d
	// Kafka                        ran a b d    again b c
	// Kafka, StopOnFailure         ran a b      again b c d
	// Kafka, ContinueOnFailure     ran a b c d  again b c
}

// A bulk write is all or nothing; Bisect finds the record that it fails for.
func Example_bisect() {
	// snippet:begin bisect
	insert := func(ctx context.Context, b *weir.BatchOf[Order]) error {
		for _, o := range b.Values() { // one INSERT of all of them, say
			if o.Cents < 0 {
				return fmt.Errorf("%d rows refused: negative amount", b.Len())
			}
		}
		return nil
	}
	fn := weir.SQS(weir.Batch(insert, weir.Bisect()))
	// snippet:end
	show(fn, weirtest.SQS(Order{"a", 1}, Order{"b", 2}, Order{"c", -3}, Order{"d", 4}))
	// Output:
	// 1 succeeded
	// 2 succeeded
	// 3 failed: 1 rows refused: negative amount
	// 4 succeeded
}
