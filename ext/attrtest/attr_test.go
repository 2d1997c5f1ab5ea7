package attrtest

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/weir-go/weir/internal/attr"
)

var seed = flag.Uint64("seed", uint64(time.Now().UnixNano()), "seed of the random items")

// values are attribute values of every type, and of no type.
var values = []string{
	`{"S":""}`, `{"S":"a"}`, `{"S":"a\u00e9\n\ud83d\ude00"}`, `{"S":"12"}`, `{"S":"-1.5"}`, `{"S":"0x10"}`, `{"S":"true"}`, `{"S":"300"}`,
	`{"S":"2024-02-29T12:30:00Z"}`, `{"S":"2024-02-29T12:30:00.123456789+02:00"}`, `{"S":"2024-02-30T00:00:00Z"}`,
	`{"N":"0"}`, `{"N":"-0"}`, `{"N":"1"}`, `{"N":"-1"}`, `{"N":"127"}`, `{"N":"128"}`, `{"N":"-129"}`, `{"N":"255"}`, `{"N":"256"}`, `{"N":"65536"}`,
	`{"N":"1.5"}`, `{"N":"1.0"}`, `{"N":"1e3"}`, `{"N":"+5"}`, `{"N":"007"}`, `{"N":".5"}`, `{"N":"5."}`, `{"N":"1E-5"}`, `{"N":"4294967296"}`,
	`{"N":"9223372036854775807"}`, `{"N":"9223372036854775808"}`, `{"N":"-9223372036854775809"}`, `{"N":"18446744073709551615"}`, `{"N":"18446744073709551616"}`,
	`{"N":"3.5e38"}`, `{"N":"1e400"}`, `{"N":"12345678901234567890123456789012345678"}`, `{"N":"1700000000"}`,
	`{"B":""}`, `{"B":"AA=="}`, `{"B":"AAE="}`, `{"B":"AAEC"}`, `{"B":"AAECAwQF"}`, `{"B":"AA\nEC"}`,
	`{"BOOL":true}`, `{"BOOL":false}`, `{"NULL":true}`,
	`{"SS":[]}`, `{"SS":["a"]}`, `{"SS":["1","2","3","4","5"]}`, `{"SS":["2024-02-29T12:30:00Z"]}`,
	`{"NS":[]}`, `{"NS":["1"]}`, `{"NS":["1","2.5","300"]}`, `{"NS":["1","2","3","4","5","6"]}`,
	`{"BS":[]}`, `{"BS":["AAE="]}`, `{"BS":["AAE=","","AAEC"]}`,
	`{"L":[]}`, `{"L":[{"S":"a"}]}`, `{"L":[{"N":"1"},{"N":"2"},{"N":"3"}]}`, `{"L":[{"NULL":true},{"S":"a"}]}`, `{"L":[{"L":[{"N":"7"}]}]}`,
	`{"L":[{"M":{"V":{"S":"a"},"x":{"N":"1"}}},{"M":{}},{"M":{"V":{"N":"1"}}}]}`, `{"L":[{"SS":["a"]},{"B":"AAE="},{"BOOL":true}]}`,
	`{"M":{}}`, `{"M":{"V":{"S":"a"}}}`, `{"M":{"v":{"N":"1"},"x":{"N":"2"}}}`, `{"M":{"V":{"NULL":true},"id":{"S":"i"}}}`, `{"M":{"1":{"S":"a"},"2":{"S":"b"}}}`,
	`{"M":{"true":{"S":"a"}}}`, `{"M":{"a-b":{"S":"a"},"":{"S":"b"}}}`, `{"M":{"V":{"M":{"V":{"S":"a"},"X":{"L":[{"M":{"V":{"N":"1"}}}]}}}}}`,
	`{"M":{"Left":{"M":{"V":{"S":"l"}}},"Kids":{"L":[{"M":{"V":{"S":"k"}}}]},"Named":{"M":{"n":{"M":{"V":{"S":"n"}}}}}}}`,
	`{"M":{"Deep":{"M":{"V":{"S":"a"}}},"Time":{"S":"2024-02-29T12:30:00Z"},"inner":{"M":{}},"Table":{"M":{"a":{"S":"b"}}},"Y":{"N":"1"}}}`,
	`{"M":{"300":{"S":"a"}}}`, `{"M":{"Q":{"S":"q"},"T":{"M":{"V":{"S":"v"}}}}}`, `{"S":5}`, `{"Z":1}`, `{}`, `null`, `{"BOOL":"true"}`, `{"NULL":false}`, `{"S":"a","N":"1"}`,
}

var names = []string{"V", "v", "x", "X", "id", "ID", "Id", "Left", "Kids", "Named", "tags", "Quoted", "Deep", "Time", "inner", "Table", "Y", "Q", "T", "1", "true", "other"}

func TestEveryValueIntoEveryType(t *testing.T) {
	t.Parallel()
	for _, typ := range targets {
		for _, value := range values {
			check(t, typ, `{"V":`+value+`}`)
			check(t, typ, `{"v":`+value+`}`)
			check(t, typ, `{"x":`+value+`}`)
			if inner, ok := strings.CutPrefix(value, `{"M":`); ok {
				check(t, typ, strings.TrimSuffix(inner, "}"))
			}
		}
	}
}

// A value that is there already is decoded over: the pairs show what stays of it.
func TestSecondItemOverFirst(t *testing.T) {
	t.Parallel()
	r := random(t, 1)
	for _, typ := range targets {
		for _, first := range values {
			check(t, typ, `{"V":`+first+`}`, `{"V":`+values[r.IntN(len(values))]+`}`)
		}
	}
}

func TestRandomItems(t *testing.T) {
	t.Parallel()
	r := random(t, 2)
	rounds := 60
	if testing.Short() {
		rounds = 5
	}
	for _, typ := range targets {
		for range rounds {
			check(t, typ, item(r, 4), item(r, 4))
		}
	}
}

func random(t *testing.T, stream uint64) *rand.Rand {
	t.Helper()
	t.Logf("-seed=%d", *seed)
	return rand.New(rand.NewPCG(*seed, stream))
}

// item writes an attribute map with at most depth levels below it.
func item(r *rand.Rand, depth int) string {
	var b strings.Builder
	b.WriteByte('{')
	taken := map[string]bool{}
	for range r.IntN(5) {
		name := names[r.IntN(len(names))]
		if r.IntN(2) == 0 {
			name = "V"
		}
		if taken[strings.ToLower(name)] {
			continue
		}
		if len(taken) > 0 {
			b.WriteByte(',')
		}
		taken[strings.ToLower(name)] = true
		fmt.Fprintf(&b, `%q:%s`, name, value(r, depth))
	}
	return b.String() + "}"
}

func value(r *rand.Rand, depth int) string {
	if depth > 0 {
		switch r.IntN(4) {
		case 0:
			return `{"M":` + item(r, depth-1) + `}`
		case 1:
			elems := make([]string, r.IntN(4))
			for i := range elems {
				elems[i] = value(r, depth-1)
			}
			return `{"L":[` + strings.Join(elems, ",") + `]}`
		}
	}
	return values[r.IntN(len(values))]
}

func FuzzAgainstSDK(f *testing.F) {
	for i, v := range values {
		f.Add(uint16(i), `{"V":`+v+`}`, `{"V":`+values[len(values)-1-i]+`}`)
		f.Add(uint16(i*37), `{"v":{"M":{"V":`+v+`}}}`, `{"x":{"L":[`+v+`]},"id":{"S":"a"}}`)
	}
	f.Fuzz(func(t *testing.T, which uint16, first, second string) {
		check(t, targets[int(which)%len(targets)], first, second)
	})
}

// check decodes the items one over the other into a new value of the type, here and in
// the SDK. What differs on purpose:
//
//   - Where the SDK panics attr must not; what it gives is its own business. The SDK
//     does so for a B and an array of another length, for interfaces with methods, and
//     for unexported embedded fields.
//   - An interface that holds a plain value already gets the new one in its place. The
//     SDK panics, fails, or keeps the old one, by what the two are. A map in an
//     interface is added to by both, and replaced by attr where the SDK fails.
//   - An N that is not a number is an error, as is everything else that parse refuses,
//     but only where it is decoded: what has no place in the type is skipped.
//   - math/big takes an N, where the SDK fails. Types with the SDK's Unmarshaler are
//     refused. Neither is among the targets; internal/attr tests them.
func check(t *testing.T, typ reflect.Type, items ...string) {
	t.Helper()
	plan, err := attr.Compile(typ)
	if err != nil {
		err, panicked := unmarshal(nil, reflect.New(typ))
		if err == nil && !panicked {
			t.Fatalf("Compile(%s) fails, but the SDK decodes into it", typ)
		}
		return
	}
	ours, theirs := reflect.New(typ).Elem(), reflect.New(typ)
	for i, text := range items {
		plain, table := holds(ours)
		ourErr := decode(plan, text, ours)
		item, err := parse(text)
		if errors.Is(err, errAmbiguous) {
			return
		}
		if err != nil {
			if everything(typ) && ourErr == nil {
				t.Fatalf("%s\ninto %s: no error, want %v", text, typ, err)
			}
			return
		}
		err, panicked := unmarshal(item, theirs)
		if panicked || plain || table && ourErr == nil && err != nil {
			return
		}
		if (ourErr == nil) != (err == nil) {
			t.Fatalf("item %d of %s\ninto %s:\nours:   %v\ntheirs: %v", i, items, typ, ourErr, err)
		}
		if err != nil {
			return
		}
		if !reflect.DeepEqual(ours.Interface(), theirs.Elem().Interface()) && !strings.Contains(strings.ToLower(text), "nan") {
			t.Fatalf("item %d of %s\ninto %s:\nours:   %#v\ntheirs: %#v", i, items, typ, ours, theirs.Elem())
		}
	}
}

// holds reports whether an interface within v, where it is decoded over, holds
// something plain, neither a map nor a pointer; and whether one holds a map.
func holds(v reflect.Value) (plain, table bool) {
	and := func(v reflect.Value) {
		p, t := holds(v)
		plain, table = plain || p, table || t
	}
	switch v.Kind() {
	case reflect.Interface:
		switch v.Elem().Kind() {
		case reflect.Map:
			return false, true
		case reflect.Pointer, reflect.Invalid:
			return holds(v.Elem())
		}
		return true, false
	case reflect.Pointer:
		and(v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			and(v.Field(i))
		}
	case reflect.Slice:
		v = v.Slice(0, v.Cap()) // what lies behind its length comes back
		fallthrough
	case reflect.Array:
		for i := range v.Len() {
			and(v.Index(i))
		}
	}
	return plain, table
}

// everything reports whether all of an item has a place in the type.
func everything(t reflect.Type) bool {
	return t == reflect.TypeFor[map[string]any]() || t == reflect.TypeFor[any]()
}

func decode(plan *attr.Plan, text string, dst reflect.Value) error {
	var s attr.Reader
	s.Reset(text)
	err := plan.Item(&s, dst)
	s.End()
	return errors.Join(err, s.Err())
}

func unmarshal(item map[string]types.AttributeValue, dst reflect.Value) (err error, panicked bool) {
	defer func() { panicked = recover() != nil }()
	return attributevalue.UnmarshalMap(item, dst.Interface()), false
}
