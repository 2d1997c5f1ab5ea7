package statetest

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/weir-go/weir/state"
)

func list(t *testing.T, b *bench) {
	l, ok := b.Store.(state.Lister)
	b.only(t, ok && !b.Caps().OnlyAdds, "List")
	want := map[state.Key]bool{}
	for i := range 30 {
		k := state.Key{Kind: state.Value, Name: odd[i%len(odd)], At: int64(i) - 10}
		want[k] = true
		b.commit(t, nil, put(k, 0, fmt.Sprint(i)))
		b.commit(t, nil, put(state.Key{Kind: state.Receipt, Name: k.Name, At: k.At}, 0, "r"))
	}
	o := &bench{b.Store, b.pipeline + "x"}
	o.commit(t, nil, put(value("of another pipeline"), 0, "o"))
	n := 0
	for r, err := range l.List(t.Context(), b.pipeline, state.Value) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; !want[r.Key] || r.Version == 0 {
			t.Fatalf("listed %+v, or twice", r)
		}
		delete(want, r.Key)
	}
	if len(want) > 0 {
		t.Errorf("%d rows are missing of 30: %v", len(want), want)
	}
	for range l.List(t.Context(), b.pipeline, state.Value) {
		break // stopping early must be possible
	}
}

func ranges(t *testing.T, b *bench) {
	r, ok := b.Store.(state.Ranger)
	b.only(t, ok && !b.Caps().OnlyAdds, "Range")
	for at := int64(-5); at <= 5; at++ {
		b.commit(t, nil, put(state.Key{Kind: state.Value, Name: "k", At: at * 10}, 0, fmt.Sprint(at)))
		b.commit(t, nil, put(state.Key{Kind: state.Value, Name: "k2", At: at}, 0, "other"))
	}
	b.commit(t, nil, put(state.Key{Kind: state.Value, Name: "k", At: math.MaxInt64}, 0, "max"))
	b.commit(t, nil, put(state.Key{Kind: state.Value, Name: "k", At: math.MinInt64}, 0, "min"))
	b.commit(t, nil, put(state.Key{Kind: state.Receipt, Name: "k", At: 0}, 0, "receipt"))
	for _, tt := range []struct {
		from, to int64
		want     string
	}{
		{-20, 20, "-2 -1 0 1 2"},
		{-25, -15, "-2"},
		{0, 0, "0"},
		{1, 9, ""},
		{math.MinInt64, -49, "min -5"},
		{50, math.MaxInt64, "5 max"},
	} {
		var got []string
		for row, err := range r.Range(t.Context(), b.pipeline, state.Value, "k", tt.from, tt.to, true) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, string(row.Data))
			if row.Kind != state.Value || row.Name != "k" || row.Version == 0 {
				t.Errorf("row %+v", row)
			}
		}
		if text := strings.Join(got, " "); text != tt.want {
			t.Errorf("[%d, %d]: %q, want %q", tt.from, tt.to, text, tt.want)
		}
	}
}
