package jmeskey_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
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
		{"[tenant, id || 'none']", `{"tenant":"t","id":null}`, `{"tenant":"t"}`, true},
		{"[id, 'v1']", `{"id":1}`, `{"id":1,"n":2}`, true},
		{"{a: x, b: y}", `{"x":1,"y":2}`, `{"y":2,"x":1}`, true},
		{"items[?price > `5`].id", `{"items":[{"id":1,"price":7},{"id":2,"price":3}]}`, `{"items":[{"id":1,"price":6.5}]}`, true},
		{"items[?price > `5`].id", `{"items":[{"id":1,"price":12.50},{"id":2,"price":7}]}`, `{"items":[{"id":2,"price":7}]}`, false},
		{"items[?price > `5`].id", `{"items":[{"id":1,"price":12.50}]}`, `{"items":[{"id":1,"price":1.25E+1}]}`, true},
		{"[ceil(price), id]", `{"id":1,"price":11.50}`, `{"id":1,"price":12.00}`, true},
		{"id", `{"id":1.0}`, `{"id":1}`, true},
		{"id", `{"id":0.0}`, `{"id":0e5}`, true},
		{"id", `{"id":100}`, `{"id":1e2}`, true},
		{"id", `{"id":100}`, `{"id":10}`, false},
		{"id", `{"id":-1.50}`, `{"id":1.5}`, false},
		{"id", `{"id":0.1000000000000000055511151231257827}`, `{"id":0.1}`, false}, // which one float64 stands for
		{"id", `{"id":1e-400}`, `{"id":0}`, false},
		{"id", `{"id":1e-99999999999999999999}`, `{"id":0}`, false},
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
		{"[tenant, id]", `{"tenant":"t"}`, once.ErrNoKey},
		{"[tenant, id]", `{"tenant":"t","id":null}`, once.ErrNoKey},
		{"[tenant, id]", `{"tenant":"t","id":""}`, once.ErrNoKey},
		{"{t: tenant, i: order.id}", `{"tenant":"t","order":{}}`, once.ErrNoKey},
		{"[tenant, items[].id]", `{"tenant":"t","items":[]}`, once.ErrNoKey},
		{"[[tenant, [id]]]", `{"tenant":"t"}`, once.ErrNoKey},
		{"id", `{"id":"\ud800"}`, weir.ErrUndecodable},
		{"id", `{"id":`, weir.ErrUndecodable},
		{"id", `{"id":1} {"id":2}`, weir.ErrUndecodable},
		{"length(id)", `{"id":1}`, nil},
		{"id[1::9223372036854775807]", `{"id":["x",null]}`, nil}, // the library panics
	} {
		r := weirtest.Run(t.Context(), lambda(c.expression, func() { t.Error("it ran") }), weirtest.SQS(c.payload, c.payload))
		for _, o := range r.Records {
			if o.State != weirtest.Failed || c.want != nil && !errors.Is(o.Err, c.want) {
				t.Errorf("%s of %s: %v, want %v", c.expression, c.payload, o.Err, c.want)
			}
		}
	}
}

// TestPartial: parts that are missing are left out on request only.
func TestPartial(t *testing.T) {
	t.Parallel()
	runs := 0
	l := weir.SQS(weir.EachMessage(func(context.Context, *weir.Message) error { runs++; return nil }),
		once.Use(once.New("f", mem.New()), jmeskey.Key("[tenant, id]", once.Partial())), weir.ReportAll())
	r := weirtest.Run(t.Context(), l, weirtest.SQS(`{"tenant":"t"}`, `{"tenant":"t","id":null}`, `{"id":null}`))
	r.Want(t, weirtest.Succeeded, weirtest.Succeeded, weirtest.Failed)
	if runs != 1 || !errors.Is(r.Records[2].Err, once.ErrNoKey) {
		t.Errorf("%d runs, %v", runs, r.Records[2].Err)
	}
}

// TestNoKeySays: where it was looked for.
func TestNoKeySays(t *testing.T) {
	t.Parallel()
	for payload, want := range map[string]string{
		`{}`:      `jmeskey.Key("[a, b.c]") found nothing`,
		`{"a":1}`: `jmeskey.Key("[a, b.c]") found a list or an object with a part that is null`,
		`["software.amazon.payloadoffloading.PayloadS3Pointer",{}]`: "put offload.Load before once",
	} {
		r := weirtest.Run(t.Context(), lambda("[a, b.c]", func() {}), weirtest.SQS(payload))
		if err := r.Records[0].Err; err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", payload, err)
		}
	}
}

// TestRefused: an expression that would fail for every record is refused before the first one.
func TestRefused(t *testing.T) {
	t.Parallel()
	for expression, want := range map[string]string{
		"a[":                                "SyntaxError",
		"":                                  "SyntaxError",
		"|U\u0080":                          "panicked", // of it the lexer
		"powertools_json(body).ID":          "write ID for powertools_json(body).ID",
		"[a, powertools_base64(b)]":         "envelope.Base64",
		"{x: powertools_base64_gzip(data)}": "envelope.Gzip",
		"items[?lower(name) == 'a'].id":     "lower is no function of JMESPath: those are abs, avg,",
		"a || b && sort_by(c, &upper(d))":   "upper is no function",
		"x.to_string()":                     "to_string takes 1 argument, and is given 0",
		"join(',', a, b)":                   "join takes 2 arguments, and is given 3",
		"@(a)":                              "what is called is no function",
		"not_null()":                        "not_null takes 1 argument or more, and is given 0",
	} {
		if err := lambda(expression, func() {}).Err(); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "jmeskey.Key(") {
			t.Errorf("%s: %v", expression, err)
		}
	}
	if err := weir.SQS(weir.EachMessage(func(context.Context, *weir.Message) error { return nil }),
		once.Use(once.New("f", mem.New()), jmeskey.Key("a", nil))).Err(); err == nil {
		t.Error("an option that is nil was taken")
	}
}

// TestFunctions: all that the library knows are known, with as many arguments.
func TestFunctions(t *testing.T) {
	t.Parallel()
	const document = `{"n":-1,"ns":[1,2],"s":"ab","ss":["a","b"],"o":{"k":"v"},"os":[{"n":1},{"n":2}]}`
	for _, call := range []string{
		"abs(n)", "avg(ns)", "ceil(n)", "contains(s, 'a')", "ends_with(s, 'b')", "floor(n)", "join('-', ss)", "keys(o)", "length(s)", "map(&n, os)",
		"max(ns)", "max_by(os, &n)", "merge(o, o, o)", "min(ns)", "min_by(os, &n)", "not_null(x, y, s)", "reverse(ss)", "sort(ss)", "sort_by(os, &n)",
		"starts_with(s, 'a')", "sum(ns)", "to_array(s)", "to_number('1')", "to_string(n)", "type(s)", "values(o)",
	} {
		runs := 0
		l := lambda(call, func() { runs++ })
		r := weirtest.Run(t.Context(), l, weirtest.SQS(document))
		if l.Err() != nil || runs != 1 {
			t.Errorf("%s: %v, %v", call, l.Err(), r.Records)
		}
	}
}

// TestMistakes: an expression that cannot be is not the record's fault, where Use does not refuse it.
func TestMistakes(t *testing.T) {
	t.Parallel()
	l := weir.SQS(weir.EachMessage(func(context.Context, *weir.Message) error { t.Error("it ran"); return nil }),
		weir.Use(once.Middleware(once.New("f", mem.New()), jmeskey.Key("powertools_json(body).ID"))))
	r := weirtest.Run(t.Context(), l, weirtest.SQS(`{}`))
	if _, other := errors.AsType[*weir.UnavailableError](r.Records[0].Err); !other {
		t.Error(r.Records[0].Err)
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
			once.Use(once.New("f", mem.New()), jmeskey.Key("[id, a.b, items[0]]", once.Partial())), weir.ReportAll())
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

// FuzzExpression: whatever the expression, it is refused or finds something, and nothing panics.
func FuzzExpression(f *testing.F) {
	f.Add("[tenant, order.id]")
	f.Add("items[?n > `1`].n | sort(@)[0]")
	f.Add("@(a)")
	f.Add("a[::0]")
	f.Add("&a")
	f.Add("a[1::9223372036854775807]")
	f.Add("|U\u0080")
	f.Fuzz(func(t *testing.T, expression string) {
		if len(expression) > 100 {
			return // [@, @] | [@, @] | … is twice as large with each
		}
		l := lambda(expression, func() {})
		if l.Err() != nil {
			return
		}
		r := weirtest.Run(t.Context(), l, weirtest.SQS(`{"tenant":"t","order":{"id":7},"items":[{"n":2},{"n":1}],"a":["x",null]}`))
		if p, panicked := errors.AsType[*weir.PanicError](r.Records[0].Err); panicked {
			t.Fatalf("%q: %v\n%s", expression, p, p.Stack)
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
