package attr_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/weir-go/weir/internal/attr"
)

func canonical(t *testing.T, text string) (string, error) {
	t.Helper()
	var s attr.Reader
	s.Reset("[" + text + ",7]")
	s.Array()
	s.MoreItems()
	got, err := attr.CanonicalKey([]byte("x"), &s)
	if s.Err() == nil && (!s.MoreItems() || s.Number() != "7" || s.MoreItems()) {
		t.Fatalf("%s: not consumed, or more than it", text)
	}
	if got[0] != 'x' || err != nil && len(got) != 1 {
		t.Fatalf("%s: dst is now %q, %v", text, got, err)
	}
	return string(got[1:]), err
}

func TestCanonicalKey(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ item, want string }{
		{`{}`, `{}`},
		{` { "b" : {"S":"x"} , "a" : {"N":"1.0"} } `, `{"a":{"N":"1"},"b":{"S":"x"}}`},
		{`{"a":{"S":"1"}}`, `{"a":{"S":"1"}}`},
		{`{"a":{"S":"\u0001\"\\\u00e9\/\n"},"\u0000":{"BOOL":false}}`, `{"\u0000":{"BOOL":false},"a":{"S":"\u0001\"\\é/\u000a"}}`},
		{`{"a":{"B":"AA\r\nE="}}`, `{"a":{"B":"AAE="}}`},
		{`{"a":{"NULL":true},"b":{"BOOL":true}}`, `{"a":{"NULL":true},"b":{"BOOL":true}}`},
		{`{"a":{"SS":["b","a","b"]}}`, `{"a":{"SS":["a","b","b"]}}`},
		{`{"a":{"NS":["2","1e1","1.0"]}}`, `{"a":{"NS":["1","10","2"]}}`},
		{`{"a":{"BS":["AQ==","AA=="]}}`, `{"a":{"BS":["AA==","AQ=="]}}`},
		{`{"a":{"L":[{"S":"b"},{"S":"a"},{"L":[]}]}}`, `{"a":{"L":[{"S":"b"},{"S":"a"},{"L":[]}]}}`},
		{`{"z":{"M":{"c":{"M":{}},"b":{"N":"0"}}},"a":{"M":{"y":{"S":""},"x":{"SS":[]}}}}`,
			`{"a":{"M":{"x":{"SS":[]},"y":{"S":""}}},"z":{"M":{"b":{"N":"0"},"c":{"M":{}}}}}`},
	} {
		got, err := canonical(t, test.item)
		if err != nil || got != test.want {
			t.Errorf("%s:\ngot  %s, %v\nwant %s", test.item, got, err, test.want)
		}
	}
}

func TestCanonicalNumbers(t *testing.T) {
	t.Parallel()
	for want, numbers := range map[string][]string{
		"0":                                      {"0", "-0", "+0", "0.0", ".0", "0e5", "-0.00e-99", "000"},
		"1":                                      {"1", "1.0", "1e0", "10e-1", "0.1E1", "+1", "01", "1."},
		"-1.5":                                   {"-1.5", "-15e-1", "-0.015e+2", "-1.500"},
		"100":                                    {"100", "1e2", "1E+2", "0.0001e6"},
		"0.05":                                   {"0.05", ".05", "5e-2", "50e-3"},
		"12.34":                                  {"12.34", "1234e-2"},
		"1e125":                                  {"1e125", "10e124", "0.1e126"},
		"1e-130":                                 {"1e-130", "0.1e-129"},
		"15e-20":                                 {"1.5e-19", "0.00000000000000000015"},
		"1e1000000":                              {"1e1000000"},
		"12345678901234567890123456789012345678": {"12345678901234567890123456789012345678", "1.2345678901234567890123456789012345678e37"},
	} {
		for _, n := range numbers {
			got, err := canonical(t, `{"a":{"N":"`+n+`"}}`)
			if want := `{"a":{"N":"` + want + `"}}`; err != nil || got != want {
				t.Errorf("%s: got %s, %v, want %s", n, got, err, want)
			}
		}
	}
}

func TestCanonicalErrors(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ item, want string }{
		{`[]`, `want an attribute map, got an array`},
		{`{"a":{"S":"1"},"b":{"S":"1"},"a":{"S":"2"}}`, `attribute "a" is there twice`},
		{`{"a":{"M":{"b":{"L":[{"S":"x"},{"N":"--1"}]}}}}`, `a.b[1]: N "--1" is not a number`},
		{`{"a":{"NS":["1","1e"]}}`, `a[1]: N "1e" is not a number`},
		{`{"a":{"N":"1e99999999999999999999"}}`, `a: N "1e99999999999999999999" is out of range`},
		{`{"a":{"N":1}}`, `a: want a number in a string, got a number`},
		{`{"a":{"S":"x","T":1},"b":{"S":1}}`, `a: an attribute value with a second type, "T"`},
		{`{"a":{"T":[1]}}`, `a: unknown attribute type "T"`},
		{`{"a":{"B":"?"}}`, `a: B is not base64`},
		{`{"a":{"NULL":false}}`, `a: NULL that is false`},
		{`{"a":{"L":{}}}`, `a: want an array, got an object`},
		{`{"a":5,}`, `invalid JSON at byte 8: expected a string`},
	} {
		if _, err := canonical(t, test.item); err == nil || err.Error() != test.want {
			t.Errorf("%s:\ngot  %v\nwant %s", test.item, err, test.want)
		}
	}
}

func FuzzCanonicalKey(f *testing.F) {
	for _, text := range fuzzItems {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var s attr.Reader
		s.Reset(text)
		key, err := attr.CanonicalKey(nil, &s)
		if s.End(); s.Err() != nil || err != nil {
			if json.Valid([]byte(text)) && s.Err() != nil {
				t.Fatalf("%q: not consumed: %v", text, s.Err())
			}
			return
		}
		if !json.Valid(key) {
			t.Fatalf("%q: %q is not JSON", text, key)
		}
		// The key of the key is the key, however it is laid out.
		var loose bytes.Buffer
		if err := json.Indent(&loose, key, "", "\t"); err != nil {
			t.Fatal(err)
		}
		if again, err := canonicalOf(loose.String()); err != nil || string(again) != string(key) {
			t.Fatalf("%q:\nkey   %s\nagain %s, %v", text, key, again, err)
		}
		// Both decode to the same. Sets are put in order, and floats may not hold a number.
		var a, b map[string]any
		errA, errB := decode(t, text, &a), decode(t, string(key), &b)
		if (errA == nil) != (errB == nil) || errA == nil && !strings.Contains(text, "S") && !reflect.DeepEqual(a, b) {
			t.Fatalf("%q: %v, %v\nkey %s: %v, %v", text, a, errA, key, b, errB)
		}
	})
}

func canonicalOf(text string) ([]byte, error) {
	var s attr.Reader
	s.Reset(text)
	return attr.CanonicalKey(nil, &s)
}
