package weirtest

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

type inner struct {
	A int `dynamodbav:"a"`
	B int `dynamodbav:"b,omitempty"`
}

type Embedded struct {
	Own   string
	Outer string // hidden
}

type Twin struct {
	Own   string
	Other string `dynamodbav:"Outer"`
}

type Chain struct{ *Chain }

type selfmade struct{}

func (selfmade) MarshalDynamoDBAttributeValue() (any, error) { return nil, nil }

// The wants are what attributevalue.MarshalMap of the AWS SDK gives.
func TestAttributeMap(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 3, 4, 5, 600, time.UTC)
	two := 2
	for _, test := range []struct {
		name string
		item any
		want string
	}{
		{"scalars", struct {
			S string
			I int8
			U uint64
			F float64
			G float32
			B bool
			N json.Number
		}{"a<b", -1, 1 << 63, 1e21, 0.1, true, "12.50"},
			`{"B":{"BOOL":true},"F":{"N":"1000000000000000000000"},"G":{"N":"0.1"},"I":{"N":"-1"},"N":{"N":"12.50"},"S":{"S":"a<b"},"U":{"N":"9223372036854775808"}}`},
		{"nils", struct {
			P *int
			A any
			M map[string]int
			L []int
			B []byte
		}{}, `{"A":{"NULL":true},"B":{"NULL":true},"L":{"NULL":true},"M":{"NULL":true},"P":{"NULL":true}}`},
		{"empty", struct {
			S string
			M map[string]int
			L []int
			B []byte
		}{"", map[string]int{}, []int{}, []byte{}}, `{"B":{"B":""},"L":{"L":[]},"M":{"M":{}},"S":{"S":""}}`},
		{"tags", struct {
			Gone  int       `dynamodbav:"-"`
			Left  string    `dynamodbav:"left,omitempty"`
			Kept  time.Time `dynamodbav:"kept,omitempty"`
			Null  int       `dynamodbav:",nullempty"`
			Text  int       `dynamodbav:"text,string"`
			Zero  *int      `dynamodbav:",omitempty"`
			Elems []string  `dynamodbav:",omitemptyelem"`
			quiet int
		}{Text: 7, Elems: []string{"", "a"}}, `{"Elems":{"L":[{"S":"a"}]},"Null":{"NULL":true},"kept":{"S":"0001-01-01T00:00:00Z"},"text":{"S":"7"}}`},
		{"sets", struct {
			S []string `dynamodbav:",stringset"`
			N []int    `dynamodbav:",numberset"`
			B [][]byte
			C [][2]byte `dynamodbav:",binaryset"`
			E []string  `dynamodbav:",stringset"`
		}{S: []string{"a", "b"}, N: []int{1, 2}, B: [][]byte{{1}}, C: [][2]byte{{1, 2}}, E: []string{}},
			`{"B":{"BS":["AQ=="]},"C":{"BS":["AQI="]},"E":{"NULL":true},"N":{"NS":["1","2"]},"S":{"SS":["a","b"]}}`},
		{"times", struct {
			At   time.Time
			Unix time.Time  `dynamodbav:",unixtime"`
			Ptr  *time.Time `dynamodbav:",unixtime"`
		}{at, at, &at}, `{"At":{"S":"2026-01-02T03:04:05.0000006Z"},"Ptr":{"N":"1767323045"},"Unix":{"N":"1767323045"}}`},
		{"nested", struct {
			I inner
			L []any
			M map[int]*int
		}{inner{A: 1}, []any{1, "a", nil, inner{B: 2}}, map[int]*int{3: &two}},
			`{"I":{"M":{"a":{"N":"1"}}},"L":{"L":[{"N":"1"},{"S":"a"},{"NULL":true},{"M":{"a":{"N":"0"},"b":{"N":"2"}}}]},"M":{"M":{"3":{"N":"2"}}}}`},
		{"embedded", struct {
			Embedded
			inner
			*Chain
			Outer string
		}{Embedded: Embedded{"own", "hidden"}, Outer: "seen"}, `{"Outer":{"S":"seen"},"Own":{"S":"own"},"a":{"N":"0"}}`},
		{"tie", struct {
			Embedded
			*Twin
		}{Embedded{"a", "b"}, &Twin{"c", "d"}}, `{"Outer":{"S":"d"}}`},
		{"pointer to a map", &map[string]any{"a": []byte("x")}, `{"a":{"B":"eA=="}}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := string(image(test.item, "")); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestAttributeMapRefuses(t *testing.T) {
	t.Parallel()
	for want, item := range map[string]any{
		"X: weirtest.selfmade encodes itself":  struct{ X selfmade }{},
		"X: complex128 has no attribute value": struct{ X complex128 }{1},
		"cannot be the name of an attribute":   map[inner]int{{}: 1},
		"a map key is empty":                   map[string]int{"": 1},
		"X: 0: int is not an element": struct {
			X []int `dynamodbav:",stringset"`
		}{[]int{1}},
	} {
		if _, err := attributeMap(item); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%T: got error %v, want %q", item, err, want)
		}
	}
}

func TestSize(t *testing.T) {
	t.Parallel()
	for image, want := range map[string]int{
		`{"id":{"S":"a1"}}`:                             4,
		`{"n":{"N":"123"},"b":{"B":"AAEC"}}`:            1 + 3 + 1 + 3,
		`{"b":{"BOOL":true},"x":{"NULL":true}}`:         4,
		`{"s":{"SS":["ab","c"]},"n":{"NS":["1","12"]}}`: 1 + 3 + 1 + 4,
		`{"l":{"L":[{"S":"a"},{"M":{"k":{"S":"v"}}}]}}`: 1 + 3 + 2 + 1 + (3 + 1 + 2),
		`"not a map"`: 11,
	} {
		if got := size(json.RawMessage(image)); got != want {
			t.Errorf("%s has size %d, want %d", image, got, want)
		}
	}
}
