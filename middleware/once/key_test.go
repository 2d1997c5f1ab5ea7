package once_test

import (
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/middleware/once"
	"github.com/weir-go/weir/state"
	"github.com/weir-go/weir/state/mem"
	"github.com/weir-go/weir/weirtest"
)

// names returns the rows that records with a key make, and the records' errors.
func names(t *testing.T, lambda func(weir.Verb, weir.FlowOption) *weir.Lambda, key once.Key, e weirtest.Event) (rows []string, errs []error) {
	t.Helper()
	store := &spy{Store: mem.New(), before: func(op string, _ int, w []state.Write) error {
		if op == "commit" && w[0].Version == 0 {
			rows = append(rows, w[0].Name)
		}
		return nil
	}}
	l := lambda(weir.EachMessage(func(context.Context, *weir.Message) error { return nil }), once.Use(once.New("f", store), key))
	for _, o := range invoke(t, l, e).Records {
		errs = append(errs, o.Err)
	}
	return rows, errs
}

func sqs(v weir.Verb, o weir.FlowOption) *weir.Lambda      { return weir.SQS(v, o) }
func kinesis(v weir.Verb, o weir.FlowOption) *weir.Lambda  { return weir.Kinesis(v, o) }
func dynamoDB(v weir.Verb, o weir.FlowOption) *weir.Lambda { return weir.DynamoDB(v, o) }
func kafka(v weir.Verb, o weir.FlowOption) *weir.Lambda    { return weir.Kafka(v, o) }

// TestMessageID: records that are delivered again have the same key, and all others another.
func TestMessageID(t *testing.T) {
	t.Parallel()
	type item struct {
		ID string `dynamodbav:"id"`
	}
	for name, c := range map[string]struct {
		lambda func(weir.Verb, weir.FlowOption) *weir.Lambda
		event  weirtest.Event
		more   weirtest.Event
	}{
		"SQS":      {sqs, weirtest.SQS("a", "a"), weirtest.FIFO("a", "a")},
		"Kinesis":  {kinesis, weirtest.Kinesis("a", "a"), weirtest.Kinesis("a", "a").From("arn:aws:kinesis:eu-west-1:1:stream/other")},
		"Kafka":    {kafka, weirtest.Kafka("a", "a"), weirtest.Kafka("a").From("arn:aws:kafka:eu-west-1:1:cluster/other/1")},
		"DynamoDB": {dynamoDB, weirtest.DynamoDB(weirtest.Table{Key: "id"}, weirtest.Inserted(item{"a"}), weirtest.Inserted(item{"b"})), weirtest.DynamoDB(weirtest.Table{Key: "id"}, weirtest.Inserted(item{"a"})).From("arn:aws:dynamodb:eu-west-1:1:table/u/stream/1")},
	} {
		first, _ := names(t, c.lambda, once.MessageID(), c.event)
		again, _ := names(t, c.lambda, once.MessageID(), c.event)
		other, _ := names(t, c.lambda, once.MessageID(), c.more)
		assert.Equal(t, first, again, name)
		all := map[string]bool{}
		for _, n := range append(first, other...) {
			all[n] = true
		}
		assert.Equal(t, len(all), c.event.Len()+c.more.Len(), name)
	}
	parts := func(v weir.Verb, o weir.FlowOption) *weir.Lambda {
		return weir.SQS(weir.Unwrap(v, func(_ context.Context, m *weir.Message) ([]weir.Message, error) {
			return []weir.Message{m.WithPart(0, m.Payload), m.WithPart(1, m.Payload)}, nil
		}), o)
	}
	rows, _ := names(t, parts, once.MessageID(), weirtest.SQS("a"))
	assert.Equal(t, len(rows), 2)
	assert.Equal(t, rows[0] != rows[1] && strings.Contains(rows[0], "/0"), true)
}

// Identifiers of a source of one's own may look like those of parts.
func TestMessageIDOfPaths(t *testing.T) {
	t.Parallel()
	source := func(v weir.Verb, o weir.FlowOption) *weir.Lambda {
		return weir.From(weir.Source{Name: "X", Decode: func([]byte) (msgs []weir.Message, err error) {
			for _, id := range []string{"a", "a/0", `"a"`, `"a"/0`, "a|b"} {
				msgs = append(msgs, weir.Message{ID: id, Payload: []byte("1")})
			}
			return append(msgs, weir.Message{ID: "a", OrderingKey: "b", Payload: []byte("1")}), nil
		}}, weir.Unwrap(v, func(_ context.Context, m *weir.Message) ([]weir.Message, error) {
			if m.OrderingKey != "" || strings.Contains(m.ID, "/") {
				return []weir.Message{m.With(m.Payload)}, nil
			}
			return []weir.Message{m.WithPart(0, m.Payload)}, nil
		}), o)
	}
	rows, _ := names(t, source, once.MessageID(), weirtest.SQS())
	slices.Sort(rows)
	assert.Equal(t, len(slices.Compact(rows)), 6)
}

// A record that was handed on without a payload has no content: that of what carried it is others' too.
func TestNoPayload(t *testing.T) {
	t.Parallel()
	parts := func(v weir.Verb, o weir.FlowOption) *weir.Lambda {
		return weir.SQS(weir.Unwrap(v, func(_ context.Context, m *weir.Message) ([]weir.Message, error) {
			return []weir.Message{m.WithPart(0, nil), m.WithPart(1, nil)}, nil
		}), o)
	}
	for _, key := range []once.Key{once.Payload(), once.Pointer("/messageId"), once.Pointer("")} {
		rows, errs := names(t, parts, key, weirtest.SQS("a"))
		assert.Equal(t, len(rows), 0)
		for _, err := range errs {
			assert.Equal(t, errors.Is(err, once.ErrNoKey), true)
		}
	}
}

// TestPointer is RFC 6901's own example, and what else may happen.
func TestPointer(t *testing.T) {
	t.Parallel()
	const document = `{"foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4, "i\\j": 5, "k\"l": 6, " ": 7, "m~n": 8,
		"~1": 9, "big": 12345678901234567890, "one": 1.0, "yes": true, "no": false, "twice": 1, "twice": 2, "o": {"b": 2, "a": [1, "x"]}, "some": [1, null], "fffd": "�", "pair": "\ud83d\ude00", "u": "\u00e9<"}`
	for pointer, want := range map[string]string{
		"/foo": `["bar","baz"]`, "/foo/0": `"bar"`, "/": "0", "/a~1b": "1", "/c%d": "2", "/e^f": "3", "/g|h": "4", `/i\j`: "5", `/k"l`: "6",
		"/ ": "7", "/m~0n": "8", "/~01": "9", "/big": "12345678901234567890", "/one": "1.0", "/yes": "true", "/no": "false", "/twice": "2",
		"/o": `{"a":[1,"x"],"b":2}`, "/u": `"é\u003c"`,
		"/fffd": "\"\ufffd\"", "/pair": `"😀"`, "/some": "", "/foo/01": "", "/foo/-": "", "/foo/2": "", "/foo/bar": "", "/none": "", "/one/x": "", "/foo/0/0": "", "//": "",
	} {
		rows, errs := names(t, sqs, once.Pointer(pointer), weirtest.SQS(document))
		if want == "" {
			assert.Equal(t, errors.Is(errs[0], once.ErrNoKey), true, pointer)
			continue
		}
		assert.Equal(t, rows, []string{"k" + want}, pointer)
	}
	rows, _ := names(t, sqs, once.Pointer(""), weirtest.SQS(` "x" `))
	assert.Equal(t, rows, []string{`k"x"`})
	rows, errs := names(t, sqs, once.Pointer("/id"), weirtest.SQS(`{"id":1`, ``, `{"id":1} x`))
	assert.Equal(t, len(rows), 0)
	for _, err := range []error{errs[0], errs[2]} {
		assert.Equal(t, errors.Is(err, weir.ErrUndecodable), true)
	}
	assert.Equal(t, errors.Is(errs[1], once.ErrNoKey), true)
	type item struct {
		ID string `dynamodbav:"id"`
	}
	rows, _ = names(t, dynamoDB, once.Pointer("/dynamodb/NewImage/id/S"), weirtest.DynamoDB(weirtest.Table{Key: "id"}, weirtest.Inserted(item{"a"})))
	assert.Equal(t, rows, []string{`k"a"`})
}

// TestLongKeys stand under a hash, so that they fit into every store.
func TestLongKeys(t *testing.T) {
	t.Parallel()
	same := strings.Repeat("x", 2000)
	var c counter
	f := once.Do(once.New("f", mem.New()), order.key, func(_ context.Context, o order) error { c.ran(o.ID[len(same):]); return nil })
	for _, end := range []string{"1", "2", "1"} {
		assert.NoError(t, f(t.Context(), order{ID: same + end}))
	}
	c.want(t, map[string]int{"1": 1, "2": 1})
	for _, size := range []int{state.MaxName - 1, state.MaxName, 1 << 20} {
		rows, _ := names(t, sqs, once.KeyFunc(func(*weir.Message) (string, error) { return strings.Repeat("x", size), nil }), weirtest.SQS("a"))
		if len(rows) != 1 || len(rows[0]) > state.MaxName {
			t.Errorf("%d bytes: a name of %d", size, len(rows[0]))
		}
	}
}

// TestKeyFunc: what it says decides its own record, also when it panics while the batch is read ahead.
func TestKeyFunc(t *testing.T) {
	t.Parallel()
	key := once.KeyFunc(func(m *weir.Message) (string, error) {
		switch string(m.Payload) {
		case "panic":
			panic(errBoom)
		case "drop":
			return "", weir.Drop(errBoom)
		case "error":
			return "", errBoom
		}
		return string(m.Payload), nil
	})
	runs := 0
	l := weir.SQS(weir.EachMessage(func(context.Context, *weir.Message) error { runs++; return nil }), once.Use(once.New("f", mem.New()), key))
	r := invoke(t, l, weirtest.SQS("a", "panic", "drop", "error", "b"))
	assert.Equal(t, states(r), []weirtest.State{ok, failed, dropped, failed, ok})
	assert.Equal(t, runs, 2)
}

// TestValueKey: what is there makes a key, if it is 0 or false. What is there in part does not, unless it is
// asked for.
func TestValueKey(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct{ whole, partial string }{
		`null`: {}, `""`: {}, `[]`: {}, `{}`: {}, `[null,""]`: {}, `{"a":[null]}`: {},
		`0`: {"0", "0"}, `false`: {"false", "false"}, `" "`: {`" "`, `" "`}, `1e400`: {"1e400", "1e400"},
		`[2,1]`: {"[2,1]", "[2,1]"}, `{"b":1,"a":0}`: {`{"a":0,"b":1}`, `{"a":0,"b":1}`},
		`[null,1]`: {"", "[null,1]"}, `{"b":1,"a":null}`: {"", `{"a":null,"b":1}`}, `{"b":1,"a":""}`: {"", `{"a":"","b":1}`},
		`[1,[]]`: {"", "[1,[]]"}, `[1,{}]`: {"", "[1,{}]"}, `[1,{"a":[2,""]}]`: {"", `[1,{"a":[2,""]}]`},
	} {
		d := json.NewDecoder(strings.NewReader(text))
		d.UseNumber()
		var v any
		assert.NoError(t, d.Decode(&v))
		got, err := once.ValueKey(v)
		assert.NoError(t, err)
		assert.Equal(t, got, want.whole, text)
		got, err = once.ValueKey(v, once.Partial())
		assert.NoError(t, err)
		assert.Equal(t, got, want.partial, text)
	}
	for _, v := range []any{(*string)(nil), []any{1, (*int)(nil)}} {
		got, err := once.ValueKey(v)
		assert.Equal(t, got, "")
		assert.NoError(t, err)
	}
	for _, v := range []any{"\xff", []any{1.0, "\xff"}, map[string]any{"\xff": 1.0}} {
		if got, err := once.ValueKey(v); !errors.Is(err, weir.ErrUndecodable) {
			t.Errorf("%q: %q, %v", v, got, err)
		}
	}
	_, err := once.ValueKey(1.0, nil)
	assert.Error(t, err, "option 0 is nil")
}

// FuzzPointer holds Pointer to what encoding/json finds.
func FuzzPointer(f *testing.F) {
	f.Add(`{"a":{"b":[1,"x"]}}`, "/a/b/1")
	f.Add(`{"a~/":null,"":{}}`, "/a~0~1")
	f.Add(`[[[]]]`, "/0/0")
	f.Add(`{"a":1,"a":2}`, "/a")
	f.Add(`{"a":"\ud800"}`, "/a")
	f.Add(`{"a":["\ud83d\ude00","\\ud800"]}`, "/a")
	f.Fuzz(func(t *testing.T, document, pointer string) {
		k := once.Pointer(pointer)
		got, err := once.KeyOf(k, &weir.Message{ID: "1", Payload: []byte(document)})
		d := json.NewDecoder(strings.NewReader(document))
		d.UseNumber()
		var v any
		if !json.Valid([]byte(document)) {
			if err == nil && document != "" {
				t.Fatalf("%q is no JSON, and made the key %q", document, got)
			}
			return
		}
		if err != nil {
			lone := errors.Is(err, weir.ErrUndecodable) && broken(document)
			if !lone && (pointer == "" || pointer[0] == '/' && !strings.Contains(pointer, "~")) {
				t.Fatal(err)
			}
			return
		}
		if err := d.Decode(&v); err != nil {
			return
		}
		want, err := once.ValueKey(follow(v, pointer))
		if err != nil || got != want {
			t.Fatalf("%q at %q: %q, want %q (%v)", document, pointer, got, want, err)
		}
	})
}

// broken tells whether a decoder replaced something: then there are more replacement characters than
// the document has.
func broken(document string) bool {
	if !utf8.ValidString(document) {
		return true
	}
	for _, r := range utf16.Decode(escapes(document)) {
		if r == utf8.RuneError {
			return true
		}
	}
	return false
}

var escape = regexp.MustCompile(`\\(u[0-9a-fA-F]{4}|.)`)

// escapes are a document's UTF-16 escapes, those apart that do not follow each other.
func escapes(document string) (units []uint16) {
	last := 0
	for _, at := range escape.FindAllStringIndex(document, -1) {
		if at[0] != last {
			units = append(units, ' ')
		}
		last = at[1]
		if at[1]-at[0] == 6 {
			n, _ := strconv.ParseUint(document[at[0]+2:at[1]], 16, 16)
			units = append(units, uint16(n))
		}
	}
	return units
}

func follow(v any, pointer string) any {
	if pointer == "" {
		return v
	}
	for _, step := range strings.Split(pointer[1:], "/") {
		step = strings.NewReplacer("~1", "/", "~0", "~").Replace(step)
		switch is := v.(type) {
		case map[string]any:
			v = is[step]
		case []any:
			var i uint
			if json.Unmarshal([]byte(step), &i) != nil || i >= uint(len(is)) || strings.TrimSpace(step) != step || step == "-0" {
				return nil
			}
			v = is[i]
		default:
			return nil
		}
	}
	return v
}
