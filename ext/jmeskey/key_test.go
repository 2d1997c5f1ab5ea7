package jmeskey_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/ext/jmeskey"
	"github.com/weir-go/weir/middleware/once"
	"github.com/weir-go/weir/state/mem"
	"github.com/weir-go/weir/weirtest"
)

func lambda(expression string, run func()) *weir.Lambda {
	return weir.SQS(weir.EachMessage(func(context.Context, *weir.Message) error { run(); return nil }),
		once.Use(once.New("f", mem.New()), jmeskey.Key(expression)), weir.ReportAll())
}

// TestSame tells which payloads have one key, and which another.
func TestSame(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		expression, one, two string
		same                 bool
	}{
		{"id", `{"id":"a"}`, `{"id":"a","n":2}`, true},
		{"id", `{"id":"a"}`, `{"id":"b"}`, false},
		{"id", `{"id":"1"}`, `{"id":1}`, false},
		{"id", `{"id":12345678901234567890}`, `{"id":12345678901234567891}`, false},
		{"id", `{"id":9007199254740993}`, `{"id":9007199254740992}`, false},
		{"id", `{"id":0}`, `{"id":false}`, false},
		{"[tenant, id]", `{"tenant":"t","id":1}`, `{"id":1,"tenant":"t"}`, true},
		{"[tenant, id]", `{"tenant":"t","id":1}`, `{"tenant":"u","id":1}`, false},
		{"[tenant, id]", `{"tenant":"t","id":null}`, `{"tenant":"t"}`, true},
		{"{a: x, b: y}", `{"x":1,"y":2}`, `{"y":2,"x":1}`, true},
		{"items[?price > `5`].id", `{"items":[{"id":1,"price":7},{"id":2,"price":3}]}`, `{"items":[{"id":1,"price":6.5}]}`, true},
		{"length(@)", `[1,2]`, `[3,4]`, true},
	} {
		runs := 0
		r := weirtest.Run(t.Context(), lambda(c.expression, func() { runs++ }), weirtest.SQS(c.one, c.two))
		r.Want(t, weirtest.Succeeded, weirtest.Succeeded)
		if (runs == 1) != c.same {
			t.Errorf("%s: %s and %s: %d runs", c.expression, c.one, c.two, runs)
		}
	}
}

// TestMissing: what is missing is no key, and two of them are never the same.
func TestMissing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		expression, payload string
		want                error
	}{
		{"id", `{}`, once.ErrNoKey},
		{"id", `{"id":null}`, once.ErrNoKey},
		{"id", `{"id":""}`, once.ErrNoKey},
		{"id", `[1]`, once.ErrNoKey},
		{"id", `"text"`, once.ErrNoKey},
		{"id", ``, once.ErrNoKey},
		{"[a, b]", `{}`, once.ErrNoKey},
		{"{x: a, y: b}", `{"a":null,"b":""}`, once.ErrNoKey},
		{"items[].id", `{"items":[]}`, once.ErrNoKey},
		{"[tenant, id] && id && [tenant, id]", `{"tenant":"t"}`, once.ErrNoKey},
		{"id", `{"id":`, weir.ErrUndecodable},
		{"id", `{"id":1} {"id":2}`, weir.ErrUndecodable},
		{"length(id)", `{"id":1}`, nil},
	} {
		r := weirtest.Run(t.Context(), lambda(c.expression, func() { t.Error("it ran") }), weirtest.SQS(c.payload, c.payload))
		for _, o := range r.Records {
			if o.State != weirtest.Failed || c.want != nil && !errors.Is(o.Err, c.want) {
				t.Errorf("%s of %s: %v, want %v", c.expression, c.payload, o.Err, c.want)
			}
		}
	}
	if err := lambda("a[", func() {}).Err(); err == nil {
		t.Error("an expression that cannot be was taken")
	}
}

// FuzzKey: a payload has the key that it has with other white space, and nothing panics.
func FuzzKey(f *testing.F) {
	f.Add([]byte(`{"id":[1,{"a":null}]}`))
	f.Add([]byte(`{"id": 1e400, "a":{"b":"\u00e9"}}`))
	f.Add([]byte(`[`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		var again bytes.Buffer
		if json.Indent(&again, payload, "\n", "\t ") != nil {
			again.Reset()
			again.Write(payload)
		}
		runs := 0
		l := weir.Kinesis(weir.EachMessage(func(context.Context, *weir.Message) error { runs++; return nil }),
			once.Use(once.New("f", mem.New()), jmeskey.Key("[id, a.b, items[0]]")), weir.ReportAll())
		r := weirtest.Run(t.Context(), l, weirtest.Kinesis(payload, again.Bytes()))
		for _, o := range r.Records {
			if _, panicked := errors.AsType[*weir.PanicError](o.Err); panicked {
				t.Fatal(o.Err)
			}
		}
		if runs > 1 || (r.Records[0].Err == nil) != (r.Records[1].Err == nil) || (runs == 1) != (r.Records[0].Err == nil) {
			t.Fatalf("%d runs of %q and %q: %v, %v", runs, payload, again.Bytes(), r.Records[0].Err, r.Records[1].Err)
		}
	})
}

func ExampleKey() {
	fn := weir.SQS(weir.Each(func(ctx context.Context, body string) error {
		fmt.Println("ship", body)
		return nil
	}), once.Use(once.New("ship", mem.New()), jmeskey.Key("[tenant, order.id]")))
	_, _ = fn.Invoke(context.Background(), weirtest.SQS(
		`{"tenant":"t1","order":{"id":7}}`,
		`{"tenant":"t2","order":{"id":7}}`,
		`{"order":{"id":7},"tenant":"t1"}`).JSON())
	// Output:
	// ship {"tenant":"t1","order":{"id":7}}
	// ship {"tenant":"t2","order":{"id":7}}
}
