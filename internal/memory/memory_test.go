package memory_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"testing"
	"time"
	"weak"

	"github.com/weir-go/weir/internal/memory"
)

// Slices built one after another must neither move nor mix, whoever appends to one, and what they
// point to must stay alive.
func TestList(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	l := memory.NewList(reflect.TypeFor[[]*string]())
	var got, want [][]*string
	for i := range 2000 {
		n := 1 + r.IntN(4)
		if i%100 == 7 {
			n = 3000 // more than a chunk
		}
		var wanted, built []*string
		l.Begin()
		for k := range n {
			s := fmt.Sprint(i, "-", k)
			wanted = append(wanted, &s)
			p := (**string)(l.Next())
			if *p != nil {
				t.Fatal("an element that is not zero")
			}
			other := fmt.Sprint(i, "-", k)
			*p = &other
		}
		if i%5 == 3 {
			l.Abandon()
			continue
		}
		l.End(memory.To(&built))
		if cap(built) != n {
			t.Fatalf("room for %d in a slice of %d", cap(built), n)
		}
		_ = append(built, nil)
		got, want = append(got, built), append(want, wanted)
		if i%200 == 0 {
			runtime.GC()
		}
	}
	for i := range want {
		if !slices.EqualFunc(got[i], want[i], func(a, b *string) bool { return *a == *b }) {
			t.Fatalf("slice %d has changed", i)
		}
	}
}

// A short slice that is kept must not keep a long one.
func TestLongSliceHasItsChunkAlone(t *testing.T) {
	t.Parallel()
	l := memory.NewList(reflect.TypeFor[[]*string]())
	build := func(n int) (built []*string) {
		l.Begin()
		for range n {
			l.Next()
		}
		l.End(memory.To(&built))
		return built
	}
	long := weak.Make(&build(3000)[0])
	short := build(1)
	runtime.GC()
	if long.Value() != nil {
		t.Error("the long slice is still there")
	}
	runtime.KeepAlive(short)
}

func TestListOfNothing(t *testing.T) {
	t.Parallel()
	l := memory.NewList(reflect.TypeFor[[]struct{}]())
	var got []struct{}
	l.Begin()
	for range 10 {
		l.Next()
	}
	if l.End(memory.To(&got)); len(got) != 10 {
		t.Error(len(got))
	}
}

func TestBytes(t *testing.T) {
	t.Parallel()
	var b memory.Bytes
	var got, want [][]byte
	for i := range 3000 {
		text := bytes.Repeat([]byte{byte(i)}, i%700)
		if i%500 == 1 {
			text = bytes.Repeat([]byte{byte(i)}, 20_000)
		}
		want = append(want, text)
		switch i % 3 {
		case 0:
			got = append(got, b.Copy(text))
		case 1:
			room := b.Take(len(text) + 50)
			got = append(got, b.Trim(room, copy(room, text)))
		default:
			if rest := b.Rest(); len(rest) >= len(text) {
				copy(rest, text)
				got = append(got, b.Take(len(text)))
			} else {
				b.More()
				got = append(got, b.Copy(text))
			}
		}
		last := got[len(got)-1]
		if last == nil || cap(last) != len(last) {
			t.Fatalf("%d: %d of %d bytes", i, len(last), cap(last))
		}
	}
	for i := range want {
		if !bytes.Equal(got[i], want[i]) {
			t.Fatalf("piece %d has changed", i)
		}
	}
}

func TestValues(t *testing.T) {
	t.Parallel()
	type big [3000]int64 // larger than a chunk
	var v memory.Values[big]
	var small memory.Values[struct{ s *string }]
	for i := range 1000 {
		if a, b := v.New(), small.New(); a[0] != 0 || b.s != nil {
			t.Fatal("not zero")
		} else {
			a[0], b.s = int64(i)+1, new(string)
		}
	}
}
