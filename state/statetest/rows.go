package statetest

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/weir-go/weir/state"
)

// odd are names that a store could confuse.
var odd = []string{"", "a", "a:b", "a/b", "a{b}c", "{x}", "}", "\x00", "a\x00", "a\x00\x00", "\xff\xfe", "ä€😀", " ", "%", "_", "'; --", strings.Repeat("n", state.MaxName)}

func keys(t *testing.T, b *bench) {
	b.only(t, !b.Caps().OnlyAdds, "rows of any data")
	want := map[state.Key]string{}
	var all []state.Key
	for _, name := range odd {
		for _, kind := range []state.Kind{state.Value, state.Receipt, state.Meta} {
			for _, at := range []int64{0, 1, -1, math.MaxInt64, math.MinInt64} {
				k := state.Key{Kind: kind, Name: name, At: at}
				all = append(all, k)
				want[k] = fmt.Sprintf("%d %q %d", kind, name, at)
			}
		}
	}
	for i, k := range all {
		b.commit(t, nil, put(k, 0, want[k]))
		if i%40 == 0 {
			for _, other := range []string{b.pipeline + "x", b.pipeline + ":", "{" + b.pipeline + "}"} { // pipelines are apart
				o := &bench{b.Store, other}
				o.want(t, k, "-")
			}
		}
	}
	rows, err := b.Load(t.Context(), b.pipeline, all, true)
	if err != nil || len(rows) != len(all) {
		t.Fatalf("Load: %d rows, %v", len(rows), err)
	}
	for i, r := range rows {
		if r.Key != all[i] || string(r.Data) != want[all[i]] {
			t.Fatalf("row %d is %+v %.60q, want %+v", i, r.Key, r.Data, all[i])
		}
	}
}

func data(t *testing.T, b *bench) {
	b.only(t, !b.Caps().OnlyAdds, "rows of any data")
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	large := bytes.Repeat(every, 200) // 50 kB: a page of receipts
	for i, d := range [][]byte{nil, {}, {0}, every, large, []byte("007"), []byte("-0"), []byte("1e3")} {
		if m := b.Caps().MaxRow; m > 0 && len(d) > m {
			continue
		}
		k := value(fmt.Sprint("d", i))
		b.commit(t, nil, put(k, 0, string(d)))
		b.want(t, k, string(d))
	}
}

func manyRows(t *testing.T, b *bench) {
	b.only(t, !b.Caps().OnlyAdds && b.Caps().Atomic == state.PerBatch, "batches as a whole")
	n := 1000
	if m := b.Caps().MaxRows; m > 0 {
		n = m
	}
	var writes []state.Write
	var ks []state.Key
	for i := range n {
		k := state.Key{Kind: state.Value, Name: fmt.Sprint("many-", i%7), At: int64(i)}
		writes = append(writes, put(k, 0, fmt.Sprint(i)))
		ks = append(ks, k, state.Key{Kind: state.Value, Name: "absent", At: int64(i)})
	}
	b.commit(t, nil, writes...)
	rows, err := b.Load(t.Context(), b.pipeline, ks, true)
	if err != nil || len(rows) != len(ks) {
		t.Fatalf("Load: %d rows, %v", len(rows), err)
	}
	for i, r := range rows {
		if r.Key != ks[i] || (i%2 == 0) != (r.Version != 0) || i%2 == 0 && string(r.Data) != fmt.Sprint(i/2) {
			t.Fatalf("row %d: %+v %q", i, r, r.Data)
		}
	}
	if rows, err := b.Load(t.Context(), b.pipeline, nil, true); err != nil || len(rows) != 0 {
		t.Errorf("Load of nothing: %v, %v", rows, err)
	}
	for i := range writes {
		writes[i].Version, writes[i].Data = rows[2*i].Version, []byte("changed")
	}
	writes[n/2].Version++
	b.commit(t, state.ErrConflict, writes...)
	b.want(t, writes[0].Key, "0")
	b.want(t, writes[n-1].Key, fmt.Sprint(n-1))
}

func expires(t *testing.T, b *bench) {
	b.only(t, !b.Caps().OnlyAdds, "rows of any data")
	k := value("x")
	at := time.Now().Add(time.Hour).Truncate(time.Second)
	w := put(k, 0, "x")
	w.Expires = at
	b.commit(t, nil, w)
	r := b.row(t, k)
	if !r.Expires.Equal(at) {
		t.Errorf("expires %v, want %v", r.Expires, at)
	}
	w.Version, w.Expires = r.Version, at.Add(time.Minute)
	b.commit(t, nil, w)
	if r = b.row(t, k); !r.Expires.Equal(at.Add(time.Minute)) {
		t.Errorf("expires %v, want a minute after %v", r.Expires, at)
	}
	w.Version, w.Expires = r.Version, time.Time{}
	b.commit(t, nil, w)
	if r = b.row(t, k); !r.Expires.IsZero() {
		t.Errorf("expires %v, want never", r.Expires)
	}
	if b.Caps().Adds {
		a := add(value("xn"), 1)
		a.Expires = at
		b.commit(t, nil, a)
		if r := b.row(t, a.Key); !r.Expires.Equal(at) {
			t.Errorf("an added row expires %v, want %v", r.Expires, at)
		}
		a.Expires = time.Time{}
		b.commit(t, nil, a)
		if r := b.row(t, a.Key); !r.Expires.IsZero() {
			t.Errorf("an added row expires %v, want never", r.Expires)
		}
	}
}
