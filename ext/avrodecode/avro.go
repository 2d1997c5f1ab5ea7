// Package avrodecode decodes Avro payloads whose schema is in a registry:
//
//	orders, err := avrodecode.New[Order](reg)
//	fn := weir.Kafka(weir.Each(ship, weir.DecodeMessage(orders.Value)))
//
// T is what github.com/twmb/avro decodes into: a struct whose fields have the schema's names or
// avro tags, a map, any. Fields that T does not have are skipped, and fields that the schema does
// not have stay zero. With Reader, a record is read as Avro's schema resolution says: with the
// defaults, aliases and promotions of a schema of yours.
//
// That library was taken since it is maintained (github.com/hamba/avro, which most know, was
// archived in 2026) and bounds what damaged bytes can make it allocate.
package avrodecode

import (
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/twmb/avro"

	"github.com/weir-go/weir/ext/registry"
)

// Option is an option of New.
type Option func(*config)

type config struct {
	reader string
	given  bool
}

// Reader gives the schema to read by, as JSON. A record whose own schema cannot be resolved to it
// is undecodable.
func Reader(schema string) Option {
	return func(c *config) { c.reader, c.given = schema, true }
}

// New makes a Decoder of Avro.
func New[T any](r *registry.Registry, opts ...Option) (*registry.Decoder[T], error) {
	var c config
	for i, o := range opts {
		if o == nil {
			return nil, fmt.Errorf("avrodecode: option %d is nil", i)
		}
		o(&c)
	}
	var reader *avro.Schema
	if c.given {
		var err error
		if reader, err = avro.Parse(c.reader); err != nil {
			return nil, fmt.Errorf("avrodecode: the schema of Reader: %w", err)
		}
		if err := fits[T](reader); err != nil {
			return nil, fmt.Errorf("avrodecode: the schema of Reader: %w", err)
		}
	}
	return registry.NewDecoder(r, "AVRO", func(s registry.Schema) (func([]byte) (T, error), error) {
		return compile[T](s, reader)
	})
}

func compile[T any](s registry.Schema, reader *avro.Schema) (func([]byte) (T, error), error) {
	var known avro.SchemaCache
	for _, r := range s.References {
		if _, err := known.Parse(r.Text); err != nil {
			return nil, fmt.Errorf("reference %q: %w", r.Name, err)
		}
	}
	writer, err := known.Parse(s.Text)
	if err != nil {
		return nil, err
	}
	schema := writer
	if reader == nil {
		err = fits[T](writer)
	} else {
		schema, err = avro.Resolve(writer, reader)
	}
	if err != nil {
		return nil, err
	}
	// Confluent's serializer writes a schema of nothing but bytes without their length.
	bare := !s.ID.Glue() && writer.Root().Type == "bytes"
	opts := []avro.Opt{avro.SkipUnknown()}
	return func(data []byte) (v T, err error) {
		if bare {
			data = append(binary.AppendVarint(make([]byte, 0, len(data)+binary.MaxVarintLen64), int64(len(data))), data...)
		}
		rest, err := schema.Decode(data, &v, opts...)
		if err == nil && len(rest) > 0 {
			err = fmt.Errorf("%d bytes too many", len(rest))
		}
		return v, err
	}, nil
}

// fits refuses a struct that has none of a record's fields, of which nothing would ever be set.
func fits[T any](s *avro.Schema) error {
	root := s.Root()
	t := reflect.TypeFor[T]()
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || root.Type != "record" || len(root.Fields) == 0 {
		return nil
	}
	names := map[string]bool{}
	collect(t, names, 0)
	for _, f := range root.Fields {
		if names[f.Name] {
			return nil
		}
	}
	return errors.New("none of its fields is one of " + t.String() + `: give it tags such as avro:"` + root.Fields[0].Name + `"`)
}

// collect finds the names that fields may go by.
func collect(t reflect.Type, names map[string]bool, depth int) {
	for f := range t.Fields() {
		tag, _, _ := strings.Cut(f.Tag.Get("avro"), ",")
		names[f.Name], names[tag] = true, true
		for f.Type.Kind() == reflect.Pointer {
			f.Type = f.Type.Elem()
		}
		if f.Type.Kind() == reflect.Struct && depth < 8 {
			collect(f.Type, names, depth+1)
		}
	}
}
