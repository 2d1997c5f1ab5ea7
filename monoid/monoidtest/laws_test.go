package monoidtest_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/weir-go/weir/monoid"
	"github.com/weir-go/weir/monoid/monoidtest"
)

func TestLawsPassWhatIsRight(t *testing.T) {
	t.Parallel()
	monoidtest.Laws(t, vector{}, vectors)
	monoidtest.Laws(t, accumulating{add: func(into *[]int, v []int) error {
		*into = plus(*into, v)
		return nil
	}}, vectors)
}

// TestLawsFindWhatIsWrong breaks a monoid in one way at a time. The kit must say which.
func TestLawsFindWhatIsWrong(t *testing.T) {
	t.Parallel()
	var shared = []int{0}
	var calls atomic.Int64
	for name, c := range map[string]struct {
		m    monoid.Monoid[[]int]
		want []string
	}{
		"no name":           {vector{name: func() string { return "" }}, []string{"name"}},
		"a name that moves": {vector{name: func() string { return fmt.Sprint("n", calls.Add(1)) }}, nil},
		"an identity that adds": {
			vector{identity: func() []int { return []int{1} }}, []string{"identity"},
		},
		"one identity for all": {
			vector{identity: func() []int { return shared }, append: trimmed}, []string{"identity"},
		},
		"a difference": {
			vector{combine: func(a, b []int) ([]int, error) {
				return plus(a, times(b, -1)), nil
			}, append: trimmed}, []string{"associativity", "commutativity", "identity"},
		},
		"a mean of means": {
			vector{combine: func(a, b []int) ([]int, error) {
				if len(a) == 0 || len(b) == 0 {
					return plus(a, b), nil
				}
				return []int{(a[0] + b[0]) / 2}, nil
			}}, []string{"associativity"},
		},
		"concatenation": {
			vector{combine: func(a, b []int) ([]int, error) { return slices.Concat(a, b), nil }}, []string{"commutativity"},
		},
		"an alias of the left": {
			vector{combine: func(a, b []int) ([]int, error) {
				if len(b) == 0 {
					return a, nil
				}
				return plus(a, b), nil
			}}, []string{"inputs unchanged"},
		},
		"addition in place": {
			vector{combine: func(a, b []int) ([]int, error) {
				for i := range min(len(a), len(b)) {
					a[i] += b[i]
				}
				return plus(a, b[min(len(a), len(b)):]), nil
			}}, []string{"associativity", "commutativity", "inputs unchanged"},
		},
		"an error": {
			vector{combine: func(a, b []int) ([]int, error) {
				if len(a) > 0 && len(b) > 0 {
					return nil, errors.New("not today")
				}
				return plus(a, b), nil
			}}, []string{"associativity", "codec", "commutativity", "hostile bytes", "identity", "inputs unchanged"},
		},
		"a lossy codec": {
			vector{decode: func(src []byte) ([]int, error) {
				var v []int
				err := json.Unmarshal(src, &v)
				return v[:min(len(v), 1)], err
			}}, []string{"codec"},
		},
		"a codec that overwrites dst": {
			vector{append: func(dst []byte, v []int) ([]byte, error) { return vector{}.Append(dst[:0], v) }}, []string{"codec"},
		},
		"a decoder that panics": {
			vector{decode: func(src []byte) ([]int, error) {
				if src[0] != '[' { // of no bytes
					return nil, errors.New("not a list")
				}
				return vector{}.Decode(src)
			}}, []string{"hostile bytes"},
		},
		"a decoder that trusts": {
			vector{decode: func(src []byte) ([]int, error) {
				n, _ := strconv.Atoi(digits.FindString(string(src)))
				return vector{}.Decode(append(make([]byte, 0, max(n, 1)<<18), src...))
			}}, []string{"hostile bytes"},
		},
		"a decoder that takes what it cannot write": {
			vector{decode: func(src []byte) ([]int, error) {
				v, err := vector{}.Decode(src)
				if err != nil {
					return []int{-1}, nil
				}
				return v, nil
			}, append: func(dst []byte, v []int) ([]byte, error) {
				if len(v) > 0 && v[0] < 0 {
					return dst, errors.New("below zero")
				}
				return vector{}.Append(dst, v)
			}}, []string{"hostile bytes"},
		},
		"an Add that adds twice": {
			accumulating{add: func(into *[]int, v []int) error {
				*into = plus(*into, times(v, 2))
				return nil
			}}, []string{"accumulator"},
		},
		"an Add that keeps what it is given": {
			accumulating{add: func(into *[]int, v []int) error {
				if len(*into) == 0 {
					*into = v
				} else {
					*into = plus(*into, v)
				}
				return nil
			}}, []string{"accumulator"},
		},
		"an Add that changes what it is given": {
			accumulating{add: func(into *[]int, v []int) error {
				*into = plus(*into, v)
				clear(v)
				return nil
			}}, []string{"accumulator"},
		},
		"an Add that fails": {
			accumulating{add: func(*[]int, []int) error { return errors.New("not today") }},
			[]string{"accumulator", "identity", "inputs unchanged"},
		},
		"Ordered, and not associative": {
			swapped{vector{combine: func(a, b []int) ([]int, error) {
				return plus(a, times(b, -1)), nil
			}, append: trimmed}}, []string{"associativity", "identity"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := record(func(t testing.TB) { monoidtest.Laws(t, c.m, vectors, monoidtest.Seed(1)) })
			if name == "a name that moves" { // so nobody knows under which it is reported
				if len(r.errors) != 1 || !strings.Contains(r.errors[0], ": name: ") {
					t.Errorf("reported %q", r.errors)
				}
				return
			}
			got := r.laws(c.m.Name())
			if !slices.Equal(got, c.want) {
				t.Errorf("reported %q\nwanted %q\n%s", got, c.want, strings.Join(r.errors, "\n"))
			}
		})
	}
}

var digits = regexp.MustCompile(`\d+`)

func times(v []int, n int) []int {
	out := slices.Clone(v)
	for i := range out {
		out[i] *= n
	}
	return out
}

// trimmed is for vectors of which 0 at the end does not count.
func trimmed(dst []byte, v []int) ([]byte, error) {
	for len(v) > 0 && v[len(v)-1] == 0 {
		v = v[:len(v)-1]
	}
	return vector{}.Append(dst, v)
}

func TestLawsFindWrongDeltas(t *testing.T) {
	t.Parallel()
	gen := func(r *rand.Rand) int64 { return r.Int64N(100) + 1 }
	for name, c := range map[string]struct {
		m    monoid.Monoid[int64]
		want int
	}{
		"right":              {adding{monoid.Sum[int64](), func(v int64) int64 { return v }}, 0},
		"twice as much":      {adding{monoid.Sum[int64](), func(v int64) int64 { return 2 * v }}, 1},
		"sum of what is max": {adding{monoid.Max[int64](), func(v int64) int64 { return v }}, 1},
	} {
		r := record(func(t testing.TB) { monoidtest.Laws(t, c.m, gen) })
		if got := r.laws(c.m.Name()); len(got) != c.want || c.want == 1 && got[0] != "additive" {
			t.Errorf("%s: reported %q", name, r.errors)
		}
	}
}

// TestEqual: what differs in the encoding alone is no breach if one says so.
func TestEqual(t *testing.T) {
	t.Parallel()
	var pad atomic.Int64
	m := vector{append: func(dst []byte, v []int) ([]byte, error) {
		return vector{}.Append(append(dst, strings.Repeat(" ", int(pad.Add(1)%3))...), v)
	}}
	one := func(t testing.TB, opts ...monoidtest.Option) {
		monoidtest.Laws(t, m, vectors, opts...)
	}
	if r := record(func(t testing.TB) { one(t) }); len(r.errors) == 0 {
		t.Error("not noticed that equal values are encoded differently")
	}
	one(t, monoidtest.Equal(slices.Equal[[]int]))
	r := record(func(t testing.TB) { one(t, monoidtest.Equal(func(a, b string) bool { return a == b })) })
	if !r.fatal {
		t.Error("Equal of another type was accepted")
	}
}

// TestSeed: a seed finds the same again, and is printed.
func TestSeed(t *testing.T) {
	t.Parallel()
	broken := vector{combine: func(a, b []int) ([]int, error) { return slices.Concat(a, b), nil }}
	run := func(opts ...monoidtest.Option) *recorder {
		return record(func(t testing.TB) { monoidtest.Laws(t, broken, vectors, opts...) })
	}
	first := run()
	var seed uint64
	if _, err := fmt.Sscanf(first.logs[0], "monoidtest: vector: seed %d", &seed); err != nil {
		t.Fatalf("%q: %v", first.logs, err)
	}
	if !strings.HasSuffix(first.errors[0], fmt.Sprintf("(seed %d)", seed)) {
		t.Errorf("%q does not end with the seed %d", first.errors[0], seed)
	}
	if again := run(monoidtest.Seed(seed)); !slices.Equal(again.errors, first.errors) {
		t.Errorf("with the seed again: %q, not %q", again.errors, first.errors)
	}
	if r := run(monoidtest.Rounds(0)); len(r.errors) != 0 {
		t.Errorf("without a round: %q", r.errors)
	}
}

// TestHostile: one damaged encoding at a time, as a fuzz target has it.
func TestHostile(t *testing.T) {
	t.Parallel()
	monoidtest.Hostile(t, vector{}, []byte("[1, 2"))
	m := vector{decode: func(src []byte) ([]int, error) { return make([]int, src[0])[:src[1]], nil }}
	for _, src := range []string{"", "\x01\x02"} {
		r := record(func(t testing.TB) { monoidtest.Hostile(t, m, []byte(src)) })
		if len(r.errors) != 1 || !strings.Contains(r.errors[0], "panic") {
			t.Errorf("%q: reported %q", src, r.errors)
		}
	}
}
