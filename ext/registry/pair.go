package registry

import (
	"errors"
	"fmt"

	"github.com/weir-go/weir"
)

// Pair decodes key and value of a Kafka record, each with a function such as a Decoder's Key and
// Value; nil decodes by weir's own rules. It is for weir.DecodeMessage:
//
//	weir.DecodeMessage(registry.Pair[string](nil, orders.Value))
func Pair[K, V any](key func(*weir.Message) (K, error), value func(*weir.Message) (V, error)) func(*weir.Message) (weir.Pair[K, V], error) {
	if key == nil {
		key = ownKey[K]()
	}
	if value == nil {
		own := weir.NewDecoder[V]()
		value = func(m *weir.Message) (V, error) {
			v, err := own.Decode(m)
			return v, reason(err)
		}
	}
	return func(m *weir.Message) (p weir.Pair[K, V], err error) {
		if p.Key, err = key(m); err != nil {
			return p, fmt.Errorf("key: %w", err)
		}
		if p.Value, err = value(m); err != nil {
			return p, fmt.Errorf("value: %w", err)
		}
		return p, nil
	}
}

func ownKey[K any]() func(*weir.Message) (K, error) {
	own := weir.NewDecoder[K]()
	none := nilable[K]()
	return func(m *weir.Message) (k K, err error) {
		switch {
		case m.Kafka == nil:
			return k, errNotKafka
		case m.Kafka.Key == nil && none:
			return k, nil
		case m.Kafka.Key == nil:
			return k, weir.ErrNoKey
		}
		k, err = own.Decode(&weir.Message{Payload: m.Kafka.Key})
		return k, reason(err)
	}
}

// reason is what an error says of a record that the verb will call undecodable itself.
func reason(err error) error {
	if u := (*weir.UndecodableError)(nil); errors.As(err, &u) {
		return u.Err
	}
	return err
}
