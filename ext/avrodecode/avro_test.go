package avrodecode_test

import (
	"encoding/hex"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/twmb/avro"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/ext/avrodecode"
	"github.com/weir-go/weir/ext/internal/fakeregistry"
	"github.com/weir-go/weir/ext/registry"
	"github.com/weir-go/weir/internal/assert"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	assert.NoError(t, err)
	return b
}

// with returns a registry that has one schema, 42.
func with(t testing.TB, schema string, refs ...fakeregistry.Reference) (*registry.Registry, *fakeregistry.Server) {
	t.Helper()
	server := fakeregistry.New(t)
	server.Add(42, "AVRO", schema, refs...)
	reg, err := registry.Confluent(server.URL)
	assert.NoError(t, err)
	return reg, server
}

// read decodes bytes in hex that schema 42 wrote.
func read[T any](t testing.TB, schema, data string, opts ...avrodecode.Option) (T, error) {
	t.Helper()
	reg, _ := with(t, schema)
	d, err := avrodecode.New[T](reg, opts...)
	assert.NoError(t, err)
	return d.Bytes(unhex(t, "00 0000002a "+data))
}

const order = `{"type":"record","name":"Order","namespace":"shop","fields":[{"name":"id","type":"string"},{"name":"amount","type":"long"}]}`

type Order struct {
	ID     string `avro:"id"`
	Amount int64  `avro:"amount"`
}

// everything has one field of every type. Its bytes are by hand, from the specification.
const everything = `{"type":"record","name":"Everything","fields":[
	{"name":"nothing","type":"null"},
	{"name":"yes","type":"boolean"},
	{"name":"int","type":"int"},
	{"name":"long","type":"long"},
	{"name":"float","type":"float"},
	{"name":"double","type":"double"},
	{"name":"bytes","type":"bytes"},
	{"name":"string","type":"string"},
	{"name":"enum","type":{"type":"enum","name":"E","symbols":["A","B","C"]}},
	{"name":"list","type":{"type":"array","items":"long"}},
	{"name":"map","type":{"type":"map","values":"long"}},
	{"name":"fixed","type":{"type":"fixed","name":"F","size":2}},
	{"name":"some","type":["null","string"]},
	{"name":"none","type":["null","string"]},
	{"name":"inner","type":{"type":"record","name":"Inner","fields":[{"name":"x","type":"int"}]}},
	{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"}}
]}`

const everythingHex = "" + // null is no bytes
	"01" + // true
	"01" + // -1 in zigzag
	"ffffffffffffffffff01" + // the least long
	"0000803f" + // 1
	"00000000000000c0" + // -2
	"04 cafe" + // 2 bytes
	"06 666f6f" + // foo
	"04" + // C
	"04 06 36 00" + // a block of 2: 3, 27
	"02 02 61 02 00" + // a block of 1: a is 1
	"beef" +
	"02 02 61" + // the second branch: a
	"00" + // the first
	"0e" + // 7
	"d00f" // 1000 ms

type Everything struct {
	Nothing any              `avro:"nothing"`
	Yes     bool             `avro:"yes"`
	Int     int              `avro:"int"`
	Long    int64            `avro:"long"`
	Float   float32          `avro:"float"`
	Double  float64          `avro:"double"`
	Bytes   []byte           `avro:"bytes"`
	String  string           `avro:"string"`
	Enum    string           `avro:"enum"`
	List    []int64          `avro:"list"`
	Map     map[string]int64 `avro:"map"`
	Fixed   [2]byte          `avro:"fixed"`
	Some    *string          `avro:"some"`
	None    *string          `avro:"none"`
	Inner   struct {
		X int32 `avro:"x"`
	} `avro:"inner"`
	At time.Time `avro:"at"`
}

func TestEveryType(t *testing.T) {
	t.Parallel()
	got, err := read[Everything](t, everything, everythingHex)
	assert.NoError(t, err)
	some := "a"
	want := Everything{
		Yes: true, Int: -1, Long: -1 << 63, Float: 1, Double: -2, Bytes: []byte{0xca, 0xfe}, String: "foo", Enum: "C",
		List: []int64{3, 27}, Map: map[string]int64{"a": 1}, Fixed: [2]byte{0xbe, 0xef}, Some: &some, At: time.UnixMilli(1000).UTC(),
	}
	want.Inner.X = 7
	assert.Equal(t, got, want)

	// Cut off anywhere, or with more behind it, it is undecodable.
	data := strings.ReplaceAll(everythingHex, " ", "")
	for n := 0; n < len(data); n += 2 {
		if _, err := read[Everything](t, everything, data[:n]); err == nil {
			t.Fatalf("the first %d bytes are read without an error", n/2)
		}
		if n == 20 && testing.Short() {
			break
		}
	}
	_, err = read[Everything](t, everything, data+"00")
	assert.Error(t, err, "AVRO of schema 42: 1 bytes too many")
}

func TestTypesOfT(t *testing.T) {
	t.Parallel()
	const data = "02 61 14"
	a, err := read[Order](t, order, data)
	assert.NoError(t, err)
	assert.Equal(t, a, Order{"a", 10})
	b, err := read[*Order](t, order, data)
	assert.NoError(t, err)
	assert.Equal(t, *b, Order{"a", 10})
	c, err := read[map[string]any](t, order, data)
	assert.NoError(t, err)
	assert.Equal(t, c, map[string]any{"id": "a", "amount": int64(10)})
	d, err := read[any](t, order, data)
	assert.NoError(t, err)
	assert.Equal(t, d, any(c))
	e, err := read[string](t, `"string"`, "0668657921"[:8]) // 3 bytes: hey
	assert.NoError(t, err)
	assert.Equal(t, e, "hey")

	// What T has not is skipped, and what the schema has not stays zero.
	type Other struct {
		Amount int64  `avro:"amount"`
		Note   string `avro:"note"`
	}
	f, err := read[Other](t, order, data)
	assert.NoError(t, err)
	assert.Equal(t, f, Other{Amount: 10})

	// But a T of which nothing is in the schema is a mistake.
	type Untagged struct{ Id, AMOUNT string }
	_, err = read[Untagged](t, order, data)
	assert.Error(t, err, "schema 42: none of its fields", `avro:"id"`)
	_, err = read[*Untagged](t, order, data)
	assert.Error(t, err, "none of its fields")
	type embeds struct{ Order }
	g, err := read[embeds](t, order, data)
	assert.NoError(t, err)
	assert.Equal(t, g.ID, "a")

	_, err = read[chan int](t, order, data)
	assert.Error(t, err, "chan int")
}

// Confluent's serializer writes a schema of bytes without a length, AWS Glue's with it.
func TestBareBytes(t *testing.T) {
	t.Parallel()
	for _, schema := range []string{`"bytes"`, `{"type":"bytes"}`} {
		got, err := read[[]byte](t, schema, "cafe00")
		assert.NoError(t, err)
		assert.Equal(t, got, unhex(t, "cafe00"))
	}
	got, err := read[[]byte](t, `"bytes"`, "")
	assert.NoError(t, err)
	assert.Equal(t, len(got), 0)

	reg, err := registry.New(schemaOf(`"bytes"`))
	assert.NoError(t, err)
	d, err := avrodecode.New[[]byte](reg)
	assert.NoError(t, err)
	got, err = d.Bytes(unhex(t, "0300 b7b4a7f09c964e4aa687fb5de9ef0c63 04cafe"))
	assert.NoError(t, err)
	assert.Equal(t, got, unhex(t, "cafe"))
}

func TestReader(t *testing.T) {
	t.Parallel()
	reader := func(fields string) string {
		return `{"type":"record","name":"Order","namespace":"shop","fields":[` + fields + `]}`
	}
	type V2 struct {
		Ref      string  `avro:"ref"`
		Amount   float64 `avro:"amount"`
		Currency string  `avro:"currency"`
	}
	const v2 = `{"name":"currency","type":"string","default":"EUR"},
		{"name":"ref","aliases":["id"],"type":"string"},
		{"name":"amount","type":"double"}`
	// A default, a new order, a new name by an alias, a long that becomes a double.
	got, err := read[V2](t, order, "02 61 14", avrodecode.Reader(reader(v2)))
	assert.NoError(t, err)
	assert.Equal(t, got, V2{"a", 10, "EUR"})

	// What only the writer has is skipped, whatever it is.
	wide := `{"type":"record","name":"Order","fields":[{"name":"tags","type":{"type":"array","items":"string"}},{"name":"id","type":"string"}]}`
	one, err := read[struct {
		ID string `avro:"id"`
	}](t, wide, "02 02 78 00 02 61", avrodecode.Reader(`{"type":"record","name":"Order","fields":[{"name":"id","type":"string"}]}`))
	assert.NoError(t, err)
	assert.Equal(t, one.ID, "a")

	// An enum's symbol that the reader does not have is its default.
	enum := func(symbols, more string) string {
		return `{"type":"enum","name":"E","symbols":[` + symbols + `]` + more + `}`
	}
	e, err := read[string](t, enum(`"A","NEW"`, ""), "02", avrodecode.Reader(enum(`"A","OTHER"`, `,"default":"OTHER"`)))
	assert.NoError(t, err)
	assert.Equal(t, e, "OTHER")

	// What cannot be resolved is undecodable, as is each record of that schema.
	_, err = read[V2](t, order, "02 61 14", avrodecode.Reader(reader(v2+`,{"name":"must","type":"string"}`)))
	assert.Error(t, err, "schema 42: ", "must")
	_, err = read[V2](t, order, "02 61 14", avrodecode.Reader(reader(`{"name":"amount","type":"string"}`)))
	assert.Error(t, err, "schema 42: ", "amount")

	reg, _ := with(t, order)
	for schema, want := range map[string]string{
		"":                                     "the schema of Reader",
		`{"type":"recrod"}`:                    "the schema of Reader",
		reader(`{"name":"x","type":"string"}`): "none of its fields",
	} {
		_, err = avrodecode.New[V2](reg, avrodecode.Reader(schema))
		assert.Error(t, err, want)
	}
	_, err = avrodecode.New[V2](reg, nil)
	assert.Error(t, err, "option 0 is nil")
	_, err = avrodecode.New[V2](nil)
	assert.Error(t, err, "needs a registry")
}

// Two schemas of a topic are told apart by their records.
func TestTwoWriters(t *testing.T) {
	t.Parallel()
	reg, server := with(t, order)
	server.Add(43, "AVRO", `{"type":"record","name":"Order","fields":[{"name":"amount","type":"int"},{"name":"note","type":"string"},{"name":"id","type":"string"}]}`)
	d, err := avrodecode.New[Order](reg)
	assert.NoError(t, err)
	for _, data := range []string{"00 0000002a 02 61 14", "00 0000002b 14 04 6869 02 61", "00 0000002a 02 61 14"} {
		got, err := d.Bytes(unhex(t, data))
		assert.NoError(t, err)
		assert.Equal(t, got, Order{"a", 10})
	}
	assert.Equal(t, len(server.Requests()), 2)
}

func TestReferences(t *testing.T) {
	t.Parallel()
	ref := func(name string) fakeregistry.Reference {
		return fakeregistry.Reference{Name: name, Subject: name, Version: 1}
	}
	// A cart has lines and a customer, both with an address.
	reg, server := with(t, `{"type":"record","name":"Cart","fields":[{"name":"line","type":"shop.Line"},{"name":"by","type":"shop.Customer"}]}`,
		ref("shop.Line"), ref("shop.Customer"))
	server.AddVersion("shop.Line", 1, "AVRO", `{"type":"record","name":"shop.Line","fields":[{"name":"n","type":"int"},{"name":"to","type":"shop.Address"}]}`, ref("shop.Address"))
	server.AddVersion("shop.Customer", 1, "AVRO", `{"type":"record","name":"shop.Customer","fields":[{"name":"home","type":"shop.Address"}]}`, ref("shop.Address"))
	server.AddVersion("shop.Address", 1, "AVRO", `{"type":"record","name":"shop.Address","fields":[{"name":"city","type":"string"}]}`)
	type address struct {
		City string `avro:"city"`
	}
	type cart struct {
		Line struct {
			N  int     `avro:"n"`
			To address `avro:"to"`
		} `avro:"line"`
		By struct {
			Home address `avro:"home"`
		} `avro:"by"`
	}
	d, err := avrodecode.New[cart](reg)
	assert.NoError(t, err)
	got, err := d.Bytes(unhex(t, "00 0000002a 04 04 5269 04 4f73"))
	assert.NoError(t, err)
	var want cart
	want.Line.N, want.Line.To.City, want.By.Home.City = 2, "Ri", "Os"
	assert.Equal(t, got, want)

	server.Add(43, "AVRO", `{"type":"record","name":"Cart","fields":[{"name":"x","type":"shop.Missing"}]}`)
	_, err = d.Bytes(unhex(t, "00 0000002b 00"))
	assert.Error(t, err, "schema 43: ", "shop.Missing")
	server.Add(44, "AVRO", `{"type":"record","name":"Cart","fields":[]}`, ref("bad"))
	server.AddVersion("bad", 1, "AVRO", `{"type":"recrod"}`)
	_, err = d.Bytes(unhex(t, "00 0000002c 00"))
	assert.Error(t, err, `schema 44: reference "bad"`)
}

// Damaged bytes are an error, soon and without much memory. Not parallel, since it measures.
func TestDamaged(t *testing.T) {
	lists := `{"type":"record","name":"R","fields":[
		{"name":"list","type":{"type":"array","items":"long"}},{"name":"nulls","type":{"type":"array","items":"null"}},
		{"name":"map","type":{"type":"map","values":"string"}},{"name":"bytes","type":"bytes"},{"name":"next","type":["null","R"]}]}`
	reg, _ := with(t, lists)
	d, err := avrodecode.New[map[string]any](reg)
	assert.NoError(t, err)
	_, err = d.Bytes(unhex(t, "00 0000002a 00 00 00 00 00"))
	assert.NoError(t, err)
	const much = "feffffffffffffff7f" // 2^62 - 1
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for _, data := range []string{
		much, "00" + much, "0000" + much, "000000" + much,
		"01 02" + much, // a block that says its size
		"ffffffffffffffffff01",
		"ffffffffffffffffffffff",
		strings.Repeat("0000000002", 100_000), // nested
	} {
		if _, err := d.Bytes(unhex(t, "00 0000002a"+data)); err == nil {
			t.Errorf("%.40s is read without an error", data)
		}
	}
	runtime.ReadMemStats(&after)
	if n := (after.TotalAlloc - before.TotalAlloc) >> 20; n > 32 {
		t.Errorf("%d MiB were allocated", n)
	}
}

// FuzzBytes holds that whatever a payload is, it is decoded or refused, and that what was decoded
// is encoded and decoded again without a change.
func FuzzBytes(f *testing.F) {
	f.Add(unhex(f, everythingHex))
	f.Add([]byte{})
	schema := avro.MustParse(everything)
	reg, _ := with(f, everything)
	d, err := avrodecode.New[map[string]any](reg)
	assert.NoError(f, err)
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := d.Bytes(append([]byte{0, 0, 0, 0, 42}, data...))
		if err != nil {
			if u := (*weir.UnavailableError)(nil); errors.As(err, &u) {
				t.Fatal(err)
			}
			return
		}
		again, err := schema.Encode(v)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.Bytes(append([]byte{0, 0, 0, 0, 42}, again...)); err != nil {
			t.Fatal(err)
		}
	})
}
