package monoid_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/weir-go/weir/monoid"
)

var seed = flag.Uint64("seed", 0, "seed of the property tests, 0 for a new one")

// random returns a source of randomness, and prints its seed.
func random(t testing.TB) *rand.Rand {
	s := *seed
	if s == 0 {
		s = rand.Uint64()
	}
	t.Logf("-seed %d", s)
	return rand.New(rand.NewPCG(s, 3))
}

func TestLaws(t *testing.T) {
	t.Parallel()
	for i, s := range subjects() {
		t.Run(fmt.Sprint(i, " ", s.name), func(t *testing.T) {
			t.Parallel()
			s.laws(t)
		})
	}
}

// TestDecodeErrors: what cannot be decoded is an error that names the monoid and matches
// ErrEncoding, whatever it is.
func TestDecodeErrors(t *testing.T) {
	t.Parallel()
	r := random(t)
	for _, s := range subjects() {
		refused := 0
		var good []byte
		for i := range 500 {
			if i%20 == 0 {
				good = s.encoded(r)
			}
			src := bytes.Clone(good)
			if len(src) > 0 && r.IntN(2) == 0 {
				src = src[:r.IntN(len(src))]
			}
			if len(src) > 0 {
				src[r.IntN(len(src))] ^= 1 << r.IntN(8)
			}
			err := s.decode(src)
			if err == nil {
				continue
			}
			refused++
			if !errors.Is(err, monoid.ErrEncoding) || !strings.HasPrefix(err.Error(), "monoid "+s.name+": ") || len(err.Error()) > 400 {
				t.Errorf("%s: Decode(%q): %v", s.name, src, err)
			}
		}
		if refused < 50 {
			t.Errorf("%s: only %d of 500 damaged encodings were refused", s.name, refused)
		}
	}
}

func FuzzDecode(f *testing.F) {
	all := subjects()
	r := rand.New(rand.NewPCG(1, 1))
	for i, s := range all {
		for range 3 {
			f.Add(byte(i), s.encoded(r))
		}
	}
	f.Fuzz(func(t *testing.T, which byte, src []byte) {
		all[int(which)%len(all)].hostile(t, src)
	})
}
