package attr_test

import (
	"bytes"
	"encoding/json"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/weir-go/weir/internal/attr"
)

var fuzzItems = []string{
	`{"id":{"S":"a1"},"qty":{"N":"3"},"bin":{"B":"AAE="},"tags":{"SS":["a"]},"m":{"M":{}},"l":{"L":[]},"t":{"BOOL":true},"z":{"NULL":true},"ns":{"NS":["1"]},"bs":{"BS":["AAE="]}}`,
	`{"lines":{"L":[{"M":{"sku":{"S":"a\u00e9"},"qty":{"N":"2"}}},{"NULL":true}]},"total":{"N":"1.5e3"},"at":{"N":"1700000000"}}`,
	`{"labels":{"M":{"b":{"S":"1"},"a":{"S":"2"}}},"codes":{"NS":["2","1"]},"hash":{"B":"AAECAw=="},"extra":{"L":[{"N":"-0.0"},{"SS":[]}]}}`,
	`{"id":{"S":5},"total":{"N":"1e999999999"},"byDay":{"M":{"1":{"N":"1"},"x":{}}},"first":{"M":{}},"channel":{"X":1},"quoted":{"S":"12"}}`,
	`{"id":{"S":"a","N":"1"}}`, `{"a":{"N":"00.100e-5"},"a":{"BOOL":"true"}}`, `{"Int":{"N":"12e3"},"Float":{"N":".5"}}`, ` null `, `{"a":{"L":[{"L":[{"M":{"b":{"NULL":false}}}]}]}}`,
}

// numbers has what can take a number digit for digit.
type numbers struct {
	Int   big.Int
	Float *big.Float
	Rat   big.Rat
	Num   json.Number
	Ns    []big.Int
	At    *time.Time
}

// No item panics, all are consumed, and white space around and within changes nothing.
func FuzzItem(f *testing.F) {
	types := []reflect.Type{
		reflect.TypeFor[order](), reflect.TypeFor[map[string]any](), reflect.TypeFor[numbers](), reflect.TypeFor[any](),
		reflect.TypeFor[map[string]order](), reflect.TypeFor[map[string]*numbers](), reflect.TypeFor[map[json.Number][]string](),
	}
	for _, text := range fuzzItems {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var loose bytes.Buffer
		valid := json.Indent(&loose, []byte(text), " ", "\t") == nil
		for _, typ := range types {
			plan, err := attr.Compile(typ)
			if err != nil {
				t.Fatal(err)
			}
			var s attr.Reader
			s.Reset(text)
			got := reflect.New(typ).Elem()
			err = plan.Item(&s, got)
			if s.End(); (s.Err() == nil) != valid {
				t.Fatalf("%q into %s: %v, but valid is %t", text, typ, s.Err(), valid)
			}
			if !valid {
				continue
			}
			s.Reset(loose.String())
			again := reflect.New(typ).Elem()
			errAgain := plan.Item(&s, again)
			if (err == nil) != (errAgain == nil) || err != nil && err.Error() != errAgain.Error() {
				t.Fatalf("%q into %s: %v, then %v", text, typ, err, errAgain)
			}
			if !reflect.DeepEqual(got.Interface(), again.Interface()) && !strings.Contains(strings.ToLower(text), "nan") {
				t.Fatalf("%q into %s: %v, then %v", text, typ, got, again)
			}
			// A second time over the first must hold too.
			s.Reset(text)
			_ = plan.Item(&s, got)
		}
	})
}
