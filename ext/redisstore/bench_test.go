package redisstore_test

import (
	"fmt"
	"testing"

	"github.com/weir-go/weir/ext/redisstore"
	"github.com/weir-go/weir/state"
)

func BenchmarkCommit(b *testing.B) {
	for _, rows := range []int{1, 50, 1000} {
		b.Run(fmt.Sprintf("rows=%d", rows), func(b *testing.B) {
			b.ReportAllocs()
			s, pipeline := redisstore.New(client(b, address(b))), own("p")
			writes := make([]state.Write, rows)
			for i := range writes {
				writes[i] = state.Write{Key: state.Key{Kind: state.Value, Name: fmt.Sprint("key", i)}, Add: true, Delta: 1}
			}
			for b.Loop() {
				if err := s.Commit(b.Context(), pipeline, writes); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkLoad(b *testing.B) {
	b.ReportAllocs()
	s, pipeline := redisstore.New(client(b, address(b))), own("p")
	writes := make([]state.Write, 1000)
	keys := make([]state.Key, len(writes))
	for i := range writes {
		keys[i] = state.Key{Kind: state.Value, Name: fmt.Sprint("key", i)}
		writes[i] = state.Write{Key: keys[i], Add: true, Delta: 1}
	}
	if err := s.Commit(b.Context(), pipeline, writes); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := s.Load(b.Context(), pipeline, keys, true); err != nil {
			b.Fatal(err)
		}
	}
}
