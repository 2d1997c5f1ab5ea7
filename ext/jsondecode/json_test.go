package jsondecode_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/ext/internal/fakeregistry"
	"github.com/weir-go/weir/ext/jsondecode"
	"github.com/weir-go/weir/ext/registry"
	"github.com/weir-go/weir/internal/assert"
)

const order = `{"type":"object","properties":{"id":{"type":"string"},"amount":{"type":"integer","minimum":0}},"required":["id"]}`

type Order struct {
	ID     string `json:"id"`
	Amount int    `json:"amount"`
}

func read[T any](t testing.TB, schema, payload string, refs ...registry.Reference) (T, error) {
	t.Helper()
	reg, err := registry.New(func(context.Context, registry.ID) (registry.Schema, error) {
		return registry.Schema{Type: "JSON", Text: schema, References: refs}, nil
	})
	assert.NoError(t, err)
	d, err := jsondecode.New[T](reg)
	assert.NoError(t, err)
	return d.Bytes([]byte("\x00\x00\x00\x00\x2a" + payload))
}

func TestDecoder(t *testing.T) {
	t.Parallel()
	for payload, want := range map[string]string{
		`{"id":"a","amount":10}`:        "",
		`{"id":"a","amount":-1}`:        "/amount: minimum",
		`{"amount":10}`:                 "missing property 'id'",
		`{"id":"a","amount":10`:         "EOF",
		`{"id":"a","amount":10} {}`:     "after top-level value",
		`{"id":"a","amount":1e30}`:      "number 1e30",
		`{"id":"a","amount":1e2000000}`: "exponent beyond 1000", // over which the validator panics
		``:                              "EOF",
		`null`:                          "got null, want object",
		`{"id":"a","more":[1,{"b":2}]}`: "",
		strings.Repeat("[", 1_000_000):  "depth",
	} {
		v, err := read[Order](t, order, payload)
		if want != "" {
			assert.Error(t, err, "JSON of schema 42: ", want)
			continue
		}
		assert.NoError(t, err)
		assert.Equal(t, v.ID, "a")
	}
	p, err := read[*Order](t, order, `{"id":"a","amount":10}`)
	assert.NoError(t, err)
	assert.Equal(t, *p, Order{"a", 10})
	raw, err := read[[]byte](t, order, `{"id":"a"}`)
	assert.NoError(t, err)
	assert.Equal(t, string(raw), `{"id":"a"}`)
}

func TestDrafts(t *testing.T) {
	t.Parallel()
	// In draft 7, a list of items is one for each place; in 2020-12, it is refused.
	const tuple = `"items":[{"type":"string"}]`
	_, err := read[any](t, `{`+tuple+`}`, `[1]`)
	assert.Error(t, err, "want string")
	_, err = read[any](t, `{"$schema":"https://json-schema.org/draft/2020-12/schema",`+tuple+`}`, `[1]`)
	assert.Error(t, err, "schema 42: ")
	_, err = read[any](t, `{"$schema":"https://json-schema.org/draft/2020-12/schema","prefixItems":[{"type":"string"}]}`, `[1]`)
	assert.Error(t, err, "want string")
}

func TestReferences(t *testing.T) {
	t.Parallel()
	customer := `{"type":"object","properties":{"home":{"$ref":"address.json"}},"required":["home"]}`
	address := `{"type":"object","required":["city"]}`
	refs := []registry.Reference{{Name: "address.json", Text: address}, {Name: "customer.json", Text: customer}}
	for name, schema := range map[string]string{
		"relative":    `{"properties":{"by":{"$ref":"customer.json"}}}`,
		"with an id":  `{"$id":"https://example.com/schemas/order.json","properties":{"by":{"$ref":"customer.json"}}}`,
		"a part":      `{"properties":{"by":{"$ref":"customer.json#"}}}`,
		"by its path": `{"$id":"https://example.com/schemas/order.json","properties":{"by":{"$ref":"/customer.json"}}}`,
	} {
		_, err := read[any](t, schema, `{"by":{"home":{"city":"Riga"}}}`, refs...)
		assert.NoError(t, err)
		_, err = read[any](t, schema, `{"by":{"home":{}}}`, refs...)
		assert.Error(t, err, "missing property 'city'")
		_ = name
	}
	// A name that is a URL, or has spaces.
	at := "https://example.com/customer.json"
	_, err := read[any](t, `{"$ref":"`+at+`"}`, `{}`, registry.Reference{Name: at, Text: address})
	assert.Error(t, err, "missing property 'city'")
	_, err = read[any](t, `{"$ref":"a%20b"}`, `{}`, registry.Reference{Name: "a b", Text: address})
	assert.Error(t, err, "missing property 'city'")
}

// Nothing is read from files or the network, whatever a schema says.
func TestNothingElseIsRead(t *testing.T) {
	t.Parallel()
	server := fakeregistry.New(t)
	for _, ref := range []string{"file:///etc/hostname", server.URL + "/x.json", "other.json"} {
		_, err := read[any](t, `{"$ref":"`+ref+`"}`, `{}`)
		assert.Error(t, err, "schema 42: ", "no reference")
	}
	assert.Equal(t, len(server.Requests()), 0)
}

func TestSchemasThatCannotBe(t *testing.T) {
	t.Parallel()
	for _, schema := range []string{`{`, `{"type":"objekt"}`, `{"pattern":"("}`, `{"$ref":"#/definitions/none"}`} {
		_, err := read[any](t, schema, `{}`)
		assert.Error(t, err, "schema 42: ")
	}
	_, err := jsondecode.New[Order](nil)
	assert.Error(t, err, "needs a registry")
	_, err = jsondecode.New[weir.Change[Order]](nil)
	assert.Error(t, err, "Kafka records are no weir.Change")
}

// Beside Lambda's metadata, JSON is JSON, and is still held to the schema.
func TestMetadata(t *testing.T) {
	t.Parallel()
	server := fakeregistry.New(t)
	server.Add(7, "JSON", order)
	server.Add(8, "AVRO", `"string"`)
	reg, err := registry.Confluent(server.URL)
	assert.NoError(t, err)
	d, err := jsondecode.New[Order](reg)
	assert.NoError(t, err)
	value := func(format, id, payload string) (Order, error) {
		return d.Value(&weir.Message{Payload: []byte(payload), Kafka: &weir.KafkaRecord{
			ValueSchema: &weir.KafkaSchema{DataFormat: format, SchemaID: id},
		}})
	}
	v, err := value("JSON", "7", `{"id":"a"}`)
	assert.NoError(t, err)
	assert.Equal(t, v.ID, "a")
	_, err = value("JSON", "7", `{}`)
	assert.Error(t, err, "missing property 'id'")
	for _, c := range [][2]string{{"AVRO", "7"}, {"JSON", "8"}} {
		_, err = value(c[0], c[1], `{"id":"a"}`)
		assert.Equal(t, errors.Is(err, registry.ErrFormat), true)
	}
}

func BenchmarkDecoder(b *testing.B) {
	reg, err := registry.New(func(context.Context, registry.ID) (registry.Schema, error) {
		return registry.Schema{Type: "JSON", Text: order}, nil
	})
	assert.NoError(b, err)
	d, err := jsondecode.New[Order](reg)
	assert.NoError(b, err)
	payload := []byte("\x00\x00\x00\x00\x2a" + `{"id":"0123456789abcdef","amount":1000}`)
	b.Run("jsonschema/order", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(payload)))
		for b.Loop() {
			if _, err := d.Bytes(payload); err != nil {
				b.Fatal(err)
			}
		}
	})
}
