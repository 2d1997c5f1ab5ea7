package pgstore_test

import (
	"fmt"
	"testing"

	"github.com/weir-go/weir/state"
)

func BenchmarkCommit(b *testing.B) {
	for _, rows := range []int{1, 50, 1000} {
		b.Run(fmt.Sprintf("rows=%d", rows), func(b *testing.B) {
			b.ReportAllocs()
			s, _, _ := open(b)
			writes := make([]state.Write, rows)
			for i := range writes {
				writes[i] = state.Write{Key: state.Key{Kind: state.Value, Name: fmt.Sprint("key", i)}, Add: true, Delta: 1}
			}
			for b.Loop() {
				if err := s.Commit(b.Context(), "p", writes); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkLoad(b *testing.B) {
	for _, rows := range []int{1, 50, 1000} {
		b.Run(fmt.Sprintf("rows=%d", rows), func(b *testing.B) {
			b.ReportAllocs()
			s, _, _ := open(b)
			writes := make([]state.Write, 10_000)
			keys := make([]state.Key, rows)
			for i := range writes {
				writes[i] = state.Write{Key: state.Key{Kind: state.Value, Name: fmt.Sprint("key", i)}, Add: true, Delta: 1}
			}
			for i := range keys {
				keys[i] = writes[i*7].Key
			}
			if err := s.Commit(b.Context(), "p", writes); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if _, err := s.Load(b.Context(), "p", keys, true); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
