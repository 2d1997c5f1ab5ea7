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
	"errors"
	"fmt"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/ext/internal/schemas"
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
			if err := schema.Validate(data); err != nil {
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

func compile(s registry.Schema) (*schemas.Schema, error) {
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft7)
	return schemas.Compile(c, root+"schema/"+s.ID.String(), s.Text, func(at string) (string, error) {
		for _, r := range s.References {
			if schemas.Named(at, r.Name) {
				return r.Text, nil
			}
		}
		return "", fmt.Errorf("the schema has no reference %q in the registry", at)
	})
}
