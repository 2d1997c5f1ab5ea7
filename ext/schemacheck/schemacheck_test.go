package schemacheck_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/ext/schemacheck"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/weirtest"
)

const order = `{
	"$schema": "https://json-schema.org/draft/2020-12/schema",
	"type": "object",
	"required": ["id"],
	"additionalProperties": false,
	"properties": {
		"id": {"type": "string"},
		"amount": {"type": "number", "minimum": 0, "multipleOf": 0.01},
		"a/b~c": {"type": "boolean"},
		"lines": {"type": "array", "items": {"type": "object", "required": ["sku"]}}
	}
}`

func TestValidate(t *testing.T) {
	t.Parallel()
	s := schemacheck.Text(order)
	assert.NoError(t, s.Err())
	for payload, want := range map[string]string{
		`{"id":"a","amount":12345678901234567890.01}`:  "",
		`{"id":"a","amount":12345678901234567890.011}`: "/amount: multipleOf: ",
		`{"id":"a","amount":-1}`:                       "/amount: minimum: ",
		`{}`:                                           "required: missing property 'id'",
		`{"id":1,"lines":[{"sku":1},{}],"a/b~c":0}`:    "/a~1b~0c: type: got number, want boolean; /id: type: got number, want string; /lines/1: required: missing property 'sku'",
		`{"id":"a","ID":"b"}`:                          "additionalProperties: ",
		`null`:                                         "type: got null, want object",
		``:                                             "not JSON: EOF",
		`{"id":`:                                       "not JSON: unexpected EOF",
		`{"id":"a"} {}`:                                "not JSON: invalid character",
		"\xff\xfe":                                     "not JSON: invalid character",
		`{"id":"a","amount":1e2000}`:                   "not valid by its schema: a number is too much to compute with: 1e2000 has an exponent beyond 1000",
		`{"id":1}` + strings.Repeat(" ", 70_000):       "where is not looked for",
		`{"id":""}` + strings.Repeat(" ", 70_000): "",
		strings.Repeat("[", 1_000_000):            "not JSON: ",
	} {
		err := s.Validate([]byte(payload))
		if want == "" {
			assert.NoError(t, err)
			continue
		}
		assert.Error(t, err, want)
		var e *schemacheck.Error
		assert.Equal(t, errors.As(err, &e), true)
		assert.Equal(t, len(e.Failures) > 0, true)
	}
}

// The name of a member is a document of its own to the validator: the path is that of the member, not another's.
func TestPropertyNames(t *testing.T) {
	t.Parallel()
	s := schemacheck.Text(`{"properties":{"a":{"items":{"propertyNames":{"pattern":"^x","not":{"minLength":3}}}}}}`)
	assert.NoError(t, s.Validate([]byte(`{"a":[{"x":1}]}`)))
	err := s.Validate([]byte(`{"a":[{},{"y":1},{"xxx":{}}]}`))
	var e *schemacheck.Error
	assert.Equal(t, errors.As(err, &e), true)
	assert.Equal(t, e.Failures, []schemacheck.Failure{
		{Path: "/a/1/y", Keyword: "propertyNames/pattern", Reason: "'y' does not match pattern '^x'"},
		{Path: "/a/2/xxx", Keyword: "propertyNames/not", Reason: "'not' failed"},
	})
	assert.Error(t, s.Validate([]byte(`{"a":[{"y":1},{"y":1},{}]}`)), "propertyNames/pattern: 'y' does not match")
	never := schemacheck.Text(`{"propertyNames":false}`)
	assert.Error(t, never.Validate([]byte(`{"a/b":1}`)), "/a~1b: propertyNames: ")
}

// An error has a bounded length, and the same text every time.
func TestBounds(t *testing.T) {
	t.Parallel()
	s := schemacheck.Text(`{"additionalProperties":{"enum":["` + strings.Repeat("é", 10_000) + `"]}}`)
	assert.NoError(t, s.Err())
	payload := `{"` + strings.Repeat("é/", 10_000) + `":1`
	for _, name := range []string{"g", "f", "e", "d", "c", "b", "a"} {
		payload += `,"` + name + `":1`
	}
	payload += `}`
	var first string
	for range 20 {
		err := s.Validate([]byte(payload))
		var e *schemacheck.Error
		assert.Equal(t, errors.As(err, &e), true)
		assert.Equal(t, len(e.Failures)+e.More > 7, true)
		if first == "" {
			first = err.Error()
		}
		assert.Equal(t, err.Error(), first)
	}
	if len(first) > 5*500 || !strings.Contains(first, "more") || !strings.HasPrefix(first, "not valid by its schema: /a: enum: ") {
		t.Fatalf("%d bytes: %s", len(first), first)
	}
	var e *schemacheck.Error
	many := schemacheck.Text(`{"items":{"type":"string"}}`).Validate([]byte("[" + strings.Repeat("0,", 5000) + "0]"))
	assert.Equal(t, errors.As(many, &e), true)
	assert.Equal(t, e.More, 5001-5)
}

func TestVerbs(t *testing.T) {
	t.Parallel()
	s := schemacheck.Text(order)
	event := weirtest.SQS(weirtest.Record{ID: "good", Value: `{"id":"a"}`}, weirtest.Record{ID: "bad", Value: `{"id":1}`}, weirtest.Record{ID: "text", Value: `x`}).JSON()
	var got []string
	each := weir.Each(func(_ context.Context, v struct{ ID string }) error { got = append(got, v.ID); return nil })
	message := weir.EachMessage(func(_ context.Context, m *weir.Message) error { got = append(got, string(m.Payload)); return nil })
	batch := weir.Batch(func(_ context.Context, b *weir.BatchOf[string]) error { got = append(got, b.Values()...); return nil })
	var causes []string
	judge := weir.OnUndecodable(func(_ context.Context, m *weir.Message, err error) error {
		var e *schemacheck.Error
		assert.Equal(t, errors.As(err, &e) && errors.Is(err, weir.ErrUndecodable), true)
		causes = append(causes, m.ID+" "+e.Failures[0].Path)
		return err
	})
	for _, l := range []*weir.Lambda{
		weir.SQS(each, schemacheck.Check(s), judge), weir.SQS(message, judge, schemacheck.Check(s)),
		weir.SQS(schemacheck.Around(batch, s), judge), weir.SQS(schemacheck.Around(each, s), judge),
	} {
		got, causes = nil, nil
		assert.NoError(t, l.Err())
		out, err := l.Invoke(t.Context(), event)
		assert.NoError(t, err)
		assert.Equal(t, string(out), `{"batchItemFailures":[{"itemIdentifier":"bad"},{"itemIdentifier":"text"}]}`)
		assert.Equal(t, len(got), 1)
		assert.Equal(t, causes, []string{"bad /id", "text "})
	}
}

// What is checked is what was unwrapped, where both are there.
func TestUnwrapped(t *testing.T) {
	t.Parallel()
	s := schemacheck.Text(order)
	lines := func(_ context.Context, m *weir.Message) (parts []weir.Message, err error) {
		for i, line := range strings.Split(string(m.Payload), "\n") {
			parts = append(parts, m.WithPart(i, []byte(line)))
		}
		return parts, nil
	}
	var n atomic.Int32
	batch := weir.Batch(func(_ context.Context, b *weir.BatchOf[string]) error { n.Add(int32(b.Len())); return nil })
	l := weir.SQS(weir.Unwrap(schemacheck.Around(batch, s), lines))
	out, err := l.Invoke(t.Context(), weirtest.SQS(weirtest.Record{ID: "a", Value: `{"id":"a"}` + "\n" + `{"id":"b"}`}, weirtest.Record{ID: "b", Value: `{"id":"a"}` + "\nx"}).JSON())
	assert.NoError(t, err)
	assert.Equal(t, string(out), `{"batchItemFailures":[{"itemIdentifier":"b"}]}`)
	assert.Equal(t, n.Load(), int32(3))
}

func TestTombstonesAndDynamoDB(t *testing.T) {
	t.Parallel()
	n := 0
	count := weir.EachMessage(func(context.Context, *weir.Message) error { n++; return nil })
	out, err := weir.Kafka(count, schemacheck.Check(schemacheck.Text(order))).Invoke(t.Context(), weirtest.Kafka(weirtest.Record{Key: "k"}).JSON())
	assert.NoError(t, err)
	assert.Equal(t, string(out), `{"batchItemFailures":[]}`)
	assert.Equal(t, n, 1)

	batch := weir.Batch(func(_ context.Context, b *weir.BatchOf[*int]) error { n += b.Len(); return nil })
	out, err = weir.Kafka(schemacheck.Around(batch, schemacheck.Text(order))).Invoke(t.Context(), weirtest.Kafka(weirtest.Record{Key: "k"}).JSON())
	assert.NoError(t, err)
	assert.Equal(t, string(out), `{"batchItemFailures":[]}`)
	assert.Equal(t, n, 2)

	s := schemacheck.Text(`{"properties":{"eventName":{"const":"INSERT"}},"required":["dynamodb"]}`)
	event := weirtest.DynamoDB(weirtest.Table{Key: "id"}, weirtest.Inserted(map[string]string{"id": "a"}), weirtest.Removed(map[string]string{"id": "b"}))
	res := weirtest.Run(t.Context(), weir.DynamoDB(count, schemacheck.Check(s)), event)
	assert.Equal(t, string(res.Response), `{"batchItemFailures":[{"itemIdentifier":"`+event.IDs()[1]+`"}]}`)
	assert.Error(t, weir.DynamoDB(schemacheck.Around(count, s)).Err(), "schemacheck: Around does not apply to DynamoDB")
}

func TestWhatCannotBe(t *testing.T) {
	t.Parallel()
	each := weir.Each(func(context.Context, string) error { return nil })
	batch := weir.Batch(func(context.Context, *weir.BatchOf[string]) error { return nil })
	files := fstest.MapFS{"bad.json": {Data: []byte(`{"properties":{"a":{"type":"objekt"}}}`)}}
	for want, s := range map[string]*schemacheck.Schema{
		"the schema is nil":                       nil,
		"compile schema: unexpected EOF":          schemacheck.Text(`{`),
		"compile bad.json: ":                      schemacheck.File(files, "bad.json"),
		"at '/properties/a/type'":                 schemacheck.File(files, "bad.json"),
		"at '/pattern'":                           schemacheck.Text(`{"pattern":"("}`),
		"/$defs/none":                             schemacheck.Text(`{"$ref":"#/$defs/none"}`),
		"read none.json: ":                        schemacheck.File(files, "none.json"),
		"the file system is nil":                  schemacheck.File(nil, "none.json"),
		"option 0 is nil":                         schemacheck.Text(order, nil),
		`no draft is called "8"`:                  schemacheck.Text(order, schemacheck.Draft("8")),
		`the reference "a" is given twice`:        schemacheck.Text(order, schemacheck.Reference("a", "{}"), schemacheck.Reference("a", []byte("{}"))),
		"nothing was given for the reference to ": schemacheck.Text(`{"$ref":"other.json"}`),
	} {
		assert.Error(t, s.Err(), want)
		assert.Error(t, s.Validate([]byte(`{}`)), want)
		assert.Error(t, weir.SQS(each, schemacheck.Check(s)).Err(), want)
		assert.Error(t, weir.SQS(schemacheck.Around(batch, s)).Err(), want)
	}
	good := schemacheck.Text([]byte(order))
	assert.Error(t, weir.SQS(batch, schemacheck.Check(good)).Err(), "schemacheck.Check: does not apply to Batch")
	assert.Error(t, weir.SQS(schemacheck.Around(nil, good)).Err(), "no verb")
	assert.Error(t, weir.SQS(schemacheck.Around(batch, good), weir.Concurrency(2)).Err(), "Concurrency does not apply to Batch")
}

func TestReferences(t *testing.T) {
	t.Parallel()
	const address = `{"type":"object","required":["city"]}`
	files := fstest.MapFS{
		"schemas/order.json":         {Data: []byte(`{"properties":{"to":{"$ref":"parts/address.json"}}}`)},
		"schemas/with id.json":       {Data: []byte(`{"$id":"https://example.com/v1/order.json","properties":{"to":{"$ref":"address.json"}}}`)},
		"schemas/parts/address.json": {Data: []byte(address)},
		"v1/address.json":            {Data: []byte(address)},
	}
	for name, s := range map[string]*schemacheck.Schema{
		"beside it":      schemacheck.File(files, "schemas/order.json"),
		"by its URL":     schemacheck.File(files, "schemas/with id.json"),
		"given":          schemacheck.Text(`{"properties":{"to":{"$ref":"address.json"}}}`, schemacheck.Reference("address.json", address)),
		"given by a URL": schemacheck.Text(`{"properties":{"to":{"$ref":"https://example.com/a.json"}}}`, schemacheck.Reference("https://example.com/a.json", address)),
	} {
		if err := s.Err(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		assert.NoError(t, s.Validate([]byte(`{"to":{"city":"Riga"}}`)))
		assert.Error(t, s.Validate([]byte(`{"to":{}}`)), "/to: required: missing property 'city'")
	}
}

// Neither the network nor a file is touched, whatever a schema says.
func TestNothingElseIsRead(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer server.Close()
	file := filepath.Join(t.TempDir(), "s.json")
	assert.NoError(t, os.WriteFile(file, []byte(`{}`), 0o600))
	for _, ref := range []string{"file://" + file, file, server.URL + "/s.json", "../../s.json"} {
		for _, s := range []*schemacheck.Schema{
			schemacheck.Text(`{"$ref":"` + ref + `"}`),
			schemacheck.Text(`{"$schema":"` + ref + `"}`),
			schemacheck.File(fstest.MapFS{"a/b.json": {Data: []byte(`{"$ref":"` + ref + `"}`)}}, "a/b.json"),
		} {
			assert.Error(t, s.Err(), "nothing was given for the reference to ")
		}
	}
	assert.Equal(t, asked.Load(), int32(0))
}

func TestDraftsAndFormats(t *testing.T) {
	t.Parallel()
	const tuple = `{"items":[{"type":"string"}]}` // a list of items is one for each place, before 2020-12
	assert.Error(t, schemacheck.Text(tuple).Err(), "compile schema")
	for _, draft := range []string{"4", "6", "7", "2019-09"} {
		assert.Error(t, schemacheck.Text(tuple, schemacheck.Draft(draft)).Validate([]byte(`[1]`)), "/0: type")
	}
	own := `{"$schema":"http://json-schema.org/draft-07/schema#",` + tuple[1:]
	assert.Error(t, schemacheck.Text(own).Validate([]byte(`[1]`)), "/0: type")

	const format = `{"format":"date"}`
	assert.NoError(t, schemacheck.Text(format).Validate([]byte(`"x"`)))
	assert.Error(t, schemacheck.Text(format, schemacheck.Formats()).Validate([]byte(`"x"`)), "format: ")
}

// One schema serves invocations at the same time.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	l := weir.SQS(weir.Each(func(context.Context, struct{ ID string }) error { return nil }), schemacheck.Check(schemacheck.Text(order)), weir.Concurrency(4))
	event := weirtest.SQS(`{"id":"a"}`, weirtest.Record{ID: "bad", Value: `{"id":1,"x":2}`}, `{"id":"b"}`).JSON()
	var wait sync.WaitGroup
	for range 16 {
		wait.Go(func() {
			for range 20 {
				out, err := l.Invoke(t.Context(), event)
				if err != nil || string(out) != `{"batchItemFailures":[{"itemIdentifier":"bad"}]}` {
					t.Errorf("%s, %v", out, err)
				}
			}
		})
	}
	wait.Wait()
}

func FuzzValidate(f *testing.F) {
	for _, payload := range []string{`{"id":"a"}`, `{"id":1,"amount":-1e5,"lines":[{}],"a/b~c":[]}`, `[`, "\xff", `{"id":"a","amount":1e99999}`} {
		f.Add([]byte(payload))
	}
	s := schemacheck.Text(order)
	f.Fuzz(func(t *testing.T, payload []byte) {
		if err := s.Validate(payload); err != nil && len(err.Error()) > 5*500 {
			t.Fatalf("%d bytes", len(err.Error()))
		}
	})
}

func BenchmarkValidate(b *testing.B) {
	s := schemacheck.Text(order)
	for name, payload := range map[string]string{
		"valid":   `{"id":"0123456789","amount":12.5,"lines":[{"sku":"a"},{"sku":"b"}]}`,
		"invalid": `{"id":"0123456789","amount":-1,"lines":[{"sku":"a"},{}]}`,
		"hostile": `{"id":"a","lines":[0` + strings.Repeat(",0", 100_000) + `]}`,
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(payload)))
			for b.Loop() {
				_ = s.Validate([]byte(payload))
			}
		})
	}
}
