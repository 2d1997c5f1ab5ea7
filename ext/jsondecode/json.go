// Package jsondecode decodes JSON payloads whose JSON Schema is in a registry:
//
//	orders, err := jsondecode.New[Order](reg)
//	fn := weir.Kafka(weir.Each(ship, weir.DecodeMessage(orders.Value)))
//
// A payload must be valid by its schema. It is then decoded by weir's own rules, as by encoding/json.
// A schema that does not say which draft it is of is taken for draft 7, as by Confluent's
// serializers. What it refers to must be its references, in the registry: nothing is read from
// files or the network.
package jsondecode

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/ext/registry"
)

// New makes a Decoder of JSON with a JSON Schema.
func New[T any](r *registry.Registry) (*registry.Decoder[T], error) {
	own := weir.NewDecoder[T]()
	if err := own.Check(weir.Setup{Source: "Kafka"}); err != nil {
		return nil, err
	}
	return registry.NewDecoder(r, "JSON", func(s registry.Schema) (func([]byte) (T, error), error) {
		schema, err := compile(s)
		if err != nil {
			return nil, err
		}
		return func(data []byte) (v T, err error) {
			doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
			if err != nil {
				return v, err
			}
			if err := schema.Validate(doc); err != nil {
				return v, err
			}
			v, err = own.Decode(&weir.Message{Payload: data})
			if u := (*weir.UndecodableError)(nil); errors.As(err, &u) {
				err = u.Err
			}
			return v, err
		}, nil
	})
}

// root is where a schema without an $id of its own is, so that relative references find theirs.
const root = "registry:///"

func compile(s registry.Schema) (*jsonschema.Schema, error) {
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(s.Text))
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft7)
	c.UseLoader(references(s.References))
	at := root + "schema/" + s.ID.String()
	if err := c.AddResource(at, doc); err != nil {
		return nil, err
	}
	return c.Compile(at)
}

// references finds schemas by the names that others refer to them by.
type references []registry.Reference

// Load finds what a $ref has come to, which is absolute by then.
func (refs references) Load(at string) (any, error) {
	for _, r := range refs {
		if named(at, r.Name) {
			return jsonschema.UnmarshalJSON(strings.NewReader(r.Text))
		}
	}
	return nil, fmt.Errorf("the schema has no reference %q in the registry", at)
}

func named(at, name string) bool {
	plain, err := url.PathUnescape(at)
	if err != nil {
		plain = at
	}
	for _, at := range [...]string{at, plain} {
		if at == name || strings.HasSuffix(at, "/"+name) {
			return true
		}
	}
	return false
}
