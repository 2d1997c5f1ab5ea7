package registry_test

import (
	"bytes"
	"compress/zlib"
	"encoding/hex"
	"runtime"
	"strings"
	"testing"

	"github.com/weir-go/weir/ext/registry"
	"github.com/weir-go/weir/internal/assert"
)

const uuid = "b7b4a7f0-9c96-4e4a-a687-fb5de9ef0c63"

// glueHead is Glue's header of a UUID without the compression, and glueHi is "hi" behind it in
// zlib's format, by hand: 78 01, one stored block, Adler-32.
const (
	glueID   = "b7b4a7f09c964e4aa687fb5de9ef0c63"
	zlibHi   = "7801" + "01" + "0200" + "fdff" + "6869" + "013b00d2"
	glueHi   = "0305" + glueID + zlibHi
	gluePure = "0300" + glueID + "6869"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	assert.NoError(t, err)
	return b
}

func TestOpen(t *testing.T) {
	t.Parallel()
	for payload, want := range map[string]string{
		"00 0000002a 6869":            "42 hi",
		"00 0000002a":                 "42 ",
		"00 ffffffff 00":              "4294967295 \x00",
		gluePure:                      uuid + " hi",
		"0300" + glueID:               uuid + " ",
		glueHi:                        uuid + " hi",
		"":                            "an empty payload",
		"00 000000":                   "4 bytes, which is too short for Confluent's header of 5",
		"0300" + glueID[:30]:          "17 bytes, which is too short for AWS Glue's header of 18",
		"0301" + glueID:               "compression 1, which is neither",
		"7b7d":                        "begins with byte 0x7b",
		"01":                          "begins with byte 0x01",
		"0305" + glueID:               "zlib does not inflate: unexpected EOF",
		"0305" + glueID + "6869":      "zlib: invalid header",
		glueHi[:len(glueHi)-2]:        "unexpected EOF",
		glueHi[:len(glueHi)-2] + "00": "zlib: invalid checksum",
		glueHi + "00":                 "1 bytes after a compressed payload",
	} {
		f, err := registry.Open(unhex(t, payload))
		if err != nil {
			assert.Error(t, err, want)
		} else {
			assert.Equal(t, f.ID.String()+" "+string(f.Data), want)
		}
	}
}

// What a bomb becomes is bounded, and so is the memory that finding out takes. Not parallel, since
// it measures.
func TestOpenBomb(t *testing.T) {
	// A flushed block of zeros stands for itself, so a thousand of them are a gigabyte of zeros.
	var block bytes.Buffer
	z := zlib.NewWriter(&block)
	_, err := z.Write(make([]byte, 1<<20))
	assert.NoError(t, err)
	assert.NoError(t, z.Flush())
	bomb := append(unhex(t, "0305"+glueID), block.Bytes()[:2]...)
	for range 1024 {
		bomb = append(bomb, block.Bytes()[2:]...)
	}

	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err = registry.Open(bomb)
	runtime.ReadMemStats(&after)
	assert.Error(t, err, "larger than 16777216 bytes")
	if n := (after.TotalAlloc - before.TotalAlloc) >> 20; n > 48 {
		t.Errorf("%d MiB were allocated for %d kB", n, len(bomb)>>10)
	}
}

func TestOpenAtTheLimit(t *testing.T) {
	t.Parallel()
	for size, ok := range map[int]bool{registry.MaxInflated: true, registry.MaxInflated + 1: false} {
		var b bytes.Buffer
		b.Write(unhex(t, "0305"+glueID))
		z, _ := zlib.NewWriterLevel(&b, zlib.BestSpeed)
		_, _ = z.Write(make([]byte, size))
		assert.NoError(t, z.Close())
		f, err := registry.Open(b.Bytes())
		assert.Equal(t, err == nil, ok)
		if ok {
			assert.Equal(t, len(f.Data), size)
		}
	}
}

func TestParseID(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]registry.ID{
		"0":                   registry.ConfluentID(0),
		"42":                  registry.ConfluentID(42),
		"4294967295":          registry.ConfluentID(1<<32 - 1),
		uuid:                  registry.GlueID([16]byte(unhex(t, glueID))),
		strings.ToUpper(uuid): registry.GlueID([16]byte(unhex(t, glueID))),
	} {
		id, err := registry.ParseID(s)
		assert.NoError(t, err)
		assert.Equal(t, id, want)
		assert.Equal(t, id.String(), strings.ToLower(s))
	}
	for _, s := range []string{"", "-1", "4294967296", "x", uuid[:35], uuid + "0", strings.ReplaceAll(uuid, "b", "g"), strings.ReplaceAll(uuid, "-", "a")} {
		if id, err := registry.ParseID(s); err == nil {
			t.Errorf("%q is %v", s, id)
		}
	}
	assert.Equal(t, registry.ID{}.String(), "none")
}

// FuzzOpen holds that no bytes do more than fail, that what is not compressed is a view of
// the payload, and that inflating is what the library does.
func FuzzOpen(f *testing.F) {
	for _, s := range []string{"", "000000002a6869", gluePure, glueHi, glueHi + "00", "0301" + glueID, "7b7d"} {
		f.Add(unhex(f, s))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		frame, err := registry.Open(payload)
		if err != nil {
			return
		}
		id, err := registry.ParseID(frame.ID.String())
		if err != nil || id != frame.ID {
			t.Fatalf("%v: %v, %v", frame.ID, id, err)
		}
		switch {
		case payload[0] == 0:
			if !bytes.Equal(frame.Data, payload[5:]) {
				t.Fatal("Confluent's payload is not the rest")
			}
		case payload[1] == 0:
			if !bytes.Equal(frame.Data, payload[18:]) {
				t.Fatal("Glue's payload is not the rest")
			}
		default:
			z, err := zlib.NewReader(bytes.NewReader(payload[18:]))
			if err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			if _, err := out.ReadFrom(z); err != nil || !bytes.Equal(out.Bytes(), frame.Data) {
				t.Fatalf("zlib reads %d bytes (%v), not %d", out.Len(), err, len(frame.Data))
			}
		}
	})
}
