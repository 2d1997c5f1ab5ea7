package b64_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/internal/b64"
)

// check compares bytes and error with encoding/base64's, and looks before and behind the bytes.
func check(t *testing.T, text string) {
	t.Helper()
	want, wantErr := base64.StdEncoding.AppendDecode([]byte("ab"), []byte(text))
	room := base64.RawStdEncoding.DecodedLen(len(strings.TrimRight(text, "=")))
	backing := bytes.Repeat([]byte{0x5A}, 2+room+16)
	copy(backing, "ab")
	got, err := b64.AppendDecode(backing[:2], text)
	if !slices.Equal(got, want) || err != wantErr {
		t.Fatalf("%q gives %x, %v; want %x, %v", text, got, err, want, wantErr)
	}
	if behind := backing[2+room:]; bytes.Count(behind, []byte{0x5A}) != 16 {
		t.Fatalf("%q, %d bytes at most, writes %x behind them", text, room, behind)
	}
	got, err = b64.AppendDecode([]byte("ab"), []byte(text))
	if !slices.Equal(got, want) || err != wantErr {
		t.Fatalf("%q as bytes gives %x, %v; want %x, %v", text, got, err, want, wantErr)
	}
	checkQuoted(t, text)
}

// checkQuoted compares with encoding/base64 what stands before a quote.
func checkQuoted(t *testing.T, text string) {
	t.Helper()
	text, _, _ = strings.Cut(text, `"`)
	want, err := base64.StdEncoding.DecodeString(text)
	plain := err == nil && !strings.ContainsAny(text, "\r\n")
	for _, room := range []int{0, 3, len(want), len(text)/4*3 + 3, len(text)/4*3 + 6, len(text) + 40} {
		for _, tail := range []string{`"`, `","more":"WeirWeirWeirWeirWeirWeir"`, ""} {
			backing := bytes.Repeat([]byte{0x5A}, room+16)
			size, quote := b64.Quoted(backing[:room:room], text+tail)
			switch {
			case bytes.Count(backing[room:], []byte{0x5A}) != 16:
				t.Fatalf("%q writes behind a room of %d", text, room)
			case quote < 0 && plain && len(tail) > 4 && room >= len(text)/4*3+6:
				t.Fatalf("%q has not enough of a room of %d", text, room)
			case quote >= 0 && (!plain || tail == "" || quote != len(text) || !bytes.Equal(backing[:size], want)):
				t.Fatalf("%q gives %x and a quote at %d, want %x, %v", text, backing[:size], quote, want, err)
			}
		}
	}
}

func random(n int) []byte {
	r := rand.NewChaCha8([32]byte{byte(n)})
	b := make([]byte, n)
	_, _ = r.Read(b)
	return b
}

func TestAppendDecode(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "A", "AA", "AAA", "AAAA", "AA==", "AAA=",
		"=", "==", "===", "====", "A=", "A==", "A===", "AA=", "AAA==", "AAAA=", "AAAA==", "AAAA====",
		"AA=A", "AA=A=", "A=A=", "=AAA", "AA==AA==", "AA==AAAA", "AAA=AAA=", "AA==\n", "AA=\r\n=", "AA=\n", "AA\n==", "AAA\n=\n",
		"AB==", "A/==", "AAB=", "AA/=", // bits that nothing needs
		"\n", "\r\n\r\n", "\nAAAA", "AAAA\nAAAA\r\n", "A\nA\nA\nA\n", "AAAA\nAA", "AAAA\nA", "AAAAA\n===",
		"+/+/", "-_-_", "AA A", "AA\tA", "AA\x00A", "AA\xffA", "AAé", "\u2028AAA", "AAAA!", "!AAAA",
	} {
		check(t, text)
		for _, n := range []int{4, 16, 20, 48} {
			check(t, strings.Repeat("Weir", n/4)+text)
			check(t, text+strings.Repeat("Weir", n/4))
		}
	}
}

func TestEveryLength(t *testing.T) {
	t.Parallel()
	for n := range 71 {
		check(t, base64.StdEncoding.EncodeToString(random(n)))
		check(t, base64.RawStdEncoding.EncodeToString(random(n)))
		check(t, base64.URLEncoding.EncodeToString(random(n)))
		check(t, string(random(n)))
		check(t, strings.Repeat("=", n))
		check(t, strings.Repeat("\n", n))
		check(t, strings.Repeat("A", n))
	}
}

func TestEveryPlace(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 2, 3, 12, 34, 35, 36, 49} {
		text := base64.StdEncoding.EncodeToString(random(n))
		for i := range len(text) + 1 {
			for _, odd := range []string{"\n", "\r", "\r\n", "=", "==", "!", "-", "_", " ", "\x00", "\x80", "\xff"} {
				check(t, text[:i]+odd+text[i:])
				if i+len(odd) <= len(text) {
					check(t, text[:i]+odd+text[i+len(odd):])
				}
			}
			check(t, text[:i])
			check(t, text[i:])
		}
	}
}

func TestEveryByte(t *testing.T) {
	t.Parallel()
	for c := range 256 {
		for place := range 16 {
			text := []byte("WeirWeirWeirWeir")
			text[place] = byte(c)
			check(t, string(text))
		}
	}
}

func TestLines(t *testing.T) {
	t.Parallel()
	text := base64.StdEncoding.EncodeToString(random(500))
	for width := 1; width < 80; width++ {
		var lines []string
		for line := range slices.Chunk([]byte(text), width) {
			lines = append(lines, string(line))
		}
		check(t, strings.Join(lines, "\n"))
		check(t, strings.Join(lines, "\r\n")+"\r\n")
	}
}

func TestOffset(t *testing.T) {
	t.Parallel()
	_, err := b64.AppendDecode(nil, strings.Repeat("Weir", 9)+"We!r")
	at, ok := errors.AsType[base64.CorruptInputError](err)
	assert.Equal(t, ok, true)
	assert.Equal(t, at, 38)
}

func TestNoCopies(t *testing.T) {
	for _, n := range []int{0, 1, 12, 300, 301, 5000} {
		text := base64.StdEncoding.EncodeToString(random(n))
		dst := make([]byte, 0, n)
		assert.Equal(t, testing.AllocsPerRun(10, func() { _, _ = b64.AppendDecode(dst, text) }), 0)
	}
}
