package jsonscan

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/weir-go/weir/internal/assert"
)

func TestByteList(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"[]": "", "[0]": "\x00", "[255,-128,127,-1,1]": "\xff\x80\x7f\xff\x01", "[-0,9]": "\x00\x09", "[1,2],": "\x01\x02",
		"[256]": "no", "[-129]": "no", "[01]": "no", "[1,]": "no", "[,1]": "no", "[1 ]": "no", "[ 1]": "no", "[ ]": "no", "[1.5]": "no", "[1e1]": "no",
		"[1": "no", "[": "no", "": "no", "[-]": "no", "[1;2]": "no", "{}": "no", " [1]": "no", "[null]": "no", "[[1]]": "no", "[18446744073709551617]": "no",
	} {
		var s Scanner
		s.Reset(text)
		room := make([]byte, 5)
		n, ok := s.ByteList(room)
		if ok != (want != "no") || ok && string(room[:n]) != want {
			t.Errorf("%s: %q, %v", text, room[:n], ok)
		}
		if end := strings.IndexByte(text, ']') + 1; ok && s.Offset() != end || !ok && s.Offset() != 0 {
			t.Errorf("%s: read up to %d", text, s.Offset())
		}
	}
	var s Scanner
	s.Reset("[1,2,3]")
	_, ok := s.ByteList(make([]byte, 2))
	assert.Equal(t, ok, false)
	n, ok := s.ByteList(make([]byte, 3))
	assert.Equal(t, n == 3 && ok, true)
}

func TestUint(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"0,": "0", "18446744073709551615}": "18446744073709551615", "12,": "12",
		"12": "no", "12 ,": "no", " 12,": "no", "-1,": "no", "01,": "no", "1.0,": "no", "1e3,": "no", "18446744073709551616,": "no", ",": "no", "": "no", "x": "no", "1]": "no",
	} {
		var s Scanner
		s.Reset(text)
		u, ok := s.Uint()
		if got := strconv.FormatUint(u, 10); ok != (want != "no") || ok && got != want || !ok && s.Offset() != 0 {
			t.Errorf("%q: %s, %v at %d", text, got, ok, s.Offset())
		}
	}
}

// FuzzByteList: what it takes is what encoding/json takes.
func FuzzByteList(f *testing.F) {
	for _, text := range []string{"[]", "[1,-128,255]", "[256]", "[01]", "[1,]", "[-0]", "[--1]"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var s Scanner
		s.Reset(text)
		room := make([]byte, 64)
		n, ok := s.ByteList(room)
		if !ok {
			return
		}
		var want []int16
		if err := json.Unmarshal([]byte(text[:s.Offset()]), &want); err != nil {
			t.Fatal(err)
		}
		if len(want) != n {
			t.Fatalf("%d bytes, want %d", n, len(want))
		}
		for i, w := range want {
			if w < -128 || w > 255 || byte(w) != room[i] {
				t.Fatalf("%d became %d", w, room[i])
			}
		}
	})
}
