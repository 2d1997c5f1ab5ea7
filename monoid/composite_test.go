package monoid_test

import (
	"errors"
	"maps"
	"math"
	"strings"
	"testing"

	"github.com/weir-go/weir/monoid"
)

// concat joins strings in order: a monoid whose order matters, and without an Add.
type concat struct{}

func (concat) Name() string                                { return "concat" }
func (concat) Identity() string                            { return "" }
func (concat) Ordered()                                    {}
func (concat) Append(dst []byte, v string) ([]byte, error) { return append(dst, v...), nil }
func (concat) Decode(src []byte) (string, error)           { return string(src), nil }

func (concat) Combine(a, b string) (string, error) {
	if len(a)+len(b) > 4 {
		return "", errors.New("too long")
	}
	return a + b, nil
}

// TestMapAllOrNothing: if one key cannot be combined, no key changes.
func TestMapAllOrNothing(t *testing.T) {
	t.Parallel()
	m := monoid.MapOf(monoid.Sum[int8]())
	for _, v := range []map[string]int8{
		{"full": 1}, {"full": 1, "a": 1}, {"a": 1, "full": 1, "new": 1}, {"new": 1, "a": 1, "b": 1, "c": 1, "full": 100},
	} {
		into := map[string]int8{"full": 127, "a": 1, "b": 1}
		err := m.(monoid.Accumulator[map[string]int8]).Add(&into, v)
		if !errors.Is(err, monoid.ErrOverflow) || !strings.HasPrefix(err.Error(), `monoid map(sum/int8): at key "full": `) {
			t.Errorf("Add(%v): %v", v, err)
		}
		if !maps.Equal(into, map[string]int8{"full": 127, "a": 1, "b": 1}) {
			t.Errorf("Add(%v) made %v", v, into)
		}
		if _, err := m.Combine(into, v); !errors.Is(err, monoid.ErrOverflow) {
			t.Errorf("Combine with %v: %v", v, err)
		}
	}
	nan := map[string]float64{"x": math.NaN()}
	means := monoid.MapOf(monoid.Max[float64]())
	if b, err := means.Append([]byte("dst"), nan); !errors.Is(err, monoid.ErrValue) || string(b) != "dst" {
		t.Errorf("Append: %q, %v", b, err)
	}
	if _, err := means.Combine(nan, nil); !errors.Is(err, monoid.ErrValue) {
		t.Errorf("a value that is only copied: %v", err)
	}
	if _, err := means.Combine(nil, nan); !errors.Is(err, monoid.ErrValue) {
		t.Errorf("a value that is only copied: %v", err)
	}
	for name, src := range map[string]string{"twice": "\x02\x01a\x011\x01a\x011", "descending": "\x02\x01b\x011\x01a\x011", "value": "\x01\x01a\x01x", "count": "\x02\x01a\x011"} {
		if v, err := m.Decode([]byte(src)); !errors.Is(err, monoid.ErrEncoding) {
			t.Errorf("%s: %v, %v", name, v, err)
		}
	}
}

// TestTupleAllOrNothing: if one part cannot be combined, no part changes.
func TestTupleAllOrNothing(t *testing.T) {
	t.Parallel()
	i, s := monoid.Sum[int8](), monoid.Set[string](1)
	pairs := monoid.Tuple2(i, s)
	pair := func(n int8, e string) monoid.Pair[int8, monoid.Members[string]] {
		return monoid.PairOf(n, monoid.SetOf(e))
	}
	for _, v := range []monoid.Pair[int8, monoid.Members[string]]{pair(100, "a"), pair(1, "b"), pair(100, "b")} {
		into := pair(100, "a")
		err := pairs.(monoid.Accumulator[monoid.Pair[int8, monoid.Members[string]]]).Add(&into, v)
		if !errors.Is(err, monoid.ErrOverflow) || !strings.HasPrefix(err.Error(), "monoid tuple(sum/int8,set/string): monoid s") {
			t.Errorf("Add: %v", err)
		}
		if into.First != 100 || into.Second.Len() != 1 || !into.Second.Has("a") {
			t.Errorf("Add made %v", into)
		}
		if _, err := pairs.Combine(into, v); !errors.Is(err, monoid.ErrOverflow) {
			t.Errorf("Combine: %v", err)
		}
	}
	triples := monoid.Tuple3(i, i, concat{})
	type triple = monoid.Triple[int8, int8, string]
	for _, v := range []triple{{100, 1, "c"}, {1, 100, "c"}, {1, 1, "cccc"}} {
		into := triple{100, 100, "ab"}
		if err := triples.(monoid.Accumulator[triple]).Add(&into, v); err == nil || into != (triple{100, 100, "ab"}) {
			t.Errorf("Add(%v) made %v, %v", v, into, err)
		}
		if _, err := triples.Combine(into, v); err == nil {
			t.Errorf("Combine with %v: no error", v)
		}
	}
	combination(t, triples, triple{1, 2, "a"}, triple{3, 4, "b"}, triple{4, 6, "ab"}, nil)
	nan := math.NaN()
	f := monoid.Max[float64]()
	three := monoid.Tuple3(f, f, f)
	for _, v := range []monoid.Triple[float64, float64, float64]{{nan, 1, 1}, {1, nan, 1}, {1, 1, nan}} {
		if b, err := three.Append([]byte("dst"), v); !errors.Is(err, monoid.ErrValue) || string(b) != "dst" {
			t.Errorf("Append(%v): %q, %v", v, b, err)
		}
	}
	two := monoid.Tuple2(f, f)
	for _, v := range []monoid.Pair[float64, float64]{{nan, 1}, {1, nan}} {
		if b, err := two.Append([]byte("dst"), v); !errors.Is(err, monoid.ErrValue) || string(b) != "dst" {
			t.Errorf("Append(%v): %q, %v", v, b, err)
		}
	}
	for _, src := range []string{"", "\x02", "\x02x", "\x01x1", "\x011x", "\x011\x01x1", "\x011\x011x"} {
		if v, err := three.Decode([]byte(src)); !errors.Is(err, monoid.ErrEncoding) {
			t.Errorf("three: Decode(%q) = %v, %v", src, v, err)
		}
	}
}

// TestOrdered: what has a part whose order matters is Ordered, and nothing else is.
func TestOrdered(t *testing.T) {
	t.Parallel()
	c, o := monoid.Count(), monoid.Monoid[string](concat{})
	for name, x := range map[string]struct {
		m    any
		want bool
	}{
		"map(count)":    {monoid.MapOf(c), false},
		"map(concat)":   {monoid.MapOf(o), true},
		"map(map)":      {monoid.MapOf(monoid.MapOf(o)), true},
		"count, count":  {monoid.Tuple2(c, c), false},
		"concat, count": {monoid.Tuple2(o, c), true},
		"count, concat": {monoid.Tuple2(c, o), true},
		"three counts":  {monoid.Tuple3(c, c, c), false},
		"concat first":  {monoid.Tuple3(o, c, c), true},
		"concat second": {monoid.Tuple3(c, o, c), true},
		"concat third":  {monoid.Tuple3(c, c, o), true},
		"last by time":  {monoid.Last[int](), false},
	} {
		if _, got := x.m.(monoid.Ordered); got != x.want {
			t.Errorf("%s is Ordered: %v", name, got)
		}
	}
	m := monoid.MapOf(o)
	v, err := m.Combine(map[string]string{"k": "a"}, map[string]string{"k": "b"})
	if err != nil || v["k"] != "ab" {
		t.Errorf("%q, %v", v, err)
	}
}

// unnamed is a monoid without a name.
type unnamed struct{ concat }

func (unnamed) Name() string { return "" }

// misread is a monoid that cannot read its identity.
type misread struct{ concat }

func (misread) Decode([]byte) (string, error) { return "", errors.New("misread") }

func TestCheck(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err  error
		want string // "" for none
	}{
		"right":                 {monoid.Check(monoid.TopK(5)), ""},
		"nil":                   {monoid.Check[int](nil), "monoid: there is none: say how values are combined, with monoid.Sum for instance"},
		"no name":               {monoid.Check[string](unnamed{}), "monoid: it has no name, but data is stored under it: let Name return one"},
		"identity not read":     {monoid.Check[string](misread{}), "misread"},
		"topk of 0":             {monoid.Check(monoid.TopK(0)), "monoid topk/0: a parameter is out of range: k is not in 1 to 1000"},
		"topk of many":          {monoid.Check(monoid.TopK(1001)), "monoid topk/1001: a parameter is out of range: k is not in 1 to 1000"},
		"no half-life":          {monoid.Check(monoid.Decayed(-1)), "monoid decayed/-1ns: a parameter is out of range: the half-life is not positive"},
		"bloom of none":         {monoid.Check(monoid.Bloom(0, 0.1)), "monoid bloom/0/0.1: a parameter is out of range: keys is below 1, or p not between 0 and 1"},
		"bloom certain":         {monoid.Check(monoid.Bloom(1, 0)), "monoid bloom/1/0: a parameter is out of range: keys is below 1, or p not between 0 and 1"},
		"bloom of NaN":          {monoid.Check(monoid.Bloom(1, math.NaN())), "monoid bloom/1/NaN: a parameter is out of range: keys is below 1, or p not between 0 and 1"},
		"bloom too large":       {monoid.Check(monoid.Bloom(1e9, 0.01)), "monoid bloom/1000000000/0.01: a parameter is out of range: the filter would have more than 128 MiB"},
		"quantiles too exact":   {monoid.Check(monoid.Quantiles(1e-4)), "monoid quantiles/0.0001: a parameter is out of range: the accuracy is not in 0.001 to 0.2"},
		"quantiles of NaN":      {monoid.Check(monoid.Quantiles(math.NaN())), "monoid quantiles/NaN: a parameter is out of range: the accuracy is not in 0.001 to 0.2"},
		"map of nothing":        {monoid.Check(monoid.MapOf[int](nil)), "monoid map(): a parameter is out of range: its values have no monoid"},
		"pair of one":           {monoid.Check(monoid.Tuple2[int](nil, monoid.Count())), "monoid tuple(): a parameter is out of range: a part has no monoid"},
		"three of two":          {monoid.Check(monoid.Tuple3[int64, int64, int](monoid.Count(), monoid.Count(), nil)), "monoid tuple(): a parameter is out of range: a part has no monoid"},
		"map of what is wrong":  {monoid.Check(monoid.MapOf(monoid.TopK(0))), "monoid map(topk/0): monoid topk/0: a parameter is out of range: k is not in 1 to 1000"},
		"pair of what is wrong": {monoid.Check(monoid.Tuple2(monoid.Count(), monoid.TopK(0))), "monoid tuple(count,topk/0): monoid topk/0: a parameter is out of range: k is not in 1 to 1000"},
	} {
		got := ""
		if c.err != nil {
			got = c.err.Error()
		}
		if got != c.want {
			t.Errorf("%s: %q, not %q", name, got, c.want)
		}
	}
	if _, err := monoid.TopK(0).Decode(nil); !errors.Is(err, monoid.ErrParameter) {
		t.Errorf("Decode: %v", err)
	}
	if _, err := monoid.TopK(0).Combine(monoid.Seen("a"), monoid.Seen("a")); !errors.Is(err, monoid.ErrParameter) {
		t.Errorf("Combine: %v", err)
	}
}
