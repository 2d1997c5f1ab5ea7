package registry_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/ext/registry"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/weirtest"
)

// echo is a format in which the schema's text stands before the payload.
func echo(s registry.Schema) (func([]byte) (string, error), error) {
	if s.Text == "schema 13" {
		return nil, errors.New("bad luck")
	}
	return func(data []byte) (string, error) {
		if string(data) == "bad" || string(data) == "{}" {
			return "", errors.New("bad bytes")
		}
		return s.Text + ": " + string(data), nil
	}, nil
}

// echoPointer is echo of a type that can be nil.
func echoPointer(s registry.Schema) (func([]byte) (*string, error), error) {
	return func(data []byte) (*string, error) { text := s.Text + ": " + string(data); return &text, nil }, nil
}

func framed(id byte, data string) []byte { return append([]byte{0, 0, 0, 0, id}, data...) }

func decoderOf[T any](t testing.TB, s *shelf, compile func(registry.Schema) (func([]byte) (T, error), error)) *registry.Decoder[T] {
	t.Helper()
	d, err := registry.NewDecoder(registryOf(t, s.fetch), "AVRO", compile)
	assert.NoError(t, err)
	return d
}

// Each bad record is one failure, and says what is wrong; a registry that is down is none's, so
// OnUndecodable is not asked.
func TestDecoderInTheLoop(t *testing.T) {
	t.Parallel()
	s := newShelf()
	s.set(44, registry.ErrUnknownSchema)
	s.set(45, errors.New("connection refused"))
	avro := func(id string) *weir.KafkaSchema { return &weir.KafkaSchema{DataFormat: "AVRO", SchemaID: id} }
	d := decoderOf(t, s, echo)
	var got []string
	fn := weir.Kafka(weir.Each(func(_ context.Context, v string) error {
		got = append(got, v)
		return nil
	}, weir.DecodeMessage(d.Value)), weir.ContinueOnFailure(), weir.OnUndecodable(weir.DropUndecodable))
	cases := []struct {
		record weirtest.Record
		want   string
	}{
		{weirtest.Record{Value: framed(42, "a")}, "schema 42: a"},
		{weirtest.Record{Value: "{}"}, "begins with byte 0x7b"},
		{weirtest.Record{Value: framed(42, "bad")}, "AVRO of schema 42: bad bytes"},
		{weirtest.Record{Value: framed(44, "x")}, "schema 44: the registry does not know the schema"},
		{weirtest.Record{Value: framed(45, "x")}, "!schema 45: connection refused"},
		{weirtest.Record{Value: framed(13, "x")}, "schema 13: bad luck"},
		{weirtest.Record{Value: nil}, "tombstone"},
		{weirtest.Record{Value: "b", ValueSchema: avro("43")}, "schema 43: b"},
		{weirtest.Record{Value: "c", ValueSchema: avro(uuid)}, "schema " + uuid + ": c"},
		{weirtest.Record{Value: "c", ValueSchema: avro("what")}, `schema id "what" is neither`},
		{weirtest.Record{Value: "{}", ValueSchema: avro("43")}, "bad bytes (the payload is JSON, as of a mapping whose EventRecordFormat is JSON"},
		{weirtest.Record{Value: "{}", ValueSchema: &weir.KafkaSchema{DataFormat: "JSON", SchemaID: "43"}}, "another format: the record came as JSON, not AVRO"},
		{weirtest.Record{Value: "c", ValueSchema: &weir.KafkaSchema{DataFormat: "PROTOBUF", SchemaID: "43"}}, "another format: the record is PROTOBUF, not AVRO"},
		{weirtest.Record{Value: framed(42, "d")}, "schema 42: d"},
	}
	var records []any
	for _, c := range cases {
		records = append(records, c.record)
	}
	res := weirtest.Run(t.Context(), fn, weirtest.Kafka(records...))
	for i, c := range cases {
		o := res.Records[i]
		switch {
		case c.want[0] == '!':
			assert.Error(t, o.Err, c.want[1:])
			assert.Equal(t, o.State, weirtest.Failed)
			assert.Equal(t, unavailable(o.Err), true)
		case o.Err != nil:
			assert.Error(t, o.Err, c.want)
			assert.Equal(t, o.State, weirtest.Dropped, c.want)
			assert.Equal(t, errors.Is(o.Err, weir.ErrUndecodable), true)
		default:
			assert.Equal(t, got[0], c.want)
			got = got[1:]
		}
	}
	assert.Equal(t, len(got), 0)
	assert.Equal(t, s.asked(42)+s.asked(43)+s.asked(45), 3)
}

func TestDecoderOfAnotherFormat(t *testing.T) {
	t.Parallel()
	s := newShelf()
	d, err := registry.NewDecoder(registryOf(t, s.fetch), "JSON", echo)
	assert.NoError(t, err)
	_, err = d.Bytes(framed(42, "x"))
	assert.Error(t, err, "another format: schema 42 is AVRO, not JSON")
	assert.Equal(t, errors.Is(err, registry.ErrFormat), true)
}

func TestHundredRecordsOfASchemaAreOneRequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newShelf()
		s.answer = func(context.Context) error { time.Sleep(time.Second); return nil }
		var compiled, done atomic.Int32
		reg := registryOf(t, s.fetch)
		values, err := registry.NewDecoder(reg, "AVRO", func(s registry.Schema) (func([]byte) (string, error), error) {
			compiled.Add(1)
			time.Sleep(time.Second)
			return echo(s)
		})
		assert.NoError(t, err)
		keys, err := registry.NewDecoder(reg, "AVRO", echo)
		assert.NoError(t, err)
		fn := weir.Kafka(weir.Each(func(_ context.Context, p weir.Pair[string, string]) error {
			done.Add(1)
			return nil
		}, weir.DecodeMessage(registry.Pair(keys.Key, values.Value))), weir.Concurrency(100))
		var records []any
		for i := range 100 {
			records = append(records, weirtest.Record{Key: framed(42, "k"), Value: framed(42, "v"), OrderingKey: fmt.Sprintf("orders-%d", i)})
		}
		weirtest.Run(t.Context(), fn, weirtest.Kafka(records...)).WantDone(t)
		assert.Equal(t, done.Load(), int32(100))
		assert.Equal(t, s.asked(42), 1)
		assert.Equal(t, compiled.Load(), int32(1))
	})
}

// A slow registry does not hold an invocation over its end, nor is the record lost.
func TestDecoderAtTheDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newShelf()
		s.answer = func(context.Context) error { time.Sleep(time.Minute); return nil }
		d, err := registry.NewDecoder(registryOf(t, s.fetch, registry.Timeout(time.Hour)), "AVRO", echo)
		assert.NoError(t, err)
		fn := weir.Kafka(weir.Each(func(context.Context, string) error { return nil }, weir.DecodeMessage(d.Value)),
			weir.OnUndecodable(weir.DropUndecodable))
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		begin := time.Now()
		res := weirtest.Run(ctx, fn, weirtest.Kafka(framed(42, "a"), framed(42, "b")))
		if d := time.Since(begin); d >= 10*time.Second {
			t.Errorf("it took %v", d)
		}
		assert.Equal(t, len(res.Retried()), 2)

		// Nor does the wait go on behind it.
		time.Sleep(time.Hour)
		ctx, cancel = context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		begin = time.Now()
		waited := make(chan time.Duration, 1)
		weirtest.Run(ctx, weir.Kafka(weir.EachMessage(func(_ context.Context, m *weir.Message) error {
			_, err := d.Value(m)
			waited <- time.Since(begin)
			return err
		})), weirtest.Kafka(framed(43, "a")))
		assert.Equal(t, <-waited, 10*time.Second)
		time.Sleep(time.Hour) // what still runs ends
	})
}

func TestDecoderRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newShelf()
		s.answer = func(context.Context) error { time.Sleep(2 * time.Second); return nil }
		d := decoderOf(t, s, echo)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := d.Read(ctx, &weir.Message{Payload: framed(42, "a")})
		assert.Equal(t, unavailable(err), true)
		assert.Equal(t, errors.Is(err, context.DeadlineExceeded), true)
		v, err := d.Read(t.Context(), &weir.Message{Payload: framed(42, "a")})
		assert.NoError(t, err)
		assert.Equal(t, v, "schema 42: a")
		_, err = d.Read(t.Context(), &weir.Message{Payload: []byte("x")})
		assert.Equal(t, errors.Is(err, weir.ErrUndecodable), true)
		_, err = d.Read(t.Context(), &weir.Message{Kafka: &weir.KafkaRecord{}})
		assert.Equal(t, errors.Is(err, weir.ErrUndecodable) && errors.Is(err, weir.ErrTombstone), true)
	})
}

func TestDecoderOfNothing(t *testing.T) {
	t.Parallel()
	d := decoderOf(t, newShelf(), echoPointer)
	none := &weir.Message{Kafka: &weir.KafkaRecord{}}
	for _, read := range []func(*weir.Message) (*string, error){d.Value, d.Key} {
		v, err := read(none)
		assert.NoError(t, err)
		assert.Equal(t, v, nil)
	}
	plain := decoderOf(t, newShelf(), echo)
	_, err := plain.Value(none)
	assert.Equal(t, err, weir.ErrTombstone)
	_, err = plain.Key(none)
	assert.Equal(t, err, weir.ErrNoKey)
	_, err = plain.Key(&weir.Message{Payload: framed(42, "a")})
	assert.Error(t, err, "not a Kafka record")
	_, err = plain.Value(&weir.Message{Kafka: &weir.KafkaRecord{}, Payload: []byte{}})
	assert.Error(t, err, "an empty payload")
}

func TestPair(t *testing.T) {
	t.Parallel()
	d := decoderOf(t, newShelf(), echo)
	message := &weir.Message{Payload: framed(42, "v"), Kafka: &weir.KafkaRecord{Key: []byte("k")}}

	p, err := registry.Pair[string](nil, d.Value)(message)
	assert.NoError(t, err)
	assert.Equal(t, p, weir.Pair[string, string]{Key: "k", Value: "schema 42: v"})

	q, err := registry.Pair[string, []byte](nil, nil)(message)
	assert.NoError(t, err)
	assert.Equal(t, q, weir.Pair[string, []byte]{Key: "k", Value: framed(42, "v")})

	_, err = registry.Pair(d.Key, d.Value)(message)
	assert.Error(t, err, "key: a payload that begins with byte 0x6b")
	_, err = registry.Pair[int](nil, d.Value)(message)
	assert.Error(t, err, "key: ", "invalid character")
	message.Payload = framed(42, "bad")
	_, err = registry.Pair[string](nil, d.Value)(message)
	assert.Error(t, err, "value: AVRO of schema 42: bad bytes")
	message.Payload = []byte("x")
	_, err = registry.Pair[string, int](nil, nil)(message)
	assert.Error(t, err, "value: ", "invalid character")

	message.Kafka.Key = nil
	_, err = registry.Pair[string](nil, d.Value)(message)
	assert.Equal(t, errors.Is(err, weir.ErrNoKey), true)
	_, err = registry.Pair[string](nil, d.Value)(&weir.Message{})
	assert.Error(t, err, "key: not a Kafka record")
}

// keySchema is the key's own, and the value's is not taken for it.
func TestKeyAndValueOfTwoSchemas(t *testing.T) {
	t.Parallel()
	d := decoderOf(t, newShelf(), echo)
	fn := weir.Kafka(weir.Each(func(_ context.Context, p weir.Pair[string, string]) error {
		return weir.Drop(fmt.Errorf("%v", p))
	}, weir.DecodeMessage(registry.Pair(d.Key, d.Value))))
	res := weirtest.Run(t.Context(), fn, weirtest.Kafka(
		weirtest.Record{Key: "k", KeySchema: &weir.KafkaSchema{DataFormat: "AVRO", SchemaID: "1"}, Value: "v", ValueSchema: &weir.KafkaSchema{DataFormat: "AVRO", SchemaID: "2"}},
		weirtest.Record{Key: framed(3, "k"), Value: "v", ValueSchema: &weir.KafkaSchema{DataFormat: "AVRO", SchemaID: "2"}},
	))
	assert.Error(t, res.Records[0].Err, "{schema 1: k schema 2: v}")
	assert.Error(t, res.Records[1].Err, "{schema 3: k schema 2: v}")
}

func TestDecoderThatCannotBe(t *testing.T) {
	t.Parallel()
	_, err := registry.NewDecoder[string](nil, "AVRO", echo)
	assert.Error(t, err, "needs a registry")
	_, err = registry.NewDecoder[string](registryOf(t, newShelf().fetch), "AVRO", nil)
	assert.Error(t, err, "nil function")
	_, err = registry.NewPlainDecoder[string]("AVRO", nil)
	assert.Error(t, err, "nil function")
}

func TestDecoderIsSafe(t *testing.T) {
	t.Parallel()
	s := newShelf()
	d := decoderOf(t, s, echo)
	var all sync.WaitGroup
	for g := range 8 {
		all.Go(func() {
			for i := range 200 {
				id := byte(20 + (i+g)%7)
				v, err := d.Bytes(framed(id, "x"))
				if want := fmt.Sprintf("schema %d: x", id); err != nil || v != want {
					t.Errorf("%q, %v, not %q", v, err, want)
				}
			}
		})
	}
	all.Wait()
	for id := 20; id < 27; id++ {
		assert.Equal(t, s.asked(id), 1)
	}
}
