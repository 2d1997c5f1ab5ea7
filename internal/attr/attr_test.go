package attr_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/weir-go/weir/internal/attr"
)

// decode reads text, with a mark behind it, into dst and checks that all of text but
// the mark is consumed.
func decode(t *testing.T, text string, dst any) error {
	t.Helper()
	v := reflect.ValueOf(dst).Elem()
	plan, err := attr.Compile(v.Type())
	if err != nil {
		t.Fatal(err)
	}
	var s attr.Reader
	s.Reset("[" + text + ",7]")
	s.Array()
	s.MoreItems()
	err = plan.Item(&s, v)
	if s.Err() == nil && (!s.MoreItems() || s.Number() != "7" || s.MoreItems()) {
		t.Fatalf("%s: not consumed, or more than it", text)
	}
	if !errors.Is(err, s.Err()) && s.Err() != nil {
		t.Fatalf("%s: got %v, the scanner has %v", text, err, s.Err())
	}
	return err
}

type line struct {
	SKU string `dynamodbav:"sku"`
	Qty int    `dynamodbav:"qty"`
}

type order struct {
	ID      string            `dynamodbav:"id"`
	Lines   []line            `dynamodbav:"lines"`
	Total   *big.Rat          `dynamodbav:"total"`
	At      time.Time         `dynamodbav:"at,unixtime"`
	Labels  map[string]string `dynamodbav:"labels"`
	Codes   []int8            `dynamodbav:"codes"`
	Blob    []byte            `dynamodbav:"blob"`
	Hash    [4]byte           `dynamodbav:"hash"`
	Done    *bool             `dynamodbav:"done"`
	Extra   any               `dynamodbav:"extra"`
	ByDay   map[int]float32   `dynamodbav:"byDay"`
	Text    fmt.Stringer      `dynamodbav:"text"`
	Quoted  uint8             `dynamodbav:"quoted,string"`
	Gone    string            `dynamodbav:"-"`
	Channel chan int          `dynamodbav:"channel"`
	line    `dynamodbav:"first"`
}

func TestItem(t *testing.T) {
	t.Parallel()
	yes := true
	for _, test := range []struct {
		item string
		want order
	}{
		{`{}`, order{}},
		{`{"id":{"S":"a\u00e9"},"other":{"Z":0}}`, order{ID: "aé"}},
		{`{"ID":{"S":"x"}}`, order{ID: "x"}},
		{`{ "id" : { "N" : "17" } }`, order{ID: "17"}},
		{`{"lines":{"L":[{"M":{"sku":{"S":"a"},"qty":{"N":"2"}}},{"NULL":true}]}}`, order{Lines: []line{{"a", 2}, {}}}},
		{`{"lines":{"L":[]}}`, order{Lines: []line{}}},
		{`{"at":{"N":"1700000000"}}`, order{At: time.Unix(1700000000, 0)}},
		{`{"at":{"S":"2024-02-29T12:30:00Z"}}`, order{At: time.Date(2024, 2, 29, 12, 30, 0, 0, time.UTC)}},
		{`{"codes":{"NS":["1","-128"]},"blob":{"B":"AAEC"},"hash":{"B":"AAECAw=="}}`, order{Codes: []int8{1, -128}, Blob: []byte{0, 1, 2}, Hash: [4]byte{0, 1, 2, 3}}},
		{`{"done":{"BOOL":true},"byDay":{"M":{"-1":{"N":"1.5"}}},"quoted":{"S":"255"}}`, order{Done: &yes, ByDay: map[int]float32{-1: 1.5}, Quoted: 255}},
		{`{"extra":{"M":{"n":{"N":"1"},"z":{"NULL":true},"l":{"L":[{"S":"a"}]},"s":{"SS":["a"]},"f":{"NS":["1"]},"b":{"BS":["AA=="]},"t":{"BOOL":true},"y":{"B":""}}}}`,
			order{Extra: map[string]any{"n": 1.0, "z": nil, "l": []any{"a"}, "s": []string{"a"}, "f": []float64{1}, "b": [][]byte{{0}}, "t": true, "y": []byte{}}}},
		{`{"channel":{"NULL":true},"text":{"NULL":true},"Gone":{"S":"a"}}`, order{}},
		{`{"first":{"M":{"qty":{"N":"3"}}}}`, order{line: line{Qty: 3}}},
	} {
		var got order
		if err := decode(t, test.item, &got); err != nil {
			t.Errorf("%s: %v", test.item, err)
		} else if !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s:\ngot  %+v\nwant %+v", test.item, got, test.want)
		}
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ item, want string }{
		{`5`, `want an attribute map, got a number`},
		{`null`, `want an attribute map, got null`},
		{`{"lines":{"L":[{"M":{}},{"M":{}},{"M":{"qty":{"N":"1.5"}}}]}}`, `lines[2].qty: cannot decode N "1.5" into int`},
		{`{"codes":{"NS":["1","128"]}}`, `codes[1]: cannot decode N "128" into int8`},
		{`{"codes":{"NS":["1",2]}}`, `codes[1]: want a number in a string, got a number`},
		{`{"id":{"S":5}}`, `id: want a string, got a number`},
		{`{"id":{"N":"x"}}`, `id: N "x" is not a number`},
		{`{"id":{"N":"NaN"}}`, `id: N "NaN" is not a number`},
		{`{"id":{"N":""}}`, `id: N "" is not a number`},
		{`{"id":{"X":{"a":[1]}}}`, `id: unknown attribute type "X"`},
		{`{"id":{"S":"a","N":"1"}}`, `id: an attribute value with a second type, "N"`},
		{`{"id":{}}`, `id: an attribute value without a type`},
		{`{"id":[]}`, `id: want an attribute value, got an array`},
		{`{"id":null}`, `id: want an attribute value, got null`},
		{`{"id":"a"}`, `id: want an attribute value, got a string`},
		{`{"id":{"NULL":false}}`, `id: NULL that is false`},
		{`{"id":{"NULL":"true"}}`, `id: want true, got a string`},
		{`{"id":{"BOOL":true}}`, `id: cannot decode BOOL into string`},
		{`{"id":{"M":{"a":{"S":"b"}}}}`, `id: cannot decode M into string`},
		{`{"id":{"SS":["a"]}}`, `id: cannot decode SS into string`},
		{`{"id":{"B":"AA=="}}`, `id: cannot decode B into string`},
		{`{"done":{"BOOL":"true"}}`, `done: want true or false, got a string`},
		{`{"done":{"S":"true"}}`, `done: cannot decode S into bool`},
		{`{"blob":{"B":"A"}}`, `blob: B is not base64`},
		{`{"blob":{"B":[1]}}`, `blob: want a base64 string, got an array`},
		{`{"hash":{"B":"AAE="}}`, `hash: cannot decode B of 2 bytes into [4]uint8`},
		{`{"lines":{"L":{"a":1}}}`, `lines: want an array, got an object`},
		{`{"labels":{"M":[{"a":1}]}}`, `labels: want an object, got an array`},
		{`{"labels":{"M":{"a.b":{"BOOL":true}}}}`, `labels."a.b": cannot decode BOOL into string`},
		{`{"labels":{"M":{"":{"BOOL":true}}}}`, `labels."": cannot decode BOOL into string`},
		{`{"byDay":{"M":{"x":{"N":"1"}}}}`, `byDay.x: cannot decode the name "x" into int`},
		{`{"byDay":{"M":{"1":{"N":"1e39"}}}}`, `byDay.1: cannot decode N "1e39" into float32`},
		{`{"extra":{"M":{"a":{"L":[{"NULL":true},{"N":"1e999"}]}}}}`, `extra.a[1]: cannot decode N "1e999" into float64`},
		{`{"extra":{"SS":["a",null]}}`, `extra[1]: want a string, got null`},
		{`{"at":{"S":"today"}}`, `at: cannot decode S "today" into time.Time: want a time as in RFC 3339`},
		{`{"at":{"N":"1.5"}}`, `at: cannot decode N "1.5" into time.Time`},
		{`{"quoted":{"S":"256"}}`, `quoted: cannot decode S "256" into uint8`},
		{`{"total":{"S":"1"}}`, `total: cannot decode S into big.Rat`},
		{`{"total":{"N":"1e999999999"}}`, `total: cannot decode N "1e999999999" into big.Rat`},
		{`{"text":{"S":"a"}}`, `text: cannot decode S into fmt.Stringer`},
		{`{"channel":{"S":"a"}}`, `channel: cannot decode S into chan int`},
		{`{"id":{"N":"` + strings.Repeat("x", 100) + `"}}`, `id: N "` + strings.Repeat("x", 60) + `"... is not a number`},
		{`{"id":{"S":5},"id":{"S":6},"lines":{"L":[{},{}]}}`, `id: want a string, got a number`},
		{`{"id":{"S":5},"lines":x}`, `invalid JSON at byte 23: expected a value`},
		{`{"id":{"S":"a"`, `invalid JSON at byte 16: expected a string`},
	} {
		err := decode(t, test.item, new(order))
		if err == nil || err.Error() != test.want {
			t.Errorf("%s:\ngot  %v\nwant %s", test.item, err, test.want)
		}
	}
}

func TestUnexportedEmbeddedPointer(t *testing.T) {
	t.Parallel()
	type holder struct{ *line }
	err := decode(t, `{"sku":{"S":"a"}}`, new(holder))
	if want := `sku: cannot set the embedded pointer to unexported attr_test.line`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	made := holder{&line{}}
	if err := decode(t, `{"sku":{"S":"a"}}`, &made); err != nil || made.SKU != "a" {
		t.Errorf("got %v, %v", made.line, err)
	}
}

// All 38 digits of a number arrive.
func TestExactNumbers(t *testing.T) {
	t.Parallel()
	type exact struct {
		Int   *big.Int
		Float *big.Float
		Rat   *big.Rat
		Num   json.Number
		Str   *string
		Ints  []big.Int
		Any   map[string]big.Rat
	}
	for _, n := range []string{
		"0", "1", "-1", "12345678901234567890123456789012345678", "-99999999999999999999999999999999999999",
		"0.12345678901234567890123456789012345678", "1234567890123456789.0123456789012345678", "1.0", "1e2", "100E-2", "-.5",
		"9.9999999999999999999999999999999999999E+125", "1E-130", "0e999999",
	} {
		text := fmt.Sprintf(`{"Float":{"N":%q},"Rat":{"N":%q},"Num":{"N":%q},"Str":{"N":%q},"Any":{"M":{"a":{"N":%q}}}}`, n, n, n, n, n)
		var got exact
		if err := decode(t, text, &got); err != nil {
			t.Fatal(err)
		}
		want, ok := new(big.Rat).SetString(strings.Replace(n, "0e999999", "0", 1))
		if !ok {
			t.Fatal(n)
		}
		inMap := got.Any["a"]
		if got.Rat.Cmp(want) != 0 || inMap.Cmp(want) != 0 || string(got.Num) != n || *got.Str != n {
			t.Errorf("%s: got %+v", n, got)
		}
		if back, ok := new(big.Rat).SetString(got.Float.Text('e', 37)); !ok || back.Cmp(want) != 0 {
			t.Errorf("%s: big.Float has %s", n, got.Float.Text('e', 40))
		}
		err := decode(t, fmt.Sprintf(`{"Int":{"N":%q},"Ints":{"NS":["1",%q]}}`, n, n), &got)
		if err == nil != want.IsInt() {
			t.Errorf("%s: big.Int has %v, %v", n, got.Int, err)
		} else if err == nil && (got.Int.Cmp(want.Num()) != 0 || got.Ints[1].Cmp(want.Num()) != 0) {
			t.Errorf("%s: big.Int has %v", n, got.Int)
		}
	}
	for _, n := range []string{"1e126", "1e-131", "123456789012345678901234567890123456789", "1e99999999999999999999"} {
		for _, field := range []string{"Int", "Float", "Rat"} {
			if err := decode(t, fmt.Sprintf(`{%q:{"N":%q}}`, field, n), new(exact)); err == nil {
				t.Errorf("%s into %s: no error", n, field)
			}
		}
	}
}

func TestDeepNesting(t *testing.T) {
	t.Parallel()
	type tree struct {
		L []tree
		M map[string]any
	}
	for _, depth := range []int{32, 3000, 30000} {
		for _, text := range []string{
			`{"L":` + strings.Repeat(`{"L":[`, depth) + strings.Repeat(`]}`, depth) + `}`,
			strings.Repeat(`{"L":{"L":[{"M":`, depth) + `{}` + strings.Repeat(`}]}}`, depth),
			`{"M":{"M":` + strings.Repeat(`{"a":{"M":`, depth) + `{}` + strings.Repeat(`}}`, depth) + `}}`,
			`{"L":` + strings.Repeat(`{"L":[`, depth) + `{"S":5}` + strings.Repeat(`]}`, depth) + `}`,
		} {
			for _, dst := range []any{new(tree), new(map[string]any), new(any)} {
				_ = decode(t, text, dst)
			}
			var s attr.Reader
			s.Reset(text)
			_, _ = attr.CanonicalKey(nil, &s)
		}
	}
}

func TestInterfaceThatHoldsAPointer(t *testing.T) {
	t.Parallel()
	l := line{SKU: "before"}
	o := order{Extra: &l}
	if err := decode(t, `{"extra":{"M":{"qty":{"N":"2"}}}}`, &o); err != nil || l != (line{"before", 2}) || o.Extra != any(&l) {
		t.Errorf("got %+v in %v, %v", l, o.Extra, err)
	}
	var loop any
	loop = &loop
	if err := decode(t, `{"a":{"S":"b"}}`, &loop); err == nil {
		t.Error("no error for an interface that leads to itself")
	}
}
