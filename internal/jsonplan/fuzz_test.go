package jsonplan_test

import (
	"math/rand/v2"
	"reflect"
	"testing"
)

// short leaves out what would starve the fuzzer.
func short(text []byte) bool { return len(text) < 4000 }

func FuzzStruct(f *testing.F) {
	for _, text := range texts {
		f.Add([]byte(text), []byte(nil))
		f.Add([]byte(text), []byte(text))
	}
	f.Fuzz(func(t *testing.T, text, before []byte) {
		if !short(text) {
			t.Skip()
		}
		same[everything](t, text, before)
		same[quotes](t, text, before)
		same[named](t, text, before)
	})
}

// nest holds structs in all the ways there are.
type nest struct {
	embedsShadow
	*embedsDeep
	Order order            `json:"order"`
	Tree  *tree            `json:"tree"`
	Kids  []nest           `json:"kids"`
	By    map[string]nest  `json:"by"`
	Ptr   map[string]*nest `json:"ptr"`
	Arr   [2]hooks         `json:"arr"`
	Fold  folds            `json:"fold"`
	Two   twoDim           `json:"two"`
}

func FuzzNested(f *testing.F) {
	w := &writer{r: rand.New(rand.NewPCG(1, 1))}
	for range 100 {
		f.Add(w.text(reflect.TypeFor[nest]()), w.text(reflect.TypeFor[nest]()))
	}
	for _, text := range texts {
		f.Add([]byte(`{"order":`+text+`,"tree":`+text+`}`), []byte(nil))
	}
	f.Fuzz(func(t *testing.T, text, before []byte) {
		if !short(text) {
			t.Skip()
		}
		same[nest](t, text, before)
		same[holder[nest]](t, text, nil)
	})
}

func FuzzTypes(f *testing.F) {
	w := &writer{r: rand.New(rand.NewPCG(2, 2))}
	for i, s := range subjects {
		for range 4 {
			f.Add(uint(i), w.text(s.typ), w.text(s.typ))
		}
		f.Add(uint(i), []byte(texts[i]), []byte(nil))
	}
	f.Fuzz(func(t *testing.T, i uint, text, before []byte) {
		if !short(text) {
			t.Skip()
		}
		subjects[i%uint(len(subjects))].check(t, text, before)
	})
}
