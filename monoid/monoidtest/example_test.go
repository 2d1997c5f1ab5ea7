package monoidtest_test

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/weir-go/weir/monoid"
	"github.com/weir-go/weir/monoid/monoidtest"
)

// Longest keeps the longest word; of those of the same length, the first by the alphabet.
type Longest struct{}

func (Longest) Name() string { return "longest" }

func (Longest) Identity() string { return "" }

func (Longest) Combine(a, b string) (string, error) {
	if len(a) > len(b) || len(a) == len(b) && a < b {
		return a, nil
	}
	return b, nil
}

func (Longest) Append(dst []byte, v string) ([]byte, error) { return append(dst, v...), nil }

func (Longest) Decode(src []byte) (string, error) {
	if strings.ContainsRune(string(src), ' ') {
		return "", errors.New("longest: more than one word")
	}
	return string(src), nil
}

func words(r *rand.Rand) string { return strings.Repeat(string(rune('a'+r.IntN(26))), 1+r.IntN(9)) }

func TestLongest(t *testing.T) {
	t.Parallel()
	monoidtest.Laws(t, Longest{}, words)
}

// Laws is called from a test of the monoid.
func ExampleLaws() {
	_ = func(t *testing.T) { // func TestLongest
		monoidtest.Laws(t, Longest{}, func(r *rand.Rand) string {
			return strings.Repeat(string(rune('a'+r.IntN(26))), 1+r.IntN(9))
		})
		// Floats add up to the same but for the last digits.
		monoidtest.Laws(t, monoid.Sum[float64](), (*rand.Rand).Float64,
			monoidtest.Equal(func(a, b float64) bool { return a-b < 1e-9 && b-a < 1e-9 }))
	}
}

// Hostile is called from a fuzz target.
func ExampleHostile() {
	_ = func(f *testing.F) { // func FuzzLongest
		f.Fuzz(func(t *testing.T, src []byte) { monoidtest.Hostile(t, Longest{}, src) })
	}
}
