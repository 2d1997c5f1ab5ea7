package jsonplan_test

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"
)

var (
	seed   = flag.Uint64("seed", uint64(time.Now().UnixNano()), "of the random texts")
	rounds = flag.Int("rounds", 100, "of random texts per type")
)

// writer writes random texts, most of which fit a type.
type writer struct {
	r *rand.Rand
	b bytes.Buffer
}

func (w *writer) one(of ...string) string { return of[w.r.IntN(len(of))] }

func (w *writer) put(s string) {
	w.b.WriteString(s)
	if w.r.IntN(12) == 0 {
		w.b.WriteString(w.one(" ", "\n", "\t ", "\r\n"))
	}
}

func (w *writer) value(t reflect.Type, depth int) {
	if w.r.IntN(25) == 0 || depth > 6 {
		w.put(w.one("null", "null", "1", "-2.5e3", `"x"`, "true", "[]", "{}", `{"a":[null]}`, `[1,"b",{}]`, "1e999", "nul", "01"))
		return
	}
	switch t.String() {
	case "time.Time", "jsonplan_test.namedTime":
		w.put(w.one(`"2024-02-29T12:30:45Z"`, `"2024-02-29T12:30:45.5+09:30"`, `"0000-01-01T00:00:00Z"`, `"now"`))
		return
	case "json.Number":
		w.put(w.one("1", "1.50", "-0", "1e400", `"5"`, `"x"`))
		return
	case "json.RawMessage":
		w.put(w.one("1", `{"a" : [1 ,2]}`, `"x"`, "null"))
		return
	case "[]uint8", "jsonplan_test.namedBytes":
		w.put(w.one(`"aGk="`, `""`, `"a"`, "[1,2]", "[256]"))
		return
	}
	switch t.Kind() {
	case reflect.String:
		w.str()
	case reflect.Bool:
		w.put(w.one("true", "false"))
	case reflect.Pointer:
		w.value(t.Elem(), depth)
	case reflect.Struct:
		w.object(t, depth)
	case reflect.Map:
		w.list('{', '}', func() {
			w.put(w.one(`"a"`, `"b"`, `"1"`, `"2"`, `"ключ"`, `"\u0061"`, `""`))
			w.put(":")
			w.value(t.Elem(), depth+1)
		})
	case reflect.Slice, reflect.Array:
		w.list('[', ']', func() { w.value(t.Elem(), depth+1) })
	case reflect.Interface:
		w.value([]reflect.Type{reflect.TypeFor[string](), reflect.TypeFor[[]any](), reflect.TypeFor[map[string]any](), reflect.TypeFor[float64]()}[w.r.IntN(4)], depth+1)
	case reflect.Float32, reflect.Float64:
		w.put(w.one(strconv.FormatFloat(w.r.NormFloat64(), 'g', w.r.IntN(18)-1, 64), strconv.FormatFloat(w.r.NormFloat64()*1000, 'f', 2, 64), "0", "-0", "1e5"))
	default:
		w.put(w.one("0", "1", "-1", "-0", fmt.Sprint(w.r.Int64()>>w.r.IntN(64)), fmt.Sprint(w.r.Uint64()>>w.r.IntN(64)), "1.0"))
	}
}

func (w *writer) str() {
	s := strings.Repeat(w.one("a", "ab", "é", "日本", " "), w.r.IntN(8)) + w.one("", "", "", `\n`, `\u00e9`, `\ud83d\ude00`, `\ud83d`, "\xff", `\"`, "\x01") + strings.Repeat("z", w.r.IntN(12))
	w.put(`"` + s + `"`)
}

func (w *writer) list(open, end byte, elem func()) {
	w.put(string(open))
	for i := range w.r.IntN(7) {
		if i > 0 {
			w.put(",")
		}
		elem()
	}
	w.put(string(end))
}

// object takes the keys from the fields and those of embedded structs.
func (w *writer) object(t reflect.Type, depth int) {
	type key struct {
		name string
		typ  reflect.Type
	}
	var keys []key
	var collect func(t reflect.Type, level int)
	collect = func(t reflect.Type, level int) {
		for i := range t.NumField() {
			f := t.Field(i)
			name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
			inner := f.Type
			if inner.Kind() == reflect.Pointer {
				inner = inner.Elem()
			}
			if f.Anonymous && name == "" && inner.Kind() == reflect.Struct && level < 4 {
				collect(inner, level+1)
			}
			if name == "" || name == "-" {
				name = f.Name
			}
			typ := f.Type
			if strings.Contains(options, "string") && w.r.IntN(6) > 0 {
				typ = nil
			}
			keys = append(keys, key{name, typ})
		}
	}
	collect(t, 0)
	if w.r.IntN(3) == 0 {
		w.r.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
	}
	if len(keys) > 0 && w.r.IntN(8) == 0 {
		keys = append(keys, keys[w.r.IntN(len(keys))])
	}
	first := true
	w.put("{")
	for _, k := range keys {
		switch w.r.IntN(20) {
		case 0, 1, 2, 3, 4, 5, 6:
			continue
		case 7:
			k.name = strings.ToUpper(k.name)
		case 8:
			k.name = strings.ToLower(k.name)
		case 9:
			k.name += "x"
		case 10:
			k.name = `\u00` + fmt.Sprintf("%02x", (k.name + "x")[0]) + strings.TrimPrefix(k.name, (k.name + "x")[:1])
		}
		if !first {
			w.put(",")
		}
		first = false
		w.put(`"` + k.name + `"`)
		w.put(":")
		if k.typ == nil {
			w.put(w.one(`"1"`, `"-12"`, `"true"`, `"1.5"`, `"\"s\""`, "null", `""`, `"x"`))
			continue
		}
		w.value(k.typ, depth+1)
	}
	w.put("}")
}

// text returns a random text, spoilt now and then.
func (w *writer) text(t reflect.Type) []byte {
	w.b.Reset()
	w.value(t, 0)
	b := bytes.Clone(w.b.Bytes())
	if len(b) > 0 && w.r.IntN(4) == 0 {
		i := w.r.IntN(len(b))
		switch w.r.IntN(4) {
		case 0:
			b = b[:i]
		case 1:
			b = append(b[:i], b[i+1:]...)
		case 2:
			b[i] = `{}[]",:0123e-.tfn\ a`[w.r.IntN(20)]
		default:
			j := min(len(b), i+w.r.IntN(10))
			b = append(b[:j:j], b[i:]...)
		}
	}
	return b
}

func TestRandomTexts(t *testing.T) {
	t.Parallel()
	t.Logf("-seed=%d", *seed)
	w := &writer{r: rand.New(rand.NewPCG(*seed, 1))}
	if testing.Short() {
		*rounds = min(*rounds, 10)
	}
	for range *rounds {
		for _, s := range subjects {
			text, before := w.text(s.typ), []byte(nil)
			if w.r.IntN(3) == 0 {
				before = w.text(s.typ)
			}
			s.check(t, text, before)
		}
	}
}
