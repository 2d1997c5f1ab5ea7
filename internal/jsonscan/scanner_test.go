package jsonscan_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/weir-go/weir/internal/jsonscan"
)

// tree reads any value the way json.Decoder.UseNumber does.
func tree(s *jsonscan.Scanner) any {
	switch s.Kind() {
	case '{':
		m := map[string]any{}
		for s.Object(); s.MoreKeys(); {
			k := s.Key()
			m[k] = tree(s)
		}
		return m
	case '[':
		l := []any{}
		for s.Array(); s.MoreItems(); {
			l = append(l, tree(s))
		}
		return l
	case '"':
		return s.String()
	case '0':
		return json.Number(s.Number())
	case 't', 'f':
		return s.Bool()
	default:
		if !s.Null() {
			s.Skip() // sets the error
		}
		return nil
	}
}

var texts = []string{
	``, ` `, `null`, ` true `, `false`, `nul`, `truex`, `0`, `-0`, `01`, `-`, `1.`, `1.5`, `.5`, `1e400`, `1E+2`, `1e`, `--1`,
	`""`, `"a`, `"\u00e9"`, `"é"`, `"\ud83d\ude00"`, `"\ud83d"`, `"\ud83d\u0041"`, `"\ude00\ud83d"`, `"\ud83d\ud83d\ude00"`, `"\x"`, `"\u12g4"`, `"\u12"`, `"\`,
	"\"a\x01b\"", "\"a\x7fb\"", "\"a\xffb\"", "\"\xed\xa0\x80\"", "\"12345678\xff\\n\"", `"\"\\\/\b\f\n\r\t"`, `"123456\"8901234567\\890"`,
	`{}`, `[]`, `{"a":1}`, `{"a":1,}`, `{"a"}`, `{"a":}`, `{,}`, `{"a":1 "b":2}`, `[1,]`, `[,1]`, `[1 2]`, `{1:2}`, `[1}`, `{"a":1]`, `]`, `}`, `,`, `:`,
	` { "a" : [ 1 , { "b" : null } , [ ] ] , "a" : "x" } `, `{"a":1}x`, `{"a":1}{}`, "\ufeff{}", `{"\u0061":1}`, `[[[{"a":[[]]}]],{}]`,
	strings.Repeat("[", 10000) + strings.Repeat("]", 10000),
	strings.Repeat("[", 10001) + strings.Repeat("]", 10001),
	strings.Repeat(`{"a":`, 10000) + "1" + strings.Repeat("}", 10000),
	strings.Repeat("[", 200),
}

func TestSameAsEncodingJSON(t *testing.T) {
	t.Parallel()
	for _, text := range texts {
		compare(t, text)
	}
}

func FuzzScanner(f *testing.F) {
	for _, text := range texts {
		if len(text) < 1000 { // long seeds starve the fuzzer
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text string) { compare(t, text) })
}

func compare(t *testing.T, text string) {
	t.Helper()
	show := text
	if len(show) > 100 {
		show = show[:100] + "..."
	}
	valid := json.Valid([]byte(text))
	var s jsonscan.Scanner
	s.Reset(text)
	s.Space()
	before := s.Offset()
	raw := s.Skip()
	after := s.Offset()
	s.End()
	if ok := s.Err() == nil; ok != valid {
		t.Fatalf("Skip(%q): err %v, encoding/json valid %v", show, s.Err(), valid)
	}
	if valid && raw != text[before:after] {
		t.Fatalf("Skip(%q) = %q", show, raw)
	}
	s.Reset(text)
	got := tree(&s)
	s.End()
	if ok := s.Err() == nil; ok != valid {
		t.Fatalf("reading %q: err %v, encoding/json valid %v", show, s.Err(), valid)
	}
	if !valid {
		var syntax *jsonscan.SyntaxError
		if !errors.As(s.Err(), &syntax) || syntax.Offset > len(text) {
			t.Fatalf("reading %q: error %v", show, s.Err())
		}
		return
	}
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.UseNumber()
	var want any
	if err := d.Decode(&want); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("reading %q: got %#v, want %#v", show, got, want)
	}
	if str, ok := want.(string); ok {
		s.Reset(text)
		s.Space()
		room := make([]byte, len(text)+8)
		if n, ok := s.Unquote(room); ok && string(room[:n]) != str {
			t.Fatalf("Unquote(%q) = %q, want %q", show, room[:n], str)
		}
		s.Reset(text)
		if got := s.AppendString([]byte("x")); string(got) != "x"+str {
			t.Fatalf("AppendString(%q) = %q, want %q", show, got, "x"+str)
		}
	}
}

// members reads the members of an object that are asked for, with keys that may know it.
func members(s *jsonscan.Scanner, k *jsonscan.Keys) (all []string) {
	k.Forget()
	for s.ObjectOf(k); s.NextOf(k); {
		if value := s.Skip(); k.Field >= 0 {
			all = append(all, fmt.Sprint(k.Field, value))
		}
	}
	s.End()
	return all
}

// Keys must find in an object what they find when they do not know it yet, also when what they
// know is another one.
func compareKeys(t *testing.T, text, before string) {
	t.Helper()
	var s jsonscan.Scanner
	fresh, warm := jsonscan.KeysOf("a", "A", "messageId", ""), jsonscan.KeysOf("a", "A", "messageId", "")
	for _, known := range []string{before, text, before} {
		s.Reset(known)
		_ = members(&s, &warm)
	}
	// Both in one text, so that values are known as well.
	both, list := slices.Repeat([]string{text, before}, 2), []string(nil)
	s.Reset("[" + strings.Join(both, ",") + "]")
	if s.Array(); json.Valid([]byte(text)) && json.Valid([]byte(before)) && text[0] == '{' && before[0] == '{' {
		for i := 0; s.MoreItems(); i++ {
			var one []string
			for s.ObjectOf(&warm); s.NextOf(&warm); {
				if value := s.Skip(); warm.Field >= 0 {
					one = append(one, fmt.Sprint(warm.Field, value))
				}
			}
			if i == 0 {
				list = one
			} else if i == 2 && !slices.Equal(one, list) {
				t.Fatalf("%q the second time: %q, want %q", text, one, list)
			}
		}
		if s.End(); s.Err() != nil {
			t.Fatalf("%q and %q: %v", text, before, s.Err())
		}
	}
	s.Reset(text)
	want := members(&s, &fresh)
	wantErr := s.Err()
	s.Reset(text)
	got := members(&s, &warm)
	if !slices.Equal(got, want) || fmt.Sprint(s.Err()) != fmt.Sprint(wantErr) {
		t.Fatalf("%q behind %q: %q, %v; want %q, %v", text, before, got, s.Err(), want, wantErr)
	}
	if s.Reset(text); s.Kind() == '{' && (wantErr == nil) != json.Valid([]byte(text)) {
		t.Fatalf("%q: %v", text, wantErr)
	}
}

func FuzzKeys(f *testing.F) {
	for _, text := range []string{
		`{}`, `{"a":1}`, `{"a":1,"b":2}`, `{"b":2,"a":1}`, `{ "a" : 1 , "b" : [2] }`, `{"A":1,"a":2,"a":3}`, `{"a":1"b":2}`, `{,"a":1}`,
		`{"a":1,}`, `{"messageId":"x","messageid":"y","b":{"a":1}}`, `{"\u0061":1,"":2}`, `{"a":1,"b":2} x`, `"a":1}`, `{"a"`, `{"a":`, `{"a":1`,
	} {
		for _, before := range []string{`{}`, `{"a":1,"b":2}`, `{"b":[],"a":""}`} {
			f.Add(text, before)
		}
	}
	f.Fuzz(func(t *testing.T, text, before string) { compareKeys(t, text, before) })
}

func TestStringsStayValid(t *testing.T) {
	t.Parallel()
	var s jsonscan.Scanner
	var got, want []string
	for i := range 1000 {
		str := strings.Repeat("\n", i)
		text, _ := json.Marshal(str)
		s.Reset(string(text))
		got, want = append(got, s.String()), append(want, str)
	}
	if !reflect.DeepEqual(got, want) {
		t.Fatal("a string changed after it was returned")
	}
}

func BenchmarkSkip(b *testing.B) {
	text := `{"Records":[` + strings.Repeat(`{"messageId":"059f36b4-87a3-44ab-83d2-661975830a7d","body":"{\"id\":1,\"name\":\"abcdefghijklmnop\"}","n":[1,2.5,true]},`, 1000) + `{}]}`
	var s jsonscan.Scanner
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		s.Reset(text)
		s.Skip()
	}
}

func BenchmarkUnquote(b *testing.B) {
	body, _ := json.Marshal(`{"orderId":"ord-0a1b2c3d4e5f","customerId":"cust-000123","region":"eu-west-1","status":"SHIPPED","currency":"EUR","amountCents":123456,` +
		`"discount":0.125,"createdAt":1767225600123,"priority":false,"poison":false,"tags":["gift","express"],"items":[{"sku":"SKU-0A1B2C3D","qty":3,"price":12.5}]}`)
	for name, text := range map[string]string{"json": string(body), "plain": `"` + strings.Repeat("order ", 60) + `"`} {
		text += `,"attributes":{}` // strings do not end the text
		b.Run(name, func(b *testing.B) {
			var s jsonscan.Scanner
			var known jsonscan.Phrases
			known.Begin()
			room := make([]byte, len(text))
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				s.Reset(text)
				if _, ok := known.Unquote(&s, room); !ok {
					b.Fatal("not read")
				}
			}
		})
	}
}
