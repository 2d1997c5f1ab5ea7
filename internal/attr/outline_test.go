package attr_test

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/weir-go/weir/internal/attr"
	"github.com/weir-go/weir/internal/jsonscan"
	"github.com/weir-go/weir/internal/memory"
)

// likely has what outlines decode by themselves, and some of what they do not.
type likely struct {
	ID      string    `dynamodbav:"id"`
	Count   int64     `dynamodbav:"count"`
	Qty     int       `dynamodbav:"qty"`
	Price   float64   `dynamodbav:"price"`
	Paid    bool      `dynamodbav:"paid"`
	Tags    []string  `dynamodbav:"tags"`
	Sizes   []int64   `dynamodbav:"sizes"`
	Geo     []float64 `dynamodbav:"l"`
	Blob    []byte    `dynamodbav:"bin"`
	Note    *string   `dynamodbav:"note"`
	Small   int8      `dynamodbav:"small"`
	At      time.Time `dynamodbav:"at"`
	Address struct {
		City string `dynamodbav:"city"`
		Deep struct {
			On bool   `dynamodbav:"on"`
			N  uint16 `dynamodbav:"n"`
		} `dynamodbav:"deep"`
	} `dynamodbav:"m"`
	Lines []line `dynamodbav:"lines"`
}

var outlineItems = append([]string{
	`{"id":{"S":"a"},"count":{"N":"3"},"price":{"N":"-1.25"},"paid":{"BOOL":true},"tags":{"SS":["a","b"]},"sizes":{"NS":["1","2"]},"l":{"L":[{"N":"1.5"}]},"bin":{"B":"AAE="},"m":{"M":{"city":{"S":"x"},"deep":{"M":{"on":{"BOOL":false},"n":{"N":"7"}}}}}}`,
	`{"id":{"S":"other"},"note":{"S":"n"},"small":{"N":"300"},"at":{"S":"2026-01-02T03:04:05Z"},"lines":{"L":[{"M":{"sku":{"S":"s"}}}]},"tags":{"L":[{"S":"a"},{"N":"1"}]}}`,
	`{"id":{"S":"a\"b\\c\u00e9"},"tags":{"SS":["\"","\n"]},"note":{"S":"\n"}}`, `{"labels":{"M":{ }},"id":{"S":"a"},"m":{"M":{"deep":{"M":{ }}}}}`,
	`{"id":{"S":"a","S":"b"}}`, `{"id":{"S":"a"},"id":{"S":"b"},"tags":{"SS":["a"]},"tags":{"SS":["b","c"]}}`, `{"tags":{"SS":[]},"m":{"M":{}},"note":{"NULL":true}}`, `{}`, `{"id":{"S":"a"},"other":[1,{"S":"x"}]}`,
}, fuzzItems...)

// What an outline says of an image is what the image says.
func FuzzOutline(f *testing.F) {
	types := []reflect.Type{reflect.TypeFor[likely](), reflect.TypeFor[order](), reflect.TypeFor[struct{ ID, Qty string }](), reflect.TypeFor[map[string]any]()}
	for i, a := range outlineItems {
		f.Add(a, a, a)
		f.Add(a, outlineItems[(i+1)%len(outlineItems)], a)
		f.Add(a, outlineItems[(i+2)%len(outlineItems)], outlineItems[(i+3)%len(outlineItems)])
	}
	f.Fuzz(func(t *testing.T, one, two, image string) {
		var o attr.Outliner
		var room memory.Bytes
		o.Begin()
		for _, known := range []string{one, two, one} {
			if json.Valid([]byte(known)) && strings.HasPrefix(known, "{") {
				o.Learn(known)
			}
		}
		if strings.HasPrefix(image, "{") {
			if json.Valid([]byte(image)) {
				o.Learn(image)
			}
			outlined(t, &o, &room, types, image)
		}
	})
}

// outlined reports whether an image has an outline, and compares what it says.
func outlined(t *testing.T, o *attr.Outliner, room *memory.Bytes, types []reflect.Type, image string) bool {
	t.Helper()
	event := "[" + image + `,"a bit behind it"]`
	outline, end := o.Outline(event, 1, room)
	if end < 0 {
		return false
	}
	var s jsonscan.Scanner
	s.Reset(event[1:])
	if text := s.Skip(); s.Err() != nil || len(text) != end-1 {
		t.Fatalf("%s: an outline up to %d, but the value is %q, %v", event, end, text, s.Err())
	}
	for _, typ := range types {
		plan, err := attr.Compile(typ)
		if err != nil {
			t.Fatal(err)
		}
		var r attr.Reader
		var program attr.Program
		got, want := reflect.New(typ).Elem(), reflect.New(typ).Elem()
		if !plan.Outlined(&r, &program, outline, got) {
			continue
		}
		var whole attr.Reader
		whole.Reset(event[1:end])
		if err := plan.Item(&whole, want); err != nil {
			t.Fatalf("%s into %s: an outline says %+v, but %v", event[1:end], typ, got, err)
		}
		if !reflect.DeepEqual(got.Interface(), want.Interface()) && !hasNaN(want.Interface()) {
			t.Fatalf("%s into %s:\ngot  %+v\nwant %+v", event[1:end], typ, got, want)
		}
	}
	return true
}

func hasNaN(v any) bool {
	l, ok := v.(likely)
	return ok && math.IsNaN(l.Price)
}

// Images that are like one before have an outline, and one that decodes: if not, all would be right but
// slow.
func TestOutlineIsMade(t *testing.T) {
	t.Parallel()
	types := []reflect.Type{reflect.TypeFor[likely]()}
	for _, image := range outlineItems[:2] {
		var o attr.Outliner
		var room memory.Bytes
		o.Begin()
		o.Learn(image)
		for _, other := range []string{"longer than it was", `with \"quotes\"`} {
			if !outlined(t, &o, &room, types, strings.ReplaceAll(image, `"S":"a`, `"S":"`+other)) {
				t.Errorf("%s has no outline", image)
			}
		}
	}
}
