package docstest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/ext/schemacheck"
	"github.com/weir-go/weir/middleware/deadletter"
	"github.com/weir-go/weir/weirtest"
)

// What cannot be decoded is put aside, and done.
func Example_setAside() {
	var aside []string
	// snippet:begin setAside
	keep := func(ctx context.Context, m *weir.Message, err error) error {
		aside = append(aside, m.Raw()) // the record as Lambda has it
		return nil                     // taken care of; an error would retry the record
	}
	fn := weir.SQS(weir.Each(ship), weir.OnUndecodable(keep))
	// snippet:end
	show(fn, weirtest.SQS(`{"ID":7}`, Order{"b", 1}))
	fmt.Println(len(aside), strings.Contains(aside[0], `{\"ID\":7}`))
	// Output:
	// shipped b
	// 1 dropped: dropped: undecodable: json: cannot unmarshal number into Go struct field Order.ID of type string
	// 2 succeeded
	// 1 true
}

// What breaks the schema is undecodable, and its error says where.
func Example_schema() {
	const orderSchema = `{"properties": {"ID": {"type": "string"}, "Cents": {"minimum": 1}}, "required": ["ID"]}`
	// snippet:begin schema
	fn := weir.SQS(weir.Each(ship), schemacheck.Check(schemacheck.Text(orderSchema))) // of a file, by go:embed
	// snippet:end
	show(fn, weirtest.SQS(Order{"a", 1}, Order{"b", 0}))
	// Output:
	// shipped a
	// 1 succeeded
	// 2 failed: undecodable: not valid by its schema: /Cents: minimum: got 0, want 1
}

// What is given up goes to a sink first, and its letter says why.
func Example_deadLetter() {
	var letters bytes.Buffer
	sink := deadletter.Func(func(ctx context.Context, l *deadletter.Letter) error {
		fmt.Printf("letter: %s %s: %s\n", l.Reason, l.Policy, l.Error)
		text, err := l.Encode()
		letters.Write(append(text, '\n'))
		return err
	})
	charge := func(ctx context.Context, o Order) error {
		switch {
		case o.Cents == 0:
			return weir.Permanent(errors.New("nothing to charge"))
		case o.Cents < 0:
			return errors.New("the bank says no")
		}
		return nil
	}
	// snippet:begin deadLetter
	fn := weir.SQS(weir.Each(charge), deadletter.To(sink,
		deadletter.Undecodable(),
		deadletter.Permanent(),
		deadletter.MaxReceives(4))) // less than the queue's own maxReceiveCount
	// snippet:end
	res := weirtest.Run(context.Background(), fn, weirtest.SQS(
		"no JSON",
		Order{"b", 0},
		weirtest.Record{Value: Order{"c", -1}, Attempt: 3},
		weirtest.Record{Value: Order{"d", -1}, Attempt: 4},
		Order{"e", 1}))
	for i, r := range res.Records {
		fmt.Println(i+1, r.State)
	}
	redrive(letters.Bytes())
	// Output:
	// letter: undecodable Undecodable(): undecodable: invalid character 'o' in literal null (expecting 'u')
	// letter: permanent Permanent(): permanent: nothing to charge
	// letter: receives MaxReceives(4): the bank says no
	// 1 dropped
	// 2 dropped
	// 3 failed
	// 4 dropped
	// 5 succeeded
	// shipped b
	// again: <nil>
}

// redrive gives the records of letters to a function once more.
func redrive(file []byte) {
	ctx := context.Background()
	// snippet:begin redrive
	fixed := weir.SQS(weir.Each(ship))
	for letter, err := range deadletter.Read(bytes.NewReader(file)) {
		if err != nil || letter.Reason != deadletter.ReasonPermanent {
			continue // not a letter, or not what was corrected
		}
		event, err := letter.Event()
		if err == nil {
			_, err = fixed.Invoke(ctx, event)
		}
		fmt.Println("again:", err)
	}
	// snippet:end
}

// On a stream, StopOnFailure and the mapping's bisection isolate the record that never succeeds.
func Example_poisonStream() {
	// snippet:begin stream
	fn := weir.Kinesis(weir.Each(ship), weir.StopOnFailure())
	// snippet:end
	event := weirtest.Kinesis(Order{"a", 1}, Order{"b", -1}, Order{"c", 1})
	res := weirtest.Run(context.Background(), fn, event) // b is reported
	again := event.Again(res.Retried()...)
	res = weirtest.Run(context.Background(), fn, again) // nothing is done: the invocation fails, Lambda bisects
	fmt.Println(res.Err != nil, again.Len())
	// Output:
	// shipped a
	// true 2
}

// A stream's records have no receive count; their age tells.
func Example_maxAge() {
	sink := deadletter.Func(func(ctx context.Context, l *deadletter.Letter) error {
		fmt.Println("letter:", l.Reason, l.Policy)
		return nil
	})
	// snippet:begin maxAge
	fn := weir.Kinesis(weir.Each(ship), deadletter.To(sink, deadletter.MaxAge(6*time.Hour)))
	// snippet:end
	show(fn, weirtest.Kinesis(Order{"a", -1}).At(time.Now().Add(-7*time.Hour)))
	// Output:
	// letter: age MaxAge(6h0m0s)
	// 1 dropped: dropped: given up by MaxAge(6h0m0s): negative amount
}
