package monoidtest_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/weir-go/weir/monoid"
)

// recorder is a testing.TB that fails for nobody to see.
type recorder struct {
	testing.TB // nil: calling anything else is a mistake

	logs, errors []string
	fatal        bool
}

func (r *recorder) Helper() {}

func (r *recorder) Logf(format string, args ...any) {
	r.logs = append(r.logs, fmt.Sprintf(format, args...))
}

func (r *recorder) Errorf(format string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	r.fatal = true
	runtime.Goexit()
}

// record runs f on a recorder.
func record(f func(t testing.TB)) *recorder {
	r := &recorder{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		f(r)
	}()
	<-done
	return r
}

// laws returns the names of the laws that were reported as broken.
func (r *recorder) laws(monoid string) []string {
	var found []string
	for _, e := range r.errors {
		rest, ok := strings.CutPrefix(e, "monoidtest: "+monoid+": ")
		if !ok {
			rest = "not of " + monoid + ": " + e + ": "
		}
		law, _, _ := strings.Cut(rest, ": ")
		found = append(found, law)
	}
	slices.Sort(found)
	return found
}

// vector adds vectors up, element by element; each field replaces what it does right.
type vector struct {
	name     func() string
	identity func() []int
	combine  func(a, b []int) ([]int, error)
	append   func(dst []byte, v []int) ([]byte, error)
	decode   func(src []byte) ([]int, error)
}

func (m vector) Name() string {
	if m.name != nil {
		return m.name()
	}
	return "vector"
}

func (m vector) Identity() []int {
	if m.identity != nil {
		return m.identity()
	}
	return nil
}

func (m vector) Combine(a, b []int) ([]int, error) {
	if m.combine != nil {
		return m.combine(a, b)
	}
	return plus(a, b), nil
}

// plus returns a + b in memory of its own.
func plus(a, b []int) []int {
	out := make([]int, max(len(a), len(b)))
	copy(out, a)
	for i, x := range b {
		out[i] += x
	}
	return out
}

func (m vector) Append(dst []byte, v []int) ([]byte, error) {
	if m.append != nil {
		return m.append(dst, v)
	}
	if v == nil {
		v = []int{}
	}
	b, err := json.Marshal(v)
	return append(dst, b...), err
}

func (m vector) Decode(src []byte) ([]int, error) {
	if m.decode != nil {
		return m.decode(src)
	}
	var v []int
	err := json.Unmarshal(src, &v)
	return v, err
}

// accumulating is a vector with an Add.
type accumulating struct {
	vector
	add func(into *[]int, v []int) error
}

func (m accumulating) Add(into *[]int, v []int) error { return m.add(into, v) }

// adding is a number with a Delta.
type adding struct {
	monoid.Monoid[int64]
	delta func(int64) int64
}

func (m adding) Delta(v int64) int64 { return m.delta(v) }

// swapped is a vector that claims to be Ordered.
type swapped struct{ vector }

func (swapped) Ordered() {}

func vectors(r *rand.Rand) []int {
	v := make([]int, 1+r.IntN(3))
	for i := range v {
		v[i] = 1 + r.IntN(100)
	}
	return v
}
