package statetest

import (
	"errors"
	"testing"

	"github.com/weir-go/weir/state"
)

// bench is a store and a pipeline of its own to try things on.
type bench struct {
	state.Store
	pipeline string
}

func (b *bench) commit(t *testing.T, want error, writes ...state.Write) {
	t.Helper()
	if err := b.Commit(t.Context(), b.pipeline, writes); !errors.Is(err, want) {
		t.Fatalf("Commit: %v, want %v", err, want)
	}
}

func (b *bench) row(t *testing.T, k state.Key) state.Row {
	t.Helper()
	rows, err := b.Load(t.Context(), b.pipeline, []state.Key{k}, true)
	if err != nil || len(rows) != 1 {
		t.Fatalf("Load: %d rows, %v", len(rows), err)
	}
	if rows[0].Key != k {
		t.Fatalf("Load: %+v, want %+v", rows[0].Key, k)
	}
	return rows[0]
}

// want checks a row's data, "-" for no row.
func (b *bench) want(t *testing.T, k state.Key, data string) state.Row {
	t.Helper()
	r := b.row(t, k)
	if got := string(r.Data); data == "-" && r.Version != 0 || data != "-" && (r.Version == 0 || got != data) {
		t.Fatalf("%+v: version %d, data %.60q, want %.60q", k, r.Version, got, data)
	}
	return r
}

func value(name string) state.Key { return state.Key{Kind: state.Value, Name: name} }

func put(k state.Key, version uint64, data string) state.Write {
	return state.Write{Key: k, Version: version, Data: []byte(data)}
}

func add(k state.Key, n int64) state.Write { return state.Write{Key: k, Add: true, Delta: n} }

var contract = []struct {
	name  string
	check func(t *testing.T, b *bench)
}{
	{"Versions", versions},
	{"AllOrNone", allOrNone},
	{"Keys", keys},
	{"Data", data},
	{"ManyRows", manyRows},
	{"Expires", expires},
	{"Adds", adds},
	{"AddRefused", addRefused},
	{"OwnMemory", ownMemory},
	{"OneWinner", oneWinner},
	{"AddsAtOnce", addsAtOnce},
	{"Ended", ended},
	{"List", list},
	{"Range", ranges},
	{"ToldVersions", toldVersions},
	{"Untold", untold},
	{"ToldAtOnce", toldAtOnce},
}

// only returns early from checks that a store does not promise.
func (b *bench) only(t *testing.T, can bool, what string) {
	t.Helper()
	if !can {
		t.Skip("skipped: the store does not claim " + what)
	}
}

func versions(t *testing.T, b *bench) {
	b.only(t, !b.Caps().OnlyAdds, "rows of any data")
	k := value("v")
	b.want(t, k, "-")
	b.commit(t, state.ErrConflict, put(k, 7, "no row has this version"))
	b.commit(t, nil, put(k, 0, "one"))
	first := b.want(t, k, "one")
	b.commit(t, state.ErrConflict, put(k, 0, "exists"))
	b.commit(t, state.ErrConflict, put(k, first.Version+1, "another version"))
	b.commit(t, nil, put(k, first.Version, "two"))
	second := b.want(t, k, "two")
	if second.Version == first.Version {
		t.Error("a write left the version as it was")
	}
	b.commit(t, state.ErrConflict, put(k, first.Version, "stale"))
	b.commit(t, nil, put(k, second.Version, "two"))
	if third := b.want(t, k, "two"); third.Version == second.Version || third.Version == first.Version {
		t.Error("a write of the same data left the version as it was, or one came again")
	}
}

func allOrNone(t *testing.T, b *bench) {
	b.only(t, b.Caps().Atomic == state.PerBatch && !b.Caps().OnlyAdds, "batches as a whole")
	a, c := value("a"), state.Key{Kind: state.Receipt, Name: "c", At: 3}
	b.commit(t, nil, put(a, 0, "a1"))
	va := b.row(t, a).Version
	b.commit(t, state.ErrConflict, put(a, va, "a2"), put(c, 9, "c"))
	b.commit(t, state.ErrConflict, put(c, 0, "c"), put(a, va+1, "a2"))
	b.want(t, a, "a1")
	b.want(t, c, "-")
	if b.Caps().Adds {
		n := value("n")
		b.commit(t, state.ErrConflict, add(n, 5), put(a, va+1, "a2"))
		b.want(t, n, "-")
		b.commit(t, nil, add(n, 5), put(a, va, "a2"), put(c, 0, "c"))
		b.want(t, n, "5")
	} else {
		b.commit(t, nil, put(a, va, "a2"), put(c, 0, "c"))
	}
	b.want(t, a, "a2")
	b.want(t, c, "c")
}
