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
		return fmt.Errorf("weir: %s records are no weir.Change or weir.NewImage: take the payload's type instead", source)
	case s == shapePair && (source == sqsName || source == kinesisName || source == dynamoDBName):
		return fmt.Errorf("weir: %s records are no weir.Pair, which is of Kafka: take the payload's type instead", source)
	case s == shapeJSON && source == dynamoDBName:
		return errors.New("weir: a DynamoDB record does not decode into this type: take weir.Change[T] or weir.NewImage[T], " +
			"whose images decode by dynamodbav tags, or a type with a field for the record's \"dynamodb\" object")
	}
	return nil
}

// DecodeOption applies to the verbs that decode.
type DecodeOption[T any] struct{ make func() (*decoder, error) }

// Decode makes a verb decode payloads with a function of yours, such as proto.Unmarshal's
// wrapper, instead of by the type. The function may keep the bytes but not write to them. Its
// error makes the record undecodable, but for Unavailable, which is a retry. It is not called for
// a Kafka tombstone, which has no payload: see Pair.
func Decode[T any](decode func(payload []byte) (T, error)) DecodeOption[T] {
	return DecodeOption[T]{func() (*decoder, error) { return decoderBy(decode) }}
}

func (o DecodeOption[T]) applyBatch(c *batchConfig) { c.decode = o }

func (o DecodeOption[T]) decoder() (*decoder, error) {
	if o.make == nil {
		return &decoder{}, errNilDecode
	}
	return o.make()
}

var errNilDecode = errors.New("weir: Decode was given a nil function")

// decoder decodes payloads into one type, T. It does not have the type as a parameter, since every
// function that has one is in a binary once for each type, with the type's fields in its name.
type decoder struct {
	what    shape
	typ     reflect.Type                         // T
	own     bool                                 // into is a function of the user's, which sees to tombstones
	nilable bool                                 // nil can say that there is nothing
	hooked  bool                                 // code of the user's is called, which may keep what it decodes into
	into    func() func(m *Message, v any) error // makes what decodes for one goroutine at a time into a *T that is zero
	pool    sync.Pool                            // of *reader
}

// reader decodes for one goroutine at a time, with memory of its own.
type reader struct {
	v      any // *T
	decode func(m *Message, v any) error
}

// reader returns one from the pool, or a new one. Where user code panics, it is given up.
func (d *decoder) reader() *reader {
	r, _ := d.pool.Get().(*reader)
	if r == nil {
		r = &reader{d.variable(), d.into()}
	}
	return r
}

func (d *decoder) variable() any { return reflect.New(d.typ).Interface() }

// decode decodes a record into the reader's variable, which has to be zero again for the next one, unless every
// record has its own.
func (d *decoder) decode(r *reader, m *Message) error {
	if d.hooked {
		r.v = d.variable()
	}
	err := r.decode(m, r.v)
	if err != nil && !d.own && d.what != shapePair { // whose parts have seen to it
		if m.Tombstone() {
			r.v = d.variable()
		}
		err = d.undecoded(m, err)
	}
	return err
}

// read decodes a record into a T, which is the decoder's type. Each has the same, lest the binary has one more
// function with T in its name.
func read[T any](d *decoder, m *Message) (T, error) {
	r := d.reader()
	err := d.decode(r, m)
	p, _ := r.v.(*T)
	v := *p
	if !d.hooked {
		*p = *new(T)
	}
	d.pool.Put(r)
	return v, err
}

// decoderFrom goes by the last option, or else by the type.
func decoderFrom[T any](opts []DecodeOption[T]) (*decoder, error) {
	if len(opts) == 0 {
		return decoderFor(new(T))
	}
	return opts[len(opts)-1].decoder()
}

func decoderBy[T any](decode func([]byte) (T, error)) (d *decoder, err error) {
	if decode == nil {
		return &decoder{}, errNilDecode
	}
	d = ownDecoder(func(m *Message) (v T, err error) {
		if m.Tombstone() {
			return v, d.undecoded(m, nil)
		}
		return decode(m.payload())
	})
	return d, nil
}

func ownDecoder[T any](decode func(m *Message) (T, error)) *decoder {
	t := reflect.TypeFor[T]()
	return &decoder{own: true, typ: t, nilable: nilable(t), into: func() func(*Message, any) error {
		return func(m *Message, v any) (err error) {
			p, _ := v.(*T)
			*p, err = decode(m)
			return err
		}
	}}
}

// imageDecoder is a pointer to a Change[E] or a NewImage[E].
type imageDecoder interface {
	newReader() (images, error)
}

// images decodes a record into what the imageDecoder points to.
type images interface {
	decode(m *Message, change any) error
}

// decoderFor goes by the type that zero points to.
func decoderFor(zero any) (*decoder, error) {
	d, err := decoderOf(zero)
	d.typ = reflect.TypeOf(zero).Elem()
	d.nilable = nilable(d.typ)
	return d, err
}

func decoderOf(zero any) (*decoder, error) {
	always := func(decode func(m *Message, v any) error) (*decoder, error) {
		return &decoder{into: func() func(*Message, any) error { return decode }}, nil
	}
	switch z := zero.(type) {
	case *string:
		return always(func(m *Message, v any) error {
			s, _ := v.(*string)
			if m.Tombstone() {
				return ErrTombstone
			}
			*s = string(m.payload())
			return nil
		})
	case *[]byte:
		return always(func(m *Message, v any) error {
			b, _ := v.(*[]byte)
			*b = m.payload()
			return nil
		})
	case *json.RawMessage:
		return always(func(m *Message, v any) error {
			b, _ := v.(*json.RawMessage)
			text := m.payload()
			if !json.Valid(text) {
				return errors.New("the payload is not JSON")
			}
			*b = text
			return nil
		})
	case imageDecoder:
		_, err := z.newReader()
		return &decoder{what: shapeChange, into: func() func(*Message, any) error {
			d, err := z.newReader()
			if err != nil {
				return func(*Message, any) error { return err }
			}
			return d.decode
		}}, err
	}
	if p, ok := zero.(pairDecoder); ok {
		newReader, err := p.newReader()
		return &decoder{what: shapePair, into: func() func(*Message, any) error { return newReader() }}, err
	}
	t := reflect.TypeOf(zero).Elem()
	plan := jsonplan.For(t)
	return &decoder{what: jsonShape(t, plan.Takes("dynamodb")), hooked: plan.Hooked(), into: func() func(*Message, any) error {
		s := plan.NewScratch()
		return func(m *Message, v any) error { return plan.Decode(m.payload(), v, s) }
	}}, nil
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
