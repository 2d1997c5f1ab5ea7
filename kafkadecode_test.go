package weir_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/assert"
)

// seen makes a verb that notes what T it is called with.
func seen[T any](got *[]string, opts ...weir.DecodeOption[T]) weir.Verb {
	return weir.Each(func(_ context.Context, v T) error {
		*got = append(*got, fmt.Sprintf("%#v", v))
		return nil
	}, opts...)
}

type parcel struct{ N int }

type sometimes interface{ private() }

// A type that can be nil is told of a tombstone; of another it is undecodable.
func TestTombstones(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		verb  func(got *[]string) weir.Verb
		empty string // what "" becomes, or why it does not
		gone  string // likewise null
	}{
		"struct":    {func(g *[]string) weir.Verb { return seen[parcel](g) }, "unexpected end", "tombstone"},
		"pointer":   {func(g *[]string) weir.Verb { return seen[*parcel](g) }, "unexpected end", "(*weir_test.parcel)(nil)"},
		"string":    {func(g *[]string) weir.Verb { return seen[string](g) }, `""`, "tombstone"},
		"name":      {func(g *[]string) weir.Verb { return seen[jsonText](g) }, "unexpected end", "tombstone"},
		"bytes":     {func(g *[]string) weir.Verb { return seen[[]byte](g) }, "[]byte{}", "[]byte(nil)"},
		"raw":       {func(g *[]string) weir.Verb { return seen[json.RawMessage](g) }, "unexpected end", "json.RawMessage(nil)"},
		"slice":     {func(g *[]string) weir.Verb { return seen[[]int](g) }, "unexpected end", "[]int(nil)"},
		"map":       {func(g *[]string) weir.Verb { return seen[map[string]int](g) }, "unexpected end", "map[string]int(nil)"},
		"any":       {func(g *[]string) weir.Verb { return seen[any](g) }, "unexpected end", "<nil>"},
		"interface": {func(g *[]string) weir.Verb { return seen[sometimes](g) }, "unexpected end", "<nil>"},
		"number":    {func(g *[]string) weir.Verb { return seen[int](g) }, "unexpected end", "tombstone"},
		"hooked":    {func(g *[]string) weir.Verb { return seen[family](g) }, "unexpected end", "tombstone"},
		"decode": {func(g *[]string) weir.Verb {
			return seen(g, weir.Decode(func(b []byte) (int, error) { return len(b), nil }))
		}, "0", "tombstone"},
		"decode to pointer": {func(g *[]string) weir.Verb {
			return seen(g, weir.Decode(func(b []byte) (*parcel, error) { return nil, errors.New("called") }))
		}, "called", "(*weir_test.parcel)(nil)"},
		"decode message": {func(g *[]string) weir.Verb {
			return seen(g, weir.DecodeMessage(func(m *weir.Message) (string, error) { return fmt.Sprint(m.ID, m.Tombstone()), nil }))
		}, `"t-0@5false"`, `"t-0@5true"`},
		"pair":         {func(g *[]string) weir.Verb { return seen[weir.Pair[[]byte, *parcel]](g) }, "value: unexpected end", "weir.Pair[[]uint8,*github.com/weir-go/weir_test.parcel]{Key:[]uint8(nil), Value:(*weir_test.parcel)(nil)}"},
		"strict pair":  {func(g *[]string) weir.Verb { return seen[weir.Pair[[]byte, string]](g) }, `Value:""`, "value: weir: the record is a tombstone"},
		"pair of keys": {func(g *[]string) weir.Verb { return seen[weir.Pair[string, []byte]](g) }, "key: weir: the record has no key", "key: weir: the record has no key"},
	} {
		for value, want := range map[string]string{`""`: c.empty, `null`: c.gone} {
			var got []string
			l := weir.Kafka(c.verb(&got))
			assert.NoError(t, l.Err())
			res := invokeKafka(t, t.Context(), l, oneKafka(`,"value":`+value))
			if err := res.records[0].Err; err != nil {
				if !strings.Contains(err.Error(), want) || !errors.Is(err, weir.ErrUndecodable) || len(got) > 0 ||
					errors.Is(err, weir.ErrTombstone) != strings.Contains(want, "tombstone") || errors.Is(err, weir.ErrNoKey) != strings.Contains(want, "no key") {
					t.Errorf("%s of %s: %v, want %q", name, value, err, want)
				}
			} else if len(got) != 1 || !strings.Contains(got[0], want) {
				t.Errorf("%s of %s: %q, want %q", name, value, got, want)
			}
		}
	}
}

// Batch and Decoder take the same ways.
func TestTombstonesInBatch(t *testing.T) {
	t.Parallel()
	event := kafkaRaw(`"t-0":[{"offset":1,"key":"Nw==","value":null},{"offset":2,"key":"OA==","value":"eyJOIjozfQ=="}]`)
	var got []string
	res := invokeKafka(t, t.Context(), weir.Kafka(weir.Batch(func(_ context.Context, b *weir.BatchOf[weir.Pair[int, *parcel]]) error {
		for _, p := range b.Values() {
			got = append(got, fmt.Sprint(p.Key, p.Value))
		}
		return nil
	})), event)
	assert.NoError(t, res.err)
	assert.Equal(t, got, []string{"7 <nil>", "8 &{3}"})
	res = invokeKafka(t, t.Context(), weir.Kafka(weir.Batch(func(_ context.Context, b *weir.BatchOf[parcel]) error { return nil }), weir.ContinueOnFailure()), event)
	assert.Equal(t, res.failed, []string{"t-0@1"})

	dec := weir.NewDecoder[*parcel]()
	v, err := dec.Decode(&weir.Message{Kafka: &weir.KafkaRecord{}})
	assert.NoError(t, err)
	assert.Equal(t, v, nil)
	_, err = dec.Decode(&weir.Message{})
	assert.Error(t, err, "unexpected end")
}

func TestPairs(t *testing.T) {
	t.Parallel()
	atoi := func(b []byte) (int, error) { return strconv.Atoi(string(b)) }
	double := func(b []byte) (string, error) { return string(b) + string(b), nil }
	for name, c := range map[string]struct {
		verb func(got *[]string) weir.Verb
		want string
	}{
		"by types":      {func(g *[]string) weir.Verb { return seen[weir.Pair[int, parcel]](g) }, "{Key:7, Value:weir_test.parcel{N:3}}"},
		"by functions":  {func(g *[]string) weir.Verb { return seen(g, weir.DecodePair(atoi, double)) }, `{Key:7, Value:"{\"N\":3}{\"N\":3}"}`},
		"key by type":   {func(g *[]string) weir.Verb { return seen(g, weir.DecodePair[string](nil, double)) }, `{Key:"7", Value:"{\"N\":3}{\"N\":3}"}`},
		"value by type": {func(g *[]string) weir.Verb { return seen(g, weir.DecodePair[int, json.RawMessage](atoi, nil)) }, `{Key:7, Value:json.RawMessage{0x7b`},
		"bad key":       {func(g *[]string) weir.Verb { return seen[weir.Pair[*parcel, string]](g) }, "undecodable: key: json: cannot unmarshal number"},
		"bad value":     {func(g *[]string) weir.Verb { return seen[weir.Pair[string, int]](g) }, "undecodable: value: json: cannot unmarshal object"},
		"pair by Decode": {func(g *[]string) weir.Verb {
			return seen(g, weir.Decode(func(b []byte) (weir.Pair[int, int], error) { return weir.Pair[int, int]{1, len(b)}, nil }))
		}, "{Key:1, Value:7}"},
	} {
		var got []string
		res := invokeKafka(t, t.Context(), weir.Kafka(c.verb(&got)), oneKafka(`,"key":"Nw==","value":"eyJOIjozfQ=="`))
		text := fmt.Sprint(got, res.records[0].Err)
		if !strings.Contains(text, c.want) {
			t.Errorf("%s: %s, want %s", name, text, c.want)
		}
	}
	// A tombstone hides no bad key.
	var got []string
	res := invokeKafka(t, t.Context(), weir.Kafka(seen[weir.Pair[int, *parcel]](&got)), oneKafka(`,"key":"eA==","value":null`))
	assert.Error(t, res.records[0].Err, "key: invalid character")
	assert.Equal(t, errors.Is(res.records[0].Err, weir.ErrTombstone), false)
}

func TestPairsThatCannotBe(t *testing.T) {
	t.Parallel()
	var got []string
	pair := seen[weir.Pair[string, string]](&got)
	assert.Error(t, weir.SQS(pair).Err(), "SQS records are no weir.Pair")
	assert.Error(t, weir.Kinesis(pair).Err(), "Kinesis records are no weir.Pair")
	assert.Error(t, weir.DynamoDB(pair).Err(), "DynamoDB records are no weir.Pair")
	assert.Error(t, weir.Kafka(seen[weir.Change[parcel]](&got)).Err(), "Kafka records are no weir.Change")
	assert.Error(t, weir.Kafka(seen[weir.Pair[weir.Change[parcel], string]](&got)).Err(), "the key of a weir.Pair must be")
	assert.Error(t, weir.Kafka(seen[weir.Pair[string, weir.Pair[string, string]]](&got)).Err(), "the value of a weir.Pair must be")
	assert.Error(t, weir.Kafka(seen(&got, weir.DecodeMessage[string](nil))).Err(), "nil function")
	assert.Error(t, weir.Kafka(seen(&got, weir.DecodeOption[string]{})).Err(), "nil function")

	mine := weir.From(weir.Source{Name: "mine", Decode: func([]byte) ([]weir.Message, error) {
		return []weir.Message{{ID: "1"}, {ID: "2", Kafka: &weir.KafkaRecord{Key: []byte("k")}, Payload: []byte("v")}}, nil
	}}, pair)
	res := invoke(t, t.Context(), mine, nil)
	assert.Error(t, res.records[0].Err, "not a Kafka record")
	assert.Equal(t, res.records[1].State, "succeeded")
	assert.Contains(t, got[0], `{Key:"k", Value:"v"}`)
}
