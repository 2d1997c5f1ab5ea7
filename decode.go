package weir

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"sync"

	"github.com/weir-go/weir/internal/jsonplan"
	"github.com/weir-go/weir/internal/jsonscan"
	"github.com/weir-go/weir/internal/memory"
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
type DecodeOption[T any] struct{ maker }

// maker is what a DecodeOption is without its type.
type maker struct{ make func() (*decoder, error) }

// Decode makes a verb decode payloads with a function of yours, such as proto.Unmarshal's
// wrapper, instead of by the type. The function may keep the bytes but not write to them. Its
// error makes the record undecodable, but for Unavailable, which is a retry. It is not called for
// a Kafka tombstone, which has no payload: see Pair.
func Decode[T any](decode func(payload []byte) (T, error)) DecodeOption[T] {
	return DecodeOption[T]{maker{func() (*decoder, error) { return decoderBy(decode) }}}
}

func (o DecodeOption[T]) applyBatch(c *batchConfig) { c.decode = o }

var errNilDecode = errors.New("weir: Decode was given a nil function")

// decoder decodes payloads into one type, T. It does not have the type as a parameter, since every
// function that has one is in a binary once for each type, with the type's fields in its name.
type decoder struct {
	what   shape
	typ    reflect.Type                         // T
	knows  bool                                 // what a tombstone is; else its error is the decoder's
	hooked bool                                 // code of the user's is called, which may keep what it decodes into
	into   func() func(m *Message, v any) error // makes what decodes for one goroutine at a time into a *T that is zero
	pool   sync.Pool                            // of *reader
}

// reader decodes for one goroutine at a time, with memory of its own.
type reader struct {
	v      any // a *T that is zero between records, unless the decoder is hooked
	decode func(m *Message, v any) error
}

// decoderFrom goes by the option, or else by the type that zero points to.
func decoderFrom(o *maker, zero any) (*decoder, error) {
	switch {
	case o == nil:
		return decoderFor(zero)
	case o.make == nil:
		return &decoder{}, errNilDecode
	}
	return o.make()
}

func decoderBy[T any](decode func([]byte) (T, error)) (*decoder, error) {
	if decode == nil {
		return &decoder{}, errNilDecode
	}
	return &decoder{typ: reflect.TypeFor[T](), into: func() func(*Message, any) error {
		return func(m *Message, v any) (err error) {
			if m.Tombstone() {
				return ErrTombstone
			}
			p, _ := v.(*T)
			*p, err = decode(m.payload())
			return err
		}
	}}, nil
}

// read decodes a record into a T, which is the decoder's type.
func read[T any](d *decoder, m *Message) (v T, err error) {
	r := d.reader()
	if err = d.decode(r, m); err == nil {
		p, _ := r.v.(*T)
		if v = *p; !d.hooked {
			var zero T
			*p = zero
		}
	}
	d.giveBack(r)
	return v, err
}

// reader returns one from the pool, or a new one. Where user code panics, it is given up.
func (d *decoder) reader() *reader {
	r, _ := d.pool.Get().(*reader)
	if r == nil {
		r = &reader{decode: d.into()}
	}
	return r
}

// decode decodes a record into the reader's variable, which has to be zero again for the next one, unless every
// record has its own. After an error it is.
func (d *decoder) decode(r *reader, m *Message) error {
	if r.v == nil || d.hooked {
		r.v = reflect.New(d.typ).Interface()
	}
	err := r.decode(m, r.v)
	if err == nil {
		return nil
	}
	if !d.hooked {
		reflect.ValueOf(r.v).Elem().SetZero()
	}
	if !d.knows {
		err = d.undecoded(m, err)
	}
	return err
}

func (d *decoder) giveBack(r *reader) {
	if d.hooked {
		r.v = nil
	}
	d.pool.Put(r)
}

// selfDecoder is a pointer to a type that is not decoded from the payload alone: a Change, a NewImage
// or a Pair.
type selfDecoder interface{ decoder() (*decoder, error) }

var errEmbedded = errors.New("weir: a type is not decoded that a Change, a NewImage or a Pair is embedded in: take that itself")

// decoderFor goes by the type that zero points to.
func decoderFor(zero any) (*decoder, error) {
	d, err := decoderOf(zero)
	d.typ = reflect.TypeOf(zero).Elem()
	return d, err
}

func decoderOf(zero any) (*decoder, error) {
	t := reflect.TypeOf(zero).Elem()
	switch z := zero.(type) {
	case *string, *[]byte, *json.RawMessage:
		return &decoder{into: func() func(*Message, any) error { return asItIs }}, nil
	case selfDecoder:
		for i := range t.NumField() {
			if t.Field(i).Anonymous {
				return &decoder{}, errEmbedded
			}
		}
		return z.decoder()
	}
	plan := jsonplan.For(t)
	return &decoder{what: jsonShape(t, plan.Takes("dynamodb")), hooked: plan.Hooked(), into: func() func(*Message, any) error {
		s := plan.NewScratch()
		return func(m *Message, v any) error { return plan.Decode(m.payload(), v, s) }
	}}, nil
}

// asItIs gives a payload to a type that takes any.
func asItIs(m *Message, v any) error {
	text := m.payload()
	switch v := v.(type) {
	case *string:
		if m.Tombstone() {
			return ErrTombstone
		}
		*v = string(text)
	case *[]byte:
		*v = text
	case *json.RawMessage:
		var s jsonscan.Scanner
		s.Reset(memory.String(text))
		s.Skip()
		if s.End(); s.Err() != nil {
			return json.Unmarshal(text, v) // which says what is wrong
		}
		*v = text
	}
	return nil
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
