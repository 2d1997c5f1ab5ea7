package deadletter_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/middleware/deadletter"
	"github.com/weir-go/weir/weirtest"
)

// What fails for good is put aside at once, what fails often after the fifth time.
func Example() {
	sink := deadletter.Func(func(ctx context.Context, l *deadletter.Letter) error {
		fmt.Printf("%s: %s: %s: %s\n", l.RecordID, l.Reason, l.Error, l.Payload)
		return nil
	})
	ship := func(ctx context.Context, o struct{ Item string }) error {
		if o.Item == "unicorn" {
			return weir.Permanent(errors.New("there are none"))
		}
		return errors.New("out of stock")
	}
	fn := weir.SQS(weir.Each(ship), deadletter.To(sink,
		deadletter.MaxReceives(5),
		deadletter.Undecodable(),
		deadletter.Permanent()))
	out, _ := fn.Invoke(context.Background(), weirtest.SQS(
		weirtest.Record{ID: "m1", Value: `{"item":"lamp"}`},
		weirtest.Record{ID: "m2", Value: `{"item":"lamp"}`, Attempt: 5},
		weirtest.Record{ID: "m3", Value: `{"item":"unicorn"}`},
		weirtest.Record{ID: "m4", Value: `{"item":`}).JSON())
	fmt.Println(string(out))
	// Output:
	// m2: receives: out of stock: {"item":"lamp"}
	// m3: permanent: permanent: there are none: {"item":"unicorn"}
	// m4: undecodable: undecodable: unexpected end of JSON input: {"item":
	// {"batchItemFailures":[{"itemIdentifier":"m1"}]}
}

// Letters give the records back, to be run again once the handler has been repaired.
func ExampleRead() {
	dir, err := os.MkdirTemp("", "letters")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	name := filepath.Join(dir, "letters.jsonl")
	sink, err := deadletter.OpenFile(name, deadletter.Sync())
	if err != nil {
		panic(err)
	}
	broken := func(ctx context.Context, order string) error { return errors.New("no such column") }
	fn := weir.SQS(weir.Each(broken), deadletter.To(sink, deadletter.MaxReceives(1)))
	_, _ = fn.Invoke(context.Background(), weirtest.SQS("a lamp", "a chair").JSON())

	repaired := func(ctx context.Context, order string) error {
		m, _ := weir.FromContext(ctx)
		fmt.Println(m.ID, order)
		return nil
	}
	file, err := os.Open(name)
	if err != nil {
		panic(err)
	}
	defer file.Close()
	again := weir.NewRunner("redrive", weir.Each(repaired))
	for letter, err := range deadletter.Read(file) {
		if err != nil {
			fmt.Println(err)
			continue
		}
		m, err := letter.Message()
		if err != nil {
			fmt.Println(err)
			continue
		}
		out := again.Run(context.Background(), []weir.Message{*m})
		fmt.Println("done:", out.AllDone())
	}
	// Output:
	// 6f1f1a4c-93d5-4b6e-8c5e-000000000001 a lamp
	// done: true
	// 6f1f1a4c-93d5-4b6e-8c5e-000000000002 a chair
	// done: true
}
