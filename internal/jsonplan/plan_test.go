package jsonplan_test

import (
	"bytes"
	"encoding/json"
	"math/big"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
	"weak"

	"github.com/weir-go/weir/internal/jsonplan"
)

// subject is a type that Decode is compared with encoding/json on.
type subject struct {
	name  string
	typ   reflect.Type
	check func(t *testing.T, text, before []byte)
}

func of[T any]() subject {
	return subject{reflect.TypeFor[T]().String(), reflect.TypeFor[T](), same[T]}
}

// same decodes two texts, one after another with the same Scratch, and then the first once
// more, which must not change what came before.
func same[T any](t *testing.T, text, before []byte) {
	t.Helper()
	p := jsonplan.For(reflect.TypeFor[T]())
	scratch := p.NewScratch()
	var wants, gots [2]T
	for i, text := range [][]byte{before, text} {
		wantErr := json.Unmarshal(bytes.Clone(text), &wants[i])
		data := bytes.Clone(text)
		err := p.Decode(data, &gots[i], scratch)
		if !bytes.Equal(data, text) {
			t.Fatalf("%q into %T: the text became %q", text, wants[i], data)
		}
		if message(err) != message(wantErr) {
			t.Fatalf("%q into %T:\ngot  %v\nwant %v", text, wants[i], err, wantErr)
		}
		if !reflect.DeepEqual(gots[i], wants[i]) {
			t.Fatalf("%q into %T:\ngot  %s\nwant %s", text, wants[i], show(gots[i]), show(wants[i]))
		}
	}
	var later T
	_ = p.Decode(bytes.Clone(before), &later, scratch)
	if !reflect.DeepEqual(gots, wants) {
		t.Fatalf("%q into %T behind %q, once more was decoded:\ngot  %s\nwant %s", text, wants, before, show(gots), show(wants))
	}
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func show(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

var subjects = []subject{
	of[everything](), of[quotes](), of[named](), of[tags](), of[folds](), of[fieldless](), of[unset](), of[order](), of[untagged](),
	of[few](), of[holder[order]](), of[list](), of[tree](), of[selfSlice](), of[selfMap](), of[big1](), of[twoDim](), of[anon](),
	of[anonTime](), of[std](), of[hooks](), of[embedsHook](), of[embedsHooked](),
	of[embeds](), of[embedsPtr](), of[embedsTwo](), of[embedsTag](), of[embedsClash](), of[embedsShadow](), of[embedsNamed](), of[embedsHidden](),
	of[embedsHiddenPtr](), of[embedsHiddenName](), of[embedsInt](), of[embedsPInt](), of[embedsDeep](), of[embedsTwice](),
	of[embedsTime](), of[embedsAny](), of[embedsSelf](), of[EmbedsPtrs](), of[embedsBadTag](), of[*embedsPtr](), of[[]embedsPtr](),
	of[string](), of[bool](), of[int](), of[int8](), of[uint8](), of[uint64](), of[int64](), of[float32](), of[float64](), of[uintptr](),
	of[complex64](), of[any](), of[error](), of[time.Time](), of[*time.Time](), of[json.Number](), of[json.RawMessage](), of[[]byte](),
	of[[4]byte](), of[*int](), of[**string](), of[***everything](), of[[]string](), of[[]*int](), of[[][]int](), of[[2]string](), of[[]any](),
	of[[]struct{}](), of[map[string]any](), of[map[string]string](), of[map[string]*item](), of[map[string][]int](), of[map[string]map[string]int](),
	of[map[namedString]bool](), of[map[int]string](), of[map[uint8]int](), of[map[float64]int](), of[map[textKey]string](),
	of[map[stringTextKey]valueHook](), of[map[json.Number]int](), of[map[string]time.Time](), of[map[string]json.RawMessage](), of[map[string][2]int](),
	of[valueHook](), of[*valueHook](), of[[]valueHook](), of[map[string]valueHook](), of[mapHook](), of[partHook](), of[textHook](), of[[]textHook](),
	of[*bothHooks](), of[map[string]sliceText](), of[[2]partHook](), of[namedTime](), of[namedRaw](), of[namedAny](), of[namedNumber](),
	of[struct{ time.Time }](), of[[]struct{ valueHook }](), of[struct{ V struct{ textHook } }](), of[big.Int](), of[[]big.Float](),
	of[holder[embedsPtr]](), of[holder[partHook]](), of[holder[any]](), of[holder[quotes]](), of[struct{ A, B, C []int }](), of[embedsHiddenHooks](), of[*struct{ *embedsHiddenHooks }](),
}

// texts go into every type.
var texts = []string{
	``, ` `, `null`, ` null `, `nul`, `nulll`, `true`, `false`, `tru`, `falsey`, `0`, `-0`, `1`, `01`, `-`, `-1`, `+1`, `1.`, `1.0`, `1.5`, `.5`, `1e2`, `1E+2`, `1e400`, `1e`, `-0.0`,
	`127`, `128`, `-128`, `-129`, `255`, `256`, `65536`, `9223372036854775807`, `9223372036854775808`, `-9223372036854775808`, `-9223372036854775809`,
	`18446744073709551615`, `18446744073709551616`, `99999999999999999999`, `00`, `-01`, `1234567890123456`, `123456789012345.6`, `0.1234567890123456789`, `3.4028236e38`, `1e-400`,
	`9007199254740993`, `0.30000000000000004`, `179769313486231580793e289`, `1 2`, `1,`, `1.2.3`, `1e5e5`, `--1`, `0x10`, `1_000`,
	`""`, `"a"`, `"abcdefgh"`, `"a`, `"\u00e9"`, `"é"`, `"\ud83d\ude00"`, `"\ud83d"`, `"\x"`, `"\u12"`, `"\`, "\"a\x01b\"", "\"a\xffb\"", "\"\xed\xa0\x80\"", `"a\/b\n\"\\"`, "\"\x7f\"",
	`"aGVsbG8="`, `"aGVs\nbG8="`, `"aGVsbG8"`, `"2024-02-29T12:30:45Z"`, `"2024-02-29T12:30:45.123456789+02:00"`, `"2023-02-29T00:00:00Z"`, `"2024-02-29\u0054 12:30:45Z"`, `"12"`, `"1.5e3"`, `"bad"`, `"10.0.0.1"`,
	`[]`, `[ ]`, `[1]`, `[1,2,3,4,5,6,7,8,9,10]`, `[1,]`, `[,1]`, `[1 2]`, `[null]`, `[null,1,null]`, `["a","b"]`, `[[1],[2,3],[]]`, `[{}]`, `[{},{"a":1}]`, `["a",1,true,null,{},[]]`, `[1`, `[`, `]`, `[1}`, `["é","\n"]`, `[true,false]`, `[1.5,-2e3]`,
	`["2024-02-29T12:30:45Z",null]`, `[256]`, `[-1]`, `["aGk=","x"]`, `[1,"a"]`, `[[[[]]]]`,
	`{}`, ` { } `, `{"a":1}`, `{"a":1,}`, `{"a"}`, `{"a":}`, `{,}`, `{"a":1 "b":2}`, `{1:2}`, `{"a":1]`, `{"a":1}x`, `{"a":1}{}`, "\ufeff{}", `{"":1}`, `{"a":null}`, `{"a":{"b":{"c":[]}}}`, `{"1":"x","2":"y"}`, `{"1":1,"1":2}`, `{"a":[1],"a":[2,3]}`,
	`{"a":{"x":1},"a":{"y":2}}`, `{"k\u0061":"v"}`, "{\"\xff\":1}", `{"a":"2024-02-29T12:30:45Z"}`, `{"300":1}`, `{"-1":1}`, `{"x":"bad"}`, `{"a":{}}`, `{"a":[1,2,3]}`,
	`{"A":[1,2],"B":[3],"a":[4]}`, `{"A":[],"A":[1]}`, `{"A":[1,2,3],"A":[4]}`, `{"A":[1,2,3],"A":null,"A":[4]}`,
	`{"V":1,"Next":{"V":2,"Next":{"V":3,"Next":null}}}`, `{"V":1,"Next":{"V":2},"Next":{"Next":{}}}`, `{"v":"a","kids":[{"v":"b"},{"kids":[{}],"up":{"v":"c"}}],"by":{"x":{"v":"y"},"x":{"up":{}}}}`,
	`{"id":"a","Name":"b","deep":3,"Only":true,"Z":1,"Shown":5,"hidden":6,"Via":7,"MyInt":8,"myInt":9,"Common":1,"ID":2,"A":4,"B":5,"C":6}`,
	`{"ID":"a","NAME":"b","DEEP":3,"only":true}`, `{"id":1}`, `{"Name":1,"id":["x"]}`, `{"Via":1}`, `{"Z":1,"Via":null}`, `{"base":{"id":"x"},"other":{"ID":3}}`, `{"in":{"Shown":1,"hidden":2}}`, `{"in":null}`, `{"in":{"Via":1}}`,
	`{"A":1,"B":"b","-":"dash","C":"c","D":"d","e f":"e","F":"f","G":"g","é":"h","É":"hh","<&>!#$%()*+-./:;=?@[]^_{|}~":"i","dup":"j","K":"k","m":"m","M":"M","N":"n","日本":"o"," ":"p","a":"q","r":"r","J":"JJ"}`,
	`{"key":"1","KEY":"2","Key":"3","kEy":"4","key2":"5","KEY2":"6","Key2":"7","k":"8","K":"9","\u212a":"10","ss":"11","ſS":"12","SS":"13","éé":"14","σ":"15","ς":"16","Σ":"17"}`,
	`{"s":"\"in\"","b":"true","i":"12","I8":"-5","u":"7","u16":"9","f":"1.5e1","f32":"2.5","p":"3","pb":"false","pp":1,"l":[1],"n":"5","t":"2024-02-29T12:30:45Z","nk":"1"}`,
	`{"i":12}`, `{"i":"12 "}`, `{"i":" 12"}`, `{"i":""}`, `{"i":"012"}`, `{"i":"+1"}`, `{"i":"null"}`, `{"i":null,"p":null,"s":null,"h":null,"x":null,"b":null}`, `{"i":"1.0"}`, `{"b":"True"}`, `{"b":"truex"}`, `{"f":"1."}`, `{"f":"0x1p4"}`, `{"f":"NaN"}`, `{"s":"in"}`,
	`{"s":"\"\\u00e9\""}`, `{"I8":"200"}`, `{"u":"-1"}`, `{"p":"x"}`, `{"h":"5"}`, `{"x":"\"t\""}`, `{"n":5}`, `{"n":"x"}`, `{"i":"1\u0032"}`, `{"nk":"99999"}`, `{"b":"t","i":"9"}`,
	`{"v":"x","pv":null,"m":1,"p":{"a": [1]},"t":"tt","pt":"pp","ppt":"qq","s":"ss","b":"bb","l":[1,22,null],"mv":{"a":2,"b":3},"k":{"1":2},"sk":{"a":"b"},"a":["x","y","z"],"i":1}`,
	`{"v":null,"p":null,"t":null,"pt":null,"s":"x","s":null,"b":null,"a":[null],"sk":null,"k":null,"m":null}`, `{"v":"bad","i":7}`, `{"i":7,"p":1,"t":"x"}`, `{"t":"bad"}`, `{"t":1}`, `{"t":"a\nb","pt":{}}`, `{"pt":"1","pt":"2"}`, `{"k":{"x":1}}`, `{"Hooked":1,"id":"x"}`, `{"id":"x","Hooked":1,"After":2}`, `{"Hooked":2,"After":"x"}`, `{"p":2,"p":3,"I":4}`,
	`{"str":"s","bool":true,"int":-1,"int8":-8,"int16":16,"int32":32,"int64":64,"uint":1,"uint8":8,"uint16":16,"uint32":32,"uint64":64,"uintptr":5,"f32":1.1,"f64":2.2,"bytes":"aGk=","time":"2024-02-29T12:30:45Z","raw":{"a" : 1},"number":12.50,"any":{"x":[1,"y",null]},"pstr":"p","ppint":5,"ptime":"2024-02-29T12:30:45+01:00","praw":[1],"strs":["a","b"],"ints":[1,2,3,4,5],"arr":[1,2],"map":{"a":"b"},"counts":{"x":1},"byday":{"1":"mon"},"raws":{"q":null},"item":{"sku":"s","qty":1,"price":9.99},"pitem":{"sku":"t"},"items":[{"sku":"u"},{"qty":2}],"byname":{"n":{"sku":"v"}},"lists":[["a",null],[],null]}`,
	`{"raw":null,"praw":null,"number":null,"any":null,"bytes":null,"time":null,"item":null,"map":null,"arr":null,"strs":null,"str":null,"int":null,"bool":null,"ppint":null}`,
	`{"number":"12"}`, `{"number":"x"}`, `{"number":""}`, `{"bytes":[104,105]}`, `{"bytes":"***"}`, `{"bytes":[300]}`, `{"bytes":"\u0061Gk="}`, `{"arr":[1,2,3,4,{"x":"` + "\xff" + `"}]}`, `{"arr":[1,2,3],"arr":[9]}`, `{"arr":[1,[]]}`, `{"raw":[1],"raw":2}`, `{"any":[1],"any":{"a":1e999}}`, `{"any":1e999}`, `{"pitem":{"sku":"a"},"pitem":{"qty":1}}`, `{"map":{"a":"1"},"map":{"b":"2"}}`, `{"item":{"sku":"a"},"item":{"qty":1}}`, `{"items":[{"sku":"a","qty":5}],"items":[{"qty":1},{"sku":"z"}]}`, `{"int8":128}`, `{"str":1,"int":2}`, `{"int":"x","str":"later"}`, `{"f32":1e39}`, `{"f32":16777217}`, `{"f64":1e309}`, `{"lists":[["a"],["b"],["c"],["d"],["e"]]}`, `{"any":{"a":{"a":[{}]},"a":2}}`, `{"Str":"fold"}`, `{"\u0073tr":"esc"}`, `{"str":"a\tb"}`, `{"unknown":[{"deep":"\ud800"}],"str":"x"}`, `{"unknown":nul}`, `{"unknown":"\q"}`, `{"unknown":01}`, `{ "str" : "a" , "int" : 1 }`, "{\"str\":\"a\",\n\t\"bool\":\r\ntrue}", `{"str":"a";"int":1}`, `{"str" "a"}`, `{"str":"a","bool":true`, `{"str":"`,
	`{"A":[[1,2],[3,4]],"B":[["x"],["y","z","w"]],"C":[[1],null,[2]],"D":[1],"E":[1],"F":[1,2,3,4]}`, `{"A":[[1,2],[3,4]],"A":[[9]]}`, `{"E":[1,2],"E":[3]}`, `{"F":"YWJj"}`, `{"In":{"A":1,"B":{"C":[{"D":"x"}]}},"P":{"E":2}}`, `{"V":"2024-02-29T12:30:45Z","P":"2024-02-29T12:30:45Z","L":["2024-02-29T12:30:45Z"],"Q":[1]}`, `{"V":{"Time":"2024-02-29T12:30:45Z"}}`, `{"C":1}`, `{"C":null,"F":null,"E":null,"R":null,"Z":null,"I":1}`, `{"E":{}}`,
	`{"S":"s","I":5,"B":true,"F":1.5,"Y":"aGk=","YY":"aGk=","M":{"a":1},"L":[1,2],"P":5,"T":{},"N":"5","R":"aGk=","A":[1]}`, `{"YY":[1,2]}`, `{"N":5}`, `{"M":{"a":40000}}`, `{"i":12345678901234567890123,"pi":5,"a":"10.0.0.1","d":1000}`, `{"list":[{"id":"a"},{"Name":"b"}],"map":{"x":{"deep":1}}}`, `{"list":[null,{}],"map":{"x":null}}`, `{"When":"2024-02-29T12:30:45Z","H":12,"L":["a",null],"R":[1 ],"Z":3}`, `{"H":1,"H":2,"L":["bad"],"Z":4}`, `{"Pad":[1],"S":[{"Pad":["a"]},{"X":1},{"X":2},{"X":3}]}`,
}

// deep texts are too slow for the seeds of the fuzz targets.
var deep = []string{
	strings.Repeat("[", 499) + strings.Repeat("]", 499), strings.Repeat("[", 501) + strings.Repeat("]", 501), strings.Repeat("[", 10000) + strings.Repeat("]", 10000), strings.Repeat("[", 10001) + strings.Repeat("]", 10001),
	strings.Repeat(`{"Next":`, 600) + `{"V":1}` + strings.Repeat("}", 600), strings.Repeat(`{"x":`, 600) + `1` + strings.Repeat("}", 600), strings.Repeat(`{"x":[`, 300) + `1`,
	`{"str":"` + strings.Repeat("long ", 1000) + `","strs":["a","b","\n"],"any":{"k":"v"},"map":{"k":"v"},"number":1.25}`, strings.Repeat(" ", 3000) + `{"orderId":"x","tags":["a","b"]}`, `[` + strings.Repeat(`"abc",`, 2000) + `"z"]`, `[` + strings.Repeat(`{"a":1},`, 500) + `{}]`,
}

func TestSameAsEncodingJSON(t *testing.T) {
	t.Parallel()
	before := []string{`{"str":"x","ints":[9,9,9],"map":{"old":"1"},"pitem":{"sku":"old","qty":7},"any":{"k":1},"raw":"rawraw","bytes":"AAAA","arr":[7,7,7],"v":5,"p":2,"t":"q","i":1,"id":"b","Next":{"V":1},"list":[{},{}]}`, `[1,2,3]`, `["x","y"]`, `{"a":[9]}`, `"held"`, `{"map":{"x":"y"},"kids":[{}],"P":5,"pstr":"q","Name":"n","list":[{"id":"z"}]}`}
	for _, s := range subjects {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			for i, text := range texts {
				s.check(t, []byte(text), []byte(before[i%len(before)]))
				s.check(t, []byte(text), []byte(text)) // what it leaves meets itself
			}
			for _, text := range deep {
				s.check(t, []byte(text), nil)
			}
		})
	}
	if len(subjects) < 60 {
		t.Errorf("only %d types", len(subjects))
	}
}

// counter counts its calls.
type counter struct{}

func (*counter) UnmarshalJSON([]byte) error {
	called++
	return nil
}

var called int

func decode[T any](text []byte, v *T) error {
	p := jsonplan.For(reflect.TypeFor[T]())
	return p.Decode(text, v, p.NewScratch())
}

func TestHookIsCalledOnce(t *testing.T) {
	for text, want := range map[string]int{`{"C":1,"B":2}`: 1, `{"C":1,"B":2`: 0, `{"C":1,"B":2} x`: 0} {
		called = 0
		var v struct {
			C counter
			B int
		}
		_ = decode([]byte(text), &v)
		if called != want {
			t.Errorf("%s: %d calls", text, called)
		}
	}
}

// A Scratch lives on. What code of the user's was called for is the user's to keep or to let go.
func TestNothingOfHookedValuesStays(t *testing.T) {
	p := jsonplan.For(reflect.TypeFor[hooks]())
	s := p.NewScratch()
	v := new(hooks)
	if err := p.Decode([]byte(`{}`), v, s); err != nil {
		t.Fatal(err)
	}
	left := weak.Make(v)
	runtime.GC()
	if left.Value() != nil {
		t.Error("the Scratch keeps what it decoded into")
	}
	runtime.KeepAlive(s)
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	type fresh everything // no plan yet
	var text []byte
	for _, x := range texts {
		if strings.HasPrefix(x, `{"str":"s"`) {
			text = []byte(x)
		}
	}
	var want fresh
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			p := jsonplan.For(reflect.TypeFor[fresh]())
			s := p.NewScratch()
			for range 50 {
				var got fresh
				if err := p.Decode(text, &got, s); err != nil || !reflect.DeepEqual(got, want) {
					t.Errorf("%v, %s", err, show(got))
				}
				if err := p.Decode([]byte(`{"int":"x"}`), &got, s); err == nil {
					t.Error("no error")
				}
			}
		})
	}
	wg.Wait()
}

func TestAllocations(t *testing.T) {
	if testing.Short() {
		t.Skip()
	}
	text := []byte(`{"orderId":"a","customerId":"b","tags":["x","y"],"items":[{"sku":"s","qty":1,"price":1.25}]}`)
	p, v := jsonplan.For(reflect.TypeFor[order]()), new(order)
	s := p.NewScratch()
	if n := testing.AllocsPerRun(1000, func() {
		*v = order{}
		if err := p.Decode(text, v, s); err != nil {
			t.Error(err)
		}
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
