package weir

import (
	"errors"
	"fmt"
	"reflect"
)

// Pair is the key and value of a Kafka record, decoded, for verbs that need both:
//
//	weir.Each(func(ctx context.Context, p weir.Pair[string, *Order]) error { ... })
//
// K and V are decoded by the rules of Each, or by DecodePair. A type that can be nil is nil
// where there is nothing: V for a tombstone, K for a record without a key. Of another type the
// record is undecodable, with ErrTombstone or ErrNoKey, so that no zero value is taken for a
// true one.
type Pair[K, V any] struct {
	Key   K
	Value V
}

var (
	// ErrTombstone matches the error of a Kafka record that has no value, where the
	// handler's type has no way to say so. Take a type that can be nil, such as *Order, or
	// drop tombstones with OnUndecodable.
	ErrTombstone = errors.New("weir: the record is a tombstone, which this type cannot say: take a pointer to it")

	// ErrNoKey matches the error of a Kafka record that has no key, where the K of a Pair has
	// no way to say so.
	ErrNoKey = errors.New("weir: the record has no key, which this type cannot say: take a pointer to it")

	errNotKafka = errors.New("not a Kafka record")
)

// DecodeMessage makes a verb decode the record as it came, for what Decode does not show: the
// schema that a Kafka record was written with, say. Its errors are as with Decode. It is called for tombstones too.
func DecodeMessage[T any](decode func(m *Message) (T, error)) DecodeOption[T] {
	return DecodeOption[T]{maker{func() (*decoder, error) {
		if decode == nil {
			return &decoder{}, errNilDecode
		}
		return &decoder{typ: reflect.TypeFor[T](), knows: true, into: func() func(*Message, any) error {
			return func(m *Message, v any) (err error) {
				p, _ := v.(*T)
				*p, err = decode(m)
				return err
			}
		}}, nil
	}}}
}

// DecodePair makes a verb decode keys and values with functions of yours; nil decodes by the type.
// As with Decode, they are not called where there is nothing to decode.
func DecodePair[K, V any](key func([]byte) (K, error), value func([]byte) (V, error)) DecodeOption[Pair[K, V]] {
	return DecodeOption[Pair[K, V]]{maker{func() (*decoder, error) { return pairDecoder(key, value) }}}
}

func (*Pair[K, V]) decoder() (*decoder, error) {
	return pairDecoder[K, V](nil, nil)
}

func pairDecoder[K, V any](key func([]byte) (K, error), value func([]byte) (V, error)) (*decoder, error) {
	r, err := newPairReader(key, value)
	return &decoder{what: shapePair, knows: true, typ: reflect.TypeFor[Pair[K, V]](), into: r.into}, err
}

type pairReader[K, V any] struct {
	key, value *decoder
}

// into makes what decodes pairs for one goroutine at a time.
func (r pairReader[K, V]) into() func(m *Message, pair any) error {
	key := new(Message)
	return func(m *Message, pair any) error {
		p, _ := pair.(*Pair[K, V])
		return r.read(m, key, p)
	}
}

func newPairReader[K, V any](key func([]byte) (K, error), value func([]byte) (V, error)) (r pairReader[K, V], err error) {
	part := func(shape shape, what string) error {
		if shape == shapeChange || shape == shapePair {
			return fmt.Errorf("weir: the %s of a weir.Pair must be the type of a payload", what)
		}
		return nil
	}
	var keyErr, valueErr error
	if r.key, keyErr = decoderOr(key); keyErr == nil {
		keyErr = part(r.key.what, "key")
	}
	if r.value, valueErr = decoderOr(value); valueErr == nil {
		valueErr = part(r.value.what, "value")
	}
	return r, errors.Join(keyErr, valueErr)
}

// decoderOr decodes by a function, or else by the type.
func decoderOr[T any](decode func([]byte) (T, error)) (*decoder, error) {
	if decode == nil {
		return decoderFor(new(T))
	}
	return decoderBy(decode)
}

// read decodes one record; key is a message to decode the key from.
func (r *pairReader[K, V]) read(m, key *Message, p *Pair[K, V]) (err error) {
	switch {
	case m.Kafka == nil:
		return errNotKafka
	case m.Kafka.Key != nil:
		key.Payload = m.Kafka.Key
		p.Key, err = read[K](r.key, key)
		key.Payload = nil
	case !nilable(r.key.typ):
		err = ErrNoKey
	}
	if err != nil {
		return fmt.Errorf("key: %w", err)
	}
	if p.Value, err = read[V](r.value, m); err != nil {
		return fmt.Errorf("value: %w", err)
	}
	return nil
}

// undecoded is the error of what could not be decoded: a tombstone is no failure of a type that can be nil.
func (d *decoder) undecoded(m *Message, err error) error {
	switch {
	case !m.Tombstone():
		return err
	case nilable(d.typ):
		return nil
	}
	return ErrTombstone
}

func nilable(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Interface:
		return true
	}
	return false
}
