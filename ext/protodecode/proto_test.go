package protodecode_test

import (
	"encoding/hex"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/ext/protodecode"
	"github.com/weir-go/weir/internal/assert"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	assert.NoError(t, err)
	return b
}

func read[T proto.Message](t testing.TB, payload string, opts ...protodecode.Option) (T, error) {
	t.Helper()
	d, err := protodecode.New[T](opts...)
	assert.NoError(t, err)
	return d.Bytes(unhex(t, payload))
}

const (
	confluent = "00 0000002a "
	glue      = "0300 b7b4a7f09c964e4aa687fb5de9ef0c63 "
)

// Field 1 of StringValue is a string; the messages of its file are DoubleValue, FloatValue,
// Int64Value, UInt64Value, Int32Value, UInt32Value, BoolValue, StringValue, BytesValue.
func TestConfluent(t *testing.T) {
	t.Parallel()
	const hi = " 0a02 6869"
	for data, want := range map[string]string{
		"02 0e" + hi:              "hi", // one index, 7
		"02 0e":                   "",
		"00" + hi:                 "another message", // none: the first of the file
		"02 10" + hi:              "another message",
		"04 0e 00" + hi:           "another message",
		"":                        "damaged message index",
		"80":                      "damaged message index",
		"02":                      "damaged message index",
		"02 80":                   "damaged message index",
		"02 0d" + hi:              "damaged message index", // -7
		"01":                      "damaged message index", // -1 of them
		"feffffff0f" + hi:         "damaged message index", // many
		"ffffffffffffffffffff7f":  "damaged message index",
		"02 feffffffffffffffff01": "damaged message index",
		"02 0e 0a05 6869":         "PROTOBUF of schema 42: ",
	} {
		v, err := read[*wrapperspb.StringValue](t, confluent+data)
		if err != nil {
			assert.Error(t, err, want)
			assert.Equal(t, v, nil)
		} else {
			assert.Equal(t, v.GetValue(), want, data)
		}
	}
	// The first message of a file, in both ways to say so.
	for _, data := range []string{"00", "02 00"} {
		v, err := read[*wrapperspb.DoubleValue](t, confluent+data+"09 000000000000f03f")
		assert.NoError(t, err)
		assert.Equal(t, v.GetValue(), 1.0)
	}
	// A nested message: DescriptorProto is 2 in its file, its ReservedRange is 1.
	v, err := read[*descriptorpb.DescriptorProto_ReservedRange](t, confluent+"04 04 02 08 05")
	assert.NoError(t, err)
	assert.Equal(t, v.GetStart(), int32(5))
	// Whatever it is.
	w, err := read[*wrapperspb.StringValue](t, confluent+"04 0e 00"+hi, protodecode.AnyMessage())
	assert.NoError(t, err)
	assert.Equal(t, w.GetValue(), "hi")
	_, err = read[*wrapperspb.StringValue](t, confluent+"04 0e", protodecode.AnyMessage())
	assert.Error(t, err, "damaged message index")
}

// AWS Glue numbers a file's messages by their names: BoolValue, BytesValue, DoubleValue,
// FloatValue, Int32Value, Int64Value, StringValue, UInt32Value, UInt64Value.
func TestGlue(t *testing.T) {
	t.Parallel()
	const hi = " 0a02 6869"
	for data, want := range map[string]string{
		"06" + hi:                "hi",
		"07" + hi:                "another message",
		"00" + hi:                "another message",
		"":                       "damaged message index",
		"80":                     "damaged message index",
		"808080808010":           "damaged message index", // more than 32 bits
		"ffffffffffffffffffff7f": "damaged message index",
	} {
		v, err := read[*wrapperspb.StringValue](t, glue+data)
		if err != nil {
			assert.Error(t, err, want)
		} else {
			assert.Equal(t, v.GetValue(), want)
		}
	}
	w, err := read[*wrapperspb.StringValue](t, glue+"09"+hi, protodecode.AnyMessage())
	assert.NoError(t, err)
	assert.Equal(t, w.GetValue(), "hi")
	// ListValue, Struct, Struct.FieldsEntry, Value: a nested one comes in between.
	v, err := read[*structpb.Value](t, glue+"03 2001")
	assert.NoError(t, err)
	assert.Equal(t, v.GetBoolValue(), true)
}

// Beside Lambda's metadata there is no header, but the index.
func TestMetadata(t *testing.T) {
	t.Parallel()
	d, err := protodecode.New[*wrapperspb.StringValue]()
	assert.NoError(t, err)
	message := func(id, data string) *weir.Message {
		return &weir.Message{Payload: unhex(t, data), Kafka: &weir.KafkaRecord{ValueSchema: &weir.KafkaSchema{DataFormat: "PROTOBUF", SchemaID: id}}}
	}
	for id, data := range map[string]string{"42": "020e0a026869", "b7b4a7f0-9c96-4e4a-a687-fb5de9ef0c63": "060a026869"} {
		v, err := d.Value(message(id, data))
		assert.NoError(t, err)
		assert.Equal(t, v.GetValue(), "hi")
	}
	_, err = d.Value(message("42", hex.EncodeToString([]byte(`{"value":"hi"}`))))
	assert.Error(t, err, "the payload is JSON, as of a mapping")
	v, err := d.Value(&weir.Message{Kafka: &weir.KafkaRecord{}})
	assert.NoError(t, err)
	assert.Equal(t, v, nil)
}

func TestTypesThatCannotBe(t *testing.T) {
	t.Parallel()
	_, err := protodecode.New[proto.Message]()
	assert.Error(t, err, "protoreflect.ProtoMessage is no type that protoc-gen-go made")
	_, err = protodecode.New[*dynamicpb.Message]()
	assert.Error(t, err, "*dynamicpb.Message is no type")
	_, err = protodecode.New[*wrapperspb.StringValue](nil)
	assert.Error(t, err, "option 0 is nil")
}

func FuzzBytes(f *testing.F) {
	d, err := protodecode.New[*structpb.Struct]()
	assert.NoError(f, err)
	f.Add(unhex(f, confluent+"00 0a07 0a0161 1202 2001"))
	f.Add(unhex(f, glue+"01 0a07 0a0161 1202 2001"))
	f.Fuzz(func(t *testing.T, payload []byte) {
		v, err := d.Bytes(payload)
		if (v == nil) != (err != nil) {
			t.Fatalf("%v, %v", v, err)
		}
	})
}

func BenchmarkDecoder(b *testing.B) {
	d, err := protodecode.New[*wrapperspb.StringValue]()
	assert.NoError(b, err)
	for name, payload := range map[string][]byte{
		"proto/string/confluent": unhex(b, confluent+"02 0e 0a10 30313233343536373839616263646566"),
		"proto/string/glue":      unhex(b, glue+"06 0a10 30313233343536373839616263646566"),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(payload)))
			for b.Loop() {
				if _, err := d.Bytes(payload); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
