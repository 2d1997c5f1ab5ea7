package boltstore_test

import (
	"fmt"
	"testing"

	"github.com/weir-go/weir/state"
)

// BenchmarkCommit has no fsync in it.
func BenchmarkCommit(b *testing.B) {
	for _, keys := range []int{100, 100_000} { // distinct ones
		b.Run(fmt.Sprintf("rows=100/keys=%d", keys), func(b *testing.B) {
			b.ReportAllocs()
			s, _ := open(b)
			writes := make([]state.Write, 100)
			n := 0
			next := func() {
				for i := range writes {
					n += 7919
					writes[i] = state.Write{Key: state.Key{Kind: state.Value, Name: fmt.Sprint("key", n%keys)}, Add: true, Delta: 1}
				}
			}
			for range keys / 100 {
				next()
				if err := s.Commit(b.Context(), "p", writes); err != nil {
					b.Fatal(err)
				}
			}
			for b.Loop() {
				next()
				if err := s.Commit(b.Context(), "p", writes); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkLoad(b *testing.B) {
	b.ReportAllocs()
	s, _ := open(b)
	writes := make([]state.Write, 100)
	keys := make([]state.Key, 100)
	for i := range writes {
		keys[i] = state.Key{Kind: state.Value, Name: fmt.Sprint("key", i)}
		writes[i] = state.Write{Key: keys[i], Add: true, Delta: 1}
	}
	if err := s.Commit(b.Context(), "p", writes); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := s.Load(b.Context(), "p", keys, true); err != nil {
			b.Fatal(err)
		}
	}
}
