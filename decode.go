package weir

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"sync"

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
	shapePair                // Kafka's key and value
)

// fits refuses what would decode every record of a source into nothing.
func (s shape) fits(source string) error {
	switch {
	case s == shapeChange && source != dynamoDBName:
		return fmt.Errorf("weir: %s records are no weir.Change: take the payload's type instead", source)
	case s == shapePair && (source == sqsName || source == kinesisName || source == dynamoDBName):
		return fmt.Errorf("weir: %s records are no weir.Pair, which is of Kafka: take the payload's type instead", source)
	case s == shapeJSON && source == dynamoDBName:
		return errors.New("weir: a DynamoDB record does not decode into this type: take weir.Change[T], " +
			"whose images decode by dynamodbav tags, or a type with a field for the record's \"dynamodb\" object")
	}
	return nil
}

// DecodeOption applies to the verbs that decode.
type DecodeOption[T any] struct{ make func() (decoder[T], error) }

// Decode makes a verb decode payloads with a function of yours, such as proto.Unmarshal's
// wrapper, instead of by the type. The function may keep the bytes but not write to them. Its
// error makes the record undecodable, but for Unavailable, which is a retry. It is not called for a Kafka tombstone, which has no payload:
// see Pair.
func Decode[T any](decode func(payload []byte) (T, error)) DecodeOption[T] {
	return DecodeOption[T]{func() (decoder[T], error) { return decoderBy(decode) }}
}

func (o DecodeOption[T]) applyBatch(c *batchConfig) { c.decode = o }

func (o DecodeOption[T]) decoder() (decoder[T], error) {
	if o.make == nil {
		return decoder[T]{}, errNilDecode
	}
	return o.make()
}

var errNilDecode = errors.New("weir: Decode was given a nil function")

// decoder decodes payloads into T.
type decoder[T any] struct {
	what shape
	read func(m *Message) (T, error)
}

// decoderFrom goes by the last option, or else by the type.
func decoderFrom[T any](opts []DecodeOption[T]) (decoder[T], error) {
	if len(opts) == 0 {
		return decoderFor[T]()
	}
	return opts[len(opts)-1].decoder()
}

func decoderBy[T any](decode func([]byte) (T, error)) (decoder[T], error) {
	if decode == nil {
		return decoder[T]{}, errNilDecode
	}
	return decoder[T]{shapeAny, func(m *Message) (v T, err error) {
		if m.Tombstone() {
			return undecoded(m, v, nil)
		}
		return decode(m.payload())
	}}, nil
}

// reader decodes for one goroutine at a time, with memory of its own.
type reader[T any] struct {
	v      T
	decode func(m *Message, v *T) error
}

// pooled makes a decoder of readers. Where it is told that code of the user's is called, every
// record has a T of its own from the start: an UnmarshalJSON may keep what it decodes into.
func pooled[T any](what shape, hooked bool, newReader func() *reader[T]) decoder[T] {
	var pool sync.Pool
	return decoder[T]{what, func(m *Message) (v T, err error) {
		r, _ := pool.Get().(*reader[T])
		if r == nil {
			r = newReader()
		}
		if hooked {
			own := new(T)
			err = r.decode(m, own)
			v = *own
		} else {
			err = r.decode(m, &r.v)
			v, r.v = r.v, v
		}
		pool.Put(r)
		if err != nil && what != shapePair { // whose parts have seen to it
			return undecoded(m, v, err)
		}
		return v, err
	}}
}

// imageDecoder is a pointer to a Change[E].
type imageDecoder interface {
	newReader() (images, error)
}

// images decodes the images of a record into a pointer to a Change[E].
type images interface {
	decode(m *Message, change any) error
}

func decoderFor[T any]() (decoder[T], error) {
	var zero T
	switch any(zero).(type) {
	case string:
		return decoder[T]{shapeAny, func(m *Message) (v T, err error) {
			text := m.payload()
			if text == nil {
				return undecoded(m, v, nil)
			}
			*any(&v).(*string) = string(text)
			return v, nil
		}}, nil
	case []byte:
		return decoder[T]{shapeAny, func(m *Message) (v T, err error) {
			*any(&v).(*[]byte) = m.payload()
			return v, nil
		}}, nil
	case json.RawMessage:
		return decoder[T]{shapeAny, func(m *Message) (v T, err error) {
			text := m.payload()
			if !json.Valid(text) {
				return undecoded(m, v, errors.New("the payload is not JSON"))
			}
			*any(&v).(*json.RawMessage) = text
			return v, nil
		}}, nil
	}
	if c, ok := any(&zero).(imageDecoder); ok {
		_, err := c.newReader()
		return pooled(shapeChange, false, func() *reader[T] {
			d, err := c.newReader()
			return &reader[T]{decode: func(m *Message, v *T) error {
				if err != nil {
					return err
				}
				return d.decode(m, v)
			}}
		}), err
	}
	if p, ok := any(&zero).(pairDecoder); ok {
		newReader, err := p.newReader()
		return pooled(shapePair, false, func() *reader[T] {
			read := newReader()
			return &reader[T]{decode: func(m *Message, v *T) error { return read(m, v) }}
		}), err
	}
	plan := jsonplan.For[T]()
	return pooled(jsonShape(reflect.TypeFor[T](), plan.Takes("dynamodb")), plan.Hooked(), func() *reader[T] {
		s := plan.NewScratch()
		return &reader[T]{decode: func(m *Message, v *T) error { return plan.Decode(m.payload(), v, s) }}
	}), nil
}

// jsonShape tells a struct that has room for a DynamoDB record, such as
// events.DynamoDBEventRecord, from one that was meant for the item.
func jsonShape(t reflect.Type, record bool) shape {
	t = pointed(t)
	switch t.Kind() {
	case reflect.Map, reflect.Interface:
		return shapeRecord
	case reflect.Struct:
		if record || reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()) {
			return shapeRecord
		}
	}
	return shapeJSON
}

// pointed returns what t points to in the end. It stops at types like "type P *P".
func pointed(t reflect.Type) reflect.Type {
	for n := 0; n < 32 && t.Kind() == reflect.Pointer; n++ {
		t = t.Elem()
	}
	return t
}
