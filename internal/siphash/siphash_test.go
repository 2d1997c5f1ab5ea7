package siphash_test

import (
	"encoding/binary"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/weir-go/weir/internal/siphash"
)

// The vectors are those of the reference implementation, vectors_sip128: key 00 01 .. 0f, input
// 00 01 .. of each length.
func TestReferenceVectors(t *testing.T) {
	t.Parallel()
	var key siphash.Key
	var input []byte
	for i := range key {
		key[i] = byte(i)
	}
	for n, want := range []string{
		"a3817f04ba25a8e66df67214c7550293",
		"da87c1d86b99af44347659119b22fc45",
		"8177228da4a45dc7fca38bdef60affe4",
		"9c70b60c5267a94e5f33b6b02985ed51",
		"f88164c12d9c8faf7d0f6e7c7bcd5579",
		"1368875980776f8854527a07690e9627",
		"14eeca338b208613485ea0308fd7a15e",
		"a1f1ebbed8dbc153c0b84aa61ff08239",
		"3b62a9ba6258f5610f83e264f31497b4",
	} {
		lo, hi := siphash.Sum128(&key, string(input))
		out := binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(nil, lo), hi)
		if got := hex.EncodeToString(out); got != want {
			t.Errorf("%d bytes: %s, want %s", n, got, want)
		}
		input = append(input, byte(n))
	}
}

func BenchmarkSum128(b *testing.B) {
	key, id := siphash.Key{1}, strings.Repeat("4954511524349098", 4)[:56]
	b.SetBytes(int64(len(id)))
	for b.Loop() {
		siphash.Sum128(&key, id)
	}
}
