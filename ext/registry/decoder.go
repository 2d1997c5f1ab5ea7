package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/weir-go/weir"
)

// Decoder decodes payloads of one format. It is safe for concurrent use.
//
// An error of Value, Key and Bytes makes the record undecodable when a verb decodes with them,
// unless it matches *weir.UnavailableError.
type Decoder[T any] struct {
	format  string
	nilable bool
	plain   func(id ID, data []byte) (T, error) // needs no schema

	reg     *Registry
	compile func(Schema) (func(data []byte) (T, error), error)
	cache   *cache[func(data []byte) (T, error)]
}

// NewDecoder makes a Decoder of a format: AVRO, PROTOBUF or JSON, as registries call them.
// compile makes of a schema what decodes by it, and is called once for each that comes. Decoded
// values may keep the data but not write to it.
func NewDecoder[T any](r *Registry, format string, compile func(Schema) (func(data []byte) (T, error), error)) (*Decoder[T], error) {
	switch {
	case r == nil:
		return nil, errors.New("registry: a decoder needs a registry, but was given nil")
	case compile == nil:
		return nil, errors.New("registry: a decoder was given a nil function")
	}
	return &Decoder[T]{
		format: format, nilable: nilable[T](), reg: r, compile: compile,
		cache: newCache[func([]byte) (T, error)](r.config.max),
	}, nil
}

// NewPlainDecoder makes a Decoder of a format that is read without the writer's schema.
func NewPlainDecoder[T any](format string, decode func(id ID, data []byte) (T, error)) (*Decoder[T], error) {
	if decode == nil {
		return nil, errors.New("registry: a decoder was given a nil function")
	}
	return &Decoder[T]{format: format, nilable: nilable[T](), plain: decode}, nil
}

func nilable[T any]() bool {
	switch reflect.TypeFor[T]().Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Interface:
		return true
	}
	return false
}

// Value decodes a record's payload: the value of Kafka, also SQS's body or Kinesis's data. It is
// for weir.DecodeMessage. A tombstone is a nil T, or weir.ErrTombstone where T has none.
func (d *Decoder[T]) Value(m *weir.Message) (T, error) {
	if v, err, done := d.tombstone(m); done {
		return v, err
	}
	var schema *weir.KafkaSchema
	if m.Kafka != nil {
		schema = m.Kafka.ValueSchema
	}
	return d.decode(wait{m: m}, m.Payload, schema)
}

// Key decodes a Kafka record's key. No key is a nil T, or weir.ErrNoKey where T has none.
func (d *Decoder[T]) Key(m *weir.Message) (v T, err error) {
	switch {
	case m.Kafka == nil:
		return v, errNotKafka
	case m.Kafka.Key == nil && d.nilable:
		return v, nil
	case m.Kafka.Key == nil:
		return v, weir.ErrNoKey
	}
	return d.decode(wait{m: m}, m.Kafka.Key, m.Kafka.KeySchema)
}

// Bytes decodes a payload with a registry's framing. It is for weir.Decode, weir.DecodePair and
// whatever else decodes bytes.
func (d *Decoder[T]) Bytes(payload []byte) (T, error) { return d.decode(wait{}, payload, nil) }

// Read decodes as Value does, for a handler that weir.EachMessage calls. It waits for a schema no
// longer than ctx lasts, and its error is one to return from there.
func (d *Decoder[T]) Read(ctx context.Context, m *weir.Message) (v T, err error) {
	v, err, done := d.tombstone(m)
	if !done {
		var schema *weir.KafkaSchema
		if m.Kafka != nil {
			schema = m.Kafka.ValueSchema
		}
		v, err = d.decode(wait{ctx: ctx}, m.Payload, schema)
	}
	if u := (*weir.UnavailableError)(nil); err != nil && !errors.As(err, &u) {
		err = weir.Undecodable(err)
	}
	return v, err
}

func (d *Decoder[T]) tombstone(m *weir.Message) (v T, err error, done bool) {
	if !m.Tombstone() {
		return v, nil, false
	}
	if !d.nilable {
		err = weir.ErrTombstone
	}
	return v, err, true
}

func (d *Decoder[T]) decode(w wait, payload []byte, schema *weir.KafkaSchema) (v T, err error) {
	f, err := frameOf(payload, schema, d.format)
	if err != nil {
		return v, err
	}
	if d.plain != nil {
		v, err = d.plain(f.ID, f.Data)
	} else {
		var decode func([]byte) (T, error)
		if decode, err = d.decoder(w, f.ID); err != nil {
			return v, err
		}
		v, err = decode(f.Data)
	}
	if err == nil {
		return v, nil
	}
	if schema != nil && d.format != "JSON" && json.Valid(payload) {
		err = fmt.Errorf("%w (the payload is JSON, as of a mapping whose EventRecordFormat is JSON: decode it by weir's own rules)", err)
	}
	return v, fmt.Errorf("%s of schema %v: %w", d.format, f.ID, err)
}

// frameOf goes by what Lambda says beside a record, or else by what stands before the payload.
func frameOf(payload []byte, schema *weir.KafkaSchema, format string) (Frame, error) {
	if schema == nil {
		return Open(payload)
	}
	switch schema.DataFormat {
	case format:
	case "JSON":
		return Frame{}, fmt.Errorf("%w: the record came as JSON, not %s: decode it by weir's own rules, "+
			"or let the mapping's EventRecordFormat be SOURCE", ErrFormat, format)
	default:
		return Frame{}, fmt.Errorf("%w: the record is %s, not %s", ErrFormat, schema.DataFormat, format)
	}
	id, err := ParseID(schema.SchemaID)
	return Frame{id, payload}, err
}

// wait says how long a record may wait for a schema: as long as a context, or to the end of a
// message's invocation.
type wait struct {
	ctx context.Context
	m   *weir.Message
}

func (w wait) context() (context.Context, context.CancelFunc) {
	if w.ctx != nil {
		return w.ctx, func() {}
	}
	if w.m != nil {
		if end, ok := w.m.Deadline(); ok {
			return context.WithDeadline(context.Background(), end)
		}
	}
	return context.Background(), func() {}
}

// decoder returns what decodes by a schema.
func (d *Decoder[T]) decoder(w wait, id ID) (func([]byte) (T, error), error) {
	if decode, ok := d.cache.peek(id); ok {
		return decode, nil
	}
	ctx, cancel := w.context()
	defer cancel()
	s, err := d.reg.Schema(ctx, id)
	if err != nil {
		return nil, err
	}
	if s.Type != d.format {
		return nil, fmt.Errorf("%w: schema %v is %s, not %s", ErrFormat, id, s.Type, d.format)
	}
	decode, err := d.cache.get(ctx, id, func(context.Context) (func([]byte) (T, error), time.Duration, error) {
		decode, err := d.compile(s)
		return decode, forever, err
	})
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, weir.Unavailable(context.Cause(ctx))
	case err != nil:
		return nil, fmt.Errorf("schema %v: %w", id, err)
	}
	return decode, nil
}
