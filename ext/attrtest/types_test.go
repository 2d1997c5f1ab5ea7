package attrtest

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
)

type (
	str     string
	num     int8
	blob    []byte
	octet   uint8
	moment  time.Time
	anybody any
	table   map[string]string
	list    []num

	// upper is a map key by its text.
	upper string
	// pair is a struct that is a map key by its text.
	pair struct{ A, B string }

	tree struct {
		V     string
		Left  *tree
		Kids  []tree
		Named map[string]tree
	}
	tags struct {
		ID     string `dynamodbav:"id"`
		Hidden string `dynamodbav:"-"`
		Omit   int    `dynamodbav:"V,omitempty,omitemptyelem"`
		Sets   []str  `dynamodbav:"tags,stringset,nullempty"`
		Quoted int    `dynamodbav:",string"`
		X      any    `dynamodbav:"x"`
		//lint:ignore U1000 a field that decoding must pass over
		private string
	}
	cases struct {
		V  string
		Vv string `dynamodbav:"v"`
		ID int    `dynamodbav:"iD"`
		Id int
	}
	Deep struct {
		V string
		X int `dynamodbav:"x"`
	}
	Other struct {
		V string
		Y any
	}
	inner  struct{ V, X any }
	Inner2 struct {
		Deep
		ID string `dynamodbav:"id"`
	}
	shadow struct { // the outer V wins
		Deep
		V int
	}
	tie struct { // two Vs on one level: neither
		Deep
		Other
	}
	tieByTag struct { // the tag wins
		Other
		T taggedV
		taggedV
	}
	taggedV struct {
		Q str `dynamodbav:"V"`
	}
	byPointer struct {
		*Deep
		*Other
		ID *string `dynamodbav:"id"`
	}
	twice struct { // Deep comes twice on one level
		A1
		A2
	}
	A1       struct{ Deep }
	A2       struct{ Deep }
	unexp    struct{ inner }
	unexpPtr struct{ *inner }
	unexpTag struct {
		inner `dynamodbav:"V"`
	}
	unexpTagPtr struct {
		*inner `dynamodbav:"V"`
	}
	unexpStr struct {
		//lint:ignore U1000 embedded for its effect on decoding
		str `dynamodbav:"V"`
	}
	namedEmbed struct {
		Deep `dynamodbav:"V"`
	}
	embedTime struct {
		time.Time
		V time.Time
	}
	embedTimeTag struct {
		time.Time `dynamodbav:"V"`
	}
	embedMap struct {
		//lint:ignore U1000 embedded for its effect on decoding
		table
		Table
		V int
	}
	Table map[string]any
	Self  struct {
		*Self
		V string
	}
)

func (u *upper) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		return fmt.Errorf("no text")
	}
	*u = upper(strings.ToUpper(string(b)))
	return nil
}

func (p *pair) UnmarshalText(b []byte) error {
	p.A, p.B, _ = strings.Cut(string(b), "-")
	return nil
}

// seeds are the types that everything is decoded into, in all the wrappings of wrap.
var seeds = []reflect.Type{
	reflect.TypeFor[string](), reflect.TypeFor[bool](),
	reflect.TypeFor[int](), reflect.TypeFor[int8](), reflect.TypeFor[int16](), reflect.TypeFor[int32](), reflect.TypeFor[int64](),
	reflect.TypeFor[uint](), reflect.TypeFor[uint8](), reflect.TypeFor[uint16](), reflect.TypeFor[uint32](), reflect.TypeFor[uint64](),
	reflect.TypeFor[float32](), reflect.TypeFor[float64](), reflect.TypeFor[uintptr](), reflect.TypeFor[complex128](),
	reflect.TypeFor[str](), reflect.TypeFor[num](), reflect.TypeFor[blob](), reflect.TypeFor[octet](),
	reflect.TypeFor[json.Number](), reflect.TypeFor[attributevalue.Number](),
	reflect.TypeFor[[]byte](), reflect.TypeFor[[]octet](), reflect.TypeFor[[3]byte](), reflect.TypeFor[[2]octet](), reflect.TypeFor[[0]byte](),
	reflect.TypeFor[[]string](), reflect.TypeFor[[]*string](), reflect.TypeFor[[]any](), reflect.TypeFor[[]float64](), reflect.TypeFor[[]uint16](),
	reflect.TypeFor[[][]byte](), reflect.TypeFor[[]blob](), reflect.TypeFor[[][2]byte](), reflect.TypeFor[[][]string](),
	reflect.TypeFor[[]time.Time](), reflect.TypeFor[[]Deep](), reflect.TypeFor[[]map[string]int](), reflect.TypeFor[list](),
	reflect.TypeFor[[3]int](), reflect.TypeFor[[2]*int](), reflect.TypeFor[[2]Deep](), reflect.TypeFor[[1]any](), reflect.TypeFor[[2][]string](),
	reflect.TypeFor[map[string]string](), reflect.TypeFor[map[string]any](), reflect.TypeFor[map[str]*Deep](), reflect.TypeFor[table](),
	reflect.TypeFor[map[int]string](), reflect.TypeFor[map[num]any](), reflect.TypeFor[map[uint8]string](), reflect.TypeFor[map[float64]any](),
	reflect.TypeFor[map[bool]string](), reflect.TypeFor[map[upper]string](), reflect.TypeFor[map[pair]any](), reflect.TypeFor[map[[2]int]string](),
	reflect.TypeFor[map[struct{}]string](), reflect.TypeFor[map[string][]byte](), reflect.TypeFor[map[string]map[string]int](), reflect.TypeFor[map[string][]Deep](),
	reflect.TypeFor[any](), reflect.TypeFor[anybody](), reflect.TypeFor[fmt.Stringer](),
	reflect.TypeFor[time.Time](), reflect.TypeFor[moment](), reflect.TypeFor[time.Duration](),
	reflect.TypeFor[chan int](), reflect.TypeFor[func()](),
	reflect.TypeFor[tree](), reflect.TypeFor[tags](), reflect.TypeFor[cases](), reflect.TypeFor[Inner2](), reflect.TypeFor[shadow](),
	reflect.TypeFor[tie](), reflect.TypeFor[tieByTag](), reflect.TypeFor[byPointer](), reflect.TypeFor[twice](),
	reflect.TypeFor[unexp](), reflect.TypeFor[unexpPtr](), reflect.TypeFor[unexpTag](), reflect.TypeFor[unexpTagPtr](), reflect.TypeFor[unexpStr](),
	reflect.TypeFor[namedEmbed](), reflect.TypeFor[embedTime](), reflect.TypeFor[embedTimeTag](), reflect.TypeFor[embedMap](), reflect.TypeFor[Self](),
	reflect.TypeFor[struct {
		V struct{ V, X any }
		X []struct {
			ID string
			V  *int
		}
	}](),
}

// targets are item types: every seed as a field, with and without tag options, behind
// pointers, in slices, arrays and maps; and by itself where it can be.
var targets = wrap(seeds)

func wrap(seeds []reflect.Type) []reflect.Type {
	var all []reflect.Type
	field := func(t reflect.Type, tag reflect.StructTag) reflect.Type {
		return reflect.StructOf([]reflect.StructField{{Name: "V", Type: t, Tag: tag}})
	}
	for _, t := range seeds {
		all = append(all,
			field(t, ""),
			field(t, `dynamodbav:",string"`),
			field(t, `dynamodbav:"x,unixtime"`),
			field(reflect.PointerTo(t), ""),
			field(reflect.PointerTo(reflect.PointerTo(t)), `dynamodbav:",string"`),
			field(reflect.SliceOf(t), ""),
			field(reflect.ArrayOf(2, t), ""),
			reflect.MapOf(reflect.TypeFor[string](), t),
			reflect.MapOf(reflect.TypeFor[string](), reflect.PointerTo(t)),
			field(reflect.MapOf(reflect.TypeFor[string](), reflect.SliceOf(t)), ""),
		)
		if t.Kind() == reflect.Struct || t.Kind() == reflect.Map || t.Kind() == reflect.Interface {
			all = append(all, t, reflect.PointerTo(t))
		}
	}
	return all
}
