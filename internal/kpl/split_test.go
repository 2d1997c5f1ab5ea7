package kpl_test

import (
	"bytes"
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/internal/kpl"
)

// golden was made by npm aws-kinesis-agg 4.2.8 of the records in goldenRecords.
const golden = "f3899ac20a03706b310a03706b3212093132333435363738391a0908001a0568656c6c6f1a0b080110001a0577f6726c641a0708001a0300ff01c13be25578166731e8a05a7c39465b04"

var goldenRecords = []kpl.Record{
	{PartitionKey: "pk1", Data: []byte("hello")},
	{PartitionKey: "pk2", ExplicitHashKey: "123456789", Data: []byte("w\xf6rld")},
	{PartitionKey: "pk1", Data: []byte{0, 0xff, 1}},
}

func unhex(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	assert.NoError(t, err)
	return b
}

// sealed makes an aggregate of a message as it stands.
func sealed(msg []byte) []byte {
	digest := md5.Sum(msg)
	return append(append([]byte("\xf3\x89\x9a\xc2"), msg...), digest[:]...)
}

func TestSplitGolden(t *testing.T) {
	t.Parallel()
	data := unhex(t, golden)
	records, aggregated, err := split(data)
	assert.NoError(t, err)
	assert.Equal(t, aggregated, true)
	assert.Equal(t, records, goldenRecords)
	assert.Equal(t, hex.EncodeToString(kpl.Append(nil, goldenRecords)), golden)

	records[0].Data[0] = 'H'
	assert.Equal(t, bytes.Contains(data, []byte("Hello")), true, "data is a view")
	assert.Equal(t, cap(records[0].Data), 5, "appending to data must not reach the next record")
}

// Whatever is changed, the digest does not fit, and the data is a plain record.
func TestSplitPlain(t *testing.T) {
	t.Parallel()
	data := unhex(t, golden)
	for i := range data {
		for bit := range 8 {
			bad := bytes.Clone(data)
			bad[i] ^= 1 << bit
			plain(t, bad)
		}
		plain(t, data[:i])
		plain(t, data[i+1:])
	}
	plain(t, append(bytes.Clone(data), 0))
	plain(t, []byte(`{"json":true}`))
	plain(t, sealed(nil))
}

func plain(t *testing.T, data []byte) {
	t.Helper()
	records, aggregated, err := split(data)
	assert.NoError(t, err)
	assert.Equal(t, aggregated, false)
	assert.Equal(t, len(records), 0)
}

func TestSplitMessages(t *testing.T) {
	t.Parallel()
	one := []kpl.Record{{PartitionKey: "k", Data: []byte("d")}}
	for _, tc := range []struct {
		name, msg string // in hex
		want      []kpl.Record
		err       string
	}{
		{name: "record before its table", msg: "1a 05 0800 1a0164 0a016b", want: one},
		{name: "data before its index", msg: "0a016b 1a 05 1a0164 0800", want: one},
		{name: "tags", msg: "0a016b 1a 0b 0800 1a0164 2204 0a02746b", want: one},
		{name: "unknown fields of every type", msg: "2005 2a0178 31 0102030405060708 3d 01020304 0a016b 1a 05 0800 1a0164", want: one},
		{name: "unknown fields in a record", msg: "0a016b 1a 10 0800 1a0164 2805 390102030405060708", want: one},
		{name: "last of two fields counts", msg: "0a0178 0a016b 1a 0a 0800 0801 1a0178 1a0164", want: one},
		{name: "long form of a number", msg: "0a016b 1a 07 08808000 1a0164", want: one},
		{name: "empty data", msg: "0a016b 1a 04 0800 1a00", want: []kpl.Record{{PartitionKey: "k", Data: []byte{}}}},
		{name: "empty keys", msg: "0a00 1200 1a 06 0800 1000 1a00", want: []kpl.Record{{Data: []byte{}}}},
		{name: "keys that are no UTF-8", msg: "0a01ff 1a 04 0800 1a00", want: []kpl.Record{{PartitionKey: "\xff", Data: []byte{}}}},
		{name: "no records", msg: "0a016b", want: []kpl.Record{}},

		{name: "index beyond its table", msg: "0a016b 1a 05 0801 1a0164", err: "user record 0: its partition key has index 1 of 1"},
		{name: "second record", msg: "0a016b 1a 05 0800 1a0164 1a 05 0807 1a0164", err: "user record 1: its partition key has index 7 of 1"},
		{name: "hash index without a table", msg: "0a016b 1a 07 0800 1000 1a0164", err: "its explicit hash key has index 0 of 0"},
		{name: "index of 64 bits", msg: "0a016b 1a 0e 08ffffffffffffffffff01 1a0164", err: "has index 18446744073709551615 of 1"},
		{name: "no key", msg: "0a016b 1a 04 1a02 6464", err: "user record 0: it has no partition key"},
		{name: "no data", msg: "0a016b 1a 04 0800 0800", err: "user record 0: it has no data"},
		{name: "no room for a record", msg: "0a016b 1a 00", err: "user record 0 has 0 bytes"},
		{name: "table of numbers", msg: "0805", err: "field 1 has wire type 0"},
		{name: "index as bytes", msg: "0a016b 1a 06 0a0100 1a0164", err: "the index of its partition key has wire type 2"},
		{name: "data as a number", msg: "0a016b 1a 04 0800 1805", err: "the data has wire type 0"},
		{name: "length beyond the end", msg: "0a05 6b", err: "field 1 has 5 bytes, and only 1 are there"},
		{name: "length a byte beyond the end", msg: "0a02 6b", err: "field 1 has 2 bytes, and only 1 are there"},
		{name: "length of 64 bits", msg: "0affffffffffffffffff01", err: "field 1 has 18446744073709551615 bytes"},
		{name: "fixed beyond the end", msg: "2501", err: "field 4 has 4 bytes, and only 1 are there"},
		{name: "fixed beyond the end of a record", msg: "0a016b 1a 08 0800 1a0164 390102", err: "user record 0: field 7 has 8 bytes, and only 2 are there"},
		{name: "number without end", msg: "0a016b 88", err: "a number has no end"},
		{name: "number too large", msg: "20ffffffffffffffffffff01", err: "a number has no end"},
		{name: "field 0", msg: "0205", err: "a field has number 0"},
		{name: "field beyond all", msg: "80808080 10 05", err: "a field has number 536870912"},
		{name: "group", msg: "0a016b 23 24", err: "field 4 has wire type 3"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			records, aggregated, err := split(sealed(unhex(t, tc.msg)))
			assert.Equal(t, aggregated, true)
			if tc.err != "" {
				assert.Error(t, err, "the aggregated record is malformed: ", tc.err)
				assert.Equal(t, len(records), 0)
				return
			}
			assert.NoError(t, err)
			assert.Equal(t, records, tc.want)
		})
	}
}

func TestAppendRoundTrip(t *testing.T) {
	t.Parallel()
	assert.Equal(t, kpl.Append([]byte("x"), nil), []byte("x"))
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	for range 200 {
		want := random(rng)
		data := kpl.Append([]byte("before"), want)
		records, aggregated, err := split(data[len("before"):])
		assert.NoError(t, err)
		assert.Equal(t, aggregated, true)
		assert.Equal(t, records, want)
	}
}

// random makes up to 300 records, some of which are larger than one byte of length can say.
func random(rng *rand.Rand) []kpl.Record {
	records := make([]kpl.Record, 1+rng.IntN(300))
	for i := range records {
		r := &records[i]
		r.PartitionKey = "key-" + strconv.Itoa(rng.IntN(200))
		if rng.IntN(3) == 0 {
			r.ExplicitHashKey = strconv.FormatUint(rng.Uint64(), 10)
		}
		r.Data = make([]byte, rng.IntN(1<<rng.IntN(12)))
		for at := range r.Data {
			r.Data[at] = byte(rng.Uint32())
		}
	}
	return records
}

// Nothing is allocated per record, and nothing that the data does not pay for.
func TestSplitAllocations(t *testing.T) {
	records := make([]kpl.Record, 100)
	for i := range records {
		records[i] = kpl.Record{PartitionKey: "key-" + strconv.Itoa(i), Data: []byte("data")}
	}
	data := kpl.Append(nil, records)
	assert.Equal(t, testing.AllocsPerRun(100, func() { _, _, _ = split(data) }), 3)

	text := bytes.Repeat([]byte("x"), 1000)
	assert.Equal(t, testing.AllocsPerRun(100, func() { _, _, _ = split(text) }), 0)
}

func FuzzSplit(f *testing.F) {
	f.Add(unhex(f, golden[8:len(golden)-32]))
	f.Add(unhex(f, "2005 2a0178 310102030405060708 3d01020304 0a016b 1a050800 1a0164"))
	f.Add(binary.AppendUvarint([]byte("\x0a"), 1<<40))
	f.Fuzz(func(t *testing.T, msg []byte) {
		data := sealed(msg)
		before := bytes.Clone(data)
		records, aggregated, err := split(data)
		assert.Equal(t, data, before, "the data was changed")
		if aggregated != (len(msg) > 0) {
			t.Fatalf("aggregated is %v", aggregated)
		}
		if err != nil || len(records) == 0 {
			return
		}
		if 6*len(records) > len(msg) {
			t.Fatalf("%d records from %d bytes", len(records), len(msg))
		}
		again, _, err := split(kpl.Append(nil, records))
		assert.NoError(t, err)
		assert.Equal(t, again, records)
	})
}

func BenchmarkSplit(b *testing.B) {
	for _, n := range []int{1, 100} {
		records := make([]kpl.Record, n)
		for i := range records {
			records[i] = kpl.Record{PartitionKey: "key-" + strconv.Itoa(i), Data: bytes.Repeat([]byte("d"), 250)}
		}
		data := kpl.Append(nil, records)
		b.Run("n="+strconv.Itoa(n), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				_, _, _ = split(data)
			}
		})
	}
}
