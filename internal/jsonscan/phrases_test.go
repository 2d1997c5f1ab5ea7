package jsonscan_test

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/weir-go/weir/internal/jsonscan"
)

// compareUnquoted unquotes the lines of text, one after another, with and without what is known of those before,
// into room that is more or less than enough.
func compareUnquoted(t *testing.T, lines string, more int) {
	t.Helper()
	var known jsonscan.Phrases
	known.Begin()
	for range 2 { // with all known
		for line := range strings.SplitSeq(lines, "\n") {
			var s, alone jsonscan.Scanner
			room := bytes.Repeat([]byte{0x5A}, max(0, len(line)+more)+16)
			s.Reset(line)
			size, ok := known.Unquote(&s, room[:len(room)-16:len(room)-16])
			if behind := room[len(room)-16:]; bytes.Count(behind, []byte{0x5A}) != 16 {
				t.Fatalf("%q: %x written behind the room", line, behind)
			}
			alone.Reset(line)
			if !ok {
				if s.Offset() != 0 {
					t.Fatalf("%q: not read, but at %d", line, s.Offset())
				}
				continue
			}
			want := alone.String()
			if got := string(room[:size]); got != want || alone.Err() != nil || s.Offset() != alone.Offset() {
				t.Fatalf("%q:\n %q up to %d, want\n %q up to %d, %v\nin %q", line, got, s.Offset(), want, alone.Offset(), alone.Err(), lines)
			}
		}
	}
}

func TestPhrases(t *testing.T) {
	t.Parallel()
	pieces := []string{
		`\"id\":\"`, `\",\"name\":\"`, `\"}`, `\"`, `\\`, `\\\"`, `\n`, `\u0041`, `\",\"`, `\":`, `{`, `}]`, `,`, `:`, `x`, `é`, "\xff", "\x01", `"`,
		`\"a-name-that-is-too-long-for-a-phrase\":`, `\"\":\"\"`, `12.5`, `some text of more than a word`, `\"n\":1,\"m\":[{\"k\":null},{\"`, `\`, `\q`,
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		var lines strings.Builder
		shape := make([]string, 1+r.IntN(12))
		for i := range shape {
			shape[i] = pieces[r.IntN(len(pieces))]
		}
		for range 1 + r.IntN(5) {
			lines.WriteByte('"')
			for _, p := range shape {
				if r.IntN(10) == 0 {
					p = pieces[r.IntN(len(pieces))]
				}
				lines.WriteString(p)
			}
			lines.WriteString(`","and":"so on, since strings do not end the text"` + "\n")
		}
		compareUnquoted(t, lines.String(), r.IntN(40)-20)
	}
}

// TestManyPhrases has more phrases come by than are kept.
func TestManyPhrases(t *testing.T) {
	t.Parallel()
	var known jsonscan.Phrases
	r := rand.New(rand.NewPCG(3, 4))
	for range 100 {
		known.Begin()
		for range 50 {
			names := map[string]int{}
			for range 1 + r.IntN(9) {
				names[strings.Repeat(string(rune('a'+r.IntN(26))), 1+r.IntN(30))] = r.IntN(1000)
			}
			body, _ := json.Marshal(names)
			quoted, _ := json.Marshal(string(body))
			var s jsonscan.Scanner
			s.Reset(string(quoted) + strings.Repeat(" ", 8))
			room := make([]byte, len(quoted)+8)
			if n, ok := known.Unquote(&s, room); !ok || string(room[:n]) != string(body) {
				t.Fatalf("%s: %t, %q", quoted, ok, room[:n])
			}
		}
	}
}

func FuzzPhrases(f *testing.F) {
	for _, line := range []string{
		`"{\"id\":\"a\",\"n\":1}","next":1`, `"\"\"\"\"","next":[\"`, `"{\"tags\":[\"a\",\"b\"],\"x\":{\"y\":null}}" and more behind it`, `"é\"a\":\u00e9\"","next":1`,
	} {
		f.Add(line+"\n"+line, 8)
		f.Add(line+"\n\n"+line[:len(line)-9], 0)
	}
	f.Fuzz(func(t *testing.T, lines string, more int) { compareUnquoted(t, lines, max(-1000, min(more, 1000))) })
}
