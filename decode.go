package weir

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/weir-go/weir/internal/jsonplan"
)

var errNilFunction = errors.New("weir: the verb was given a nil function")

// shape is what a type is decoded from.
type shape uint8

const (
	shapeAny    shape = iota // the payload as it is
	shapeJSON                // JSON, of a type that cannot hold a DynamoDB record
	shapeRecord              // JSON, of a type that can
	shapeChange              // DynamoDB images
)

// fits refuses what would decode every record of a source into nothing.
func (s shape) fits(source string) error {
	switch {
	case s == shapeChange && source != dynamoDBName:
		return fmt.Errorf("weir: %s records are no weir.Change: take the payload's type instead", source)
	case s == shapeJSON && source == dynamoDBName:
		return errors.New("weir: a DynamoDB record does not decode into this type: take weir.Change[T], " +
			"whose images decode by dynamodbav tags, or a type with a field for the record's \"dynamodb\" object")
	}
	return nil
}

type decoder[T any] struct {
	what   shape
	decode func(m *Message, v *T) error
}

// imageDecoder is a pointer to a Change[E].
type imageDecoder interface {
	prepare() error
	decodeImages(m *Message) error
}

func decoderFor[T any]() (decoder[T], error) {
	var zero T
	switch any(zero).(type) {
	case string:
		return decoder[T]{shapeAny, func(m *Message, v *T) error {
			*any(v).(*string) = string(m.payload())
			return nil
		}}, nil
	case []byte:
		return decoder[T]{shapeAny, func(m *Message, v *T) error {
			*any(v).(*[]byte) = m.payload()
			return nil
		}}, nil
	case json.RawMessage:
		return decoder[T]{shapeAny, func(m *Message, v *T) error {
			text := m.payload()
			if !json.Valid(text) {
				return errors.New("the payload is not JSON")
			}
			*any(v).(*json.RawMessage) = text
			return nil
		}}, nil
	}
	if c, ok := any(&zero).(imageDecoder); ok {
		return decoder[T]{shapeChange, func(m *Message, v *T) error {
			return any(v).(imageDecoder).decodeImages(m)
		}}, c.prepare()
	}
	plan := jsonplan.For[T]()
	return decoder[T]{jsonShape(reflect.TypeFor[T]()), func(m *Message, v *T) error {
		return plan.Decode(m.payload(), v)
	}}, nil
}

// jsonShape tells a struct that has room for a DynamoDB record, such as
// events.DynamoDBEventRecord, from one that was meant for the item.
func jsonShape(t reflect.Type) shape {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.Map, reflect.Interface:
		return shapeRecord
	case reflect.Struct:
		if reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()) {
			return shapeRecord
		}
		for _, f := range reflect.VisibleFields(t) {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name == "" {
				name = f.Name
			}
			if f.IsExported() && strings.EqualFold(name, "dynamodb") {
				return shapeRecord
			}
		}
	}
	return shapeJSON
}
